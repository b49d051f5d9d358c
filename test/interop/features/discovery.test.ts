/** The search for services through the background process: real registries of both versions, hostile ones, job 9. */
import assert from 'node:assert/strict';
import { connect, createServer } from 'node:net';
import { once } from 'node:events';
import path from 'node:path';

import type { RegistryAddress, ServiceSearchResult } from '../../../server/src/api/discovery';
import {
  CheckServers,
  SearchServices,
  StartDemo,
  StartRegistry,
  StopDemo,
  StopRegistry,
} from '../../../server/src/api/messages';
import { dump } from '../../../server/src/rpyc/core/brine';
import { decodeCommand } from '../../../server/src/rpyc/utils/registryMessages';
import { Backend } from '../../support/backend';
import { closedPort } from '../../support/badServers';
import { TestProcess } from '../../support/childProcess';
import type { DiscoveryReport, TimedSearch } from '../../support/discoveryNamespace';
import { eventually } from '../../support/poll';
import { RPYC_VERSIONS, runPython, startPeer, startRegistry } from '../../support/pythonPeer';
import { rawRegistry } from '../../support/rawRegistry';
import { REGISTRY_MODES } from '../../support/registries';

const HOST = '127.0.0.1';
const NEEDS =
  'This test makes network interfaces: it needs Linux, root, and the packages iproute2 and util-linux';
const NAMESPACE_PROGRAM = path.resolve(__dirname, '../../support/discoveryNamespace.js');

/** `NAME host:port flags`, in an order of their own. */
function rows({ servers }: ServiceSearchResult): string[] {
  return servers.map(({ name, host, port, flags }) => [`${name} ${host}:${port}`, ...flags].join(' ')).sort();
}

