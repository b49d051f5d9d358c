/**
 * Starts real RPyC peers in Python: the `rpyc_classic` program, scripts of `test/interop/peers`, and one-off
 * Python clients. Every peer listens on 127.0.0.1, on a free port unless told, and dies with its owner.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

import { TestProcess } from './childProcess';
import { eventually } from './poll';
import { REPOSITORY } from './tools';

/** A version that `npm test` brings, or an older one that `RPYC_PEERS` names. */
export type RpycVersion = '5.3.0' | '6.0.2' | `${number}.${number}.${number}`;

/** The versions that every test run has. */
export const RPYC_VERSIONS: readonly RpycVersion[] = ['5.3.0', '6.0.2'];

/** The checkouts that `RPYC_PEERS` brings, a folder with `rpyc-<version>/`; empty where it is not set. */
const CHECKOUTS = findCheckouts(process.env['RPYC_PEERS']);

/** Further versions for those who have them. */
export const OLDER_RPYC_VERSIONS: readonly RpycVersion[] = [...CHECKOUTS.keys()];

const PEERS_FOLDER = path.join(REPOSITORY, 'test/interop/peers');
const PEERS_FILE = path.join(REPOSITORY, '.vscode-test/peers/peers.json');
const HOST = '127.0.0.1';
const START_TIMEOUT_MS = 20_000;
const RUN_TIMEOUT_MS = 60_000;

export type ClassicMode = 'threaded' | 'forking' | 'oneshot';

export interface ClassicOptions {
  readonly mode?: ClassicMode;
  /** A free one unless told. */
  readonly port?: number;
  readonly env?: NodeJS.ProcessEnv;
  /** Further switches of the program. */
  readonly args?: readonly string[];
}

export interface PythonPeer extends AsyncDisposable {
  readonly pid: number;
  readonly host: string;
  readonly port: number;
  /** What the peer said when it was ready; of `rpyc_classic`, the port only. */
  readonly ready: Readonly<Record<string, unknown>>;
  /** Its output so far, the newest part of it. */
  readonly log: () => string;
  readonly exited: Promise<number | null>;
  /** Signals the peer and its children; SIGKILL unless told. */
  kill(signal?: NodeJS.Signals): void;
}

export interface PythonEnvironment {
  readonly python: string;
  readonly env: NodeJS.ProcessEnv;
}

/** The interpreter and the environment in which `import rpyc` gives this version. */
export function pythonEnv(version: RpycVersion): PythonEnvironment {
  const { python, pythonPath } = peerOf(version);
  return {
    python,
    env: {
      ...process.env,
      PYTHONPATH: pythonPath,
      PYTHONUNBUFFERED: '1',
      PYTHONDONTWRITEBYTECODE: '1',
      PYTHONIOENCODING: 'utf-8',
      PYTHONWARNINGS: 'ignore',
    },
  };
}

/** Up to 5.1 the program is a script beside the package, later a module without a main guard. */
const CLASSIC_PROGRAM = `
try:
    from rpyc.cli.rpyc_classic import main
except ImportError:
    import os, rpyc, runpy
    script = os.path.join(os.path.dirname(rpyc.__file__), '..', 'bin', 'rpyc_classic.py')
    main = lambda: runpy.run_path(script, run_name='__main__')
main()
`;

/** Starts the real `rpyc_classic` program. */
export async function startClassic(version: RpycVersion, options: ClassicOptions = {}): Promise<PythonPeer> {
  const { python, env } = pythonEnv(version);
  const mode = options.mode ?? 'threaded';
  const child = new TestProcess(
    python,
    ['-c', CLASSIC_PROGRAM, '--host', HOST, '--port', String(options.port ?? 0), '--mode', mode].concat(
      options.args ?? [],
    ),
    { env: { ...env, ...options.env } },
  );
  return ready(child, `rpyc_classic ${version}`, () => {
    const match = /server started on \[[^\]]*\]:(\d+)/.exec(child.stderr);
    return match && { port: Number(match[1]) };
  });
}

/**
 * Runs the real `rpyc_registry` program, with the switches that follow it. The one of before 5.2 compares the mode with
 * capitals, which today's plumbum makes small.
 */
export const REGISTRY_PROGRAM = `
import sys
try:
    from rpyc.cli.rpyc_registry import main
except ImportError:
    import os, rpyc
    file = os.path.join(os.path.dirname(rpyc.__file__), '..', 'bin', 'rpyc_registry.py')
    with open(file) as program:
        source = program.read().replace('self.mode ==', 'self.mode.upper() ==')
    main = lambda: exec(compile(source, file, 'exec'), {'__name__': '__main__'})
main()
`;

