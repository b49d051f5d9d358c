/** The package: what is in it, how big it is, and that it installs into a VS Code that knows nothing of it. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

import { startClassic } from '../support/pythonPeer';
import { connectByRow, loadTools, REPOSITORY, type Tools } from '../support/tools';

const run = promisify(execFile);

/** Bytes; the size of one picture of the README, in any other extension. */
const SIZE_LIMIT = 1_000_000;
const BUNDLE_LIMIT = 500_000;
const ENTRY_LIMIT = 150_000;

const EXPECTED = [
  /^CHANGELOG\.md$/i,
  /^LICENSE(\.txt)?$/,
  /^README\.md$/i,
  /^dist\/client\/[^/]+\.js$/,
  /^dist\/python\/[^/]+\.py$/,
  /^dist\/server\/[^/]+\.js$/,
  /^client\/l10n\/[^/]+\.json$/,
  /^media\/[^/]+\.png$/,
  /^media\/[^/]+\.svg$/,
  /^package\.json$/,
  /^package\.nls\.json$/,
];

describe('the package', () => {
  let folder: string;
  let vsix: string;
  let tools: Tools;

  before(async () => {
    assert.ok(
      existsSync(path.join(REPOSITORY, 'dist/client/extension.js')),
      'There is nothing to pack: run npm run build',
    );
    tools = await loadTools();
    folder = mkdtempSync(path.join(tmpdir(), 'rpyc-vsix-'));
    vsix = path.join(folder, 'rpyc-explorer.vsix');
    await vsce('package', '--allow-missing-repository', '--no-rewrite-relative-links', '--out', vsix);
  });

  after(() => {
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  });

  it('holds what the extension needs and nothing else', async () => {
    const files = (await vsce('ls')).split('\n').filter((line) => line !== '');
    const unexpected = files.filter((file) => !EXPECTED.some((pattern) => pattern.test(file)));
    const missing = EXPECTED.filter((pattern) => !files.some((file) => pattern.test(file)));
    assert.deepEqual({ unexpected, missing }, { unexpected: [], missing: [] });
  });

  it('is small, and so is each bundle', async () => {
    assert.ok(statSync(vsix).size < SIZE_LIMIT, `${statSync(vsix).size} bytes`);
    const files = (await vsce('ls')).split('\n').filter((file) => file.endsWith('.js'));
    for (const file of files) {
      const { size } = statSync(path.join(REPOSITORY, file));
      const limit = file === 'dist/client/extension.js' ? ENTRY_LIMIT : BUNDLE_LIMIT;
      assert.ok(size <= limit, `${file}: ${size} bytes`);
    }
  });

  it('installs into a clean VS Code, activates there and connects', async () => {
    const build = await tools.ensureVsCode(tools.CURRENT_VSCODE);
    const dataDir = path.join(folder, 'server');
    assert.match(await tools.installVsix(build, dataDir, vsix), /successfully installed/);
    await using peer = await startClassic('5.3.0');
    const transport = { kind: 'tcp', host: peer.host, port: peer.port };
    const profile = { version: 1, label: 'Installed', transport, service: 'classic' };
    const server = await tools.startVsCodeServer(build, {
      dataDir,
      settings: { 'rpyc.profiles': [profile] },
    });
    const browser = await tools.openBrowser();
    try {
      const { page } = browser;
      await page.goto(tools.workbenchAddress(server, { folder }));
      await page.getByRole('tab', { name: 'RPyC' }).click({ timeout: 60_000 });
      await connectByRow(page, /^Installed/);
      await page.getByRole('treeitem', { name: /^Namespace/ }).waitFor({ timeout: 30_000 });
    } finally {
      await browser.close();
      await server.stop();
    }
  });
});

async function vsce(command: string, ...args: string[]): Promise<string> {
  const program = path.join(REPOSITORY, 'node_modules/@vscode/vsce/vsce');
  const { stdout } = await run(process.execPath, [program, command, '--no-dependencies', ...args], {
    cwd: REPOSITORY,
  });
  return stdout;
}