describe('searching for services', () => {
  let backend: Backend;

  before(async () => {
    backend = await Backend.start([]);
  });

  after(async () => {
    await backend[Symbol.asyncDispose]();
  });

  function search(
    registries: readonly RegistryAddress[],
    names: readonly string[] = [],
  ): Promise<ServiceSearchResult> {
    return backend.request(SearchServices, { registries, names, broadcast: false });
  }

  for (const version of RPYC_VERSIONS) {
    for (const mode of REGISTRY_MODES) {
      const kind = mode === 'UDP' ? 'udp' : 'tcp';

      it(`lists what a registry of rpyc ${version} knows by ${mode}, and tells who is down`, async () => {
        await using registry = await startRegistry(version, mode, ['--listing', 'True']);
        const args = [mode, HOST, String(registry.port)];
        await using peer = await startPeer(version, 'registered_service.py', args);
        const address = { mode: kind, host: HOST, port: registry.port } as const;
        const found = await eventually('the service is registered', async () => {
          const result = await search([address]);
          return result.servers.length > 0 ? result : undefined;
        });
        assert.deepEqual(rows(found), [`GREETER ${HOST}:${peer.port}`, `WELCOME ${HOST}:${peer.port}`]);
        assert.deepEqual(
          found.registries.map(({ id, status }) => [id, status]),
          [[`${kind} ${HOST} ${registry.port}`, 'listed']],
        );
        assert.deepEqual(found.servers[0]?.registries, [`${kind} ${HOST} ${registry.port}`]);
        const addresses = [{ host: HOST, port: peer.port }];
        assert.deepEqual(await backend.request(CheckServers, { addresses }), ['reachable']);
        peer.kill('SIGKILL');
        await peer.exited;
        assert.deepEqual(rows(await search([address])), rows(found));
        assert.deepEqual(await backend.request(CheckServers, { addresses }), ['refused']);
      });

      it(`asks rpyc ${version} by ${mode} for a name where listing is forbidden, and says that it is`, async () => {
        await using registry = await startRegistry(version, mode);
        const args = [mode, HOST, String(registry.port)];
        await using peer = await startPeer(version, 'registered_service.py', args);
        const address = { mode: kind, host: HOST, port: registry.port } as const;
        const found = await eventually('the service is registered', async () => {
          const result = await search([address], ['greeter', 'nothing of the kind']);
          return result.servers.length > 0 ? result : undefined;
        });
        assert.deepEqual(rows(found), [`GREETER ${HOST}:${peer.port}`]);
        assert.deepEqual(
          found.registries.map(({ status }) => status),
          ['forbidden'],
        );
        assert.deepEqual(rows(await search([address])), []);
      });
    }
  }

  it('says which registry cannot be reached, and which is silent', async () => {
    await using silent = await rawRegistry('UDP', () => []);
    await using empty = await rawRegistry('TCP', () => [dump([])]);
    const closed = await closedPort();
    const found = await search([
      { mode: 'tcp', host: HOST, port: closed },
      { mode: 'udp', host: HOST, port: silent.port },
      { mode: 'tcp', host: HOST, port: empty.port },
    ]);
    assert.deepEqual(
      found.registries.map(({ mode, status, problem }) => [mode, status, problem]),
      [
        ['tcp', 'failed', 'ERR_REFUSED'],
        ['udp', 'silent', undefined],
        ['tcp', 'listed', undefined],
      ],
    );
  });

  for (const mode of REGISTRY_MODES) {
    it(`marks what a hostile registry tells by ${mode}, and connects to none of it`, async () => {
      let touched = 0;
      const victim = createServer(() => touched++).listen(0, HOST);
      await once(victim, 'listening');
      const { port: own } = victim.address() as { readonly port: number };
      const told: readonly (readonly [string, number])[] = [
        [HOST, own],
        ['8.8.8.8', 18812],
        ['example.invalid', 18812],
        ['0.0.0.0', 18812],
        [HOST, 22],
        ['-oProxyCommand=x', 18812],
        ['evil\u202ehost', 18812],
      ];
      await using registry = await rawRegistry(mode, (request) => {
        const received = decodeCommand(request);
        const isList = 'command' in received && received.command.command === 'LIST';
        return [dump(isList ? ['GOOD', 'bad\u0007', 'ba\u202ed', '', 'x'.repeat(300)] : told)];
      });
      const found = await search([{ mode: mode === 'UDP' ? 'udp' : 'tcp', host: HOST, port: registry.port }]);
      assert.deepEqual(
        rows(found),
        [
          'GOOD 0.0.0.0:18812 notAHost',
          'GOOD 127.0.0.1:22 otherProtocol',
          `GOOD 127.0.0.1:${own}`,
          'GOOD 8.8.8.8:18812 public elsewhere',
          'GOOD example.invalid:18812 hostName',
        ].sort(),
      );
      assert.deepEqual(
        found.servers.filter(({ checkable }) => checkable).map(({ port }) => port),
        [own],
      );
      assert.ok(found.leftOut >= 2);
      victim.close();
      await once(victim, 'close');
      assert.equal(touched, 0);
    });
  }

  it('can be cancelled', async () => {
    await using silent = await rawRegistry('TCP', () => []);
    const cancel = new AbortController();
    const registries = [{ mode: 'tcp', host: HOST, port: silent.port } as const];
    const asking = backend.request(
      SearchServices,
      { registries, names: [], broadcast: false },
      cancel.signal,
    );
    await eventually('it is asked', () => silent.asked.length > 0);
    cancel.abort();
    await assert.rejects(asking, (error: { readonly data?: { readonly code?: string } }) => {
      assert.equal(error.data?.code, 'ERR_CANCELLED');
      return true;
    });
  });

  it('passes over what is no registry', async () => {
    const wrong = [
      { mode: 'carrier pigeon', host: HOST, port: 1 },
      null,
      { mode: 'udp', host: '-x', port: 1 },
    ];
    assert.deepEqual(await search(wrong as unknown as RegistryAddress[]), {
      servers: [],
      registries: [],
      leftOut: 0,
      truncated: false,
    });
  });
});

const ASK = `
import sys
import rpyc
from rpyc.utils.registry import TCPRegistryClient, UDPRegistryClient
mode, port = sys.argv[1:]
registrar = {"udp": UDPRegistryClient, "tcp": TCPRegistryClient}[mode]("127.0.0.1", port=int(port), timeout=20)
print(registrar.list())
connection = rpyc.connect_by_service("lab", registrar=registrar)
print(len(connection.root.read()))
`;

