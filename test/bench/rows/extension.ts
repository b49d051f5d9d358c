/** What the editor pays for the extension: its start, and the bytes of it. */
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { runTests } from '@vscode/test-electron';

import { REPOSITORY } from '../../support/tools';
import type { Row, RowResult } from '../row';
import { summarise } from '../stats';

const ACTIVATION_MS = 50;
const STARTS = 3;
const ENTRY_KB = 150;
const PACKAGE_KB = 1000;
const ENTRY = 'dist/client/extension.js';
const PACKAGE = 'dist/rpyc-explorer.vsix';

function size(file: string, limit: number, make: string): RowResult {
  const whole = path.join(REPOSITORY, file);
  if (!existsSync(whole)) throw new Error(`${file} is not there: run ${make}`);
  const ours = summarise([statSync(whole).size / 1000]);
  return {
    figure: ours.median,
    unit: 'kB',
    target: { value: limit, bound: 'most' },
    rawUnit: 'kB',
    ours,
  };
}

/** In a real VS Code, with settings of its own, each time anew. */
async function activation(): Promise<RowResult> {
  const samples: number[] = [];
  for (let start = 0; start < STARTS; start++) {
    const folder = mkdtempSync(path.join(tmpdir(), 'rpyc-activation-'));
    const file = path.join(folder, 'milliseconds');
    try {
      await runTests({
        vscodeExecutablePath: path.join(REPOSITORY, 'test/tools/launcher.mjs'),
        extensionDevelopmentPath: REPOSITORY,
        extensionTestsPath: path.join(REPOSITORY, 'out/test/bench/activationProbe.js'),
        launchArgs: [folder],
        extensionTestsEnv: { RPYC_BENCH_FILE: file, RPYC_VSCODE_TIMEOUT: '120' },
      });
      samples.push(Number(readFileSync(file, 'utf8')));
    } finally {
      rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
    }
  }
  const ours = summarise(samples);
  return {
    figure: ours.median,
    unit: 'ms',
    target: { value: ACTIVATION_MS, bound: 'most' },
    rawUnit: 'ms',
    ours,
    note: 'the bundle, in the newest VS Code of the tests',
  };
}

export function extensionRows(): readonly Row[] {
  return [
    { name: 'activation', what: 'from the event that wakes the extension to its commands', run: activation },
    {
      name: 'size-entry',
      what: 'what the editor loads then',
      run: () => Promise.resolve(size(ENTRY, ENTRY_KB, 'npm run build')),
    },
    {
      name: 'size-package',
      what: 'what is downloaded',
      run: () => Promise.resolve(size(PACKAGE, PACKAGE_KB, 'npm run package')),
    },
  ];
}
