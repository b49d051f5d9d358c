/** Two connections of ours that face each other over streams in memory, good ones and bad ones. */
import assert from 'node:assert/strict';

import { AsyncResult } from '../../../../server/src/rpyc/core/asyncResult';
import { callattr } from '../../../../server/src/rpyc/core/builtins';
import { Handler, Label, MessageType } from '../../../../server/src/rpyc/core/consts';
import { EOFError, PythonError, RemoteError } from '../../../../server/src/rpyc/core/errors';
import type { Netref } from '../../../../server/src/rpyc/core/netref';
import type { Connection } from '../../../../server/src/rpyc/core/protocol';
import { exposed, Service } from '../../../../server/src/rpyc/core/service';
import { referenceOf } from '../../../../server/src/rpyc/core/reference';
import { connectPair, connectRaw, DIALECTS } from '../../../support/rawPeer';

class Echo extends Service {
  exposed_echo(...args: readonly unknown[]): unknown {
    return args.length === 1 ? args[0] : args;
  }

  async exposed_apply(call: Netref, ...args: readonly unknown[]): Promise<unknown> {
    return await call(...args);
  }

  exposed_raise(name: string): never {
    throw new PythonError(name, ['text', 1]);
  }

  exposed_unsendable(): unknown {
    return Symbol('never');
  }

  exposed_unawaited(): unknown {
    return [1, Promise.resolve(2)];
  }

  *exposed_mixed(): Generator {
    yield* [1, Promise.resolve(2), 3, Promise.resolve(4)];
  }

  exposed_nothing(): () => null {
    return () => null;
  }

  exposed_lone(): string {
    return '\ud800';
  }
}

