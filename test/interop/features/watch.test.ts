import assert from 'node:assert/strict';

import type { ObjectPath, PathStep, Problem } from '../../../server/src/api/model';
import type { WatchAnswer } from '../../../server/src/api/watch';
import { Handler } from '../../../server/src/rpyc/index';
import { Explorer, named } from '../../support/explorer';
import { PolicyBench, asked, refusals } from '../../support/policyBench';
import { eventually } from '../../support/poll';
import { RPYC_VERSIONS, startClassic } from '../../support/pythonPeer';
import { Relay } from '../../support/relay';

const BENCH = `
import gc, threading
class Sensor(object):
    gate = threading.Event()
    reads = 0
    @property
    def level(self):
        self.reads += 1
        return self.reads
    @property
    def broken(self):
        raise ValueError('no current')
    @property
    def slow(self):
        self.gate.wait()
        return 'there'
    def __repr__(self):
        raise SystemError('it was run')
sensor = Sensor()
table = {'k': [1, 2]}
def held():
    from rpyc.core.protocol import Connection
    gc.collect()
    tables = sum(len(c._local_objects._dict) for c in gc.get_objects() if type(c) is Connection and not c.closed)
    return tables + sum(len(o.table) for o in gc.get_objects() if type(o).__name__ == 'Kept')
`;

const at = (name: string): PathStep => ({ kind: 'attr', name });
const inNamespace = (...steps: readonly PathStep[]): ObjectPath => [
  { kind: 'root', name: 'namespace' },
  ...steps,
];
const ofService = (...steps: readonly PathStep[]): ObjectPath => [
  { kind: 'root', name: 'service' },
  ...steps,
];

function told(answers: readonly WatchAnswer[]): readonly string[] {
  return answers.map((answer) => ('reading' in answer ? answer.reading.value : answer.problem.code));
}

async function problemOf(work: Promise<unknown>): Promise<Problem> {
  const error: unknown = await work.then(
    () => assert.fail('It did not fail'),
    (reason: unknown) => reason,
  );
  return (error as { readonly problem: Problem }).problem;
}

