import assert from 'node:assert/strict';

import type { LivePlace, LiveSuggestions } from '../../../server/src/api/live';
import { LiveFeatures } from '../../../server/src/features/live/liveFeatures';
import type { ConnectionPool } from '../../../server/src/features/pool/connectionPool';
import { Handler, silentLogger } from '../../../server/src/rpyc/index';
import { Explorer } from '../../support/explorer';
import { eventually } from '../../support/poll';
import { TestPool, profileTo } from '../../support/pool';
import { type PythonPeer, RPYC_VERSIONS, startClassic, startPeer } from '../../support/pythonPeer';
import { Relay } from '../../support/relay';

const SOURCE = `
class Boat(object):
    """Floats."""
    def __init__(self, name, length=12.5):
        self.name = name
    def sail(self, to, speed=3):
        """Goes there."""
    @property
    def depth(self):
        touched.append('depth')
    def __getattr__(self, name):
        touched.append(name)
    def __dir__(self):
        touched.append('dir')
touched = []
boat = Boat('Ada')
fleet = {'first one': boat, "it's": 2, 'other': 3}
`;

/** Longer than an editor waits: a busy machine is to be no reason for no answer where the time is not what is tested. */
const BUDGET_MS = 10_000;
const CALLATTR = Handler.callattr;

function liveOf(pool: ConnectionPool, budgetMs = BUDGET_MS): LiveFeatures {
  return new LiveFeatures({ lend: pool.lendNow.bind(pool), logger: silentLogger, budgetMs });
}

function at(before: string, after = ''): LivePlace {
  return { profileId: 'p', before, after };
}

function names(found: LiveSuggestions | undefined): readonly string[] {
  return found?.found.map(({ name }) => name) ?? [];
}

async function begin(explorer: Explorer, source: string): Promise<Promise<unknown>[]> {
  const run = explorer.run(source);
  await eventually('the run is there', () => explorer.printed().includes('there'));
  // In a list, since a promise alone would be waited for.
  return [run];
}