/** Starts the real `rpyc_registry` program, which listens on every IPv4 address unless told otherwise. */
export async function startRegistry(
  version: RpycVersion,
  mode: 'UDP' | 'TCP',
  args: readonly string[] = [],
): Promise<PythonPeer> {
  const { python, env } = pythonEnv(version);
  const child = new TestProcess(python, ['-c', REGISTRY_PROGRAM, '--mode', mode, '--port', '0', ...args], {
    env,
  });
  return ready(child, `rpyc_registry ${version}`, () => {
    const match = /server started on .*:(\d+)$/m.exec(child.stderr);
    return match && { port: Number(match[1]) };
  });
}

/**
 * Starts a peer of `test/interop/peers`, which prints one line of JSON with its `port` when it is ready.
 *
 * @param script file name, for instance `custom_service.py`
 * @param args arguments of the script
 */
export async function startPeer(
  version: RpycVersion,
  script: string,
  args: readonly string[] = [],
): Promise<PythonPeer> {
  const { python, env } = pythonEnv(version);
  const child = new TestProcess(python, [path.join(PEERS_FOLDER, script), ...args], { env });
  return ready(child, `${script} with rpyc ${version}`, () => {
    const end = child.stdout.indexOf('\n');
    return end < 0 ? undefined : (JSON.parse(child.stdout.slice(0, end)) as Record<string, unknown>);
  });
}

export interface PythonResult {
  readonly stdout: string;
  readonly stderr: string;
  /** Null after a signal. */
  readonly code: number | null;
}

/**
 * Runs Python code to its end: a second client, which tells what is true.
 *
 * @param code a program; `sys.argv[1:]` are `args`
 * @returns its output and exit code; a program that does not end within a minute is killed and fails
 */
export async function runPython(
  version: RpycVersion,
  code: string,
  args: readonly string[] = [],
): Promise<PythonResult> {
  const { python, env } = pythonEnv(version);
  const searchPath = [PEERS_FOLDER, env['PYTHONPATH']].filter(Boolean).join(path.delimiter);
  await using child = new TestProcess(python, ['-c', code, ...args], {
    env: { ...env, PYTHONPATH: searchPath },
  });
  await eventually(`${python} ends\n${code}`, () => child.hasEnded, { timeoutMs: RUN_TIMEOUT_MS });
  if (child.startError !== undefined) {
    throw child.startError;
  }
  return { stdout: child.stdout, stderr: child.stderr, code: await child.exited };
}

async function ready(
  child: TestProcess,
  name: string,
  look: () => Record<string, unknown> | null | undefined,
): Promise<PythonPeer> {
  try {
    const answer = await eventually(
      `${name} is ready`,
      () => look() ?? (child.hasEnded ? { failed: true } : undefined),
      { timeoutMs: START_TIMEOUT_MS },
    );
    const { port } = answer;
    if (answer['failed'] === true || typeof port !== 'number') {
      throw new Error(`${name} did not get ready`, { cause: child.startError });
    }
    return {
      pid: child.pid,
      host: HOST,
      port,
      ready: answer,
      log: () => child.stdout + child.stderr,
      exited: child.exited,
      kill: (signal) => child.kill(signal),
      [Symbol.asyncDispose]: () => child[Symbol.asyncDispose](),
    };
  } catch (error) {
    const output = child.stdout + child.stderr;
    await child[Symbol.asyncDispose]();
    throw new Error(`Cannot start ${name}\n${output}`.trimEnd(), { cause: error });
  }
}

interface PeerEntry {
  readonly python: string;
  readonly pythonPath: string;
}

function peerOf(version: RpycVersion): PeerEntry {
  const checkout = CHECKOUTS.get(version);
  if (checkout !== undefined) {
    return { python: '/usr/bin/python3', pythonPath: checkout };
  }
  if (!existsSync(PEERS_FILE)) {
    throw new Error('The RPyC peers are not there yet: run node test/tools/provision.mjs');
  }
  const peers = new Map(
    Object.entries(JSON.parse(readFileSync(PEERS_FILE, 'utf8')) as Record<string, PeerEntry>),
  );
  const peer = peers.get(version);
  if (peer === undefined) {
    throw new Error(`There is no rpyc ${version} among ${[...peers.keys()].join(', ')}`);
  }
  return peer;
}

function findCheckouts(folder: string | undefined): Map<RpycVersion, string> {
  const found = new Map<RpycVersion, string>();
  if (folder !== undefined && folder !== '') {
    for (const name of readdirSync(folder).sort()) {
      const version = /^rpyc-(\d+\.\d+\.\d+)$/.exec(name)?.[1] as RpycVersion | undefined;
      if (version !== undefined && !RPYC_VERSIONS.includes(version)) {
        found.set(version, path.join(folder, name));
      }
    }
  }
  return found;
}