for (const version of RPYC_VERSIONS) {
  describe(`what is watched over rpyc ${version}`, function () {
    this.timeout(60_000);

    it('costs a classic peer one round trip for all of it, and holds nothing there', async () => {
      await using server = await startClassic(version);
      await using relay = await Relay.start(server);
      await using explorer = await Explorer.connect(relay);
      const connected = server.log().length;
      await explorer.value(BENCH);
      const watch = (...paths: readonly ObjectPath[]): Promise<readonly WatchAnswer[]> =>
        explorer.tree.watching.read({ profileId: 'p', paths });
      const paths = [
        inNamespace(at('sensor'), at('level')),
        inNamespace(at('table'), { kind: 'key', index: 0, text: "'k'" }, { kind: 'index', index: 1 }),
        inNamespace(at('sensor'), at('broken')),
        inNamespace(at('nobody')),
      ];
      const before = await explorer.value('held()');
      await relay.reset();
      const first = await watch(...paths);
      const counts = await relay.counts();
      assert.deepEqual(counts.up.requests, { [Handler.callattr]: 1 });
      assert.equal(counts.roundTrips, 1);
      assert.deepEqual(told(first), ['1', '2', 'ERR_RAISED', 'ERR_GONE']);
      const broken = first[2];
      assert.match(
        broken !== undefined && 'problem' in broken ? broken.problem.message : '',
        /raised ValueError\('no current'\) on the peer/,
      );
      for (let tick = 2; tick <= 100; tick++) {
        assert.equal(told(await watch(...paths))[0], String(tick));
      }
      const quiet = await explorer.tree.watching.read({ profileId: 'p', paths, evaluate: false });
      assert.deepEqual(told(quiet), ['ERR_UNREAD', '2', 'ERR_UNREAD', 'ERR_GONE']);
      assert.equal(await explorer.value('sensor.reads'), '100', 'no property ran');
      assert.equal(await explorer.value('held()'), before);
      const shown = (await watch(inNamespace(at('sensor'))))[0];
      assert.match(JSON.stringify(shown), /Sensor at 0x/);
      assert.equal((await problemOf(watch([{ kind: 'root', name: 'namespace' }]))).code, 'ERR_GONE');
      assert.doesNotMatch(server.log().slice(connected), /Traceback|SystemError/);
    });

    it('is not asked for again before the peer has answered, whoever gave up waiting', async () => {
      await using server = await startClassic(version);
      await using relay = await Relay.start(server);
      await using explorer = await Explorer.connect(relay);
      await explorer.value(BENCH);
      const watch = (name: string, signal?: AbortSignal): Promise<readonly WatchAnswer[]> =>
        explorer.tree.watching.read({ profileId: 'p', paths: [inNamespace(at('sensor'), at(name))] }, signal);
      const impatient = new AbortController();
      await relay.reset();
      const slow = watch('slow', impatient.signal);
      await eventually(
        'it is asked',
        async () => ((await relay.counts()).up.requests[Handler.callattr] ?? 0) > 0,
      );
      impatient.abort();
      await assert.rejects(slow);
      for (let tick = 0; tick < 5; tick++) {
        assert.equal((await problemOf(watch('level'))).code, 'ERR_STILL_READING');
      }
      assert.equal((await relay.counts()).up.requests[Handler.callattr], 1);
      await explorer.value('sensor.gate.set()');
      assert.deepEqual(await eventually('it is read again', async () => told(await watch('slow'))), [
        "'there'",
      ]);
    });

    it('reads of a strict service what its policy gives, is refused nothing, and gives back what came', async () => {
      await using bench = await PolicyBench.start(version);
      const { explorer, server } = bench;
      const paths = [
        ofService(at('exposed_the_real_answer_though')),
        ofService(at('exposed_question'), at('exposed_words')),
        ofService(at('exposed_question'), at('public')),
        ofService(at('exposed_ordered'), { kind: 'key', index: 0, text: "'second'" }),
        ofService(at('exposed_ordered'), { kind: 'key', index: 0, text: "'third'" }),
        ofService(at('exposed_row'), { kind: 'index', index: 1 }),
        ofService(at('exposed_pair'), { kind: 'index', index: 1 }),
        ofService(at('exposed_get_answer')),
        ofService(at('nobody')),
      ];
      const watch = (): Promise<readonly WatchAnswer[]> =>
        explorer.tree.watching.read({ profileId: 'p', paths });
      const lent = named(await bench.rows(), 'lent');
      const count = async (): Promise<number> => {
        const { handle } = lent;
        const { node } = (await explorer.tree.changes.call({ handle, callId: 'c', source: '' })) as {
          readonly node?: { readonly value: string };
        };
        return Number(node?.value);
      };
      // What a row of the tree shows stays, although it came with the reading, too.
      const question = await bench.read('question');
      const before = await count();
      for (let tick = 0; tick < 10; tick++) {
        assert.deepEqual(told(await watch()), [
          '43',
          '6',
          'not exposed by the service',
          '2',
          'ERR_GONE',
          "'two'",
          '<list>',
          'Gives the answer.',
          'ERR_GONE',
        ]);
      }
      const quiet = await explorer.tree.watching.read({ profileId: 'p', paths, evaluate: false });
      assert.deepEqual(
        new Set(told(quiet)),
        new Set(['ERR_UNREAD', 'Gives the answer.', 'ERR_GONE']),
        'each attribute of a service may be code',
      );
      const [answers, counts] = await bench.counted(watch);
      const blocked = answers[2];
      assert.match(
        blocked !== undefined && 'reading' in blocked ? (blocked.reading.blocked ?? '') : '',
        /allow_public_attrs is off/,
      );
      assert.ok(asked(counts) <= 20, String(asked(counts)));
      await eventually('all is given back', async () => (await count()) === before);
      assert.equal(named(await bench.rows(question), 'words').kind, 'unread');
      assert.deepEqual(refusals(server), []);
    });
  });
}

describe('what is watched on one connection', function () {
  this.timeout(60_000);

  it('says that a forking server is busy with a run, and asks it nothing', async () => {
    await using server = await startClassic('6.0.2', { mode: 'forking' });
    await using explorer = await Explorer.connect(server);
    await explorer.value('x = 1');
    const watch = (): Promise<readonly WatchAnswer[]> =>
      explorer.tree.watching.read({ profileId: 'p', paths: [inNamespace(at('x'))] });
    const run = explorer.run("print('begun')\nimport time\nx = 2\ntime.sleep(60)");
    await eventually('the run has begun', () => explorer.printed() !== '');
    assert.match((await problemOf(watch())).message, /busy/);
    await explorer.interrupt();
    await run;
    assert.deepEqual(told(await watch()), ['2']);
  });
});
