/** The entries of `rpyc.utils.registry`: our clients and Python's registries, our registries and Python's clients. */
import assert from 'node:assert/strict';

import {
  RegistryClient,
  RegistryServer,
  type ServerAddress,
  TCPRegistryClient,
  TCPRegistryServer,
  UDPRegistryClient,
  UDPRegistryServer,
} from '../../../server/src/rpyc/index';
import { type ApiPeer, describeApi } from '../../support/apiEntry';
import { eventually } from '../../support/poll';
import { type PythonPeer, runPython, startRegistry } from '../../support/pythonPeer';

type Mode = 'UDP' | 'TCP';

/** A server that a registry knows of; nothing listens there. */
const SERVER_PORT = 4711;
const KNOWN: readonly ServerAddress[] = [['127.0.0.1', SERVER_PORT]];

function clientOf(mode: Mode, port: number): RegistryClient {
  const options = { ip: '127.0.0.1', port, timeout: 10 };
  return mode === 'UDP' ? new UDPRegistryClient(options) : new TCPRegistryClient(options);
}

/** A registry of Python's and a client of ours. */
async function withTheirs(
  peer: ApiPeer,
  mode: Mode,
  body: (client: RegistryClient, registry: PythonPeer) => Promise<void>,
): Promise<void> {
  await using registry = await startRegistry(peer.version, mode);
  await body(clientOf(mode, registry.port), registry);
}

/** What a Python program prints that has `r`, a client of the registry of ours. */
async function asked(peer: ApiPeer, mode: Mode, server: RegistryServer, code: string): Promise<string> {
  const program =
    `from rpyc.utils.registry import ${mode}RegistryClient\n` +
    `r = ${mode}RegistryClient(ip="127.0.0.1", port=${server.port}, timeout=2)\n${code}\n`;
  const { stdout, stderr, code: exit } = await runPython(peer.version, program);
  assert.equal(exit, 0, stderr);
  return stdout.trim();
}

/** Discovers through Python what was registered through Python. */
const ROUND = `ok = r.register(("FOO", "BAR"), ${SERVER_PORT}, interface="127.0.0.1")
print(ok, r.discover("foo") == (("127.0.0.1", ${SERVER_PORT}),), r.discover("none"))
r.unregister(${SERVER_PORT})`;

async function discovers(peer: ApiPeer, mode: Mode): Promise<void> {
  await withTheirs(peer, mode, async (client) => {
    assert.equal(await client.register(['foo'], SERVER_PORT, '127.0.0.1'), true);
    assert.deepEqual(await client.discover('FOO'), KNOWN);
    assert.deepEqual(await client.discover('bar'), []);
  });
}

async function registers(peer: ApiPeer, mode: Mode): Promise<void> {
  await withTheirs(peer, mode, async (client, registry) => {
    assert.equal(await client.register(['foo', 'bar'], SERVER_PORT, '127.0.0.1'), true);
    await eventually('the registry says so', () => registry.log().includes(String(SERVER_PORT)));
    assert.deepEqual(await client.discover('bar'), KNOWN);
  });
}

async function unregisters(peer: ApiPeer, mode: Mode): Promise<void> {
  await withTheirs(peer, mode, async (client) => {
    await client.register(['foo'], SERVER_PORT, '127.0.0.1');
    await client.unregister(SERVER_PORT, '127.0.0.1');
    await eventually('the server is gone', async () => (await client.discover('foo')).length === 0);
  });
}

async function constructs(peer: ApiPeer, mode: Mode): Promise<void> {
  await withTheirs(peer, mode, async (client) => {
    assert.ok(client instanceof RegistryClient);
    assert.equal(client.ip, '127.0.0.1');
    assert.equal(await client.register(['foo'], SERVER_PORT, '127.0.0.1'), true);
  });
}

async function serves(peer: ApiPeer, mode: Mode): Promise<void> {
  const options = { host: '127.0.0.1', port: 0 };
  await using server = mode === 'UDP' ? new UDPRegistryServer(options) : new TCPRegistryServer(options);
  assert.ok(server instanceof RegistryServer);
  await server.start();
  assert.equal(await asked(peer, mode, server, ROUND), 'True True ()');
}

