/**
 * Starts real RPyC peers in Python: the `rpyc_classic` program, scripts of `test/interop/peers`, and one-off
 * Python clients. Every peer listens on 127.0.0.1, on a free port unless told, and dies with its owner.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

import { TestProcess } from './childProcess';
import { eventually } from './poll';
import { REPOSITORY } from './tools';

/** A version that `npm test` brings, or an older one that `RPYC_PEERS` names. */
export type RpycVersion = '5.3.0' | '6.0.2' | VersionNumber | `${VersionNumber}-py27`;
type VersionNumber = `${number}.${number}` | `${number}.${number}.${number}`;

/** The versions that every test run has. */
export const RPYC_VERSIONS: readonly RpycVersion[] = ['5.3.0', '6.0.2'];

/** Versions that ran on Python 2 as well, one of each dialect. */
const ON_PYTHON2: ReadonlySet<string> = new Set(['3.4.4', '4.0.2', '4.1.5']);

/** The checkouts that `RPYC_PEERS` brings, a folder with `rpyc-<version>/`; empty where it is not set. */
const CHECKOUTS = findCheckouts(process.env['RPYC_PEERS'], process.env['RPYC_PYTHONS']);

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

/**
 * Up to 5.1 the program is a script beside the package, later a module without a main guard. It reads its switches with
 * plumbum, which an old Python may be without: then the servers are started as the program does it.
 */
export const CLASSIC_PROGRAM = `
def direct():
    import logging, sys
    from rpyc.core.service import SlaveService
    from rpyc.utils import server
    switches = dict(zip(sys.argv[1::2], sys.argv[2::2]))
    logging.basicConfig(level=logging.INFO, format='%(message)s')
    kinds = {'threaded': 'ThreadedServer', 'forking': 'ForkingServer', 'oneshot': 'OneShotServer'}
    kind = getattr(server, kinds[switches['--mode']])
    kind(SlaveService, hostname=switches['--host'], port=int(switches['--port']), reuse_addr=True).start()

try:
    from rpyc.cli.rpyc_classic import main
except ImportError:
    import os, rpyc, runpy
    script = os.path.join(os.path.dirname(rpyc.__file__), '..', 'bin', 'rpyc_classic.py')
    main = lambda: runpy.run_path(script, run_name='__main__')
try:
    import plumbum
except ImportError:
    main = direct
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
  if (checkout !== undefined) return checkout;
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

/** Each checkout with every Python that it is to be run on, as far as that is here. */
function findCheckouts(folder = '', pythons = ''): Map<RpycVersion, PeerEntry> {
  const found = new Map<RpycVersion, PeerEntry>();
  if (folder === '') return found;
  const python36 = findPython('3.6', pythons);
  const python27 = findPython('2.7', pythons);
  for (const name of readdirSync(folder).sort()) {
    const version = /^rpyc-(\d+(?:\.\d+){1,2})$/.exec(name)?.[1] as VersionNumber | undefined;
    if (version === undefined || RPYC_VERSIONS.includes(version)) continue;
    const pythonPath = path.join(folder, name);
    // A module of 3.x has a name that is a reserved word since Python 3.7.
    const python = version.startsWith('3.') ? python36 : '/usr/bin/python3';
    if (python !== undefined) found.set(version, { python, pythonPath });
    if (ON_PYTHON2.has(version) && python27 !== undefined) {
      found.set(`${version}-py27`, { python: python27, pythonPath });
    }
  }
  return found;
}

/** An interpreter of that version: from the PATH, or from a folder with one folder for each version. */
function findPython(version: string, folder: string): string | undefined {
  const name = `python${version}`;
  const installed = folder === '' ? [] : readdirSync(folder).filter((entry) => entry.startsWith(version));
  const candidates = [name, ...installed.map((entry) => path.join(folder, entry, 'bin', name))];
  // A name on the PATH may be no more than a hint at a Python that is not there.
  return candidates.find((candidate) => spawnSync(candidate, ['-c', ''], { stdio: 'ignore' }).status === 0);
}
