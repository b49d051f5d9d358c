/** `npm start`, as somebody types it: what it prints, what is to be seen there, and that nothing of it stays. */
import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { TestProcess } from '../support/childProcess';
import { eventually, eventuallyOk } from '../support/poll';
import { connectByRow, loadTools, REPOSITORY } from '../support/tools';

/** The bundles may have to be built first. */
const READY_MS = 180_000;
const STOP_MS = 20_000;

/** Marks every process that a run of `npm start` has started, however deep. */
const MARK = 'RPYC_START_TEST';

/** The address lets a browser in, and without what it holds nobody gets in. */
async function onlyWithItsToken(address: string): Promise<void> {
  const welcome = await fetch(address, { redirect: 'manual' });
  assert.equal(welcome.status, 302);
  const [cookie = ''] = (welcome.headers.get('set-cookie') ?? '').split(';');
  const page = new URL(address);
  page.searchParams.delete('tkn');
  assert.equal((await fetch(page, { headers: { cookie } })).status, 200);
  assert.equal((await fetch(page)).status, 403);
}

describe('npm start', () => {
  let folder: string;
  let mark: string;

  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'rpyc-start-'));
    mark = path.basename(folder);
  });

  afterEach(() => {
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  });

  function start(args: readonly string[], env: NodeJS.ProcessEnv = {}): TestProcess {
    return new TestProcess('npm', ['start', '--silent', ...args], {
      cwd: REPOSITORY,
      env: { ...process.env, ...env, [MARK]: mark, TMPDIR: folder },
    });
  }

  it('serves a workbench with two connections that work, and Ctrl-C leaves no process and no file', async () => {
    await using npm = start(['--', '--no-open']);
    const address = await readyAddress(npm);
    await onlyWithItsToken(address);
    const { openBrowser } = await loadTools();
    const browser = await openBrowser();
    try {
      await browser.page.goto(address);
      await browser.page.getByRole('tab', { name: 'RPyC' }).click({ timeout: 60_000 });
      await connectByRow(browser.page, /^Harbour/);
      await browser.page.getByRole('treeitem', { name: /^Namespace/ }).waitFor({ timeout: 60_000 });
      await connectByRow(browser.page, /^Lab bench/);
      await eventuallyOk('both show their root service', async () => {
        assert.equal(await browser.page.getByRole('treeitem', { name: /^Root service/ }).count(), 2);
      });
    } finally {
      await browser.close();
    }
    assert.ok(marked(mark).length > 3, 'The processes are found by their mark');

    // What a terminal does: the whole foreground group is interrupted.
    npm.kill('SIGINT');
    await eventually('npm ends', () => npm.hasEnded, { timeoutMs: STOP_MS });
    await eventuallyOk('no process is left', () => assert.deepEqual(marked(mark), []));
    assert.equal(npm.stdout, `Ready: ${address}\n`);
    assert.deepEqual(
      readdirSync(folder).filter((name) => name.startsWith('rpyc-demo-')),
      [],
    );
  });

  it('ends with npm, also where only npm is told to', async () => {
    await using npm = start(['--', '--no-open']);
    await readyAddress(npm);
    process.kill(npm.pid, 'SIGTERM');
    await eventually('npm ends', () => npm.hasEnded, { timeoutMs: STOP_MS });
    await eventuallyOk('no process is left', () => assert.deepEqual(marked(mark), []), {
      timeoutMs: STOP_MS,
    });
  });

  it('prefers the code on the PATH, with the extension and both connections in a profile of its own', async () => {
    const report = path.join(folder, 'report.json');
    const bin = fakeCode(folder, report);
    const searchPath = [bin, process.env['PATH']].join(path.delimiter);
    await using npm = start([], { PATH: searchPath, VSCODE_IPC_HOOK_CLI: undefined });
    const { args, settings } = await eventually('the window is open', () => readReport(report), {
      timeoutMs: READY_MS,
    });
    assert.ok(args.includes(`--extensionDevelopmentPath=${REPOSITORY}`));
    assert.ok(args.includes('--user-data-dir'));
    assert.ok(args.some((arg) => arg.endsWith('try-me.py')));
    const profiles = settings['rpyc.profiles'] as { label: string; service: string }[];
    assert.deepEqual(
      profiles.map(({ service }) => service),
      ['classic', 'service'],
    );
    npm.kill('SIGINT');
    await eventually('npm ends', () => npm.hasEnded, { timeoutMs: STOP_MS });
    await eventuallyOk('no process is left', () => assert.deepEqual(marked(mark), []));
  });

  it('says in one sentence what it does not know', async () => {
    await using npm = start(['--', '--nonsense']);
    assert.equal(await npm.exited, 1);
    assert.match(npm.stderr, /^Error: Unknown option '--nonsense'/);
    assert.equal(npm.stdout, '');
  });
});

async function readyAddress(npm: TestProcess): Promise<string> {
  const line = await eventually(
    'the workbench is ready',
    () => /^Ready: (\S+)$/m.exec(npm.stdout) ?? (npm.hasEnded ? { 1: undefined } : undefined),
    { timeoutMs: READY_MS },
  );
  assert.ok(line[1] !== undefined, `npm start ended early\n${npm.stderr}`);
  return line[1];
}

/** The processes whose environment has the mark. */
function marked(mark: string): string[] {
  const found: string[] = [];
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      if (readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0').includes(`${MARK}=${mark}`)) {
        found.push(readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' '));
      }
    } catch {
      // It ended while it was looked at, or is a kernel thread.
    }
  }
  return found;
}

/** A `code` that behaves as the real one does: the window is a process of its own, in another group. */
function fakeCode(folder: string, report: string): string {
  const bin = path.join(folder, 'bin');
  const file = path.join(bin, 'code');
  const program = `#!/usr/bin/env node
const { spawn } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const args = process.argv.slice(2);
const data = args[args.indexOf('--user-data-dir') + 1];
fs.mkdirSync(path.join(data, 'logs'), { recursive: true });
const window = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { detached: true, stdio: 'ignore' });
fs.writeFileSync(path.join(data, 'code.lock'), String(window.pid));
const settings = JSON.parse(fs.readFileSync(path.join(data, 'User/settings.json'), 'utf8'));
fs.writeFileSync(${JSON.stringify(`${report}.part`)}, JSON.stringify({ args, settings }));
fs.renameSync(${JSON.stringify(`${report}.part`)}, ${JSON.stringify(report)});
window.once('exit', () => process.exit(0));
`;
  mkdirSync(bin);
  writeFileSync(file, program);
  chmodSync(file, 0o755);
  return bin;
}

interface Report {
  readonly args: readonly string[];
  readonly settings: Readonly<Record<string, unknown>>;
}

function readReport(file: string): Report | undefined {
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Report) : undefined;
}