for (const version of RPYC_VERSIONS) {
  const dialect = version === '5.3.0' ? 'C' : 'D';

  describe(`what a text is told from the live objects of rpyc ${version}`, function () {
    this.timeout(60_000);

    let server: PythonPeer;
    let relay: Relay;
    let explorer: Explorer;

    before(async () => {
      server = await startClassic(version);
      relay = await Relay.start(server);
      explorer = await Explorer.connect(relay, { profile: { dialect } });
      await explorer.run(SOURCE);
    });

    after(async () => {
      await explorer[Symbol.asyncDispose]();
      await relay[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    });

    it('completes names, attributes, keys and imports, in one round trip each, and runs nothing', async () => {
      const live = liveOf(explorer.pool);
      await relay.reset();
      const attributes = await live.complete(at('boat.'));
      assert.equal((await relay.counts()).roundTrips, 1);
      assert.deepEqual(names(attributes).slice(0, 3), ['depth', 'name', 'sail']);
      assert.deepEqual(
        attributes?.found.slice(0, 3).map(({ kind }) => kind),
        ['property', 'string', 'method'],
      );
      assert.deepEqual(names(await live.complete(at('x = bo'))), ['Boat', 'boat']);
      assert.deepEqual(names(await live.complete(at('boo'), undefined, { builtins: true })), ['bool']);
      assert.deepEqual(names(await live.complete(at('from os.path import isdir'))), ['isdir']);
      const keys = await live.complete(at('fleet["', '"]'));
      assert.deepEqual(
        keys?.found.map(({ text }) => text),
        ['first one', "it's", 'other'],
      );
      assert.deepEqual(
        (await live.complete(at("fleet['it")))?.found.map(({ text }) => text),
        ["it\\'s'"],
      );
      assert.equal(await live.complete(at('boat.depth.')), undefined);
      assert.equal((await relay.counts()).roundTrips, 7);
      assert.equal(await explorer.value('touched'), '[]');
    });

    it('tells what a name is and what a call takes', async () => {
      const live = liveOf(explorer.pool);
      const hover = await live.look(at('x = fleet["first one"].sa', 'il(1)'));
      assert.deepEqual(
        [hover?.name, hover?.back, hover?.ahead, hover?.signature, hover?.documentation],
        ['sail', 2, 2, 'sail(to, speed=3)', 'Goes there.'],
      );
      const [first] = (await live.complete(at('boat.sa')))?.found ?? [];
      assert.equal((await live.explain('p', first?.path ?? []))?.documentation, 'Goes there.');
      const tip = await live.callTip(at('boat.sail("there", '));
      assert.deepEqual(
        [tip?.label, tip?.active, tip?.documentation],
        ['sail(to, speed=3)', 1, 'Goes there.'],
      );
      assert.equal((await live.callTip(at('Boat(')))?.label, 'Boat(name, length=12.5)');
      assert.equal(await explorer.value('touched'), '[]');
    });

    it('job 19: completes what a client reaches through its connection within 300 ms, with documentation', async () => {
      const live = liveOf(explorer.pool);
      // The best of some tries, since the machine has other work.
      const times: number[] = [];
      while (times.length < 5 && !times.some((took) => took < 300)) {
        const before = performance.now();
        const found = await live.complete(at('conn.modules.os.path.'));
        times.push(performance.now() - before);
        assert.ok(names(found).includes('isdir'), String(names(found)));
      }
      assert.ok(Math.min(...times) < 300, `${String(times)} ms`);
      const hover = await live.look(at('conn.modules.os.path.is', 'abs("x")'));
      assert.equal(hover?.signature, 'isabs(s)');
      assert.match(hover.documentation ?? '', /absolute/);
    });

    it('refuses a path that the helper does not know', async () => {
      const live = liveOf(explorer.pool);
      await relay.reset();
      for (const path of [[], [['x', 'boat']], [['a', 5]], 'boat', [['a']]]) {
        assert.equal(await live.explain('p', path as never), undefined);
      }
      assert.equal((await relay.counts()).up.frames, 0);
    });

    it('answers while a run goes on, by the connection that explores', async () => {
      const [run] = await begin(explorer, "print('there', flush=True)\nwhile True: pass");
      assert.deepEqual(names(await liveOf(explorer.pool).complete(at('boat.sa'))), ['sail']);
      await explorer.interrupt();
      await run;
    });

    it('drops what comes too late, and asks no more than twice meanwhile', async () => {
      const live = liveOf(explorer.pool, 150);
      await relay.reset();
      await relay.hold();
      const before = performance.now();
      const late = await Promise.all(
        ['boat.', 'boat.s', 'boat.sa', 'boat.sai'].map((text) => live.complete(at(text))),
      );
      const took = performance.now() - before;
      assert.deepEqual(late, [undefined, undefined, undefined, undefined]);
      assert.ok(took < 450, `${Math.round(took)} ms`);
      await relay.resume();
      await eventually('the late answers are there', async () => (await relay.counts()).down.replies === 2);
      assert.equal((await relay.counts()).up.requests[CALLATTR], 2);
      assert.deepEqual(names(await liveOf(explorer.pool).complete(at('boat.sa'))), ['sail']);
      assert.doesNotMatch(server.log(), /Traceback/);
    });

    it('offers nothing and asks nothing while a run has the only connection', async () => {
      await using other = await Explorer.connect(relay, { profile: { oneShot: true, dialect } });
      const live = liveOf(other.pool);
      await other.run(`import sys, threading\nsys.gate = threading.Event()\n${SOURCE}`);
      assert.deepEqual(names(await live.complete(at('boat.sa'))), ['sail']);
      const [run] = await begin(other, "print('there', flush=True)\nsys.gate.wait()");
      await relay.reset();
      assert.equal(await live.complete(at('boat.sa')), undefined);
      assert.deepEqual((await relay.counts()).up.requests, {});
      await explorer.run('import sys\nsys.gate.set()');
      await run;
    });

    it('neither connects nor asks a service that runs nothing', async () => {
      await using strict = await startPeer(version, 'strict_service.py');
      await using count = await Relay.start(strict);
      await using test = new TestPool([profileTo(count)]);
      const live = liveOf(test.pool);
      assert.equal(await live.complete(at('boat.')), undefined);
      assert.equal((await count.counts()).connections, 0);
      await test.pool.connect('p');
      await count.reset();
      assert.equal(await live.complete(at('boat.')), undefined);
      assert.equal(await live.look(at('boat')), undefined);
      assert.equal((await count.counts()).up.frames, 0);
    });
  });
}