describe('the registry and the demo server of the background process', () => {
  for (const mode of ['udp', 'tcp'] as const) {
    it(`are found by Python through ${mode}, and end when they are told to`, async () => {
      await using backend = await Backend.start([]);
      const { demo } = await backend.request(StartDemo, { port: 0 });
      const { registry } = await backend.request(StartRegistry, { mode, host: HOST, port: 0 });
      assert.ok(registry !== undefined && demo !== undefined);
      const told = await runPython('6.0.2', ASK, [mode, String(registry.port)]);
      assert.equal(told.stderr, '');
      assert.deepEqual(told.stdout.trim().split('\n'), ["('LAB',)", '3']);
      const params = { registries: [], names: [], broadcast: false };
      const own = await backend.request(SearchServices, params);
      assert.deepEqual(rows(own), [`LAB ${HOST}:${demo.port}`]);
      assert.deepEqual(await backend.request(StopDemo, null), { registry });
      assert.deepEqual(rows(await backend.request(SearchServices, params)), []);
      assert.deepEqual(await backend.request(CheckServers, { addresses: [demo] }), ['refused']);
      assert.deepEqual(await backend.request(StopRegistry, null), {});
      assert.deepEqual((await backend.request(SearchServices, params)).registries, []);
    });
  }

  it('end with the window', async () => {
    await using backend = await Backend.start([]);
    const { demo } = await backend.request(StartDemo, { port: 0 });
    await backend.request(StartRegistry, { mode: 'tcp', host: HOST, port: 0 });
    assert.ok(demo !== undefined);
    const socket = connect(demo);
    await once(socket, 'connect');
    socket.on('error', () => undefined);
    // Not `once` of events: the end may come as a reset, which is as good.
    const closed = new Promise((resolve) => socket.once('close', resolve));
    backend.abandon();
    await closed;
    await backend.exited;
    assert.ok(backend.hasExited);
  });

  it('say in a sentence that their port is taken', async () => {
    await using backend = await Backend.start([]);
    const { demo } = await backend.request(StartDemo, { port: 0 });
    assert.ok(demo !== undefined);
    const problem = await backend.problem(StartRegistry, { mode: 'tcp', ...demo });
    assert.equal(problem.code, 'ERR_LISTEN');
    assert.match(problem.message, /another program listens there already/);
  });
});

describe('job 9: finding services', () => {
  let report: DiscoveryReport;

  before(async () => {
    assert.ok(process.platform === 'linux' && process.getuid?.() === 0, NEEDS);
    const args = ['--net', '--pid', '--fork', '--kill-child', '--mount-proc', process.execPath];
    await using child = new TestProcess('unshare', [...args, NAMESPACE_PROGRAM]);
    await eventually('the namespace has told all', () => child.hasEnded, { timeoutMs: 50_000 });
    assert.equal(child.startError, undefined, NEEDS);
    assert.equal(await child.exited, 0, `${NEEDS}\n${child.stderr}`);
    report = JSON.parse(child.stdout) as DiscoveryReport;
  });

  /** `NAME host reach` of each server. */
  function marked({ result, reach }: TimedSearch): string[] {
    return result.servers.map(({ name, host }, index) => `${name} ${host} ${reach[index]}`).sort();
  }

  const ALL = [
    'CAMERA 10.82.2.2 reachable',
    'GONE 10.82.2.2 refused',
    'LASER 10.82.3.2 reachable',
    'MOTOR 10.82.1.2 reachable',
    'THERMO 10.82.1.2 reachable',
  ];

  it('job 9: five services on a host with three interfaces appear within 3 seconds, by UDP and by TCP', () => {
    assert.deepEqual(marked(report.byUdp), ALL);
    assert.deepEqual(marked(report.byTcp), ALL);
    for (const { milliseconds } of [report.byUdp, report.byTcp]) {
      assert.ok(milliseconds < 3000, `It took ${Math.round(milliseconds)} ms`);
    }
  });

  it('job 9: with listing off a typed name is found, and the reason for the empty list is told', () => {
    assert.deepEqual(marked(report.forbidden), []);
    assert.equal(report.forbidden.result.registries[0]?.status, 'forbidden');
    assert.deepEqual(marked(report.typed), ['LASER 10.82.3.2 reachable']);
  });
});
