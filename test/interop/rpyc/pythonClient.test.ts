/** Real Python clients against our server. */
import assert from 'node:assert/strict';

import {
  AuthenticationError,
  ClassicService,
  type Connection,
  exposed,
  type Netref,
  PythonError,
  Service,
  SlaveService,
  ThreadedServer,
} from '../../../server/src/rpyc/index';
import { eventually } from '../../support/poll';
import { runClient } from '../../support/pythonClient';
import { forEachVersion } from '../../support/rpycPeers';
import { bindsThreads, dialectOfVersion } from '../../support/versions';

class InventoryService extends Service {
  static override readonly aliases = ['inventory'];
  static readonly events: string[] = [];

  readonly exposed_stock = new Map<string, number>([['bolt', 3]]);
  readonly secret = 'out of reach';
  readonly #hidden = 'even more so';

  override onConnect(): void {
    InventoryService.events.push('connected');
  }

  override onDisconnect(): void {
    InventoryService.events.push('disconnected');
  }

  exposed_add(left: number, right: number): number {
    return left + right;
  }

  async exposed_later(value: unknown): Promise<unknown> {
    return await Promise.resolve(value);
  }

  exposed_names(): readonly unknown[] {
    return ['bolt', () => 'nut'];
  }

  *exposed_count(limit: number): Generator<number> {
    for (let n = 0; n < limit; n++) yield n;
  }

  async exposed_map(call: Netref, ...items: readonly unknown[]): Promise<unknown> {
    return await Promise.all(items.map(async (item) => await call(item)));
  }

  async exposed_describe(object: Netref): Promise<unknown> {
    return await object['__len__']?.();
  }

  exposed_fail(kind: string): never {
    if (kind === 'key') throw new PythonError('KeyError', ['missing']);
    throw new RangeError(`${kind} is out of range ${this.#hidden.length}`);
  }

  @exposed
  decorated(): string {
    return 'seen';
  }

  notExposed(): string {
    return this.secret;
  }
}

