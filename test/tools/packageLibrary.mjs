/**
 * `npm run package:lib`: the library by itself as a package for npm, made of what `npm run build` has left in `dist`.
 * `node test/tools/packageLibrary.mjs <folder>` puts it elsewhere than into `dist`. Prints the path of the tarball.
 */
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { REPOSITORY } from './cache.mjs';
import { run, ToolError } from './command.mjs';

/** Not that of the extension, whose manifest exports the same library as `rpyc-explorer/rpyc`. */
const NAME = 'rpyc-explorer-library';
const PROGRAMS = ['rpyc-classic', 'rpyc-registry'];

function manifest() {
  const { version, license, keywords, engines } = JSON.parse(
    readFileSync(path.join(REPOSITORY, 'package.json'), 'utf8'),
  );
  const entry = { types: './dist/rpyc/index.d.ts', default: './dist/rpyc/index.js' };
  return {
    name: NAME,
    version,
    description: 'RPyC, remote objects of Python, for Node: client and server, every version of the protocol',
    license,
    keywords,
    engines: { node: engines.node },
    main: entry.default,
    types: entry.types,
    exports: { '.': entry, './package.json': './package.json' },
    bin: Object.fromEntries(PROGRAMS.map((name) => [name, `dist/cli/${name}.js`])),
  };
}

/** The manual as it stands in the package: what leads to the project's tests leads nowhere from there, and is text. */
function manual() {
  const text = readFileSync(path.join(REPOSITORY, 'server/README.md'), 'utf8');
  return text.replace(/\[([^\]]+)\]\(\.\.\/[^)]+\)/g, '$1');
}

/** The folder that becomes the package. */
function fill(folder) {
  const copies = ['LICENSE', 'dist/rpyc', ...PROGRAMS.map((name) => `dist/cli/${name}.js`)];
  for (const name of copies) {
    const source = path.join(REPOSITORY, name);
    if (!existsSync(source)) throw new ToolError(`${name} is not there: run npm run build`);
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    cpSync(source, path.join(folder, name), { recursive: true, filter: (file) => !file.endsWith('.map') });
  }
  writeFileSync(path.join(folder, 'README.md'), manual());
  writeFileSync(path.join(folder, 'package.json'), `${JSON.stringify(manifest(), null, 2)}\n`);
  for (const name of PROGRAMS) {
    const program = path.join(folder, `dist/cli/${name}.js`);
    writeFileSync(program, `#!/usr/bin/env node\n${readFileSync(program, 'utf8').replace(/^#!.*\n/, '')}`);
    chmodSync(program, 0o755);
  }
}

const target = path.resolve(process.argv[2] ?? path.join(REPOSITORY, 'dist'));
const folder = mkdtempSync(path.join(tmpdir(), 'rpyc-package-'));
try {
  fill(folder);
  const args = ['pack', '--silent', '--ignore-scripts', '--offline', '--pack-destination', target];
  const { output } = await run('npm', args, { cwd: folder, timeoutSeconds: 120 });
  console.log(path.join(target, output.trim()));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
