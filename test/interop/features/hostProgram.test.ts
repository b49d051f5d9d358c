/** Programs that serve their one client on their main thread, now and then: debuggers, 3-D programs. */
import assert from 'node:assert/strict';

import { Handler } from '../../../server/src/rpyc/index';
import { Explorer, named } from '../../support/explorer';
import { type RpycVersion, RPYC_VERSIONS, startPeer } from '../../support/pythonPeer';

const CYCLES = 1000;

/** Gives the peer's namespace a function of ours, which the peer calls while it answers a request. */
async function lendStop(explorer: Explorer, stop: (cycle: unknown) => unknown): Promise<void> {
  const lease = await explorer.pool.lend('p', 'explore');
  try {
    const { connection } = lease;
    const source = 'lambda stop: globals().update(stop=stop)';
    const give = await connection.request(Handler.callattr, [await connection.root, 'eval', [source], []]);
    await connection.request(Handler.call, [give, [stop], []]);
  } finally {
    lease.dispose();
  }
}

/**
 * In each cycle a row is opened and code runs; both requests are on their way at once, and the code calls `stop` back and
 * prints while its own is not answered yet.
 */
async function drive(version: RpycVersion, kind: 'gdb' | 'poller'): Promise<void> {
  await using peer = await startPeer(version, 'host_program.py', [kind]);
  const { path } = peer.ready;
  const transport = typeof path === 'string' ? { transport: { kind: 'unix', path } as const } : {};
  await using explorer = await Explorer.connect(peer, {
    profile: { oneShot: true, dialect: version === '5.3.0' ? 'C' : 'D', ...transport },
  });
  assert.equal(
    await explorer.value('import threading\nthreading.current_thread() is threading.main_thread()'),
    'True',
    'the main thread of the program runs it',
  );
  const stopped: unknown[] = [];
  await lendStop(explorer, (cycle) => {
    assert.equal(explorer.pool.state('p').busy, true, 'the request is pending');
    stopped.push(cycle);
    return cycle;
  });
  await explorer.run('cycle = -1');
  for (let cycle = 0; cycle < CYCLES; cycle += 1) {
    const page = explorer.page(explorer.root('Namespace'));
    // The row's request leaves first.
    await new Promise((resolve) => setImmediate(resolve));
    const run = explorer.value(`print(${cycle})\ncycle = stop(${cycle})\ncycle`);
    const [{ nodes }, value] = await Promise.all([page, run]);
    assert.equal(named(nodes, 'cycle').value, String(cycle - 1));
    assert.equal(value, String(cycle));
  }
  const all = Array.from({ length: CYCLES }, (_, cycle) => cycle);
  assert.deepEqual(stopped, all);
  assert.equal(explorer.printed(), all.map((cycle) => `${cycle}\n`).join(''));
}

describe('a program that serves on its main thread', () => {
  for (const kind of ['gdb', 'poller'] as const) {
    it(`job 15: as a ${kind}, on rpyc ${RPYC_VERSIONS.join(' and ')}, opens rows, runs and calls back a thousand times`, async function () {
      this.timeout(180_000);
      await Promise.all(RPYC_VERSIONS.map((version) => drive(version, kind)));
    });
  }
});