forEachVersion('A Python client', (version) => {
  it('uses a service of ours', async () => {
    await using server = new ThreadedServer({ service: InventoryService });
    await server.start();
    const result = await runClient(
      version,
      server.port,
      `
c = rpyc.connect('127.0.0.1', port)
r = c.root
result = [
    r.add(2, 3), r.exposed_add(2, 3), r.later('soon'), r.decorated(), r.exposed_decorated(),
    r.get_service_name(), list(r.get_service_aliases()),
    len(r.stock), r.stock[u'bolt'], u'nut' in r.stock, list(r.stock),
    r.names()[0], r.names()[1](),
    list(r.count(5)), list(buffiter(iter(r.count(2500))))[-1],
    list(r.map(lambda x: x * 2, 1, 2, 3)),
    c.ping() or 'pong',
]
c.close()
`,
    );
    const inventory = ['INVENTORY', ['INVENTORY']];
    const stock = [1, 3, false, ['bolt']];
    const expected = [5, 5, 'soon', 'seen', 'seen', ...inventory, ...stock, 'bolt', 'nut'];
    assert.deepEqual(result, [...expected, [0, 1, 2, 3, 4], 2499, [2, 4, 6], 'pong']);
    await eventually('the server has seen it go', () => server.clients.size === 0);
    assert.deepEqual(InventoryService.events.slice(-2), ['connected', 'disconnected']);
  });

  it('gets refusals and errors as Python exceptions', async () => {
    await using server = new ThreadedServer({ service: InventoryService });
    await server.start();
    const result = await runClient(
      version,
      server.port,
      `
c = rpyc.connect('127.0.0.1', port)
r = c.root
# In 3.x a request names its object by the number alone.
target = ${dialectOfVersion(version) === 'A' ? 'r.____oid__' : 'r'}
names = ['secret', 'notExposed', 'constructor', '__proto__', 'hidden', '_x', 'onConnect', 'createConnection', 'toString']
result = [
    [refused(getattr, r, name)[0] for name in names],
    refused(setattr, r, 'add', 1)[0], refused(delattr, r, 'add')[0],
    refused(r.fail, u'this'), refused(r.fail, u'key'), refused(r.add)[0],
    refused(c.sync_request, 14, target, 2), refused(c.sync_request, 99)[0], refused(c.sync_request, 4, target)[0],
    refused(c.sync_request, 11, target, r, '__getattribute__')[0],
]
result.append(r.add(1, 1))
`,
    );
    const refused = Array.from({ length: 9 }, () => 'AttributeError');
    assert.deepEqual(result, [
      refused,
      'AttributeError',
      'AttributeError',
      ['ValueError', 'this is out of range 12'],
      ['KeyError', "'missing'"],
      'allowed',
      ['ValueError', 'pickling is disabled'],
      'KeyError',
      'TypeError',
      'AttributeError',
      2,
    ]);
  });

  it('is called back, also in the middle of a call', async () => {
    class Caller extends Service {
      async exposed_countdown(call: Netref, n: number): Promise<unknown> {
        if (n === 0) return 0;
        return (await call<number>(this.exposed_countdown.bind(this), n - 1)) + 1;
      }
      async exposed_catch(call: Netref): Promise<unknown> {
        try {
          return await call();
        } catch (error) {
          return (error as Error).message;
        }
      }
    }
    await using server = new ThreadedServer({ service: Caller });
    await server.start();
    const result = await runClient(
      version,
      server.port,
      `
c = rpyc.connect('127.0.0.1', port)
def bounce(f, n): return f(bounce, n)
def fail(): raise LookupError('over there')
result = [c.root.countdown(bounce, 10), c.root.catch(fail)]
`,
    );
    assert.deepEqual(result, [10, 'LookupError: over there']);
  });

  (bindsThreads(version) ? it : () => undefined)(
    'that binds its threads is answered and called back in them',
    async () => {
      await using server = new ThreadedServer({ service: InventoryService });
      await server.start();
      const result = await runClient(
        version,
        server.port,
        `
import threading
c = rpyc.connect('127.0.0.1', port, config={'bind_threads': True})
here = threading.current_thread().name
names = []
def seen(x):
    names.append(threading.current_thread().name == here)
    return c.root.add(x, 1)
result = [c.root.add(2, 3), list(c.root.map(seen, 1, 2)), names]
`,
      );
      assert.deepEqual(result, [5, [2, 3], [true, true]]);
    },
  );

  it('lets go of what it held, and leaves nothing when it is killed', async () => {
    const held: number[] = [];
    class Lender extends Service {
      #connection: Connection | undefined;
      override onConnect(connection: Connection): void {
        this.#connection = connection;
      }
      exposed_make(): object {
        return new Map();
      }
      exposed_held(): number {
        held.push(this.#connection?.lentReferences ?? -1);
        return held.at(-1) ?? -1;
      }
    }
    await using server = new ThreadedServer({ service: Lender });
    await server.start();
    const result = await runClient(
      version,
      server.port,
      `
import gc, os, time
c = rpyc.connect('127.0.0.1', port)
before = c.root.held()
kept = [c.root.make() for _ in range(30)]
during = c.root.held()
del kept
gc.collect()
deadline = time.time() + 10
while c.root.held() > before and time.time() < deadline: time.sleep(0.01)
result = [during - before, c.root.held() - before]
sys.stdout.write(json.dumps(result)); sys.stdout.flush(); os._exit(0)
`,
    );
    assert.deepEqual(result, [30, 0]);
    await eventually('the server is alone', () => server.clients.size === 0);
  });

  it('uses our slave as it would a Python one', async () => {
    await using server = new ThreadedServer({ service: SlaveService });
    await server.start();
    const result = await runClient(
      version,
      server.port,
      `
c = rpyc.classic.connect('127.0.0.1', port)
c.execute('var total = 40; function twice(n) { return 2 * n }')
c.namespace.extra = 2
result = [
    c.eval('total + extra'), c.eval('twice')(4), c.modules.path.basename(u'/a/b.txt'),
    c.modules['node:os'].EOL, c.builtins.Math.max(1, 7), c.eval('[1, "two"]'),
    len(c.eval('new Map([[1, 2]])')), c.eval('new Date(0)').toISOString(),
    refused(c.eval, 'nothing.here'), refused(c.eval, 'syntax error'), refused(lambda: c.modules.no_such)[0],
    c.eval('Promise.resolve(5)'), sorted(dir(c.eval('({b: 1, a: 2})')))[-1],
]
thing = c.eval('({name: "x", tell() { return this.name }})')
thing.name = 'changed'
result.append(thing.tell())
`,
    );
    assert.deepEqual(result, [
      42,
      8,
      'b.txt',
      '\n',
      7,
      [1, 'two'],
      1,
      '1970-01-01T00:00:00.000Z',
      ['NameError', 'nothing is not defined'],
      ['SyntaxError', "Unexpected identifier 'error'"],
      (result as readonly unknown[])[10],
      5,
      'b',
      'changed',
    ]);
    assert.match(
      String((result as readonly unknown[])[10]),
      /^(ModuleNotFoundError|ImportError|AttributeError)$/,
    );
  });

  it('serves and is served in one connection, in classic mode', async () => {
    const seen: unknown[] = [];
    class Both extends ClassicService {
      override onConnect(connection: Connection): void {
        super.onConnect(connection);
        connection.onDidClose(() => seen.push('closed'));
      }
    }
    await using server = new ThreadedServer({ service: Both });
    await server.start();
    const result = await runClient(
      version,
      server.port,
      `
c = rpyc.classic.connect('127.0.0.1', port)
result = c.eval('(f => f("6 * 7"))')(eval)
`,
    );
    assert.equal(result, 42);
    await eventually('the end was seen', () => seen.length === 1);
  });

  it('is turned away by an authenticator', async () => {
    await using server = new ThreadedServer({
      service: InventoryService,
      authenticator: async (socket) => {
        const word = await new Promise<string>((resolve) => {
          socket.once('data', (data: Buffer) => {
            socket.pause();
            resolve(data.toString());
          });
        });
        if (word !== 'open sesame') throw new AuthenticationError();
        socket.write('ok');
        return word;
      },
    });
    await server.start();
    const result = await runClient(
      version,
      server.port,
      `
import socket
from rpyc.core.stream import SocketStream
def attempt(word):
    s = socket.create_connection(('127.0.0.1', port))
    s.sendall(word)
    if s.recv(2) != b'ok': raise EOFError('turned away')
    connection = rpyc.connect_stream(SocketStream(s))
    return connection.root.add(1, 2)
result = [attempt(b'open sesame'), refused(attempt, b'wrong')[0]]
`,
    );
    assert.deepEqual(result, [3, 'EOFError']);
  });

  it('is told that the server closes, behind the answers to what it asked', async () => {
    const server = new ThreadedServer({ service: InventoryService });
    await server.start();
    // Before its first request nobody knows the dialect in which a client can be told.
    const asked = (): boolean => [...server.clients].some((connection) => connection.dialect !== undefined);
    const closing = eventually('a client that has asked', asked).then(() => server.close());
    const result = await runClient(
      version,
      server.port,
      `
import time
c = rpyc.connect('127.0.0.1', port)
closed = []
c._config['before_closed'] = closed.append
original = c._HANDLERS[2]
def handle_close(self):
    closed.append('told')
    return original(self)
c._HANDLERS = dict(c._HANDLERS)
c._HANDLERS[2] = handle_close
end = time.time() + 10
try:
    c.root
    while time.time() < end: c.serve(0.1)
except EOFError:
    pass
result = closed[:1]
`,
    );
    await closing;
    assert.deepEqual(result, ['told']);
  });

  it('is turned away by a server that is full', async () => {
    await using server = new ThreadedServer({ service: InventoryService, maxClients: 1 });
    await server.start();
    const result = await runClient(
      version,
      server.port,
      `
first = rpyc.connect('127.0.0.1', port)
result = [first.root.add(1, 2), refused(lambda: rpyc.connect('127.0.0.1', port).root.add(1, 2))[0], first.root.add(3, 4)]
`,
    );
    assert.ok(Array.isArray(result));
    assert.deepEqual([result[0], result[2]], [3, 7]);
    assert.match(String(result[1]), /EOFError|ConnectionResetError/);
  });
});
