/** Programs that serve their one client on their main thread, now and then: debuggers, 3-D programs. */
import assert from 'node:assert/strict';

import { Explorer, named } from '../../support/explorer';
import { RPYC_VERSIONS, startPeer } from '../../support/pythonPeer';

const RUNS = 1000;
/** After so many runs a row is opened. */
const BETWEEN = 100;

/** Runs again and again what calls back while it is answered; each print is a call of ours by the peer. */
async function drive(version: (typeof RPYC_VERSIONS)[number], kind: 'gdb' | 'poller'): Promise<void> {
  await using peer = await startPeer(version, 'host_program.py', [kind]);
  await using explorer = await Explorer.connect(peer, {
    profile: { oneShot: true, dialect: version === '5.3.0' ? 'C' : 'D' },
  });
  assert.equal(
    await explorer.value('import threading\nthreading.current_thread() is threading.main_thread()'),
    'True',
    'the main thread of the program runs it',
  );
  for (let run = 0; run < RUNS; run += 1) {
    assert.equal(await explorer.value(`print(${run})\n${run}`), String(run));
    if (run % BETWEEN === 0) {
      named((await explorer.page(explorer.root('Namespace'))).nodes, 'threading');
    }
  }
  const expected = Array.from({ length: RUNS }, (_, run) => `${run}\n`).join('');
  assert.equal(explorer.printed(), expected);
}

describe('a program that serves on its main thread', () => {
  for (const kind of ['gdb', 'poller'] as const) {
    it(`as a ${kind}, on rpyc ${RPYC_VERSIONS.join(' and ')}, answers a thousand runs that call back`, async function () {
      this.timeout(180_000);
      await Promise.all(RPYC_VERSIONS.map((version) => drive(version, kind)));
    });
  }
});
