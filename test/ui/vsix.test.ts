/** The package: what is in it, how big it is, and that it installs into a VS Code that knows nothing of it. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

import { pythonEnv, startClassic } from '../support/pythonPeer';
import { connectByRow, loadTools, REPOSITORY } from '../support/tools';

const run = promisify(execFile);

/** Bytes; the size of one picture of the README, in any other extension. */
const SIZE_LIMIT = 1_000_000;
const BUNDLE_LIMIT = 500_000;
const ENTRY_LIMIT = 150_000;

/** Made by `npm run package`. */
const VSIX = path.join(REPOSITORY, 'dist/rpyc-explorer.vsix');

/** As they are called inside the package. */
const EXPECTED = [
  /^LICENSE\.txt$/,
  /^changelog\.md$/,
  /^client\/l10n\/[^/]+\.json$/,
  /^dist\/client\/[^/]+\.js$/,
  /^dist\/python\/[^/]+\.py$/,
  /^dist\/server\/[^/]+\.js$/,
  /^media\/[^/]+\.png$/,
  /^media\/[^/]+\.svg$/,
  /^media\/walkthrough\/[^/]+\.svg$/,
  /^media\/webview\/[^/]+\.(?:css|js)$/,
  /^package\.json$/,
  /^package\.nls\.json$/,
  /^readme\.md$/,
];

interface PackedFile {
  readonly name: string;
  readonly size: number;
}

describe('the package', () => {
  let folder: string;
  let files: readonly PackedFile[];

  before(async () => {
    const bundle = path.join(REPOSITORY, 'dist/client/extension.js');
    const isNew = existsSync(VSIX) && statSync(VSIX).mtimeMs >= statSync(bundle).mtimeMs;
    assert.ok(isNew, 'The package is not that of the bundles: run npm run package');
    folder = mkdtempSync(path.join(tmpdir(), 'rpyc-vsix-'));
    files = await packedFiles();
  });

  after(() => {
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  });

  it('holds what the extension needs and nothing else', () => {
    const unexpected = files
      .map(({ name }) => name)
      .filter((name) => !EXPECTED.some((pattern) => pattern.test(name)));
    const missing = EXPECTED.filter((pattern) => !files.some(({ name }) => pattern.test(name)));
    assert.deepEqual({ unexpected, missing }, { unexpected: [], missing: [] });
  });

  it('is small, and so is each bundle', () => {
    assert.ok(statSync(VSIX).size < SIZE_LIMIT, `${statSync(VSIX).size} bytes`);
    for (const { name, size } of files.filter((file) => file.name.endsWith('.js'))) {
      const limit = name === 'dist/client/extension.js' ? ENTRY_LIMIT : BUNDLE_LIMIT;
      assert.ok(size <= limit, `${name}: ${size} bytes`);
    }
  });

  it('installs into a clean VS Code, activates there and connects', async () => {
    const tools = await loadTools();
    const build = await tools.ensureVsCode(tools.CURRENT_VSCODE);
    const dataDir = path.join(folder, 'server');
    assert.match(await tools.installVsix(build, dataDir, VSIX), /successfully installed/);
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

/** The files of the extension inside the package. */
async function packedFiles(): Promise<PackedFile[]> {
  const { python } = pythonEnv('5.3.0');
  const list =
    'import sys, zipfile\nfor i in zipfile.ZipFile(sys.argv[1]).infolist(): print(i.file_size, i.filename)';
  const { stdout } = await run(python, ['-c', list, VSIX]);
  return [...stdout.matchAll(/^(\d+) extension\/(.+)$/gm)].map(([, size, name]) => ({
    name: name ?? '',
    size: Number(size),
  }));
}
