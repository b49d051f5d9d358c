import assert from 'node:assert/strict';

import type { ConnectionState, Problem } from '../../../server/src/api/model';
import type { Lease } from '../../../server/src/features/pool/lease';
import { callattr } from '../../../server/src/rpyc/index';
import { badServer } from '../../support/badServers';
import { eventually } from '../../support/poll';
import { TestPool, profileTo } from '../../support/pool';
import { RPYC_VERSIONS, startClassic } from '../../support/pythonPeer';

/** Quick enough for a test, and still in the order of the real ones. */
const QUICK = { firstRetryMs: 50, maxRetryMs: 200 };

async function problemOf(work: Promise<unknown>): Promise<Problem> {
  const error: unknown = await work.then(
    () => assert.fail('It did not fail'),
    (reason: unknown) => reason,
  );
  return (error as { readonly problem: Problem }).problem;
}

async function echo(lease: Lease, value: string): Promise<unknown> {
  return lease.connection.ping(value);
}

for (const version of RPYC_VERSIONS) {
  describe(`connection pool and rpyc ${version}`, function () {
    this.timeout(60_000);

    it('connects in stages, and tells what the peer is', async () => {
      await using server = await startClassic(version);
      await using test = new TestPool([profileTo(server)]);
      const state = await test.pool.connect('p');
      assert.deepEqual(
        test.states.filter(({ stage }) => stage !== undefined).map(({ stage }) => stage),
        ['resolve', 'connect', 'handshake', 'root'],
      );
      assert.equal(state.status, 'connected');
      assert.equal(state.generation, 1);
      assert.equal(state.openConnections, 1);
      assert.deepEqual(
        { ...state.peer, pythonVersion: undefined, advisories: undefined },
        {
          dialect: version === '5.3.0' ? 'C' : 'D',
          rpycVersion: version,
          pythonVersion: undefined,
          pid: server.pid,
          serverKind: 'threaded',
          service: 'classic',
          rootType: 'rpyc.core.service.SlaveService',
          advisories: undefined,
        },
      );
      assert.equal(state.peer?.advisories?.length ?? 0, version === '5.3.0' ? 1 : 0);
      assert.match(state.peer?.pythonVersion ?? '', /^3\.\d+\.\d+/);
    });

    it('keeps fifty connections to one server and lends each in turn', async () => {
      await using server = await startClassic(version);
      const ids = Array.from({ length: 50 }, (_, index) => `p${index}`);
      const profiles = [...ids, 'late'].map((id) => profileTo(server, { id, label: id }));
      await using test = new TestPool(profiles, { connectionsPerEndpoint: 50, placeSeconds: 20 });
      const states = await Promise.all(ids.map((id) => test.pool.connect(id)));
      assert.ok(states.every(({ status }) => status === 'connected'));
      assert.deepEqual([...test.pool.openConnections.values()], [50]);

      const served = new Map<string, number[]>();
      await Promise.all(
        ids.flatMap((id) =>
          Array.from({ length: 10 }, async (_, turn) => {
            const lease = await test.pool.lend(id, 'explore');
            assert.equal(lease.profileId, id);
            await echo(lease, `${id}.${turn}`);
            served.set(id, [...(served.get(id) ?? []), turn]);
            lease.dispose();
          }),
        ),
      );
      assert.equal(served.size, 50);
      assert.ok([...served.values()].every((turns) => turns.length === 10));
      assert.equal(test.pool.waiting, 0);

      // The place of one that leaves goes to the one that waits.
      const late = test.pool.connect('late');
      await test.state({ profileId: 'late', status: 'connecting' });
      assert.deepEqual([...test.pool.openConnections.values()], [50]);
      await test.pool.disconnect('p7');
      assert.equal((await late).status, 'connected');
      assert.deepEqual([...test.pool.openConnections.values()], [50]);
    });

    it('says so where all places of an endpoint are taken for long', async () => {
      await using server = await startClassic(version);
      const profiles = ['a', 'b'].map((id) => profileTo(server, { id }));
      await using test = new TestPool(profiles, { connectionsPerEndpoint: 1, placeSeconds: 0.1 });
      await test.pool.connect('a');
      const problem = await problemOf(test.pool.connect('b'));
      assert.equal(problem.code, 'ERR_CONNECTION_LIMIT');
      assert.match(problem.message, /disconnect one of them/);
    });

    it('shares an attempt between callers, and ends it when the last one gives up', async () => {
      await using server = await badServer();
      await using test = new TestPool([profileTo(server)]);
      const [first, second] = [new AbortController(), new AbortController()];
      const firstEnds = problemOf(test.pool.connect('p', first.signal)).catch(() => undefined);
      const secondEnds = problemOf(test.pool.connect('p', second.signal)).catch(() => undefined);
      await eventually('the attempt reaches the server', () => server.clients.size === 1);
      first.abort();
      await firstEnds;
      assert.equal(test.pool.state('p').status, 'connecting');
      second.abort();
      await secondEnds;
      await test.state({ status: 'disconnected' });
      await eventually('the socket is closed', () => server.clients.size === 0);
      assert.equal(server.visits(), 1);
    });

    it('gets back a threaded server that was killed and started again, without being asked', async () => {
      const first = await startClassic(version);
      await using test = new TestPool([profileTo(first)], QUICK);
      await test.pool.connect('p');
      await first[Symbol.asyncDispose]();
      const lost = await test.state({ status: 'lost' });
      assert.match(lost.problem?.message ?? '', /was lost: it comes back by itself/);
      const { retryInMs } = await test.state({ status: 'reconnecting' });
      assert.equal(retryInMs, 50);
      assert.equal((await problemOf(test.pool.lend('p', 'explore'))).code.startsWith('ERR_'), true);
      await using again = await startClassic(version, { port: first.port });
      const back = await test.state({ status: 'connected', generation: 2 });
      assert.equal(back.peer?.pid, again.pid);
      assert.equal(back.profileId, 'p');
      const pauses = test.states.map((state) => state.retryInMs).filter((pause) => pause !== undefined);
      assert.ok(pauses.every((pause) => pause >= 50 && pause <= 200));
      using lease = disposable(await test.pool.lend('p', 'explore'));
      await echo(lease.value, 'again');
    });

    it('notices a server that is frozen, and gets it back once it thaws', async () => {
      await using server = await startClassic(version);
      await using test = new TestPool([profileTo(server)], {
        ...QUICK,
        pingSeconds: 0.1,
        pingTimeoutSeconds: 0.3,
        stageSeconds: 1,
      });
      await test.pool.connect('p');
      process.kill(server.pid, 'SIGSTOP');
      const lost = await test.state({ status: 'lost' });
      assert.match(lost.problem?.message ?? '', /has not answered/);
      process.kill(server.pid, 'SIGCONT');
      await test.state({ status: 'connected', generation: 2 });
    });

    it('says so when a peer sends more than is safe, and connects anew', async () => {
      await using server = await startClassic(version);
      await using test = new TestPool([profileTo(server)], QUICK);
      await test.pool.connect('p');
      const lease = await test.pool.lend('p', 'explore');
      await assert.rejects(callattr(lease.connection.root, 'eval', ["'x' * 70_000_000"]), {
        code: 'ERR_LIMIT',
      });
      lease.dispose();
      const lost = await test.state({ status: 'lost' });
      assert.equal(lost.problem?.code, 'ERR_LIMIT');
      assert.match(lost.problem.message, /more than is safe/);
      await test.state({ status: 'connected', generation: 2 });
    });

    it('does not reconnect to a forking server: its Python is gone', async () => {
      const first = await startClassic(version, { mode: 'forking' });
      await using test = new TestPool([profileTo(first)], QUICK);
      const state = await test.pool.connect('p');
      assert.equal(state.peer?.serverKind, 'forking');
      await first[Symbol.asyncDispose]();
      const lost = await test.state({ status: 'lost' });
      assert.match(lost.problem?.message ?? '', /press Connect/);
      await using again = await startClassic(version, { mode: 'forking', port: first.port });
      await using other = new TestPool([profileTo(again)]);
      await other.pool.connect('p');
      assert.equal(test.pool.state('p').status, 'lost');
      assert.ok(!test.states.some(({ status }) => status === 'reconnecting'));
      assert.equal((await test.pool.connect('p')).generation, 2);
    });

    it('runs on a connection of their own where two see one process', async () => {
      await using server = await startClassic(version);
      await using test = new TestPool([profileTo(server)], { idleSeconds: 0.1 });
      await test.pool.connect('p');
      const run = await test.pool.lend('p', 'run');
      const explore = await test.pool.lend('p', 'explore');
      assert.notEqual(run.connection, explore.connection);
      assert.equal(run.generation, explore.generation);
      assert.equal(run.agent?.info.pid, explore.agent?.info.pid);
      assert.deepEqual(pick(test.pool.state('p')), { busy: true, openConnections: 2 });
      explore.dispose();
      run.dispose();
      run.dispose();
      assert.equal(test.pool.state('p').busy, false);
      await eventually('the idle connection is closed', () => test.pool.state('p').openConnections === 1);
      assert.deepEqual([...test.pool.openConnections.values()], [1]);
    });

    it('keeps to one connection on a forking server, and says that it is busy', async () => {
      await using server = await startClassic(version, { mode: 'forking' });
      await using test = new TestPool([profileTo(server)]);
      await test.pool.connect('p');
      const explore = await test.pool.lend('p', 'explore');
      explore.dispose();
      const run = await test.pool.lend('p', 'run');
      assert.equal(run.connection, explore.connection);
      const problem = await problemOf(test.pool.lend('p', 'explore'));
      assert.equal(problem.code, 'ERR_BUSY');
      assert.match(problem.message, /busy with a run.*wait/);
      run.dispose();
      (await test.pool.lend('p', 'explore')).dispose();
    });

    it('gives runs their turns in the order in which they asked', async () => {
      await using server = await startClassic(version);
      await using test = new TestPool([profileTo(server)]);
      await test.pool.connect('p');
      const order: number[] = [];
      let running = 0;
      await Promise.all(
        Array.from({ length: 20 }, async (_, index) => {
          const lease = await test.pool.lend('p', 'run');
          running += 1;
          assert.equal(running, 1);
          await echo(lease, String(index));
          order.push(index);
          running -= 1;
          lease.dispose();
        }),
      );
      assert.deepEqual(
        order,
        Array.from({ length: 20 }, (_, index) => index),
      );
    });

    it('closes what a profile had when it goes, or leads elsewhere', async () => {
      await using server = await startClassic(version);
      await using test = new TestPool([profileTo(server), profileTo(server, { id: 'q' })]);
      await Promise.all([test.pool.connect('p'), test.pool.connect('q')]);
      const lease = await test.pool.lend('p', 'explore');
      test.pool.setProfiles([profileTo(server, { id: 'q', label: 'Renamed' })]);
      await eventually('it is closed', () => lease.connection.closed);
      assert.equal((await problemOf(test.pool.lend('p', 'explore'))).code, 'ERR_UNKNOWN_PROFILE');
      assert.equal(test.pool.state('q').status, 'connected');
      test.pool.setProfiles([profileTo(server, { id: 'q', service: 'service' })]);
      assert.equal(test.pool.state('q').status, 'disconnected');
      assert.equal((await test.pool.connect('q')).generation, 2);
    });

    it('ends waits and attempts when it is closed', async () => {
      await using server = await startClassic(version, { mode: 'forking' });
      await using silent = await badServer();
      const test = new TestPool([profileTo(server), profileTo(silent, { id: 'silent' })]);
      await test.pool.connect('p');
      const run = await test.pool.lend('p', 'run');
      const waiting = problemOf(test.pool.lend('p', 'run'));
      const connecting = problemOf(test.pool.connect('silent'));
      await eventually('it reaches the server', () => silent.clients.size === 1);
      await test.pool.close();
      assert.equal((await waiting).code, 'ERR_NOT_CONNECTED');
      await connecting;
      assert.ok(run.connection.closed);
      await eventually('no client is left', () => silent.clients.size === 0);
    });
  });
}

function pick({ busy, openConnections }: ConnectionState): Partial<ConnectionState> {
  return { busy, openConnections };
}

function disposable(lease: Lease): { readonly value: Lease; [Symbol.dispose](): void } {
  return { value: lease, [Symbol.dispose]: () => lease.dispose() };
}
