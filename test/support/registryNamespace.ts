/**
 * A network of its own with one machine on three interfaces and a host behind each, for tests of asking every registry
 * around. Runs as `unshare --net --pid --fork --kill-child --mount-proc node registryNamespace.js` as root, makes the
 * network, starts a real registry on each host, asks, and prints what it was told as one line of JSON.
 *
 *   this machine  10.81.1.1/24 on near1 --- 10.81.1.2  rpyc 5.3.0, UDP, lists; was told of 127.0.0.1:22 as well
 *                 10.81.2.1/24 on near2 --- 10.81.2.2  rpyc 6.0.2, UDP, does not list
 *                 10.81.3.1/24 on near3 --- 10.81.3.2  ours, UDP, lists; and rpyc 6.0.2, TCP, lists
 */
import { execFileSync } from 'node:child_process';
import path from 'node:path';

import {
  connectByService,
  discover,
  discoverEverywhere,
  type DiscoverEverywhereOptions,
  type FoundServices,
  RpycError,
} from '../../server/src/rpyc/index';
import { TestProcess } from './childProcess';
import { type HostProcess, ip, startHost } from './networkNamespace';
import { eventually } from './poll';
import { pythonEnv, REGISTRY_PROGRAM, type RpycVersion } from './pythonPeer';

const OUR_PROGRAM = path.resolve(__dirname, '../../server/src/cli/rpyc-registry.js');
/** Long enough for answers that travel no further than this machine, even a busy one. */
const SECONDS = 3;

/** What the test reads. */
export interface NamespaceReport {
  /** All services, of everyone on the three networks. */
  readonly all: FoundServices;
  /** One service, by its name. */
  readonly beta: FoundServices;
  /** All services of a named host, by TCP. */
  readonly named: FoundServices;
  /** What one broadcast to the default address finds of each service: one network's only. */
  readonly plain: { readonly alpha: readonly unknown[]; readonly beta: readonly unknown[] };
  /** Code of the error of a search that was cancelled. */
  readonly cancelled: string;
  /** Code of the error of connecting to a service that is known and does not run. */
  readonly connected: string;
}

const REGISTER = `
import sys
from rpyc.utils.registry import TCPRegistryClient, UDPRegistryClient
mode, host, port, names = sys.argv[1:]
registrar = {"UDP": UDPRegistryClient, "TCP": TCPRegistryClient}[mode](host, timeout=20)
sys.exit(0 if registrar.register(tuple(names.split(",")), int(port)) else 1)
`;

function pythonRegistry(
  version: RpycVersion,
  ...args: readonly string[]
): readonly [string[], NodeJS.ProcessEnv] {
  const { python, env } = pythonEnv(version);
  return [[python, '-c', REGISTRY_PROGRAM, ...args], env];
}

/** Registers from a host, by the client in Python. */
function register(host: HostProcess, mode: 'UDP' | 'TCP', to: string, port: number, names: string): void {
  const { python, env } = pythonEnv('6.0.2');
  const inside = ['--target', String(host.child.pid), '--net', python, '-c', REGISTER];
  execFileSync('nsenter', [...inside, mode, to, String(port), names], { env });
}

async function codeOf(attempt: Promise<unknown>): Promise<string> {
  try {
    await attempt;
    return 'none';
  } catch (error) {
    return error instanceof RpycError ? error.code : String(error);
  }
}

async function ask(): Promise<NamespaceReport> {
  const search: DiscoverEverywhereOptions = { timeout: SECONDS };
  const cancel = new AbortController();
  const cancelled = codeOf(discoverEverywhere(undefined, { timeout: 600, signal: cancel.signal }));
  const [all, beta, named] = await Promise.all([
    discoverEverywhere(undefined, search),
    discoverEverywhere('beta', search),
    discoverEverywhere(undefined, { ...search, targets: [{ address: '10.81.3.2', transport: 'tcp' }] }),
  ]);
  cancel.abort();
  const plain = {
    alpha: await discover('alpha', { timeout: SECONDS }),
    beta: await discover('beta', { timeout: SECONDS }).catch(() => []),
  };
  const connected = await codeOf(connectByService('alpha', { timeout: SECONDS }));
  return { all, beta, named, plain, cancelled: await cancelled, connected };
}

async function main(): Promise<void> {
  ip('link', 'set', 'lo', 'up');
  const first = await startHost([1], ...pythonRegistry('5.3.0', '--listing', 'True'));
  const second = await startHost([2], ...pythonRegistry('6.0.2'));
  const third = await startHost([3], [process.execPath, OUR_PROGRAM, '--listing'], process.env);
  const [command, env] = pythonRegistry('6.0.2', '--mode', 'TCP', '--listing', 'True');
  const inside = ['--target', String(third.child.pid), '--net', ...command];
  const byTcp = new TestProcess('nsenter', inside, { env });
  await eventually('the registry over TCP listens', () => byTcp.stderr.includes('server started'));
  register(first, 'UDP', first.address, 4001, 'alpha,first');
  // A registry knows whoever asks by the address that he asks from.
  register(first, 'UDP', '127.0.0.1', 22, 'poison');
  register(second, 'UDP', second.address, 4002, 'beta');
  register(third, 'UDP', third.address, 4003, 'gamma');
  register(third, 'TCP', third.address, 4004, 'delta');
  // Where a broadcast to everyone goes: by one interface.
  ip('route', 'add', 'default', 'via', first.address);
  process.stdout.write(`${JSON.stringify(await ask())}\n`);
  await Promise.all([first, second, third].map(({ child }) => child[Symbol.asyncDispose]()));
  await byTcp[Symbol.asyncDispose]();
}

void main();
