/** A folder that lives as long as one run of the demo: the workspace that is opened, and the editor's own data. */
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import { REPOSITORY } from '../cache.mjs';

const SNIPPETS = path.join(REPOSITORY, 'test/tools/demo/try-me.py');

/** @returns `workspace` with the file `snippets`, and `data`, both in one new folder; `stop()` removes it */
export function createDemoFolder() {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'rpyc-demo-'));
  const workspace = path.join(folder, 'demo');
  const snippets = path.join(workspace, 'try-me.py');
  const data = path.join(folder, 'data');
  mkdirSync(workspace);
  mkdirSync(data);
  copyFileSync(SNIPPETS, snippets);
  const stop = () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  return { workspace, snippets, data, stop };
}