for (const dialect of DIALECTS) {
  describe(`A connection in dialect ${dialect}`, () => {
    let open: Connection[] = [];

    function connect(
      ...args: Parameters<typeof connectPair> extends [unknown, ...infer R] ? R : never
    ): Connection {
      const [client, server] = connectPair(dialect, args[0], { service: new Echo(), ...args[1] }, args[2]);
      open.push(client, server);
      return client;
    }

    afterEach(() => {
      for (const connection of open) connection.dispose();
      open = [];
    });

    it('works whatever the pieces in which bytes arrive', async () => {
      for (const chunkSize of [1, 2, 3, 7]) {
        const client = connect({}, {}, { chunkSize });
        const root = (await client.root) as Netref;
        assert.equal(await callattr(root, 'echo', ['x'.repeat(500)]), 'x'.repeat(500));
        assert.equal(await callattr(root, 'apply', [(a: number, b: number) => a + b, 1, 2]), 3);
        await client.close();
      }
    });

    it('nests callbacks', async () => {
      const client = connect();
      const root = (await client.root) as Netref;
      const down = async (n: number): Promise<unknown> =>
        n === 0 ? 'bottom' : await callattr(root, 'apply', [down, n - 1]);
      assert.equal(await callattr(root, 'apply', [down, 30]), 'bottom');
    });

    it('sends nothing of a request that cannot be sent', async () => {
      const client = connect();
      const root = (await client.root) as Netref;
      const cyclic: unknown[] = [];
      cyclic.push(cyclic);
      const sparse: unknown[] = [];
      sparse[3] = 1;
      const object = {};
      const { framesSent } = client.counters;
      for (const bad of [
        cyclic,
        sparse,
        Symbol('x'),
        '\ud800',
        2 ** 60,
        Promise.resolve(1),
        [Promise.resolve(1)],
      ]) {
        await assert.rejects(client.syncRequest(Handler.ping, [object, bad]), /TypeError|RangeError/);
      }
      assert.equal(client.counters.framesSent, framesSent);
      assert.equal(client.lentReferences, 0);
      assert.equal(client.openRequests, 0);
      assert.deepEqual(await client.syncRequest(Handler.ping, [root['get_service_name']?.()]), ['ECHO']);
    });

    it('answers a result that cannot be sent with an error', async () => {
      const client = connect();
      const root = (await client.root) as Netref;
      await assert.rejects(callattr(root, 'unsendable'), { typeName: 'TypeError' });
      await assert.rejects(callattr(root, 'lone'), RemoteError);
      await assert.rejects(callattr(root, 'unawaited'), { typeName: 'TypeError' });
      await assert.rejects(callattr(root, 'raise', ['KeyError']), (error) => {
        assert.ok(error instanceof RemoteError);
        assert.deepEqual([error.typeName, error.args], ['KeyError', ['text', 1]]);
        assert.match(error.stack ?? '', /connection\.test/, 'the stack is that of the caller');
        return true;
      });
    });

    it('tells the line that awaits an attribute, and no line of the library', async () => {
      const root = (await connect().root) as Netref;
      const limit = Error.stackTraceLimit;
      for (const read of [
        () => root['missing'],
        () => root['echo']?.['missing'],
        () => root['missing']?.(),
      ]) {
        const error: unknown = await (async () => await read())().catch((reason: unknown) => reason);
        assert.ok(error instanceof RemoteError);
        assert.match(/^ {4}at .*$/m.exec(error.stack ?? '')?.[0] ?? '', /connection\.test/);
      }
      assert.equal(Error.stackTraceLimit, limit);
    });

    it('settles everything when the stream is cut, wherever that is', async () => {
      for (let cutAfter = 1; cutAfter < 200; cutAfter += 13) {
        const client = connect({}, {}, { cutAfter });
        const closed = new Promise((resolve) => client.onDidClose(resolve));
        const open = [client.ping(), client.fetchRoot(), client.ping('x'.repeat(200))];
        const results = await Promise.allSettled(open);
        assert.equal(results.at(-1)?.status, 'rejected');
        await closed;
        assert.equal(client.openRequests, 0);
      }
    });

    it('does not wait longer than it is told for a peer that falls silent', async () => {
      const client = connect({ config: { sync_request_timeout: 0.02 } }, {}, { dropAfter: 4 });
      await assert.rejects(client.fetchRoot(), { code: 'ERR_TIMEOUT' });
      await client.close();
    });

    it('closes once, for everybody', async () => {
      const closedWith: unknown[] = [];
      class Watcher extends Service {
        override onDisconnect(): void {
          closedWith.push('service');
        }
      }
      const [client, server] = connectPair(dialect, {}, { service: new Watcher() });
      open.push(client, server);
      client.onDidClose((error) => closedWith.push(['client', error]));
      server.onDidClose((error) => closedWith.push(['server', error instanceof Error]));
      const waiting = client.request(Handler.ping, ['x']);
      const settled = assert.rejects(waiting, { code: 'ERR_CLOSED' });
      await Promise.all([client.close(), client.close()]);
      await settled;
      await server.serveAll();
      client.dispose();
      assert.deepEqual(closedWith, ['service', ['server', true], ['client', undefined]]);
      client.keepalive();
    });

    it('gives a call its own time', async () => {
      const { connection, peer } = connectRaw(dialect);
      open.push(connection);
      const request = connection.request(Handler.ping, ['x'], { timeoutSeconds: 0.01 });
      await assert.rejects(request, { code: 'ERR_TIMEOUT' });
      const result = connection.asyncRequest(Handler.ping, 'y');
      assert.ok(result instanceof AsyncResult);
      await peer.nextRequest();
      const { seq } = await peer.nextRequest();
      // The late reply and the right one.
      peer.send(MessageType.reply, 0, [4, ['m.K', 1, 2]]);
      peer.send(MessageType.reply, seq, [1, 'y']);
      assert.equal(await result.value, 'y');
      const { body } = await peer.nextRequest();
      assert.deepEqual(body, [
        Handler.del,
        [
          2,
          [
            [3, ['m.K', 1, 2]],
            [1, 1],
          ],
        ],
      ]);
    });

    it('sends an empty frame while replies are due, and a release behind requests', async () => {
      const { connection, peer } = connectRaw(dialect);
      open.push(connection);
      const first = connection.request(Handler.ping, [1]);
      const second = connection.request(Handler.ping, [2]);
      await peer.nextRequest();
      await peer.nextRequest();
      const received = peer.channel.bytesReceived;
      peer.send(MessageType.reply, 0, [1, 1]);
      await first;
      peer.send(MessageType.reply, 1, [1, 2]);
      await second;
      await new Promise((resolve) => setImmediate(resolve));
      assert.equal(peer.channel.bytesReceived - received, 6, 'one empty frame, no more');
    });

    it('hands over all items of an iterator, promised ones among them', async () => {
      const root = (await connect().root) as Netref;
      const items: unknown[] = [];
      for await (const item of (await callattr(root, 'mixed')) as Netref) items.push(item);
      assert.deepEqual(items, [1, 2, 3, 4]);
    });

    it('tells a peer that asks how a function is used', async () => {
      const root = (await connect().root) as Netref;
      const made = (await callattr(root, 'nothing')) as Netref;
      const { host, target } = referenceOf(made) ?? assert.fail('It is a netref');
      assert.deepEqual(await host.request(Handler.inspect, [target.echo]), [['__call__', null]]);
    });

    it('lets the hook before the end still ask', async () => {
      const heard: unknown[] = [];
      const client = connect({
        config: {
          before_closed: async (peerRoot) => {
            heard.push(await callattr(peerRoot as Netref, 'echo', ['last words']), client.closed);
          },
        },
      });
      await client.ping();
      await Promise.all([client.close(), client.close()]);
      assert.deepEqual(heard, ['last words', false]);
      assert.equal(client.closed, true);
    });

    it('closes whatever the hook before the end does', async () => {
      const client = connect({
        config: {
          before_closed: () => {
            throw new Error('as asked');
          },
        },
      });
      await assert.rejects(client.close(), /as asked/);
      assert.equal(client.closed, true);
      const before_closed = (): Promise<unknown> => new Promise(() => undefined);
      const waiting = connect({
        config: { before_closed, sync_request_timeout: 0.01, close_catchall: true },
      });
      await waiting.close();
    });

    it('says that a peer which answers a ping with an object did not echo', async () => {
      const { connection, peer } = connectRaw(dialect);
      open.push(connection);
      const ping = connection.ping('x');
      ping.catch(() => undefined);
      const { seq } = await peer.nextRequest();
      peer.send(MessageType.reply, seq, [Label.remoteRef, ['odd.Odd', 1, 77]]);
      await assert.rejects(ping, { name: 'PingError', code: 'ERR_PING' });
    });

    it('can be waited for, message by message', async () => {
      const { connection, peer } = connectRaw(dialect);
      open.push(connection);
      const next = connection.serve(5);
      void peer.request(Handler.ping, [1, [[1, 'x']]]);
      assert.equal(await next, true);
      assert.equal(await connection.poll(), false);
      const all = connection.pollAll(0.05);
      void peer.request(Handler.ping, [1, [[1, 'y']]]);
      assert.equal(await all, true);
      const served = Promise.all([
        connection.serveThreaded(),
        assert.rejects(connection.serve(null), EOFError),
      ]);
      connection.dispose();
      await served;
      await assert.rejects(connection.serve(), EOFError);
      assert.equal(await connection.pollAll(), false);
    });

    it('gives each open request an error of its own at the end', async () => {
      const { connection } = connectRaw(dialect);
      open.push(connection);
      const requests = [connection.request(Handler.ping, [1]), connection.request(Handler.ping, [2])];
      const settled = Promise.allSettled(requests);
      connection.dispose();
      const [first, second] = (await settled).map((result): unknown =>
        result.status === 'rejected' ? result.reason : undefined,
      );
      assert.notEqual(first, second);
      assert.match(String(first), /EOFError: The connection was closed here/);
    });

    it('exposes what is marked, and nothing else', async () => {
      class Marked extends Service {
        @exposed readonly field = 'field';
        @exposed get getter(): string {
          return 'getter';
        }
        @exposed method(): string {
          return `method of ${this.field}`;
        }
        other(): string {
          return 'other';
        }
      }
      const client = connect({}, { service: new Marked() });
      const root = (await client.root) as Netref;
      assert.equal(await root['field'], 'field');
      assert.equal(await root['exposed_getter'], 'getter');
      assert.equal(await root['method']?.(), 'method of field');
      await assert.rejects(Promise.resolve(root['other']), { typeName: 'AttributeError' });
      assert.equal(await root['get_service_name']?.(), 'MARKED');
    });

    it('listens for the dialect of a peer that speaks first', async () => {
      const { connection, peer } = connectRaw(dialect, { dialect: 'auto' });
      open.push(connection);
      assert.equal(connection.dialect, undefined);
      await assert.rejects(connection.fetchRoot(), { code: 'ERR_DIALECT' });
      assert.deepEqual((await peer.request(Handler.ping, [1, ['x']])).body, [1, 'x']);
      assert.equal(connection.dialect, dialect);
    });

    it('tells a peer of another dialect by its first frame', async () => {
      const { connection, peer } = connectRaw(dialect, { dialect: dialect === 'C' ? 'D' : 'C' });
      const closed = new Promise<Error | undefined>((resolve) => connection.onDidClose(resolve));
      peer.ask(Handler.close, [1, []]);
      assert.equal(((await closed) as { code?: string } | undefined)?.code, 'ERR_DIALECT');
    });
  });
}

