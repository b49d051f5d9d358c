/** The bundles that the demo runs from, built when a source is newer. */
import { existsSync, mkdirSync, readdirSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { REPOSITORY } from '../cache.mjs';
import { progress, run } from '../command.mjs';

const SOURCES = [
  'client/src',
  'server/src',
  'server/python',
  'package.json',
  'package-lock.json',
  'tsconfig.base.json',
  'webpack.config.js',
];

const BUNDLES = ['client/extension.js', 'server/main.js', 'cli/rpyc-demo.js'];

/** Written last, and dated when the build began, so that an edit in the meantime counts as newer. */
const STAMP = path.join(REPOSITORY, 'dist/.built');

/** Builds `dist/`, unless it holds what the sources say. */
export async function ensureBundles() {
  const built = existsSync(STAMP) ? statSync(STAMP).mtimeMs : 0;
  const complete = BUNDLES.every((name) => existsSync(path.join(REPOSITORY, 'dist', name)));
  if (complete && newest(SOURCES.map((name) => path.join(REPOSITORY, name))) < built) {
    return;
  }
  progress('Building the extension and its background process');
  const began = new Date();
  const webpack = path.join(REPOSITORY, 'node_modules/webpack/bin/webpack.js');
  await run(process.execPath, [webpack, '--mode', 'production'], { cwd: REPOSITORY });
  mkdirSync(path.dirname(STAMP), { recursive: true });
  writeFileSync(STAMP, '');
  utimesSync(STAMP, began, began);
}

/** The latest change below any of the paths; a folder's own date tells of files that are gone. */
function newest(paths) {
  let latest = 0;
  for (const file of paths) {
    const stat = statSync(file, { throwIfNoEntry: false });
    if (stat !== undefined) {
      latest = Math.max(latest, stat.mtimeMs);
      if (stat.isDirectory()) {
        latest = Math.max(latest, newest(readdirSync(file).map((name) => path.join(file, name))));
      }
    }
  }
  return latest;
}
