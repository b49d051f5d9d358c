/**
 * A complete build of VS Code's server and web workbench, in the cache: the npm package `code-server` ships one
 * whose extension host is a real Node extension host.
 * Only what the server needs is compiled, against headers that come along, so that nothing is taken from the
 * machine but gcc, make and python3.
 */
import { existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import path from 'node:path';

import { CACHE, fillOnce } from './cache.mjs';
import { findProgram, progress, run, ToolError } from './command.mjs';

/** The oldest supported version of VS Code and the current one, with the Node that each runs on. */
const BUILDS = {
  '1.100.3': {
    codeServer: '4.100.3',
    node: '20.20.2',
    addons: ['@vscode/spdlog', 'node-pty', 'native-watchdog'],
  },
  '1.139.1': {
    codeServer: '4.139.1',
    node: '24.21.0',
    addons: ['@vscode/spdlog', 'node-pty', '@vscode/native-watchdog'],
  },
};

export const VSCODE_VERSIONS = Object.keys(BUILDS);
export const OLDEST_VSCODE = VSCODE_VERSIONS[0];
export const CURRENT_VSCODE = VSCODE_VERSIONS[VSCODE_VERSIONS.length - 1];

/** Raise it when the steps below change, so that older caches are built anew. */
const RECIPE = 2;

/**
 * Makes a build available.
 *
 * @param version one of {@link VSCODE_VERSIONS}
 * @returns `{ version, node, root }`: the Node to run it with and the folder with `out/server-main.js`
 */
export async function ensureVsCode(version) {
  const build = BUILDS[version];
  if (build === undefined) {
    throw new ToolError(`No build of VS Code ${version}: there are ${VSCODE_VERSIONS.join(' and ')}`);
  }
  const headers = await ensureNode(build.node);
  const folder = path.join(CACHE, `vscode-${version}`);
  const root = path.join(folder, 'node_modules/code-server/lib/vscode');
  const node = path.join(headers, 'bin/node');
  await fillOnce(folder, `${build.codeServer}/${build.node}/${RECIPE}`, async () => {
    progress(`Fetching VS Code ${version}`);
    await npmInstall(folder, `code-server@${build.codeServer}`);
    const actual = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')).version;
    if (actual !== version) {
      throw new ToolError(`code-server ${build.codeServer} holds VS Code ${actual} and not ${version}`);
    }
    progress(`Installing what VS Code ${version} needs`);
    const env = npmEnvironment(headers);
    await run('npm', ['install', '--omit=dev', '--ignore-scripts', '--no-audit', '--no-fund'], {
      cwd: root,
      env,
    });
    for (const addon of build.addons) {
      progress(`Compiling ${addon} for VS Code ${version}`);
      await run(node, [nodeGyp(), 'rebuild', `--nodedir=${headers}`], {
        cwd: path.join(root, 'node_modules', addon),
        env,
      });
    }
    if (!existsSync(path.join(root, 'node_modules.asar'))) {
      symlinkSync('node_modules', path.join(root, 'node_modules.asar'));
    }
  });
  linkRipgrep(root);
  return { version, node, root };
}

/** Where the build's own search program would be a download, the machine's does. */
function linkRipgrep(root) {
  const folder = path.join(root, 'node_modules/@vscode/ripgrep/bin');
  const program = findProgram('rg');
  if (existsSync(path.dirname(folder)) && !existsSync(path.join(folder, 'rg')) && program !== undefined) {
    mkdirSync(folder, { recursive: true });
    symlinkSync(program, path.join(folder, 'rg'));
  }
}

/** A Node with its headers, unpacked from its npm package. */
async function ensureNode(version) {
  const folder = path.join(CACHE, `node-${version}`);
  await fillOnce(folder, version, async () => {
    progress(`Fetching Node ${version}`);
    await npmInstall(folder, `${nodePackage()}@${version}`);
  });
  return path.join(folder, 'node_modules', nodePackage());
}

function nodePackage() {
  if (process.platform !== 'linux' || !['x64', 'arm64'].includes(process.arch)) {
    throw new ToolError(
      'The web workbench is prepared for Linux on x64 or arm64 only: install VS Code itself',
    );
  }
  return `node-linux-${process.arch}`;
}

async function npmInstall(folder, what) {
  mkdirSync(folder, { recursive: true });
  const args = [
    'install',
    '--prefix',
    folder,
    '--ignore-scripts',
    '--no-save',
    '--no-audit',
    '--no-fund',
    what,
  ];
  await run('npm', args, { cwd: folder });
}

/** The node-gyp that comes with npm. */
function nodeGyp() {
  const prefixes = [path.dirname(process.execPath), path.join(path.dirname(process.execPath), '..')];
  const places = ['lib/node_modules/npm', 'node_modules/npm'];
  const npm = process.env.npm_execpath;
  const candidates = [
    ...(npm === undefined ? [] : [path.resolve(path.dirname(npm), '..')]),
    ...prefixes.flatMap((prefix) => places.map((place) => path.resolve(prefix, place))),
  ];
  for (const candidate of candidates) {
    const file = path.join(candidate, 'node_modules/node-gyp/bin/node-gyp.js');
    if (existsSync(file)) {
      return file;
    }
  }
  throw new ToolError(`npm's node-gyp was not found in ${candidates.join(' or ')}: reinstall npm`);
}

/** Headers come from the package that was fetched, whatever the user's npm settings say. */
function npmEnvironment(headers) {
  return { ...process.env, npm_config_nodedir: headers, npm_config_update_notifier: 'false' };
}