describeApi('rpyc.utils.registry', (entry) => {
  entry('RegistryServer.start', async (peer) => {
    await using server = new UDPRegistryServer({ host: '127.0.0.1', port: 0 });
    assert.equal(server.port, 0);
    await server.start();
    assert.equal(
      await asked(peer, 'UDP', server, 'print(r.register(("FOO",), 1, interface="127.0.0.1"))'),
      'True',
    );
  });

  entry('RegistryServer.close', async (peer) => {
    const server = new TCPRegistryServer({ host: '127.0.0.1', port: 0 });
    await server.start();
    const { port } = server;
    assert.equal(await asked(peer, 'TCP', server, 'print(r.discover("FOO"))'), '()');
    await server.close();
    assert.equal(server.active, false);
    await assert.rejects(clientOf('TCP', port).discover('foo'), { code: 'ERR_REFUSED' });
  });

  entry('RegistryServer.on_service_added', async (peer) => {
    const told: string[] = [];
    const onServiceAdded = (name: string, [host, port]: ServerAddress): void => {
      told.push(`${name} ${host}:${port}`);
    };
    await using server = new UDPRegistryServer({ host: '127.0.0.1', port: 0, onServiceAdded });
    await server.start();
    await asked(peer, 'UDP', server, ROUND);
    assert.deepEqual(told, [`FOO 127.0.0.1:${SERVER_PORT}`, `BAR 127.0.0.1:${SERVER_PORT}`]);
  });

  entry('RegistryServer.on_service_removed', async (peer) => {
    const told: string[] = [];
    const onServiceRemoved = (name: string, [host, port]: ServerAddress): void => {
      told.push(`${name} ${host}:${port}`);
    };
    await using server = new UDPRegistryServer({ host: '127.0.0.1', port: 0, onServiceRemoved });
    await server.start();
    await asked(peer, 'UDP', server, ROUND);
    await eventually('both names are gone', () => told.length === 2);
    assert.deepEqual(told.sort(), [`BAR 127.0.0.1:${SERVER_PORT}`, `FOO 127.0.0.1:${SERVER_PORT}`]);
  });

  entry('RegistryServer.cmd_query', async (peer) => {
    await using server = new UDPRegistryServer({ host: '127.0.0.1', port: 0 });
    await server.start();
    await asked(peer, 'UDP', server, `r.register(("FOO",), ${SERVER_PORT}, interface="127.0.0.1")`);
    assert.deepEqual(server.cmdQuery('127.0.0.1', 'foo'), KNOWN);
  });

  entry('RegistryServer.cmd_register', async (peer) => {
    await using server = new UDPRegistryServer({ host: '127.0.0.1', port: 0 });
    await server.start();
    assert.equal(server.cmdRegister('10.0.0.7', ['foo'], SERVER_PORT), true);
    assert.equal(
      await asked(peer, 'UDP', server, 'print(*r.discover("FOO"))'),
      `('10.0.0.7', ${SERVER_PORT})`,
    );
  });

  entry('RegistryServer.cmd_unregister', async (peer) => {
    await using server = new UDPRegistryServer({ host: '127.0.0.1', port: 0 });
    await server.start();
    server.cmdRegister('10.0.0.7', ['foo'], SERVER_PORT);
    server.cmdUnregister('10.0.0.7', SERVER_PORT);
    assert.equal(await asked(peer, 'UDP', server, 'print(r.discover("FOO"))'), '()');
  });

  entry('RegistryServer', async (peer) => {
    await serves(peer, 'UDP');
    await serves(peer, 'TCP');
  });
  entry('RegistryClient', async (peer) => {
    await constructs(peer, 'UDP');
    await constructs(peer, 'TCP');
  });

  entry('UDPRegistryServer', (peer) => serves(peer, 'UDP'));
  entry('TCPRegistryServer', (peer) => serves(peer, 'TCP'));
  entry('RegistryClient.discover', (peer) => discovers(peer, 'UDP'));
  entry('RegistryClient.register', (peer) => registers(peer, 'UDP'));
  entry('RegistryClient.unregister', (peer) => unregisters(peer, 'TCP'));
  entry('UDPRegistryClient', (peer) => constructs(peer, 'UDP'));
  entry('UDPRegistryClient.discover', (peer) => discovers(peer, 'UDP'));
  entry('UDPRegistryClient.register', (peer) => registers(peer, 'UDP'));
  entry('UDPRegistryClient.unregister', (peer) => unregisters(peer, 'UDP'));
  entry('TCPRegistryClient', (peer) => constructs(peer, 'TCP'));
  entry('TCPRegistryClient.discover', (peer) => discovers(peer, 'TCP'));
  entry('TCPRegistryClient.register', (peer) => registers(peer, 'TCP'));
  entry('TCPRegistryClient.unregister', (peer) => unregisters(peer, 'TCP'));
});
