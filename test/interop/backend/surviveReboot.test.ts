/** Job 12 of users.md: a server that is killed and started again, and links that go away. */
import assert from 'node:assert/strict';

import { Connect, ObjectChildren, ObjectResolve, ObjectRoots, Run } from '../../../server/src/api/messages';
import type { ConnectionState, ObjectNode } from '../../../server/src/api/model';
import { Backend } from '../../support/backend';
import { named } from '../../support/explorer';
import { eventually } from '../../support/poll';
import { profileTo } from '../../support/pool';
import { type ClassicMode, RPYC_VERSIONS, startClassic } from '../../support/pythonPeer';
import { Relay } from '../../support/relay';

/** How soon a loss shows. */
const AT_ONCE_MS = 1000;
/** How soon after its return a server is connected again. */
const BACK_MS = 5000;
/** The longest pause between two attempts, after a long absence. */
const LONGEST_PAUSE_MS = 4000;
/** Long enough for two attempts, where there were any. */
const ATTEMPTS_MS = 2000;
/** A minute, and the time that a link that is back needs. */
const AWAY_MS = 60_000;

function run(backend: Backend, source: string, runId = 'r'): Promise<{ readonly value?: string }> {
  return backend.request(Run, { profileId: 'p', runId, source, fileName: '/x.py', lineOffset: 0 });
}

async function rowsOf(backend: Backend, { handle }: ObjectNode, filter = ''): Promise<readonly ObjectNode[]> {
  return (await backend.request(ObjectChildren, { handle, offset: 0, limit: 100, filter })).nodes;
}

/** The newest state, once it is of this kind. */
function nowIs(
  backend: Backend,
  wanted: Partial<ConnectionState>,
  timeoutMs: number,
): Promise<ConnectionState> {
  return eventually(
    `the state is ${JSON.stringify(wanted)}`,
    () => {
      const state = backend.states.at(-1);
      return Object.entries(wanted).every(([key, value]) => state?.[key as keyof ConnectionState] === value)
        ? state
        : undefined;
    },
    { timeoutMs },
  );
}

/** A module, a class in it, and what the class has: rows that any Python shows again. */
async function openRows(backend: Backend): Promise<readonly ObjectNode[]> {
  const modules = named(await backend.request(ObjectRoots, { profileId: 'p' }), 'Modules');
  const json = named(await rowsOf(backend, modules, 'json'), 'json');
  const decoder = named(await rowsOf(backend, json, 'JSONDecoder'), 'JSONDecoder');
  await rowsOf(backend, decoder);
  return [json, decoder];
}

