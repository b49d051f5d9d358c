import assert from 'node:assert/strict';

import type { DialectChoice, Problem, Profile } from '../../../server/src/api/model';
import { type Address, TestPool, profileTo } from '../../support/pool';
import { RPYC_VERSIONS, startClassic, startPeer } from '../../support/pythonPeer';

/** How the pool sees a server, and whether runs have a connection of their own there. */
async function kindOf(address: Address, more: Partial<Profile> = {}): Promise<readonly [string, boolean]> {
  await using test = new TestPool([profileTo(address, more)]);
  const { peer } = await test.pool.connect('p');
  const explore = await test.pool.lend('p', 'explore');
  explore.dispose();
  const run = await test.pool.lend('p', 'run');
  const own = run.connection !== explore.connection;
  run.dispose();
  return [peer?.serverKind ?? 'none', own];
}

async function problemOf(work: Promise<unknown>): Promise<Problem> {
  const error: unknown = await work.then(
    () => assert.fail('It did not fail'),
    (reason: unknown) => reason,
  );
  return (error as { readonly problem: Problem }).problem;
}

for (const version of RPYC_VERSIONS) {
  const dialect: DialectChoice = version === '5.3.0' ? 'C' : 'D';

  describe(`kinds of servers of rpyc ${version}`, function () {
    this.timeout(60_000);

    it('a thread pool serves one process: runs have a connection of their own', async () => {
      await using server = await startPeer(version, 'classic_service.py', ['ThreadPoolServer']);
      assert.deepEqual(await kindOf(server), ['pool', true]);
    });

    it('a server that uses its clients finds nothing to use, and stays', async () => {
      await using server = await startPeer(version, 'mutual_service.py');
      assert.deepEqual(await kindOf(server), ['threaded', true]);
    });

    it('a forking server has a process for each connection: there is one', async () => {
      await using server = await startClassic(version, { mode: 'forking' });
      assert.deepEqual(await kindOf(server), ['forking', false]);
    });

    it('a one-shot server gets one connection, without being probed', async () => {
      await using server = await startClassic(version, { mode: 'oneshot' });
      assert.deepEqual(await kindOf(server, { oneShot: true, dialect }), ['oneshot', false]);
      await server.exited;
      assert.doesNotMatch(server.log(), /invalid message type|not enough values/);
    });

    it('a one-shot server that has gone does not come back by itself', async () => {
      await using server = await startClassic(version, { mode: 'oneshot' });
      await using test = new TestPool([profileTo(server, { oneShot: true, dialect })]);
      await test.pool.connect('p');
      server.kill();
      const { problem } = await test.state({ status: 'lost' });
      assert.match(problem?.message ?? '', /press Connect/);
      assert.ok(!test.states.some(({ status }) => status === 'reconnecting'));
    });

    it('a strict service is recognised by two requests of which none is refused', async () => {
      await using server = await startPeer(version, 'strict_service.py');
      await using test = new TestPool([profileTo(server)]);
      const { peer } = await test.pool.connect('p');
      assert.equal(peer?.service, 'service');
      assert.equal(peer.serverKind, 'unknown');
      assert.match(peer.rootType, /CalcService$/);
      const lease = await test.pool.lend('p', 'explore');
      assert.equal(lease.agent, undefined);
      assert.equal(lease.connection.counters.requestsSent, 2);
      // Every exception reply of the peer would have told its version.
      assert.equal(lease.connection.remoteVersion, undefined);
      lease.dispose();
      const problem = await problemOf(test.pool.lend('p', 'run'));
      assert.equal(problem.code, 'ERR_NOT_CLASSIC');
      assert.match(problem.message, /choose a classic connection/);
    });

    it('a strict service that is set up as classic is told apart', async () => {
      await using server = await startPeer(version, 'strict_service.py');
      await using test = new TestPool([profileTo(server, { service: 'classic' })]);
      const problem = await problemOf(test.pool.connect('p'));
      assert.equal(problem.code, 'ERR_NOT_CLASSIC');
      assert.match(problem.message, /set its kind to service or auto/);
      assert.deepEqual([...test.pool.openConnections.values()], [0]);
    });

    it('a classic server that is set up as a service is given nothing', async () => {
      await using server = await startClassic(version);
      await using test = new TestPool([profileTo(server, { service: 'service', dialect })]);
      const { peer } = await test.pool.connect('p');
      assert.equal(peer?.service, 'service');
      const lease = await test.pool.lend('p', 'explore');
      assert.equal(lease.agent, undefined);
      assert.equal(lease.connection.counters.requestsSent, 1);
    });
  });
}
