/** Registries and their clients, each with Python at the other end. */
import assert from 'node:assert/strict';

import {
  connectByService,
  discover,
  DiscoveryError,
  discoverEverywhere,
  ErrorCode,
  exposed,
  ForbiddenError,
  listServices,
  Service,
  ThreadedServer,
} from '../../../server/src/rpyc/index';
import { eventually } from '../../support/poll';
import { runPython, type RpycVersion, startPeer, startRegistry } from '../../support/pythonPeer';
import { REGISTRY_MODES, registryClient, type RegistryMode, ToldRegistry } from '../../support/registries';
import { forEachVersion } from '../../support/rpycPeers';

const HOST = '127.0.0.1';

/** From 5.2.1 on. */
function listsByHost(version: RpycVersion): boolean {
  return !/^(3|4|5\.[01])\./.test(version);
}

/** Before 5.1 a server that is interrupted does not unregister, and waits to be dropped. */
function unregistersAtItsEnd(version: RpycVersion): boolean {
  return !/^(3|4|5\.0)\./.test(version);
}

/** A Python client of a registry, that prints what it was told as JSON. */
const PYTHON_CLIENT = `
import inspect, json, sys
import rpyc
from rpyc.utils.registry import TCPRegistryClient, UDPRegistryClient

mode, port, server, lists = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4] == "true"
registrar = {"UDP": UDPRegistryClient, "TCP": TCPRegistryClient}[mode]("127.0.0.1", port=port, timeout=20)
answers = {"registered": [registrar.register(("calc", "Math"), 4001), registrar.register(("CALC",), 4002)]}
answers["calc"] = registrar.discover("calc")
answers["none"] = registrar.discover("nosuch")
if lists:
    answers["list"] = registrar.list()
    answers["here"] = registrar.list("127.0.0.1")
    answers["elsewhere"] = registrar.list("10.9.9.9")
    answers["services"] = rpyc.list_services(registrar)
answers["discovered"] = rpyc.discover("math", registrar=registrar)
try:
    rpyc.discover("nosuch", registrar=registrar)
except Exception as error:
    answers["not discovered"] = type(error).__name__
registrar.unregister(4001)
if "registrar" in inspect.signature(rpyc.connect_by_service).parameters:
    conn = rpyc.connect_by_service("adder", registrar=registrar)
else:
    # Before 5.1 it asks by broadcast only.
    conn = rpyc.connect(*registrar.discover("adder")[-1])
answers["sum"] = conn.root.add(20, 22)
conn.close()
print(json.dumps(answers))
`;

/** Asks a registry that forbids listing. */
const PYTHON_LISTING = `
import sys
import rpyc
from rpyc.utils.registry import TCPRegistryClient, UDPRegistryClient
registrar = {"UDP": UDPRegistryClient, "TCP": TCPRegistryClient}[sys.argv[1]]("127.0.0.1", port=int(sys.argv[2]), timeout=20)
try:
    rpyc.list_services(registrar)
except Exception as error:
    print(registrar.list(), type(error).__name__)
`;

class AdderService extends Service {
  @exposed
  add(left: number, right: number): number {
    return left + right;
  }
}

