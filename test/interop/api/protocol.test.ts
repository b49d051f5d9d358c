/** The entries of `rpyc.core.protocol`: one connection and all that it is asked for. */
import assert from 'node:assert/strict';

import {
  classic,
  type ClassicConnection,
  connect,
  Connection,
  DEFAULT_CONFIG,
  getattr,
  Handler,
  type Netref,
  type_,
} from '../../../server/src/rpyc/index';
import { type ApiPeer, describeApi } from '../../support/apiEntry';
import { eventually } from '../../support/poll';

/** The default configuration of the peer, without what is filled in when it runs. */
const CONFIG_OF_PEER =
  '{k: v for k, v in __import__("rpyc").core.protocol.DEFAULT_CONFIG.items() if isinstance(v, (bool, int, str))}.items()';

/** Whether the peer still has the thread of that name, which serves one connection. */
async function isServed(observer: ClassicConnection, thread: string): Promise<boolean> {
  return await observer.eval<boolean>(
    `any(t.name == ${JSON.stringify(thread)} for t in __import__("threading").enumerate())`,
  );
}

/** Waits for messages, no longer than so many seconds. */
type Wait = (connection: ClassicConnection, seconds: number) => Promise<boolean>;

/** Lets the peer keep `call`. Gives what makes it call `call('later')`, over another connection. */
async function calledLater(
  peer: ApiPeer,
  connection: ClassicConnection,
  call: (value: unknown) => void,
): Promise<() => Promise<void>> {
  await connection.execute(
    'import builtins, rpyc\ndef keep(call): builtins.kept_by_test = rpyc.async_(call)',
  );
  await (
    await connection.eval<Netref>('keep')
  )(call);
  const other = await peer.connect();
  return async () => {
    await other.execute('kept_by_test("later")');
  };
}

