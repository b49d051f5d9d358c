/**
 * Running programs for the tools: with their output kept for the error message, or passed through.
 * Plain Node built-ins only, since this runs before anything is installed.
 */
import { spawn, spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import path from 'node:path';

/** How much of a failed program's output an error shows. */
const SHOWN_OUTPUT = 4000;

/** How long a program that is told to stop may take. */
const STOP_TIMEOUT_MS = 5000;

/** What {@link run} has started and what has not ended yet. */
const running = new Set();

/** What a person has to do before a tool can go on; told without a stack. */
export class ToolError extends Error {
  name = 'ToolError';
}

/** Tells what is going on, on stderr, so that stdout stays for results. */
export function progress(text) {
  process.stderr.write(`${text}\n`);
}

/**
 * Runs a program to its end.
 *
 * @param command program to run
 * @param args its arguments
 * @param options `cwd`, `env`; `inherit` passes the output through; `timeoutSeconds` ends a program that hangs;
 *   `allowFailure` returns a non-zero exit code instead of throwing
 * @returns `{ code, output }`, where `output` is stdout and stderr together, empty with `inherit`
 */
export async function run(command, args, options = {}) {
  const { cwd, env, inherit = false, timeoutSeconds = 1200, allowFailure = false } = options;
  const child = spawn(command, args, {
    cwd,
    env: env ?? process.env,
    stdio: ['ignore', inherit ? 'inherit' : 'pipe', inherit ? 'inherit' : 'pipe'],
    detached: true,
  });
  const chunks = [];
  child.stdout?.on('data', (chunk) => chunks.push(chunk));
  child.stderr?.on('data', (chunk) => chunks.push(chunk));
  running.add(child);
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    stopGroup(child.pid);
  }, timeoutSeconds * 1000);
  try {
    const ended = await new Promise((resolve, reject) => {
      child.once('error', (error) => reject(new ToolError(`Cannot start ${command}: ${error.message}`)));
      child.once('close', (exitCode, signal) => resolve(exitCode ?? signal));
    });
    const output = Buffer.concat(chunks).toString('utf8');
    const code = timedOut ? 'timeout' : ended;
    if (code !== 0 && !allowFailure) {
      const reason = timedOut ? `did not end within ${timeoutSeconds} s` : `ended with ${code}`;
      throw new ToolError(
        `${[command, ...args].join(' ')} ${reason}\n${output.slice(-SHOWN_OUTPUT)}`.trimEnd(),
      );
    }
    return { code, output };
  } finally {
    clearTimeout(timer);
    running.delete(child);
  }
}

/** Asks a group to end, so that it can end what it has started, and then makes it. */
function stopGroup(pid) {
  killGroup(pid, 'SIGTERM');
  setTimeout(() => killGroup(pid, 'SIGKILL'), STOP_TIMEOUT_MS).unref();
}

process.once('exit', () => {
  for (const child of running) {
    killGroup(child.pid, 'SIGKILL');
  }
});

/** Sends a signal to a process that was started `detached`, and to all that it has started. */
export function killGroup(pid, signal) {
  if (pid === undefined) {
    return;
  }
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if (error.code !== 'ESRCH') {
      throw error;
    }
  }
}

/** Whether a process of the group that `pid` leads is still there. */
export function groupIsAlive(pid) {
  try {
    process.kill(-pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Runs a program whose answer is wanted at once; `undefined` where it is missing or fails. */
export function capture(command, args, options = {}) {
  const result = spawnSync(command, args, { encoding: 'utf8', timeout: 30_000, ...options });
  return result.status === 0 ? result.stdout.trim() : undefined;
}

/** The full path of a program on the PATH. */
export function findProgram(name) {
  const suffixes = process.platform === 'win32' ? ['.cmd', '.exe', ''] : [''];
  for (const folder of (process.env.PATH ?? '').split(path.delimiter)) {
    for (const suffix of suffixes) {
      const candidate = path.join(folder, name + suffix);
      try {
        accessSync(candidate, constants.X_OK);
        return candidate;
      } catch {
        // Not here: the next folder may have it.
      }
    }
  }
  return undefined;
}

/** Runs a tool's `main` and turns an error into one message and exit code 1. */
export async function runMain(main) {
  try {
    process.exitCode = (await main()) ?? 0;
  } catch (error) {
    progress(error instanceof ToolError ? `Error: ${error.message}` : (error.stack ?? String(error)));
    process.exitCode = 1;
  }
}

/**
 * Ends this process in order when it is told to stop: first what {@link run} has started, then this one with its
 * `exit` handlers, which a signal alone would skip.
 */
export function exitOnSignals() {
  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ]) {
    process.once(signal, () => {
      const closing = [...running].map((child) => {
        stopGroup(child.pid);
        return new Promise((resolve) => child.once('close', resolve));
      });
      void Promise.all(closing).then(() => process.exit(code));
    });
  }
}