for (const mode of REGISTRY_MODES) {
  forEachVersion(`a registry in Python over ${mode}`, (version) => {
    it('takes our registrations, and tells them again', async () => {
      await using peer = await startRegistry(version, mode);
      const client = registryClient(mode, peer.port);
      assert.equal(await client.register(['calc', 'Math'], 4001), true);
      assert.equal(await client.register(['calc'], 4002, HOST), true);
      assert.deepEqual(await client.discover('Calc'), [
        [HOST, 4001],
        [HOST, 4002],
      ]);
      assert.deepEqual(await discover('math', { registrar: client, host: 'localhost' }), [[HOST, 4001]]);
      await assert.rejects(discover('math', { registrar: client, host: '10.9.9.9' }), DiscoveryError);
      await assert.rejects(discover('nosuch', { registrar: client }), {
        code: ErrorCode.discovery,
        message: 'No servers exposing "nosuch" were found',
      });
      await client.unregister(4001);
      await eventually('4001 is gone', async () => (await client.discover('math')).length === 0);
      assert.deepEqual(await client.discover('calc'), [[HOST, 4002]]);
    });

    if (listsByHost(version)) {
      it('lists its services where that is allowed, all or those of one host', async () => {
        await using peer = await startRegistry(version, mode, ['--listing', 'True']);
        const client = registryClient(mode, peer.port);
        assert.deepEqual(await client.list(), []);
        await client.register(['calc', 'math'], 4001);
        assert.deepEqual(await client.list(), ['CALC', 'MATH']);
        assert.deepEqual(await client.list(HOST), ['CALC', 'MATH']);
        assert.deepEqual(await client.list('10.9.9.9'), []);
        assert.deepEqual(await listServices(client), ['CALC', 'MATH']);
      });

      it('says that listing is forbidden, which is its default', async () => {
        await using peer = await startRegistry(version, mode);
        const client = registryClient(mode, peer.port);
        await client.register(['calc'], 4001);
        assert.equal(await client.list(), null);
        await assert.rejects(listServices(client), ForbiddenError);
        const targets = [{ address: HOST, transport: mode === 'UDP' ? 'udp' : 'tcp' } as const];
        const search = { targets, port: peer.port, timeout: 20 };
        const all = await discoverEverywhere(undefined, search);
        assert.deepEqual(all.services, []);
        assert.deepEqual(
          all.registries.map(({ answered, listing }) => [answered, listing]),
          [[true, 'forbidden']],
        );
        const one = await discoverEverywhere('calc', search);
        assert.deepEqual(
          one.services.map(({ name, host, port, nearby }) => [name, host, port, nearby]),
          [['calc', HOST, 4001, true]],
        );
      });
    }

    it('forgets what is not renewed', async () => {
      await using peer = await startRegistry(version, mode, ['--timeout', '0']);
      const client = registryClient(mode, peer.port);
      assert.equal(await client.register(['brief'], 4001), true);
      await eventually('it is forgotten', async () => (await client.discover('brief')).length === 0);
    });
  });

  forEachVersion(`our registry over ${mode}`, (version) => {
    it('serves a client in Python', async () => {
      await using registry = await ToldRegistry.start(mode);
      await using server = new ThreadedServer({ service: AdderService });
      await server.start();
      const registrar = registryClient(mode, registry.port);
      // The first is down, and is passed over.
      await registrar.register(['adder'], 1);
      await registrar.register(['adder'], server.port);
      const lists = listsByHost(version);
      const args = [mode, String(registry.port), String(server.port), String(lists)];
      const { stdout, stderr, code } = await runPython(version, PYTHON_CLIENT, args);
      assert.equal(code, 0, stderr);
      const names = ['ADDER', 'CALC', 'MATH'];
      assert.deepEqual(JSON.parse(stdout), {
        registered: [true, true],
        calc: [
          [HOST, 4001],
          [HOST, 4002],
        ],
        none: [],
        ...(lists && { list: names, here: names, elsewhere: [], services: names }),
        discovered: [[HOST, 4001]],
        'not discovered': 'DiscoveryError',
        sum: 42,
      });
      await registry.tells(`-CALC ${HOST}:4001`, `-MATH ${HOST}:4001`);
      assert.deepEqual(await registrar.discover('calc'), [[HOST, 4002]]);
    });

    if (listsByHost(version)) {
      it('tells a client in Python that listing is forbidden', async () => {
        await using registry = await ToldRegistry.start(mode, { allowListing: false });
        const { stdout } = await runPython(version, PYTHON_LISTING, [mode, String(registry.port)]);
        assert.equal(stdout.trim(), 'None ForbiddenError');
      });
    }

    it('knows a server in Python from its start to its end, and we find it by its name', async () => {
      await using registry = await ToldRegistry.start(mode);
      await using peer = await startPeer(version, 'registered_service.py', [
        mode,
        HOST,
        String(registry.port),
      ]);
      await registry.tells(`+GREETER ${HOST}:${peer.port}`, `+WELCOME ${HOST}:${peer.port}`);
      const registrar = registryClient(mode, registry.port);
      {
        await using connection = await connectByService('welcome', { registrar, host: HOST });
        assert.equal(await greet(connection.root, 'Ada'), 'Hello, Ada');
      }
      peer.kill('SIGTERM');
      if (!unregistersAtItsEnd(version)) return;
      await registry.tells(`-GREETER ${HOST}:${peer.port}`, `-WELCOME ${HOST}:${peer.port}`);
      await assert.rejects(connectByService('welcome', { registrar }), { code: ErrorCode.discovery });
    });
  });

  describe(`our registry and our client over ${mode}`, () => {
    ownPair(mode);
  });
}

