/** The two servers that the demo shows: ours in TypeScript, and a real Python one where there is an rpyc for it. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import path from 'node:path';

import { REPOSITORY } from '../cache.mjs';
import { ToolError } from '../command.mjs';

const DEMO_PROGRAM = path.join(REPOSITORY, 'dist/cli/rpyc-demo.js');
const PYTHON_PROGRAM = path.join(REPOSITORY, 'test/tools/demo/harbour_server.py');

const READY_SECONDS = 20;
const STOP_SECONDS = 3;

/** The embedded demo: a lab bench served by our own library. */
export async function startLabBench() {
  const args = [DEMO_PROGRAM, '--json', '--end-with-stdin', '--port', '0'];
  const server = await startServer(process.execPath, args);
  return { ...server, profile: profile('lab-bench', 'Lab bench (TypeScript)', server.port, 'service') };
}

/**
 * A classic server in a real Python.
 *
 * @param peer interpreter and search path, as `findPythonWithRpyc` gives them
 */
export async function startHarbour(peer) {
  const env = { ...process.env, PYTHONPATH: peer.pythonPath, PYTHONDONTWRITEBYTECODE: '1' };
  const server = await startServer(peer.python, [PYTHON_PROGRAM, '0'], env);
  return {
    ...server,
    profile: profile('harbour', 'Harbour (Python)', server.port, 'classic'),
  };
}

function profile(id, label, port, service) {
  return { id, version: 1, label, transport: { kind: 'tcp', host: '127.0.0.1', port }, service };
}

/**
 * Starts a program that prints one JSON line when it is ready and ends when its standard input does. So it
 * ends with this process, whatever happens to this process.
 *
 * @returns its port, and `stop()`, which waits until it is gone
 */
async function startServer(command, args, env = process.env) {
  const name = path.basename(args[0]);
  // A group of its own: Ctrl-C reaches this process only, which then ends the rest in order.
  const child = spawn(command, args, { env, stdio: ['pipe', 'pipe', 'inherit'], detached: true });
  const gone = new Promise((resolve) => {
    child.once('error', resolve);
    child.once('exit', resolve);
  });
  const stop = async () => {
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_SECONDS * 1000);
    child.stdin.destroy();
    await gone;
    clearTimeout(timer);
  };
  try {
    return { port: (await readyLine(child, name, gone)).port, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function readyLine(child, name, gone) {
  const lines = createInterface({ input: child.stdout });
  const timeout = AbortSignal.timeout(READY_SECONDS * 1000);
  const line = await Promise.race([
    new Promise((resolve) => lines.once('line', resolve)),
    gone.then(() => undefined),
    new Promise((resolve) => timeout.addEventListener('abort', () => resolve(undefined), { once: true })),
  ]);
  lines.close();
  child.stdout.resume();
  if (line === undefined) {
    throw new ToolError(`${name} did not start: its own message is above`);
  }
  return JSON.parse(line);
}
