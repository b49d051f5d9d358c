/** The kinds of servers, each used by real Python clients. */
import assert from 'node:assert/strict';
import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect as connectSocket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';

import {
  type Connection,
  ErrorCode,
  ForkingServer,
  type Netref,
  OneShotServer,
  type Registrar,
  Service,
  ThreadedServer,
  ThreadPoolServer,
} from '../../../server/src/rpyc/index';
import { deferred } from '../../../server/src/rpyc/lib/deferred';
import { LogLines } from '../../support/logLines';
import { eventually } from '../../support/poll';
import { runClient } from '../../support/pythonClient';
import { forEachVersion } from '../../support/rpycPeers';

class EchoService extends Service {
  exposed_echo(value: unknown): unknown {
    return value;
  }
}

/** A service whose calls last until a given number of them are in service at once. */
class MeetingService extends Service {
  inService = 0;
  most = 0;
  readonly order: unknown[] = [];
  private met = deferred<undefined>();

  constructor(private readonly size: number) {
    super();
  }

  async exposed_meet(name: unknown): Promise<number> {
    this.order.push(name);
    this.most = Math.max(this.most, ++this.inService);
    if (this.inService >= this.size) this.met.resolve(undefined);
    await this.met.promise;
    // Whoever could be in service besides is, by now.
    await new Promise((resolve) => setImmediate(resolve));
    this.inService--;
    return this.most;
  }

  async exposed_bounce(call: Netref, n: number): Promise<unknown> {
    return n === 0 ? 0 : await call(this.exposed_bounce.bind(this), n - 1);
  }

  reset(): void {
    this.met = deferred<undefined>();
    this.most = 0;
    this.order.length = 0;
  }
}