async function greet(root: unknown, name: string): Promise<unknown> {
  return await (root as { greet(name: string): Promise<unknown> }).greet(name);
}

function ownPair(mode: RegistryMode): void {
  it('drops what is not renewed in time, and tells so', async () => {
    await using registry = await ToldRegistry.start(mode, { pruningTimeout: 0 });
    const client = registryClient(mode, registry.port);
    assert.equal(await client.register(['brief'], 4001), true);
    await eventually('it is dropped', async () => (await client.discover('brief')).length === 0);
    assert.deepEqual(registry.told, [`+BRIEF ${HOST}:4001`, `-BRIEF ${HOST}:4001`]);
  });

  it('works over IPv6, and knows an IPv4 client by its IPv4 address', async () => {
    await using registry = await ToldRegistry.start(mode, { ipv6: true, host: '::' });
    const six = registryClient(mode, registry.port, { ip: '::1' });
    const four = registryClient(mode, registry.port);
    assert.equal(await six.register(['both'], 6006), true);
    assert.equal(await four.register(['both'], 4004), true);
    const both = [
      ['::1', 6006],
      [HOST, 4004],
    ];
    assert.deepEqual(await six.discover('both'), both);
    assert.deepEqual(await four.discover('both'), both);
    const found = await discoverEverywhere(undefined, {
      targets: [{ address: '::1', transport: mode === 'UDP' ? 'udp' : 'tcp' }],
      port: registry.port,
      timeout: 20,
    });
    assert.deepEqual(
      found.services.map(({ name, host, port }) => [name, host, port]),
      both.map((address) => ['BOTH', ...address]),
    );
    assert.equal(found.registries[0]?.listing, 'allowed');
  });

  it('refuses further services when its table is full, and keeps those that it has', async () => {
    await using registry = await ToldRegistry.start(mode, { maxRegistrations: 2 });
    const client = registryClient(mode, registry.port);
    assert.equal(await client.register(['one', 'two'], 4001), true);
    const hasty = registryClient(mode, registry.port, { timeout: 0.2 });
    assert.equal(await hasty.register(['three'], 4003), false);
    assert.deepEqual(await client.list(), ['ONE', 'TWO']);
    assert.equal(await client.register(['one'], 4001), true);
  });

  it('says that all servers of a service are down, and why', async () => {
    await using registry = await ToldRegistry.start(mode);
    const registrar = registryClient(mode, registry.port);
    await registrar.register(['down'], 1);
    await assert.rejects(connectByService('down', { registrar }), (error) => {
      assert.ok(error instanceof DiscoveryError);
      assert.equal(error.message, `All servers of "down" are down: ${HOST}:1`);
      assert.ok(error.cause instanceof AggregateError);
      assert.equal((error.cause.errors[0] as { code: string }).code, ErrorCode.refused);
      return true;
    });
  });

  it('lets go of its port when it is closed', async () => {
    const first = await ToldRegistry.start(mode);
    const { port } = first;
    await assert.rejects(ToldRegistry.start(mode, { port }), {
      code: 'ERR_LISTEN',
      message: /^Cannot listen on .*: another program listens there: choose another port/,
    });
    await first.server.close();
    await first.server.close();
    assert.equal(first.server.port, 0);
    assert.equal(first.server.active, false);
    await using second = await ToldRegistry.start(mode, { port });
    assert.equal(second.port, port);
    await assert.rejects(second.server.start(), /once/);
  });

  it('goes on when a listener throws', async () => {
    await using registry = await ToldRegistry.start(mode, {
      onServiceAdded: () => {
        throw new Error('A listener that is broken');
      },
    });
    const client = registryClient(mode, registry.port);
    assert.equal(await client.register(['calc'], 4001), true);
    assert.deepEqual(await client.list(), ['CALC']);
  });
}
