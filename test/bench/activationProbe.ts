/** Runs in the extension host: activates the extension as an opened view does, and writes how long that took. */
import { writeFileSync } from 'node:fs';

import * as vscode from 'vscode';

import type { TestApi } from '../../client/src/testApi';

export async function run(): Promise<void> {
  const extension = vscode.extensions.getExtension<TestApi>('rpyc-explorer.rpyc-explorer');
  const file = process.env['RPYC_BENCH_FILE'];
  if (extension === undefined || file === undefined) throw new Error('The extension is not there');
  const { activationMs } = (await extension.activate()).snapshot();
  writeFileSync(file, String(activationMs));
}
