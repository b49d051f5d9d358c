/** The user's own VS Code, opened with the extension in a profile of its own that leaves theirs alone. */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { REPOSITORY } from '../cache.mjs';
import { findProgram, killGroup, progress } from '../command.mjs';
import { QUIET_SETTINGS } from '../vscodeServer.mjs';

const STOP_SECONDS = 5;

/** The `code` command, where it opens a window on this machine. */
export function findCode() {
  // In the terminal of a remote window, `code` talks to that window and opens nothing of its own.
  return process.env.VSCODE_IPC_HOOK_CLI === undefined ? findProgram('code') : undefined;
}

/**
 * Opens a window.
 *
 * @param code the `code` command
 * @param folder what `createDemoFolder` returned
 * @param profiles what `rpyc.profiles` is to hold
 * @returns `closed`, which tells whether a window was open at all once the command has ended, and `stop()`
 */
export function openDesktop(code, folder, profiles) {
  const { data, workspace, snippets } = folder;
  writeSettings(path.join(data, 'User/settings.json'), profiles);
  const args = [
    '--new-window',
    '--wait',
    '--user-data-dir',
    data,
    '--extensions-dir',
    path.join(data, 'extensions'),
    `--extensionDevelopmentPath=${REPOSITORY}`,
    ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
    workspace,
    snippets,
  ];
  const child = spawn(code, args, {
    stdio: 'ignore',
    detached: true,
    shell: process.platform === 'win32',
  });
  const ended = new Promise((resolve) => {
    child.once('error', () => resolve(1));
    child.once('exit', resolve);
  });
  // VS Code begins its logs once it has a display, and leaves them when its window is closed.
  const closed = ended.then(() => existsSync(path.join(data, 'logs')));
  return { closed, stop: () => stopDesktop(child, data, ended) };
}

function writeSettings(file, profiles) {
  const settings = {
    ...QUIET_SETTINGS,
    'security.workspace.trust.enabled': false,
    'rpyc.profiles': profiles,
  };
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify(settings, null, 2)}\n`);
}

/** VS Code writes its process id here; the command that opened it runs in another group. */
function lockFile(data) {
  return path.join(data, 'code.lock');
}

async function stopDesktop(child, data, ended) {
  const window = existsSync(lockFile(data)) ? Number(readFileSync(lockFile(data), 'utf8')) : 0;
  for (const signal of ['SIGTERM', 'SIGKILL']) {
    if (window > 1) {
      killProcess(window, signal);
    }
    if (child.exitCode === null && child.signalCode === null) {
      killGroup(child.pid, signal);
    }
    const deadline = Date.now() + STOP_SECONDS * 1000;
    while (window > 1 && isAlive(window) && Date.now() < deadline) {
      await delay(50);
    }
    if (window <= 1 || !isAlive(window)) {
      break;
    }
    progress('VS Code does not close by itself');
  }
  await Promise.race([ended, delay(STOP_SECONDS * 1000)]);
}

function killProcess(pid, signal) {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended in the meantime.
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