describeApi('rpyc.core.protocol', (entry) => {
  entry('Connection', async (peer) => {
    const connection = await connect(peer.host, peer.port);
    assert.ok(connection instanceof Connection);
    assert.equal(type_((await connection.root) as Netref).name, 'SlaveService');
    await connection.close();
  });

  entry('DEFAULT_CONFIG', async (peer) => {
    const connection = await peer.connect();
    const theirs = await connection.eval<readonly [string, unknown][]>(`tuple(${CONFIG_OF_PEER})`);
    assert.ok(theirs.length > 15);
    const ours = new Map<string, unknown>(Object.entries(DEFAULT_CONFIG));
    for (const [key, value] of theirs) assert.equal(ours.get(key), value, key);
    const safe = await connection.eval(
      'tuple(sorted(__import__("rpyc").core.protocol.DEFAULT_CONFIG["safe_attrs"]))',
    );
    assert.deepEqual([...DEFAULT_CONFIG.safe_attrs].sort(), safe);
  });

  entry('PingError', async (peer) => {
    const connection = await peer.connect();
    const own = (await connection.root['getconn']?.()) as Netref;
    const handlers = (await getattr(own, '_HANDLERS')) as Netref;
    await connection.execute('def spoil(handlers): handlers[1] = lambda self, data: "another"');
    const spoil = await connection.eval<Netref>('spoil');
    const restore = (await connection.eval<Netref>('dict'))(handlers);
    const original = await restore;
    await spoil(handlers);
    try {
      await assert.rejects(connection.ping(), { name: 'PingError', code: 'ERR_PING' });
    } finally {
      await connection.execute('def mend(handlers, original): handlers.update(original)');
      await (
        await connection.eval<Netref>('mend')
      )(handlers, original);
    }
  });

  entry('Connection.close', async (peer) => {
    const observer = await peer.connect();
    const connection = await classic.connect(peer.host, peer.port);
    const thread = await connection.eval<string>('__import__("threading").current_thread().name');
    assert.equal(await isServed(observer, thread), true);
    await connection.close();
    await eventually('the peer serves it no longer', async () => !(await isServed(observer, thread)));
    await assert.rejects(connection.ping(), { name: 'EOFError', code: 'ERR_CLOSED' });
  });

  entry('Connection.closed', async (peer) => {
    const connection = await peer.connect();
    assert.equal(connection.closed, false);
    const socket = 'getattr(c._channel.stream, "sock")';
    await connection.execute(`def cut(c): ${socket}.shutdown(2)`);
    const own = await connection.root['getconn']?.();
    await Promise.resolve((await connection.eval<Netref>('cut'))(own)).catch(() => undefined);
    await eventually('the connection is closed', () => connection.closed);
  });

  entry('Connection.ping', async (peer) => {
    const connection = await peer.connect();
    const before = connection.counters;
    await connection.ping();
    await connection.ping([1, 'two', null]);
    assert.equal(connection.counters.requestsSent, before.requestsSent + 2);
    assert.equal(connection.counters.framesReceived, before.framesReceived + 2);
    await connection.execute('import time');
    const busy = Promise.resolve(connection.eval('time.sleep(0.3)'));
    await eventually('the peer is asked', () => connection.openRequests > 0);
    await assert.rejects(connection.ping('late', 0.05), { code: 'ERR_TIMEOUT' });
    await busy;
  });

  for (const [name, wait] of [
    ['serve', (connection, seconds) => connection.serve(seconds)],
    ['poll', (connection, seconds) => connection.poll(seconds)],
    ['poll_all', (connection, seconds) => connection.pollAll(Math.min(seconds, 0.1))],
  ] as const satisfies readonly (readonly [string, Wait])[]) {
    entry(`Connection.${name}`, async (peer) => {
      const connection = await peer.connect();
      assert.equal(await wait(connection, 0.01), false, 'nothing comes by itself');
      const seen: unknown[] = [];
      const beCalled = await calledLater(peer, connection, (value) => seen.push(value));
      const waiting = wait(connection, 20);
      await beCalled();
      let isServed = await waiting;
      while (seen.length === 0) isServed = await wait(connection, 20);
      assert.equal(isServed, true);
      assert.deepEqual(seen, ['later']);
      await connection.close();
      if (name !== 'poll_all') await assert.rejects(wait(connection, 20), { code: 'ERR_CLOSED' });
    });
  }

  for (const name of ['serve_all', 'serve_threaded'] as const) {
    entry(`Connection.${name}`, async (peer) => {
      const connection = await peer.connect();
      const seen: unknown[] = [];
      const serving = name === 'serve_all' ? connection.serveAll() : connection.serveThreaded();
      const ended = serving.then(() => seen.push('ended'));
      const beCalled = await calledLater(peer, connection, (value) => seen.push(value));
      await beCalled();
      await eventually('the request was served', () => seen.length > 0);
      const own = await connection.root['getconn']?.();
      await connection.execute('def end(conn): conn.close()');
      await Promise.resolve((await connection.eval<Netref>('end'))(own)).catch(() => undefined);
      await ended;
      assert.deepEqual(seen, ['later', 'ended']);
    });
  }

  entry('Connection.sync_request', async (peer) => {
    const connection = await peer.connect();
    assert.equal(await connection.syncRequest(Handler.ping, 'echo'), 'echo');
    const root = await connection.syncRequest(Handler.getroot);
    assert.equal(type_(root as Netref).name, 'SlaveService');
    await assert.rejects(connection.syncRequest(99), {
      name: 'RemoteError',
      typeName: 'KeyError',
      args: [99],
    });
  });

  entry('Connection.async_request', async (peer) => {
    const connection = await peer.connect();
    const results = [1, 2, 3].map((data) => connection.asyncRequest(Handler.ping, data));
    assert.deepEqual(
      results.map((result) => result.ready),
      [false, false, false],
    );
    assert.deepEqual(await Promise.all(results.map((result) => result.value)), [1, 2, 3]);
  });

  entry('Connection.root', async (peer) => {
    const connection = await connect(peer.host, peer.port);
    const root = (await connection.root) as Netref;
    assert.equal(type_(root).name, 'SlaveService');
    assert.equal(await connection.root, root);
    await connection.close();
  });
});
