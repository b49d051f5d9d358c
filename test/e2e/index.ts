/** What VS Code calls in its extension host: runs every test file of this folder. */
import { readdirSync } from 'node:fs';
import path from 'node:path';

import { REPOSITORY } from '../support/tools';

/** A test starts Python peers and waits for reconnects. */
const TIMEOUT_MS = 60_000;

/** Fails when a test does; the counts are written by the reporter. */
export async function run(): Promise<void> {
  const { default: Mocha } = await import('mocha');
  const mocha = new Mocha({
    ui: 'bdd',
    reporter: path.join(REPOSITORY, 'test/tools/reporter.cjs'),
    timeout: TIMEOUT_MS,
    color: true,
    forbidOnly: true,
    forbidPending: true,
  });
  // While one works on a part: the files whose names hold this text.
  const wanted = process.env['RPYC_E2E_FILES'] ?? '';
  const folder = path.join(__dirname, process.env['RPYC_E2E_FOLDER'] ?? '');
  const files = readdirSync(folder).filter((name) => name.endsWith('.test.js') && name.includes(wanted));
  for (const name of files.sort()) {
    mocha.addFile(path.join(folder, name));
  }
  const failures = await new Promise<number>((resolve) => {
    mocha.run(resolve);
  });
  if (failures > 0) {
    throw new Error(`${failures} of the tests failed`);
  }
}
