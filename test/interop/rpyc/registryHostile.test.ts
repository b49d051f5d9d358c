/** Registries that answer nonsense, too much or nothing, and clients that ask so, over real sockets. */
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

import {
  brine,
  connectByService,
  ConnectError,
  DiscoveryError,
  discoverEverywhere,
  ErrorCode,
  exposed,
  listServices,
  Service,
  ThreadedServer,
} from '../../../server/src/rpyc/index';
import { badServer } from '../../support/badServers';
import { eventually } from '../../support/poll';
import { rawRegistry } from '../../support/rawRegistry';
import { REGISTRY_MODES, registryClient, type RegistryMode, ToldRegistry } from '../../support/registries';

const HOST = '127.0.0.1';
const { dump } = brine;

const bytes = (...values: number[]): Uint8Array => new Uint8Array(values);
/** A text of Python 3 that is no UTF-8. */
const BROKEN_TEXT = bytes(0x10, 0x08, 0x0b, 0xff, 0xfe);
const GARBAGE = [bytes(), bytes(0xff), Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'), BROKEN_TEXT];

class GreeterService extends Service {
  @exposed
  greet(): string {
    return 'hello';
  }
}

function targetOf(mode: RegistryMode): { address: string; transport: 'udp' | 'tcp' } {
  return { address: HOST, transport: mode === 'UDP' ? 'udp' : 'tcp' };
}

for (const mode of REGISTRY_MODES) {
  describe(`a client and a registry over ${mode} that`, () => {
    it('lists ten thousand services: what is shown stays bounded', async () => {
      const names = Array.from({ length: 10_000 }, (_, index) => `S${index}`);
      const servers = names.map((_, index) => ['10.0.0.1', index + 1]);
      for (const [count, isRead] of [
        [10_000, false],
        [2000, true],
      ] as const) {
        const list = dump(names.slice(0, count));
        const query = dump(servers.slice(0, isRead ? 5 : count));
        await using registry = await rawRegistry(mode, (request) => [
          Buffer.from(request).includes('LIST') ? list : query,
        ]);
        const hasty = registryClient(mode, registry.port, { timeout: isRead ? 20 : 0.3 });
        assert.equal((await hasty.list())?.length, isRead ? 2000 : 0);
        const found = await discoverEverywhere(undefined, {
          targets: [targetOf(mode)],
          port: registry.port,
          timeout: isRead ? 20 : 0.3,
        });
        assert.equal(found.services.length, isRead ? 1000 : 0);
        assert.deepEqual(
          found.registries.map(({ answered, truncated }) => [answered, truncated]),
          [[isRead, isRead]],
        );
        assert.ok(registry.asked.length < 1100);
      }
    });

    it('names hosts and ports that cannot be: they are left out', async () => {
      await using registry = await rawRegistry(mode, () => [
        dump([['10.0.0.1', 70_000], ['', 1], [bytes(0xff), 22], 'x', null, [bytes(0x61), 7]]),
      ]);
      assert.deepEqual(await registryClient(mode, registry.port).discover('x'), [['a', 7]]);
    });

    it('has names that are no UTF-8: they are left out', async () => {
      await using registry = await rawRegistry(mode, () => [dump(['GOOD', bytes(0xff, 0xfe), 17])]);
      assert.deepEqual(await registryClient(mode, registry.port).list(), ['GOOD']);
    });

    it('sends clients to ports of their own machine: nothing connects before it is told to', async () => {
      await using ssh = await badServer((socket) => socket.write('SSH-2.0-OpenSSH_9.2\r\n'));
      await using server = new ThreadedServer({ service: GreeterService });
      await server.start();
      const poisoned = dump([
        [HOST, 1],
        [HOST, ssh.port],
        [HOST, server.port],
      ]);
      await using registry = await rawRegistry(mode, (request) => [
        Buffer.from(request).includes('LIST') ? dump(['GREETER']) : poisoned,
      ]);
      const registrar = registryClient(mode, registry.port);
      await registrar.discover('greeter');
      const found = await discoverEverywhere(undefined, {
        targets: [targetOf(mode)],
        port: registry.port,
        timeout: 20,
      });
      assert.equal(found.services.length, 3);
      assert.equal(ssh.visits(), 0);
      await using connection = await connectByService('greeter', { registrar });
      assert.equal(await (connection.root as unknown as { greet(): Promise<string> }).greet(), 'hello');
      assert.ok(ssh.visits() > 0);
    });

    it('answers garbage only: as if there were no answer', async () => {
      // Each datagram is an answer of its own.
      for (const garbage of mode === 'UDP' ? [GARBAGE] : GARBAGE.map((one) => [one])) {
        await using registry = await rawRegistry(mode, () => garbage);
        const client = registryClient(mode, registry.port, { timeout: 0.2 });
        assert.deepEqual(await client.discover('x'), []);
        assert.equal(await client.tryDiscover('x'), undefined);
        assert.deepEqual(await client.list(), []);
        assert.equal(await client.tryList(), undefined);
        assert.equal(await client.register(['x'], 1), false);
      }
    });

    it('does not acknowledge, but says something else: the service is not registered', async () => {
      await using registry = await rawRegistry(mode, () => [dump('NO')]);
      assert.equal(await registryClient(mode, registry.port, { timeout: 0.2 }).register(['x'], 1), false);
    });

    it('is silent: there is an end to waiting', async () => {
      await using registry = await rawRegistry(mode, () => []);
      const client = registryClient(mode, registry.port, { timeout: 0.1 });
      assert.deepEqual(await client.discover('x'), []);
      assert.deepEqual(await client.list(), []);
      assert.equal(await client.register(['x'], 1), false);
      await client.unregister(1);
      const { services, registries } = await discoverEverywhere(undefined, {
        targets: [targetOf(mode)],
        port: registry.port,
        timeout: 0.2,
      });
      assert.deepEqual(services, []);
      assert.deepEqual(
        registries.map(({ answered, problem }) => [answered, problem]),
        [[false, undefined]],
      );
    });

    it('is silent: whoever asks can stop asking', async () => {
      await using registry = await rawRegistry(mode, () => []);
      const client = registryClient(mode, registry.port, { timeout: 600 });
      const search = { targets: [targetOf(mode)], port: registry.port, timeout: 600 };
      const attempts: ((signal: AbortSignal) => Promise<unknown>)[] = [
        (signal) => client.discover('x', { signal }),
        (signal) => client.list(undefined, { signal }),
        (signal) => client.register(['x'], 1, '', { signal }),
        (signal) => connectByService('x', { registrar: client, signal }),
        (signal) => discoverEverywhere('x', { ...search, signal }),
        (signal) => discoverEverywhere(undefined, { ...search, signal }),
      ];
      for (const attempt of attempts) {
        const cancel = new AbortController();
        const asked = registry.asked.length;
        const result = attempt(cancel.signal);
        result.catch(() => undefined);
        await eventually('it has asked', () => registry.asked.length > asked);
        cancel.abort();
        await assert.rejects(result, { code: ErrorCode.aborted });
        await assert.rejects(attempt(AbortSignal.abort()), { code: ErrorCode.aborted });
      }
    });

    it('knows only the LIST of 5.1.0: that is tried as well', async () => {
      const plain = dump(['RPYC', 'LIST', []]);
      await using registry = await rawRegistry(mode, (request) => {
        if (Buffer.from(request).equals(plain)) return [dump(['HERE', 'THERE'])];
        if (Buffer.from(request).includes('THERE')) return [dump([['10.0.0.9', 1]])];
        return Buffer.from(request).includes('HERE') ? [dump([[HOST, 1]])] : [];
      });
      const client = registryClient(mode, registry.port, { timeout: 2 });
      const [all, there] = await Promise.all([listServices(client), client.list('10.0.0.9')]);
      assert.deepEqual(all, ['HERE', 'THERE']);
      assert.deepEqual(there, ['THERE']);
    });

    it('lists services and then falls silent about them: that is no answer, and takes no longer than one', async () => {
      const plain = dump(['RPYC', 'LIST', []]);
      const names = Array.from({ length: 30 }, (_, index) => `S${index}`);
      await using registry = await rawRegistry(mode, (request) =>
        Buffer.from(request).equals(plain) ? [dump(names)] : [],
      );
      const client = registryClient(mode, registry.port, { timeout: 0.4 });
      assert.equal(await client.tryList('10.0.0.9'), undefined);
      assert.ok(registry.asked.length < names.length, `${registry.asked.length} questions`);
    });
  });

  describe(`our registry over ${mode} and a client that`, () => {
    it('sends garbage: it is ignored, and others are served', async () => {
      await using registry = await ToldRegistry.start(mode);
      const bad = [
        ...GARBAGE,
        dump(['RPYC', 'STEAL', []]),
        dump(['rpyc', 'QUERY', ['x']]),
        dump(['RPYC', 'REGISTER', [['x'], 70_000]]),
        dump(['RPYC', '__proto__', ['x']]),
        dump(['RPYC', 'REGISTER', [['x'.repeat(2000)], 1]]),
      ];
      for (const request of bad) await post(mode, registry.port, request);
      const client = registryClient(mode, registry.port);
      assert.equal(await client.register(['good'], 4001), true);
      assert.deepEqual(await client.list(), ['GOOD']);
      assert.deepEqual(registry.told, [`+GOOD ${HOST}:4001`]);
    });

    it('uses the names of a prototype: they are names like any other', async () => {
      await using registry = await ToldRegistry.start(mode);
      const client = registryClient(mode, registry.port);
      const names = ['__proto__', 'constructor', 'toString', 'hasOwnProperty'];
      for (const name of names) assert.deepEqual(await client.discover(name), []);
      assert.equal(await client.register(names, 4001), true);
      for (const name of names) assert.deepEqual(await client.discover(name), [[HOST, 4001]]);
    });

    it('registers without end: the table does not grow without end', async () => {
      await using registry = await ToldRegistry.start(mode, { maxRegistrations: 50 });
      const client = registryClient(mode, registry.port);
      for (let port = 1; port <= 50; port++) assert.equal(await client.register(['flood'], port), true);
      for (let port = 51; port <= 60; port++) {
        await post(mode, registry.port, dump(['RPYC', 'REGISTER', [[`F${port}`], port]]));
      }
      assert.equal((await client.discover('flood')).length, 50);
      assert.deepEqual(await client.list(), ['FLOOD']);
      assert.equal(registry.told.length, 50);
    });

    it('fills the answer: it is as long as a client in Python reads, and whole', async () => {
      await using registry = await ToldRegistry.start(mode);
      const client = registryClient(mode, registry.port);
      for (let port = 10_001; port <= 10_100; port++)
        assert.equal(await client.register(['many'], port), true);
      const found = await client.discover('many');
      assert.ok(found.length > 50 && found.length < 100, `${found.length} servers`);
      assert.deepEqual(found[0], [HOST, 10_001]);
    });
  });
}

/** Sends a request that gets no answer; over TCP, until the registry hangs up. */
async function post(mode: RegistryMode, port: number, request: Uint8Array): Promise<void> {
  if (mode === 'UDP') {
    const socket = createSocket('udp4');
    await new Promise((resolve) => socket.send(request, port, HOST, resolve));
    socket.close();
    return;
  }
  const socket = await connected(port);
  const closed = once(socket, 'close');
  socket.on('data', () => assert.fail('There is an answer'));
  socket.end(request);
  await closed;
}

async function connected(port: number): Promise<Socket> {
  const socket = connect(port, HOST);
  // A registry may hang up with a reset.
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}

describe('a client over UDP', () => {
  it('passes over what is no answer, or comes from elsewhere, while there is time', async () => {
    const stranger = createSocket('udp4');
    stranger.bind(0, HOST);
    await once(stranger, 'listening');
    const registry = createSocket('udp4');
    registry.on('message', (_request, { address, port }) => {
      stranger.send(dump([['10.6.6.6', 1]]), port, address, () => {
        for (const answer of [...GARBAGE, dump('OK'), dump([['10.0.0.1', 2]])]) {
          registry.send(answer, port, address);
        }
      });
    });
    registry.bind(0, HOST);
    await once(registry, 'listening');
    try {
      const client = registryClient('UDP', registry.address().port);
      assert.deepEqual(await client.discover('x'), [['10.0.0.1', 2]]);
      assert.equal(await client.register(['x'], 1), true);
    } finally {
      stranger.close();
      registry.close();
    }
  });

  it('refuses to send what a registry would cut off', async () => {
    const client = registryClient('UDP', 18811);
    await assert.rejects(client.register(['x'.repeat(1500)], 1), RangeError);
    await assert.rejects(client.discover('x'.repeat(1500)), RangeError);
    assert.throws(() => registryClient('UDP', 0), RangeError);
  });

  it('says that a host name is not known', async () => {
    const client = registryClient('UDP', 18811, { ip: 'no-such-host.invalid' });
    await assert.rejects(client.discover('x'), { code: ErrorCode.dns });
    const { registries } = await discoverEverywhere('x', { targets: ['no-such-host.invalid'] });
    assert.deepEqual(
      registries.map(({ target, answered, problem }) => [target, answered, problem]),
      [['no-such-host.invalid', false, ErrorCode.dns]],
    );
  });
});

describe('a client over TCP', () => {
  it('says that nothing listens, and does not register', async () => {
    const client = registryClient('TCP', 1);
    await assert.rejects(client.discover('x'), { code: ErrorCode.refused });
    await assert.rejects(client.list(), ConnectError);
    assert.equal(await client.register(['x'], 1), false);
    await client.unregister(1);
    const { registries } = await discoverEverywhere('x', { targets: [targetOf('TCP')], port: 1 });
    assert.equal(registries[0]?.problem, ErrorCode.refused);
  });

  it('takes a registry that hangs up at once for one that does not answer', async () => {
    await using registry = await badServer((socket) => socket.end());
    const client = registryClient('TCP', registry.port);
    assert.deepEqual(await client.discover('x'), []);
    await assert.rejects(connectByService('x', { registrar: client }), DiscoveryError);
  });

  it('stops reading what has no end', async () => {
    await using registry = await badServer((socket) => {
      // The beginning of a tuple of very many items, and then items.
      socket.write(bytes(0x15, 0x7f, 0xff, 0xff, 0xff));
      const more = (): void => {
        if (!socket.destroyed) socket.write(Buffer.alloc(65_536, 0x50), more);
      };
      more();
    });
    const client = registryClient('TCP', registry.port);
    assert.deepEqual(await client.discover('x'), []);
    await eventually('the client has hung up', () => registry.clients.size === 0);
  });
});

describe('our registry over TCP', () => {
  it('serves others while many clients are silent', async () => {
    await using registry = await ToldRegistry.start('TCP', { clientTimeout: 600 });
    const silent = await Promise.all(Array.from({ length: 50 }, () => connected(registry.port)));
    const client = registryClient('TCP', registry.port);
    assert.equal(await client.register(['calc'], 4001), true);
    assert.deepEqual(await client.discover('calc'), [[HOST, 4001]]);
    assert.ok(silent.every((socket) => !socket.closed));
    for (const socket of silent) socket.destroy();
  });

  it('hangs up on a client that is silent, and on one that never ends', async () => {
    await using registry = await ToldRegistry.start('TCP', { clientTimeout: 0.1 });
    const silent = await connected(registry.port);
    const hungUp = once(silent, 'close');
    silent.resume();
    await hungUp;
    // The answer is there, and the client keeps its half of the connection.
    const open = await connected(registry.port);
    const closed = once(open, 'close');
    open.resume().write(dump(['RPYC', 'QUERY', ['x']]));
    await closed;
    assert.equal(open.bytesRead, 1);
  });

  it('lets go of its clients when it is closed', async () => {
    const registry = await ToldRegistry.start('TCP', { clientTimeout: 600 });
    const socket = await connected(registry.port);
    const closed = once(socket, 'close');
    socket.resume();
    await registry.server.close();
    await closed;
  });
});
