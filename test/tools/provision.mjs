/**
 * Brings what the project needs onto a machine that has git, Node and npm only: node modules, Debian packages,
 * the RPyC peers and the VS Code builds. Each step does nothing where its result is already there.
 * Plain Node built-ins only.
 */
import { existsSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';

import { CACHE, REPOSITORY, writeAtomically } from './cache.mjs';
import { capture, exitOnSignals, findProgram, progress, run, runMain, ToolError } from './command.mjs';
import { ensurePeers } from './peers.mjs';
import { ensurePython2 } from './pythons.mjs';
import { ensureVsCode, VSCODE_VERSIONS } from './vscodeBuild.mjs';

/** What the tests rely on, beyond what a Debian with Node and npm has. */
const DEBIAN_PACKAGES = [
  'build-essential',
  'python3',
  'python3-rpyc',
  'python3-plumbum',
  'python3-numpy',
  'python3-pandas',
  'python3-matplotlib',
  'python3-pil',
  'python3-pydantic',
  'python3-attr',
  'openssh-server',
  'openssh-client',
  'chromium',
  'fonts-dejavu-core',
  'iproute2',
  'ripgrep',
];

/** Enough to open the web workbench where there is no VS Code; its browser is the user's own. */
export const WORKBENCH_PACKAGES = ['build-essential', 'python3'];

const OLDEST_NODE = 20;

/** Stops early on a Node that the tools and the language client do not run on. */
export function checkNode() {
  const major = Number(process.versions.node.split('.')[0]);
  if (major < OLDEST_NODE) {
    throw new ToolError(`Node ${process.versions.node} is too old: install Node ${OLDEST_NODE} or newer`);
  }
}

/** `npm ci`, unless the installed modules are those of the lock file. */
export async function ensureNodeModules() {
  const lock = path.join(REPOSITORY, 'package-lock.json');
  // npm writes this file at the very end of an installation.
  const installed = path.join(REPOSITORY, 'node_modules', '.package-lock.json');
  const stamp = path.join(CACHE, 'package-lock.installed.json');
  const text = readFileSync(lock, 'utf8');
  if (existsSync(installed)) {
    const stamped = existsSync(stamp) && readFileSync(stamp, 'utf8') === text;
    if (stamped || statSync(installed).mtimeMs >= statSync(lock).mtimeMs) {
      return;
    }
  }
  progress('Installing node modules');
  await run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: REPOSITORY });
  writeAtomically(stamp, text);
}

/**
 * Installs Debian packages through apt-get when run as root.
 *
 * @param packages names of packages
 * @throws ToolError that says exactly what to type, where this process may not install
 */
export async function ensureDebianPackages(packages) {
  const missing = packages.filter((name) => !isInstalled(name));
  if (missing.length === 0) {
    return;
  }
  if (findProgram('apt-get') === undefined) {
    throw new ToolError(`Install these programs (named as Debian's packages): ${missing.join(' ')}`);
  }
  const install = ['install', '--yes', '--no-install-recommends', ...missing];
  if (process.getuid?.() !== 0) {
    throw new ToolError(
      `Packages are missing. Type: sudo apt-get update && sudo apt-get ${install.join(' ')}`,
    );
  }
  progress(`Installing Debian packages: ${missing.join(' ')}`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  await run('apt-get', ['update'], { env });
  await run('apt-get', install, { env });
}

function isInstalled(name) {
  const status = capture('dpkg-query', ['--show', '--showformat=${db:Status-Status}', name]);
  return status === 'installed';
}

/** Everything that `npm test` needs. */
export async function provisionAll() {
  checkNode();
  await ensureNodeModules();
  await ensureDebianPackages(DEBIAN_PACKAGES);
  await ensurePeers();
  await ensurePython2();
  for (const version of VSCODE_VERSIONS) {
    await ensureVsCode(version);
  }
}

if (process.argv[1] === import.meta.filename) {
  exitOnSignals();
  await runMain(provisionAll);
}
