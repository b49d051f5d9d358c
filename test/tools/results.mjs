/** Test counts on their way from Mocha, in whatever process it runs, to `npm test`. */
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';

import { CACHE } from './cache.mjs';

export const RESULTS = path.join(CACHE, 'results');

/** A result file that is not there yet: what an earlier run left does not count. */
export function newResultFile(kind) {
  const file = path.join(RESULTS, `${kind.replaceAll(/[^\w.-]/g, '-')}.json`);
  mkdirSync(RESULTS, { recursive: true });
  rmSync(file, { force: true });
  return file;
}

/** What the reporter wrote; `undefined` where the run did not get to its end. */
export function readResults(file) {
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined;
}
