/** Starts and stops the server of a VS Code build, on the loopback interface and with data folders of its own. */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { groupIsAlive, killGroup, run, ToolError } from './command.mjs';

const HOST = '127.0.0.1';
const START_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 10_000;
const KEPT_LOG = 65_536;

/** No welcome pages, no updates, no network, nothing that moves by itself. */
export const QUIET_SETTINGS = {
  'workbench.startupEditor': 'none',
  'workbench.tips.enabled': false,
  'workbench.welcomePage.walkthroughs.openOnInstall': false,
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'chat.disableAIFeatures': true,
  'chat.commandCenter.enabled': false,
  'extensions.autoCheckUpdates': false,
  'extensions.autoUpdate': false,
  'extensions.ignoreRecommendations': true,
  'telemetry.telemetryLevel': 'off',
  'update.mode': 'none',
  'workbench.enableExperiments': false,
  'git.enabled': false,
};

/**
 * Starts a server and waits until it answers.
 *
 * @param build what `ensureVsCode` returned
 * @param options `dataDir` for everything it writes; `settings` become machine settings; `workspaceTrust` asks
 *   before a folder is trusted, off unless told; `dialogs` shows dialogs, which older versions refuse to do in tests;
 *   `env` for the server and the extension host; `port`, a free one unless told
 * @returns `{ version, origin, authority, token, pid, exited, log(), stop() }`; whoever has the token may do what
 *   this user may
 */
export async function startVsCodeServer(build, options) {
  const {
    dataDir,
    settings = {},
    workspaceTrust = false,
    dialogs = false,
    env = process.env,
    port = 0,
  } = options;
  writeMachineSettings(dataDir, { ...QUIET_SETTINGS, ...settings });
  const token = writeToken(dataDir);
  const args = [
    path.join(build.root, 'out/server-main.js'),
    ...['--host', HOST, '--port', String(port), '--connection-token-file', token.file],
    ...folderArguments(dataDir),
    ...['--telemetry-level', 'off'],
    ...(dialogs ? [] : ['--enable-smoke-test-driver']),
    ...(workspaceTrust ? [] : ['--disable-workspace-trust']),
  ];
  const child = spawn(build.node, args, {
    cwd: build.root,
    env: withoutHostVariables(env),
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  let log = '';
  const keep = (text) => (log = (log + text).slice(-KEPT_LOG));
  child.stdout.setEncoding('utf8').on('data', keep);
  child.stderr.setEncoding('utf8').on('data', keep);
  const killNow = () => killGroup(child.pid, 'SIGKILL');
  process.once('exit', killNow);
  let ended = false;
  const exited = new Promise((resolve) => {
    child.once('error', (error) => resolve(keep(error.message)));
    child.once('exit', resolve);
  }).then((code) => {
    ended = true;
    return code;
  });

  const stop = async () => {
    killGroup(child.pid, 'SIGTERM');
    const gone = await waitFor(() => !groupIsAlive(child.pid), STOP_TIMEOUT_MS);
    if (!gone) {
      killNow();
    }
    process.removeListener('exit', killNow);
    await exited;
  };

  let authority;
  const answers = await waitFor(async () => {
    const listening = /listening on (\d+)/.exec(log);
    if (listening === null) {
      return ended;
    }
    authority = `${HOST}:${listening[1]}`;
    return ended || (await isReachable(`http://${authority}/version`));
  }, START_TIMEOUT_MS);
  if (!answers || ended) {
    await stop();
    throw new ToolError(`VS Code ${build.version} did not start\n${log}`.trimEnd());
  }
  return {
    version: build.version,
    origin: `http://${authority}`,
    authority,
    token: token.text,
    pid: child.pid,
    exited,
    log: () => log,
    stop,
  };
}

/**
 * The address of a workbench.
 *
 * @param server what {@link startVsCodeServer} returned
 * @param options `folder` to open, and `openFile` in an editor; `extensionDevelopmentPath` of an extension to load
 *   from its sources; `extensionTestsPath` of a module whose `run()` is called in the extension host
 */
export function workbenchAddress(server, options) {
  const remote = (file) => `vscode-remote://${server.authority}${path.resolve(file)}`;
  const { folder, openFile, extensionDevelopmentPath, extensionTestsPath } = options;
  const payload = [
    ...(extensionDevelopmentPath ? [['extensionDevelopmentPath', remote(extensionDevelopmentPath)]] : []),
    ...(extensionTestsPath ? [['extensionTestsPath', remote(extensionTestsPath)]] : []),
    ...(openFile ? [['openFile', remote(openFile)]] : []),
    ['skipWelcome', 'true'],
  ];
  const address = new URL('/', server.origin);
  if (folder) {
    address.searchParams.set('folder', path.resolve(folder));
  } else {
    address.searchParams.set('ew', 'true');
  }
  address.searchParams.set('payload', JSON.stringify(payload));
  address.searchParams.set('tkn', server.token);
  return address.href;
}

/** Installs a VSIX into the extensions folder that a server with the same `dataDir` uses. */
export async function installVsix(build, dataDir, vsix) {
  const args = [path.join(build.root, 'out/server-main.js'), ...folderArguments(dataDir)];
  const { output } = await run(build.node, [...args, '--install-extension', path.resolve(vsix), '--force'], {
    cwd: build.root,
    env: withoutHostVariables(process.env),
    timeoutSeconds: 120,
  });
  return output;
}

function folderArguments(dataDir) {
  return [
    '--accept-server-license-terms',
    ...['--server-data-dir', dataDir],
    ...['--extensions-dir', path.join(dataDir, 'extensions')],
  ];
}

/** A workbench runs any program: other users of the machine can reach its port, but do not know the token. */
function writeToken(dataDir) {
  const text = randomBytes(16).toString('hex');
  mkdirSync(dataDir, { recursive: true });
  const file = path.join(dataDir, 'connection-token');
  writeFileSync(file, text, { mode: 0o600 });
  return { file, text };
}

function writeMachineSettings(dataDir, settings) {
  const folder = path.join(dataDir, 'data/Machine');
  mkdirSync(folder, { recursive: true });
  mkdirSync(path.join(dataDir, 'extensions'), { recursive: true });
  writeFileSync(path.join(folder, 'settings.json'), `${JSON.stringify(settings, null, 2)}\n`);
}

/** A VS Code that runs this one must not be taken for the one that is started. */
function withoutHostVariables(env) {
  return Object.fromEntries(
    Object.entries(env).filter(([name]) => !/^(VSCODE_|ELECTRON_|NODE_OPTIONS$)/.test(name)),
  );
}

async function isReachable(url) {
  try {
    const response = await fetch(url);
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false;
  }
}

async function waitFor(look, timeoutMs) {
  const deadline = performance.now() + timeoutMs;
  while (performance.now() < deadline) {
    if (await look()) {
      return true;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return false;
}