describe('An asynchronous result', () => {
  it('expires, and drops what comes later', async () => {
    let arrive: (value: unknown) => void = () => undefined;
    const result = new AsyncResult(new Promise((resolve) => (arrive = resolve)));
    const heard: unknown[] = [];
    result.addCallback(() => heard.push('never'));
    result.setExpiry(0.01);
    await assert.rejects(result.wait(), { code: 'ERR_TIMEOUT' });
    assert.deepEqual([result.ready, result.error, result.expired], [false, false, true]);
    arrive('late');
    await assert.rejects(result.value, { code: 'ERR_TIMEOUT' });
    assert.deepEqual(heard, []);
  });

  it('calls every callback, also behind one that throws', async () => {
    let settle: (value: unknown) => void = () => undefined;
    const result = new AsyncResult(
      new Promise((resolve) => {
        settle = resolve;
      }),
    );
    const others = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException');
    const uncaught = new Promise((resolve) => process.once('uncaughtException', resolve));
    try {
      const called = new Promise((resolve) => {
        result.addCallback(() => {
          throw new Error('of the callback');
        });
        result.addCallback(resolve);
      });
      settle(7);
      assert.equal(await called, result);
      assert.match(String(await uncaught), /of the callback/);
      assert.equal(await result.value, 7);
    } finally {
      for (const listener of others) process.on('uncaughtException', listener);
    }
  });

  it('tells of an error without throwing it at those who do not look', async () => {
    const result = new AsyncResult(Promise.reject(new Error('as asked')));
    await result.wait();
    assert.deepEqual([result.ready, result.error, result.expired], [true, true, false]);
    const heard: unknown[] = [];
    result.addCallback((same) => heard.push(same === result));
    assert.deepEqual(heard, [true]);
    await assert.rejects(result.value, /as asked/);
    result.setExpiry(0);
    assert.equal(result.expired, false);
  });
});
