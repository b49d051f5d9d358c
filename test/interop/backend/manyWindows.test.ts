/** Several windows on one server, windows that go while something runs, and exploring beside a run. */
import assert from 'node:assert/strict';

import { Connect, ObjectChildren, ObjectRoots, Run } from '../../../server/src/api/messages';
import type { ObjectNode, ObjectPage, RunResult } from '../../../server/src/api/model';
import { Backend } from '../../support/backend';
import { named } from '../../support/explorer';
import { eventually } from '../../support/poll';
import { profileTo } from '../../support/pool';
import {
  type ClassicMode,
  RPYC_VERSIONS,
  runPython,
  startClassic,
  startPeer,
} from '../../support/pythonPeer';
import { Relay } from '../../support/relay';

/** How long opening a row may take beside a run. */
const EXPAND_MS = 300;

const COUNTING = `
import time
for tick in range(2000):
    print('tick', tick)
    time.sleep(0.05)
`;

/** Another client: whether the snippet still runs, and whether what is printed goes where it went at first. */
const LOOK = `
import rpyc, sys
conn = rpyc.classic.connect('127.0.0.1', int(sys.argv[1]))
conn.execute('''
import sys
def stack(frame):
    while frame:
        yield frame
        frame = frame.f_back
def running():
    return any('tick' in frame.f_globals for top in sys._current_frames().values() for frame in stack(top))
''')
print((conn.eval('running()'), conn.eval('sys.stdout is sys.__stdout__')))
`;

function run(backend: Backend, source: string, runId = 'r'): Promise<RunResult> {
  return backend.request(Run, { profileId: 'p', runId, source, fileName: '/x.py', lineOffset: 0 });
}

async function root(backend: Backend, name: string): Promise<ObjectNode> {
  return named(await backend.request(ObjectRoots, { profileId: 'p' }), name);
}

function page(backend: Backend, { handle }: ObjectNode, filter = ''): Promise<ObjectPage> {
  return backend.request(ObjectChildren, { handle, offset: 0, limit: 100, filter });
}

function printed(backend: Backend): string {
  return backend.output.map(({ text }) => text).join('');
}

for (const version of RPYC_VERSIONS) {
  const dialect = version === '5.3.0' ? 'C' : 'D';

  describe(`windows on one server of rpyc ${version}`, function () {
    this.timeout(60_000);

    it('two have names and output of their own, and one that crashes is no matter to the other', async () => {
      await using server = await startClassic(version);
      const profile = profileTo(server);
      await using first = await Backend.start([profile]);
      await using second = await Backend.start([profile]);
      await Promise.all([first, second].map((each) => each.request(Connect, { profileId: 'p' })));
      await Promise.all([
        run(first, 'who = "first"\nimport time\nfor _ in range(20):\n    print(who)\n    time.sleep(0.01)'),
        run(second, 'who = "second"\nimport time\nfor _ in range(20):\n    print(who)\n    time.sleep(0.01)'),
      ]);
      assert.equal(printed(first), 'first\n'.repeat(20));
      assert.equal(printed(second), 'second\n'.repeat(20));
      assert.equal((await run(first, 'who')).value, "'first'");
      first.kill();
      await first.exited;
      assert.equal((await run(second, 'who')).value, "'second'");
      assert.equal(
        named((await page(second, await root(second, 'Namespace'))).nodes, 'who').value,
        "'second'",
      );
      assert.ok(!second.states.some(({ status }) => status === 'lost'));
    });

    it('one that is reloaded while something runs connects anew, and the run goes on to its end, unheard', async () => {
      await using server = await startClassic(version);
      await using before = await Backend.start([profileTo(server)]);
      await before.request(Connect, { profileId: 'p' });
      void run(before, COUNTING.replace('2000', '60')).catch(() => undefined);
      await eventually('it runs', () => printed(before).includes('tick 2'));
      // A reload closes the channel and starts another process.
      before.abandon();
      await using after = await Backend.start([profileTo(server)]);
      const state = await after.request(Connect, { profileId: 'p' });
      assert.equal(state.peer?.pid, server.pid);
      await before.exited;
      assert.equal((await run(after, '6 * 7')).value, '42');
      assert.deepEqual(after.output, []);
      await eventually('the old run has ended, and prints are the server’s own', async () => {
        const { stdout } = await runPython(version, LOOK, [String(server.port)]);
        assert.equal(stdout.trim(), '(False, True)');
        return true;
      });
    });

    for (const kind of ['threaded', 'pool'] as const) {
      it(`a ${kind} server answers on a second connection while it is busy with a run`, async () => {
        await using server =
          kind === 'threaded'
            ? await startClassic(version)
            : await startPeer(version, 'classic_service.py', ['ThreadPoolServer']);
        await using relay = await Relay.start(server);
        await using backend = await Backend.start([profileTo(relay, { dialect })]);
        await backend.request(Connect, { profileId: 'p' });
        const { signal, abort } = stopping();
        const running = backend.request(
          Run,
          { profileId: 'p', runId: 'r', source: COUNTING, fileName: '/x.py', lineOffset: 0 },
          signal,
        );
        const ended = running.catch(() => undefined);
        await eventually('it runs', () => printed(backend).includes('tick 2'));
        assert.equal((await relay.counts()).open, 2);
        const modules = await root(backend, 'Modules');
        for (const filter of ['sys', 'os', 'rpyc']) {
          const since = performance.now();
          assert.ok((await page(backend, modules, filter)).nodes.length > 0);
          const took = performance.now() - since;
          assert.ok(took < EXPAND_MS, `It took ${Math.round(took)} ms`);
        }
        assert.equal(backend.states.at(-1)?.busy, true);
        abort();
        await ended;
      });
    }

    for (const mode of ['forking', 'oneshot'] as const satisfies readonly ClassicMode[]) {
      it(`a ${mode} server has one connection, and says that it is busy with a run`, async () => {
        await using server = await startClassic(version, { mode });
        await using relay = await Relay.start(server);
        const single = mode === 'oneshot' ? ({ oneShot: true, dialect } as const) : {};
        await using backend = await Backend.start([profileTo(relay, single)]);
        await backend.request(Connect, { profileId: 'p' });
        const modules = await root(backend, 'Modules');
        const source = 'import time\nfor tick in range(20):\n    print("tick", tick)\n    time.sleep(0.05)';
        const running = run(backend, source);
        await eventually('it runs', () => printed(backend).includes('tick 2'));
        const { nodes, note } = await page(backend, modules);
        assert.deepEqual(nodes, []);
        assert.match(note ?? '', /busy with a run/);
        assert.equal((await relay.counts()).open, 1);
        assert.equal((await running).status, 'done');
        assert.ok((await page(backend, modules, 'sys')).nodes.length > 0);
        assert.equal((await relay.counts()).open, 1);
      });
    }
  });
}

function stopping(): { readonly signal: AbortSignal; readonly abort: () => void } {
  const controller = new AbortController();
  return { signal: controller.signal, abort: () => controller.abort() };
}
