import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { TestProcess } from '../support/childProcess';
import { eventually } from '../support/poll';
import { REPOSITORY } from '../support/tools';

interface Results {
  readonly passed: number;
  readonly pending: number;
  readonly failed: readonly { readonly title: string; readonly message: string }[];
}

/** How the stages of `npm test` run files: one after the other, or beside each other. */
const WAYS: Readonly<Record<string, readonly string[]>> = {
  'A test run': [],
  'A test run of files beside each other': ['--parallel', '--jobs', '2'],
};

/** Runs a test file as the project's own are run, and returns what `npm test` would count. */
async function runTestFile(
  source: string,
  switches: readonly string[],
): Promise<Results & { readonly code: number | null }> {
  const folder = await mkdtemp(path.join(tmpdir(), 'rpyc-hooks-'));
  const results = path.join(folder, 'results.json');
  const file = path.join(folder, 'imagined.test.js');
  // Of one file Mocha makes no parallel run.
  const other = path.join(folder, 'other.test.js');
  try {
    await writeFile(file, source);
    await writeFile(other, '');
    const mocha = path.join(REPOSITORY, 'node_modules/mocha/bin/mocha.js');
    const reporter = path.join(REPOSITORY, 'test/tools/reporter.cjs');
    const args = [mocha, '--exit', '--reporter', reporter, ...switches, file, other];
    await using run = new TestProcess(process.execPath, args, {
      cwd: REPOSITORY,
      env: { ...process.env, RPYC_TEST_RESULTS: results },
    });
    await eventually('the run ends', () => run.hasEnded, { timeoutMs: 30_000 });
    return { ...(JSON.parse(await readFile(results, 'utf8')) as Results), code: await run.exited };
  } finally {
    await rm(folder, { recursive: true });
  }
}

const LEAKS = {
  TCPServerWrap: "require('node:net').createServer().listen(0, '127.0.0.1')",
  Timeout: 'setInterval(() => {}, 1000)',
  ProcessWrap: "require('node:child_process').spawn('sleep', ['20'])",
};

for (const [way, switches] of Object.entries(WAYS)) {
  describe(way, () => {
    it('passes where a test cleans up, even a little late', async () => {
      const source = `
        const net = require('node:net');
        describe('tidy', () => {
          it('closes its server', (done) => {
            const server = net.createServer().listen(0, '127.0.0.1', done);
            setTimeout(() => server.close(), 100);
          });
        });`;
      const { passed, failed, code } = await runTestFile(source, switches);
      assert.deepEqual({ passed, failed, code }, { passed: 1, failed: [], code: 0 });
    });

    for (const [kind, leak] of Object.entries(LEAKS)) {
      it(`fails where a ${kind} is left, and blames that file alone`, async () => {
        const source = `
          describe('untidy', () => it('leaves something', () => void ${leak}));
          describe('tidy', () => it('leaves nothing', () => {}));`;
        const { passed, failed, code } = await runTestFile(source, switches);
        assert.equal(passed, 2);
        assert.deepEqual(
          failed.map(({ title }) => title.split('"')[0]),
          ['untidy '],
        );
        assert.match(failed[0]?.message ?? '', new RegExp(`untidy left behind: .*1 ${kind}`));
        assert.equal(code, 1);
      });
    }

    it('fails where a rejection is not handled', async () => {
      const source = `
        describe('careless', () => it('rejects', (done) => {
          Promise.reject(new Error('nobody cares'));
          setTimeout(done, 50);
        }));`;
      const { failed, code } = await runTestFile(source, switches);
      assert.match(failed[0]?.message ?? '', /nobody cares/);
      assert.notEqual(code, 0);
    });

    it('fails where a test is skipped', async () => {
      const source = "describe('lazy', () => { it('works'); });";
      const { failed, code } = await runTestFile(source, switches);
      assert.equal(failed.length, 1);
      assert.notEqual(code, 0);
    });
  });
}
