/** The bundles that the demo runs from, built when a source is newer. */
import { readdirSync, statSync } from 'node:fs';
import path from 'node:path';

import { REPOSITORY } from '../cache.mjs';
import { progress, run } from '../command.mjs';

const SOURCES = [
  'client/src',
  'server/src',
  'server/python',
  'package-lock.json',
  'tsconfig.base.json',
  'webpack.config.js',
];

const BUNDLES = ['client/extension.js', 'server/main.js', 'cli/rpyc-demo.js'];

/** Builds `dist/`, unless it holds what the sources say. */
export async function ensureBundles() {
  const latest = newest(SOURCES.map((name) => path.join(REPOSITORY, name)));
  if (latest < Math.min(...BUNDLES.map((name) => changed(path.join(REPOSITORY, 'dist', name))))) {
    return;
  }
  progress('Building the extension and its background process');
  const webpack = path.join(REPOSITORY, 'node_modules/webpack/bin/webpack.js');
  await run(process.execPath, [webpack, '--mode', 'production'], { cwd: REPOSITORY });
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

/** When a file was written; 0 where there is none. */
function changed(file) {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}
