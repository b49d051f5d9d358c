/** A run that prints and prints: others on its server, and the process that listens. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

import { Connect, ObjectChildren, ObjectRoots, Run } from '../../../server/src/api/messages';
import { Backend } from '../../support/backend';
import { DapClient } from '../../support/dapClient';
import { Explorer, named } from '../../support/explorer';
import { profileTo } from '../../support/pool';
import { eventually } from '../../support/poll';
import { RPYC_VERSIONS, runPython, startClassic } from '../../support/pythonPeer';

const LINES = 100;
/** Another client, in Python, that prints on the server. */
const CLIENT = `
import sys, rpyc
conn = rpyc.classic.connect('127.0.0.1', int(sys.argv[1]))
for n in range(${LINES}):
    conn.execute("print('theirs %d', flush=True)" % n)
print(conn.modules.sys.stdout is not None)
`;

const MEGABYTES = 100;
const BACKEND_MB = 200;

function peakMb(pid: number): number {
  const [, kilobytes = ''] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kilobytes) / 1024;
}

for (const version of RPYC_VERSIONS) {
  const dialect = version === '5.3.0' ? 'C' : 'D';

  describe(`output of runs on rpyc ${version}`, function () {
    this.timeout(120_000);

    for (const mode of ['threaded', 'forking'] as const) {
      it(`while a run streams, a second Python client's output on the same ${mode} server is untouched`, async () => {
        await using server = await startClassic(version, { mode });
        await using explorer = await Explorer.connect(server, { profile: { dialect } });
        const run = explorer.run(
          "import time\nn = 0\nwhile True:\n    print('mine', n, flush=True)\n    n += 1\n    time.sleep(0.001)",
        );
        await eventually('the run streams', () => explorer.printed().includes('mine 3'));
        const { stdout, stderr, code } = await runPython(version, CLIENT, [String(server.port)]);
        assert.deepEqual([stdout.trim(), code], ['True', 0], stderr);
        await explorer.interrupt();
        assert.equal((await run).status, 'interrupted');
        const theirs = Array.from({ length: LINES }, (_, n) => `theirs ${n}\n`).join('');
        await eventually('all of theirs is there, and in order', () => server.log().includes(theirs));
        assert.doesNotMatch(server.log(), /mine/);
        assert.doesNotMatch(explorer.printed(), /theirs/);
      });
    }

    for (const mode of ['forking', 'oneshot'] as const) {
      it(`the Debug Console runs, prints and fails on a ${mode} server, and Pause does what it can`, async () => {
        await using server = await startClassic(version, { mode });
        const oneShot = mode === 'oneshot' ? { oneShot: true } : {};
        await using explorer = await Explorer.connect(server, { profile: { dialect, ...oneShot } });
        const client = await DapClient.attach(explorer);
        try {
          assert.equal((await client.evaluate("print('typed')\nx = 20\nx + 1")).result, '21');
          assert.match(client.printed('stdout'), /typed\n/);
          await assert.rejects(client.evaluate('1 / 0'), /ZeroDivisionError/);
          const isForking = mode === 'forking';
          const ending = isForking ? 'while True: pass' : 'import time; time.sleep(1)';
          const run = client.evaluate(`print('there', flush=True)\n${ending}`);
          const ended = run.then(
            () => 'done',
            (error: unknown) => String(error),
          );
          await eventually('it is there', () => client.printed('stdout').includes('there'));
          const paused = await client.pauseRequest({ threadId: 1 }).then(
            () => '',
            (error: unknown) => String(error),
          );
          assert.match(paused, isForking ? /^$/ : /^$|lets nobody else in while it runs/);
          assert.match(await ended, isForking ? /KeyboardInterrupt/ : /^done$/);
          assert.equal((await client.evaluate('x')).result, '20');
        } finally {
          await client[Symbol.asyncDispose]();
        }
      });
    }

    it(`${MEGABYTES} MB are printed, the background process stays below ${BACKEND_MB} MB and answers meanwhile`, async () => {
      await using peer = await startClassic(version);
      await using backend = await Backend.start([profileTo(peer)]);
      await backend.request(Connect, { profileId: 'p' });
      const source = `line = 'x' * 999 + '\\n'\nfor n in range(${MEGABYTES} * 1000): print(line, end='')\nprint('end')`;
      const progress = { over: false };
      const run = backend
        .request(Run, { profileId: 'p', runId: 'r', source, fileName: '/x.py', lineOffset: 0 })
        .finally(() => (progress.over = true));
      const builtins = named(await backend.request(ObjectRoots, { profileId: 'p' }), 'Builtins');
      let slowest = 0;
      while (!progress.over) {
        const asked = performance.now();
        await backend.request(ObjectChildren, {
          handle: builtins.handle,
          offset: 0,
          limit: 100,
          filter: 'print',
        });
        slowest = Math.max(slowest, performance.now() - asked);
      }
      assert.equal((await run).status, 'done');
      await eventually('its end is here', () => backend.output.at(-1)?.text.endsWith('end\n') === true);
      const told = backend.output.reduce((sum, { text, dropped }) => sum + text.length + dropped, 0);
      assert.equal(told, MEGABYTES * 1_000_000 + 4, 'what was lost is counted');
      const memory = peakMb(backend.pid);
      assert.ok(memory < BACKEND_MB, `The background process had ${Math.round(memory)} MB`);
      assert.ok(slowest < 5000, `A row took ${Math.round(slowest)} ms`);
    });
  });
}
