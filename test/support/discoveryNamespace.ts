/**
 * Job 9: a network with one host on three interfaces, on which registries and five services run, and the background
 * process that looks for them. Runs as `unshare --net --pid --fork --kill-child --mount-proc node discoveryNamespace.js`
 * as root, and prints what the editor would be told as one line of JSON.
 *
 *   this machine  10.82.1.1, 10.82.2.1, 10.82.3.1 --- 10.82.1.2, 10.82.2.2, 10.82.3.2 the host
 *   port 18811  rpyc 5.3.0 by UDP and rpyc 6.0.2 by TCP, which list
 *   port 18900  rpyc 6.0.2 by UDP, which does not
 */
import {
  type ServerReach,
  type ServiceSearchParams,
  type ServiceSearchResult,
} from '../../server/src/api/discovery';
import { CheckServers, SearchServices } from '../../server/src/api/messages';
import { Backend } from './backend';
import { ip, startHost, startOnHost } from './networkNamespace';
import { pythonEnv, REGISTRY_PROGRAM, type RpycVersion } from './pythonPeer';

/** One search, with what became of each server, in the order of the servers. */
export interface TimedSearch {
  readonly result: ServiceSearchResult;
  readonly reach: readonly ServerReach[];
  readonly milliseconds: number;
}

export interface DiscoveryReport {
  /** By broadcasts alone. */
  readonly byUdp: TimedSearch;
  /** By TCP to the host alone. */
  readonly byTcp: TimedSearch;
  /** A registry that forbids listing, with nothing typed and with a name. */
  readonly forbidden: TimedSearch;
  readonly typed: TimedSearch;
}

/** Five services by name and interface; the last one registers and does not run. */
const SERVICES = `
import sys, threading
import rpyc
from rpyc.utils.registry import TCPRegistryClient, UDPRegistryClient
from rpyc.utils.server import ThreadedServer

def register(registrar, name, port):
    if not registrar.register((name,), port, interface=registrar.ip):
        sys.exit("No registry acknowledged " + name)

for name, number in (("thermo", 1), ("motor", 1), ("camera", 2), ("laser", 3), ("gone", 2)):
    host = "10.82.%d.2" % number
    service = type(name.title() + "Service", (rpyc.Service,), {"ALIASES": [name]})
    server = ThreadedServer(service, hostname=host, port=0, auto_register=False)
    server._listen() if hasattr(server, "_listen") else None
    if name == "gone":
        server.listener.close()
    else:
        threading.Thread(target=server.start, daemon=True).start()
    register(UDPRegistryClient(host, timeout=20), name, server.port)
    register(TCPRegistryClient(host, timeout=20), name, server.port)
    if name == "laser":
        register(UDPRegistryClient(host, port=18900, timeout=20), name, server.port)
print("ready", flush=True)
threading.Event().wait()
`;

function registry(version: RpycVersion, ...args: readonly string[]): readonly [string[], NodeJS.ProcessEnv] {
  const { python, env } = pythonEnv(version);
  return [[python, '-c', REGISTRY_PROGRAM, ...args], env];
}

async function timed(backend: Backend, params: Partial<ServiceSearchParams>): Promise<TimedSearch> {
  const begun = performance.now();
  const result = await backend.request(SearchServices, {
    registries: [],
    broadcast: false,
    names: [],
    ...params,
  });
  const addresses = result.servers.filter(({ checkable }) => checkable);
  const reach = await backend.request(CheckServers, { addresses });
  return { result, reach, milliseconds: performance.now() - begun };
}

async function main(): Promise<void> {
  ip('link', 'set', 'lo', 'up');
  const host = await startHost([1, 2, 3], ...registry('5.3.0', '--listing', 'True'), '10.82');
  const started = /server started/;
  const others = [
    await startOnHost(host, ...registry('6.0.2', '--mode', 'TCP', '--listing', 'True'), started),
    await startOnHost(host, ...registry('6.0.2', '--port', '18900'), started),
  ];
  const { python, env } = pythonEnv('6.0.2');
  others.push(await startOnHost(host, [python, '-c', SERVICES], env, /ready/));
  const backend = await Backend.start([]);
  const silent = { mode: 'udp', host: host.address, port: 18900 } as const;
  const report: DiscoveryReport = {
    byUdp: await timed(backend, { broadcast: true }),
    byTcp: await timed(backend, { registries: [{ mode: 'tcp', host: host.address, port: 18811 }] }),
    forbidden: await timed(backend, { registries: [silent] }),
    typed: await timed(backend, { registries: [silent], names: ['laser'] }),
  };
  process.stdout.write(`${JSON.stringify(report)}\n`);
  await backend.shutdown();
  for (const child of [...others, host.child]) await child[Symbol.asyncDispose]();
}

void main();
