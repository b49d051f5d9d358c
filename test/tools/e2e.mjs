/**
 * Runs the end-to-end tests inside VS Code's extension host, with each version that is prepared, or with those
 * named as arguments. With `--restricted` it runs those for a workspace that nobody has trusted.
 */
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';

import { runTests } from '@vscode/test-electron';

import { REPOSITORY } from './cache.mjs';
import { exitOnSignals, progress, runMain } from './command.mjs';
import { newResultFile, readResults, RESULTS } from './results.mjs';
import { VSCODE_VERSIONS } from './vscodeBuild.mjs';

const SUITE = path.join(REPOSITORY, 'out/test/e2e/index.js');
const SOURCES = path.join(REPOSITORY, 'test/e2e');
const TIMEOUT_SECONDS = 600;

/** Runs the suite with one version; its counts are in the file that RPYC_TEST_RESULTS names, or in the cache. */
async function runOnce(version, restricted) {
  const kind = restricted ? 'restricted' : 'e2e';
  const results = process.env.RPYC_TEST_RESULTS ?? newResultFile(`${kind} ${version}`);
  const workspace = mkdtempSync(path.join(tmpdir(), 'rpyc-workspace-'));
  const files = path.join(SOURCES, restricted ? 'restricted/workspace' : 'workspace');
  if (existsSync(files)) {
    cpSync(files, workspace, { recursive: true });
  }
  const settings = path.join(SOURCES, 'settings.json');
  mkdirSync(RESULTS, { recursive: true });
  progress(`End-to-end tests in VS Code ${version}${restricted ? ', Restricted Mode' : ''}`);
  try {
    await runTests({
      vscodeExecutablePath: path.join(import.meta.dirname, 'launcher.mjs'),
      extensionDevelopmentPath: REPOSITORY,
      extensionTestsPath: SUITE,
      launchArgs: [workspace],
      extensionTestsEnv: {
        RPYC_TEST_RESULTS: results,
        RPYC_E2E_FOLDER: restricted ? 'restricted' : '',
        RPYC_VSCODE_TRUST: restricted ? '1' : '0',
        RPYC_VSCODE_VERSION: version,
        RPYC_VSCODE_TIMEOUT: process.env.RPYC_VSCODE_TIMEOUT ?? String(TIMEOUT_SECONDS),
        RPYC_VSCODE_SETTINGS: existsSync(settings) ? readFileSync(settings, 'utf8') : '{}',
        RPYC_VSCODE_PICTURE: path.join(RESULTS, `${kind}-${version}.png`),
      },
    });
    return true;
  } catch (error) {
    progress(`VS Code ${version}: ${error.message}`);
    return false;
  } finally {
    rmSync(workspace, { recursive: true, force: true });
    const counts = readResults(results);
    progress(
      counts
        ? `VS Code ${version}: ${counts.passed} passed, ${counts.failed.length} failed`
        : `VS Code ${version}: no results`,
    );
  }
}

async function main() {
  exitOnSignals();
  const { values, positionals } = parseArgs({
    options: { restricted: { type: 'boolean', default: false } },
    allowPositionals: true,
  });
  const versions = positionals.length > 0 ? positionals : VSCODE_VERSIONS;
  const outcomes = [];
  for (const version of versions) {
    outcomes.push(await runOnce(version, values.restricted));
  }
  return outcomes.every(Boolean) ? 0 : 1;
}

await runMain(main);
process.exit();