for (const version of RPYC_VERSIONS) {
  const dialect = version === '5.3.0' ? 'C' : 'D';

  describe(`job 12: survive a reboot of rpyc ${version}`, function () {
    this.timeout(90_000);

    it('job 12: survive a reboot: comes back within 5 s, to the same rows, and sends nothing of before', async () => {
      await using first = await startClassic(version);
      await using relay = await Relay.start(first);
      await using backend = await Backend.start([profileTo(relay)]);
      const before = await backend.request(Connect, { profileId: 'p' });
      assert.equal(before.renewed, undefined);
      await run(backend, 'import json\nanswer = [1]');
      const rows = await openRows(backend);
      const namespace = named(await backend.request(ObjectRoots, { profileId: 'p' }), 'Namespace');
      const answer = named(await rowsOf(backend, namespace), 'answer');

      const killedAt = performance.now();
      first.kill();
      const lost = await backend.state({ status: 'lost' });
      assert.ok(performance.now() - killedAt < AT_ONCE_MS, 'it shows at once');
      assert.match(lost.problem?.message ?? '', /was lost: it comes back by itself/);
      await first.exited;
      // Away for so long that the pauses have become as long as they get.
      await backend.state({ status: 'reconnecting', retryInMs: LONGEST_PAUSE_MS }, 20_000);

      await relay.reset();
      await using second = await startClassic(version, { port: first.port });
      const backAt = performance.now();
      const back = await nowIs(backend, { status: 'connected' }, BACK_MS);
      assert.ok(performance.now() - backAt < BACK_MS);
      assert.equal(back.peer?.pid, second.pid);
      assert.equal(back.generation, before.generation + 1);
      assert.equal(back.renewed, 'process', 'the user is told');

      // What is asked with a handle of before is not even sent.
      const framesBefore = (await relay.counts()).up.frames;
      for (const { handle } of [...rows, answer]) {
        const stale = await backend.problem(ObjectChildren, { handle, offset: 0, limit: 100 });
        assert.equal(stale.code, 'ERR_STALE');
      }
      assert.equal((await relay.counts()).up.frames, framesBefore);

      await run(backend, 'import json');
      for (const { path, name } of rows) {
        const again = await backend.request(ObjectResolve, { profileId: 'p', path });
        assert.equal(again.name, name);
        assert.ok((await rowsOf(backend, again)).length > 0);
      }
      const fresh = named(await backend.request(ObjectRoots, { profileId: 'p' }), 'Namespace');
      assert.ok(!(await rowsOf(backend, fresh)).some(({ name }) => name === 'answer'), 'the names are new');

      // The peer would answer an id that it does not know with an exception, and its log would tell of it.
      const counts = await relay.counts();
      assert.equal(counts.down.exceptions, 0);
      assert.equal(counts.up.exceptions, 0);
      assert.doesNotMatch(second.log(), /Traceback|KeyError|denied|cannot access/);
    });

    for (const mode of ['forking', 'oneshot'] as const satisfies readonly ClassicMode[]) {
      it(`job 12: survive a reboot: a ${mode} server is not connected again unless asked to`, async () => {
        await using first = await startClassic(version, { mode });
        const single = mode === 'oneshot' ? ({ oneShot: true, dialect } as const) : {};
        await using relay = await Relay.start(first);
        await using backend = await Backend.start([profileTo(relay, single)]);
        await backend.request(Connect, { profileId: 'p' });
        first.kill();
        const lost = await backend.state({ status: 'lost' });
        assert.match(lost.problem?.message ?? '', /press Connect/);
        await first.exited;
        await relay.reset();
        await using second = await startClassic(version, { mode, port: first.port });
        const since = performance.now();
        await eventually('there was time for attempts', () => performance.now() - since > ATTEMPTS_MS);
        assert.equal((await relay.counts()).connections, 0);
        assert.ok(!backend.states.some(({ status }) => status === 'reconnecting'));
        const again = await backend.request(Connect, { profileId: 'p' });
        assert.equal(again.generation, lost.generation + 1);
        assert.ok(second.pid > 0);
      });
    }
  });

  describe(`a link to rpyc ${version} that goes away`, function () {
    this.timeout(120_000);

    it('for some seconds: what was asked is answered when it is back, and nothing is lost', async () => {
      await using server = await startClassic(version);
      await using relay = await Relay.start(server);
      await using backend = await Backend.start([profileTo(relay)]);
      const { generation } = await backend.request(Connect, { profileId: 'p' });
      await run(backend, 'answer = 42');
      await relay.hold();
      const since = performance.now();
      const asked = run(backend, 'answer', 'late');
      await eventually('some seconds have passed', () => performance.now() - since > 3000);
      await relay.resume();
      assert.equal((await asked).value, '42');
      assert.ok(!backend.states.some(({ status }) => status === 'lost'));
      assert.equal(backend.states.at(-1)?.generation, generation);
    });

    if (version === '6.0.2') {
      it('for a minute: that is told, and it comes back within 5 s, to the same process', async () => {
        await using server = await startClassic(version);
        await using relay = await Relay.start(server);
        await using backend = await Backend.start([profileTo(relay)]);
        await backend.request(Connect, { profileId: 'p' });
        await relay.hold();
        const since = performance.now();
        const lost = await backend.state({ status: 'lost' }, AWAY_MS);
        assert.match(lost.problem?.message ?? '', /has not answered/);
        await eventually('a minute has passed', () => performance.now() - since > AWAY_MS, {
          timeoutMs: 2 * AWAY_MS,
        });
        assert.equal(backend.states.at(-1)?.status, 'reconnecting');
        await relay.resume();
        const back = await nowIs(backend, { status: 'connected' }, BACK_MS);
        assert.equal(back.peer?.pid, server.pid);
        assert.equal(back.renewed, 'names');
        assert.equal((await run(backend, '6 * 7')).value, '42');
      });
    }
  });
}