forEachVersion('A Python client of our servers', (version) => {
  it('is served by a pool, by as many threads at once as it has', async () => {
    const service = new MeetingService(2);
    await using server = new ThreadPoolServer({ service, nbThreads: 2 });
    await server.start();
    const result = await runClient(
      version,
      server.port,
      `
conns = [rpyc.connect('127.0.0.1', port) for _ in range(3)]
calls = [rpyc.async_(c.root.meet) for c in conns]
results = [call(i) for i in range(4) for call in calls]
for r in results: r.set_expiry(20)
result = max(r.value for r in results)
`,
    );
    assert.equal(result, 2);
    assert.equal(service.most, 2);
  });

  it('is called back by a pool whose only thread waits for it', async () => {
    const service = new MeetingService(1);
    await using server = new ThreadPoolServer({ service, nbThreads: 1, requestBatchSize: 1 });
    await server.start();
    const result = await runClient(
      version,
      server.port,
      `
c = rpyc.connect('127.0.0.1', port)
def back(f, n): return f(back, n)
result = [c.root.bounce(back, 5), c.root.meet(1)]
`,
    );
    assert.deepEqual(result, [0, 1]);
  });

  it('gives way to another client of the pool after a batch', async () => {
    const gate = deferred<undefined>();
    const order: unknown[] = [];
    const before = new Map<Connection, number>();
    class Gated extends Service {
      #connection: Connection | undefined;
      override onConnect(connection: Connection): void {
        this.#connection = connection;
      }
      exposed_ready(): void {
        if (this.#connection !== undefined) {
          before.set(this.#connection, this.#connection.counters.framesReceived);
        }
      }
      async exposed_wait(): Promise<void> {
        await gate.promise;
      }
      async exposed_mark(name: unknown): Promise<void> {
        order.push(name);
        await Promise.resolve();
      }
    }
    await using server = new ThreadPoolServer({ service: Gated, nbThreads: 1, requestBatchSize: 2 });
    await server.start();
    // Both clients have asked for all when the one thread is set free.
    const hasAsked = ([client, count]: [Connection, number]): boolean =>
      client.counters.framesReceived >= count + 5;
    const asked = eventually('all was asked', () => before.size === 2 && [...before].every(hasAsked));
    const opened = asked.then(() => gate.resolve(undefined));
    await runClient(
      version,
      server.port,
      `
a, b = [rpyc.connect('127.0.0.1', port) for _ in range(2)]
wait = rpyc.async_(a.root.wait)
marks = [rpyc.async_(c.root.mark) for c in (a, b)]
kept = [c.root.ready for c in (a, b)]
for ready in kept: ready()
calls = [wait()] + [marks[0]('a') for n in range(4)] + [marks[1]('b') for n in range(5)]
for r in calls: r.set_expiry(20); r.wait()
result = None
`,
    );
    await opened;
    // Which of the two had the thread first is up to the system.
    assert.match(order.join(''), /^(abbaabbab|babbaabba)$/);
  });

  it('is the only one of a one-shot server, which ends with it', async () => {
    const log = new LogLines();
    await using server = new OneShotServer({ service: EchoService, logger: log });
    await server.start();
    const { port } = server;
    const result = await runClient(
      version,
      port,
      `
c = rpyc.connect('127.0.0.1', port)
result = [c.root.echo(5), refused(lambda: rpyc.connect('127.0.0.1', port).root.echo(1))[0]]
c.close()
`,
    );
    assert.ok(Array.isArray(result));
    assert.equal(result[0], 5);
    assert.match(String(result[1]), /^(EOFError|ConnectionResetError|BrokenPipeError)$/);
    await server.ended;
    assert.equal(server.active, false);
    assert.equal(log.lines[0], `server started on [127.0.0.1]:${port}`);
    assert.match(
      log.lines.join('\n'),
      /accepted 127.*\nwelcome 127.*[^]*goodbye 127.*[^]*server has terminated$/,
    );
  });

  it('reaches a server on a Unix socket, and one on IPv6', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'rpyc-unix-'));
    try {
      const socketPath = path.join(folder, 'socket');
      await using local = new ThreadedServer({ service: EchoService, socketPath });
      await using six = new ThreadedServer({ service: EchoService, ipv6: true });
      await local.start();
      await six.start();
      assert.deepEqual([local.port, local.host, six.host], [0, '', '::1']);
      const code = `
c = rpyc.connect('::1', ${six.port}, ipv6=True)
result = [rpyc.utils.factory.unix_connect(target).root.echo('by file'), c.root.echo('by six')]
`;
      assert.deepEqual(await runClient(version, socketPath, code), ['by file', 'by six']);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('finds its address and its credentials in the configuration', async () => {
    let seen: Connection | undefined;
    class Told extends EchoService {
      override onConnect(connection: Connection): void {
        seen = connection;
      }
    }
    await using server = new ThreadedServer({ service: Told, authenticator: () => ({ user: 'ann' }) });
    await server.start();
    const code = `
from rpyc.core.stream import SocketStream
s = SocketStream.connect('127.0.0.1', port)
rpyc.connect_stream(s).root.echo(1)
result = s.sock.getsockname()[1]
`;
    const clientPort = await runClient(version, server.port, code);
    assert.deepEqual(seen?.config.credentials, { user: 'ann' });
    assert.deepEqual(seen.config.endpoints, [
      ['127.0.0.1', server.port],
      ['127.0.0.1', clientPort],
    ]);
  });
});

describe('A server of ours', () => {
  it('says which options exclude each other', () => {
    const service = EchoService;
    assert.throws(() => new ThreadedServer({ service, socketPath: '/tmp/x', port: 1 }), TypeError);
    assert.throws(() => new ThreadedServer({ service, socketPath: '/tmp/x', autoRegister: true }), TypeError);
    assert.throws(() => new ThreadPoolServer({ service, nbThreads: 0 }), RangeError);
  });

  it('says that its port is taken, and is at its end then', async () => {
    await using first = new ThreadedServer({ service: EchoService });
    await first.start();
    const second = new ThreadedServer({ service: EchoService, port: first.port });
    const mend = 'another program listens there: choose another port, or 0 for a free one';
    await assert.rejects(second.start(), (error: Error & { code?: string }) => {
      assert.equal(error.message, `Cannot listen on 127.0.0.1:${first.port}: ${mend}`);
      assert.equal(error.code, 'ERR_LISTEN');
      assert.equal((error.cause as NodeJS.ErrnoException).code, 'EADDRINUSE');
      return true;
    });
    await second.ended;
    assert.deepEqual([first.active, second.active], [true, false]);
  });

  it('closes on a client that never says what an authenticator waits for, without a word', async () => {
    const authenticator = (): Promise<never> => new Promise(() => undefined);
    await using server = new ThreadedServer({
      service: EchoService,
      authenticator,
      authenticationTimeout: 0.05,
    });
    await server.start();
    const socket = connectSocket(server.port, '127.0.0.1');
    const received: Buffer[] = [];
    socket.on('data', (data) => received.push(data));
    await new Promise((resolve) => socket.once('close', resolve));
    assert.deepEqual(received, []);
  });

  it('makes itself known, tries again where that fails, and takes itself out', async () => {
    const calls: unknown[] = [];
    const again = deferred<undefined>();
    const registrar: Registrar = {
      reregisterInterval: 0.02,
      register: (aliases, port, iface) => {
        calls.push(['register', aliases, port, iface]);
        if (calls.length === 3) again.resolve(undefined);
        return calls.length === 1 ? Promise.reject(new Error('nobody there')) : Promise.resolve(true);
      },
      unregister: (port) => {
        calls.push(['unregister', port]);
        return Promise.resolve();
      },
    };
    await using server = new ThreadedServer({ service: EchoService, registrar });
    await server.start();
    const { port } = server;
    await again.promise;
    await server.close();
    const registered = ['register', ['ECHO'], port, '127.0.0.1'];
    assert.deepEqual(calls.slice(0, 3), [registered, registered, registered]);
    assert.deepEqual(calls.at(-1), ['unregister', port]);
  });

  it('that is closed while it starts listens nowhere afterwards, and says so', async () => {
    const first = new ThreadedServer({ service: EchoService });
    await first.start();
    const { port } = first;
    await first.close();
    const server = new ThreadedServer({ service: EchoService, hostname: 'localhost', port });
    const started = assert.rejects(server.start(), { code: ErrorCode.closed });
    await server.close();
    await started;
    // The server's own look-up began before.
    await lookup('localhost');
    const socket = connectSocket(port, '127.0.0.1');
    const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException];
    assert.deepEqual([error.code, server.active, server.port], ['ECONNREFUSED', false, 0]);
  });

  it('that is closed before its names are known is not registered', async () => {
    const names = deferred<readonly string[]>();
    class SlowServer extends ForkingServer {
      protected override aliases(): Promise<readonly string[]> {
        return names.promise;
      }
    }
    const calls: string[] = [];
    const registrar: Registrar = {
      register: () => Promise.resolve(calls.push('register')),
      unregister: () => Promise.resolve(calls.push('unregister')),
    };
    const server = new SlowServer({ service: { module: 'none' }, registrar });
    const started = assert.rejects(server.start(), { code: ErrorCode.closed });
    await eventually('it listens', () => server.active);
    await server.close();
    names.resolve(['ECHO']);
    await started;
    assert.deepEqual(calls, []);
  });

  it('takes itself out of the registry after it has been put in, however long that takes', async () => {
    const registered = deferred<boolean>();
    const calls: string[] = [];
    const registrar: Registrar = {
      register: () => registered.promise,
      unregister: () => Promise.resolve(calls.push('unregister')),
    };
    const server = new ThreadedServer({ service: EchoService, registrar });
    await server.start();
    const closed = server.close();
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(calls, []);
    registered.resolve(true);
    await closed;
    assert.deepEqual(calls, ['unregister']);
  });
});
