/** TCP streams against real sockets on the loopback interface. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { setImmediate as nextImmediate, setTimeout } from 'node:timers/promises';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { EOFError, ErrorCode, ConnectError } from '../../../server/src/rpyc/core/errors';
import type { SocketStream } from '../../../server/src/rpyc/core/stream';
import { connectTcp } from '../../../server/src/rpyc/core/stream';

interface Listener {
  readonly port: number;
  readonly server: Server;
  /** The server's end of the next connection. */
  accept(): Promise<Socket>;
  close(): Promise<void>;
}

async function listen(): Promise<Listener> {
  const server = createServer();
  const sockets: Socket[] = [];
  server.on('connection', (socket) => {
    socket.on('error', () => undefined);
    sockets.push(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    server,
    port: (server.address() as AddressInfo).port,
    async accept() {
      if (sockets.length === 0) await once(server, 'connection');
      const socket = sockets.shift();
      assert.ok(socket);
      return socket;
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

async function pair(): Promise<{ listener: Listener; near: SocketStream; far: Socket }> {
  const listener = await listen();
  const near = await connectTcp({ host: '127.0.0.1', port: listener.port });
  return { listener, near, far: await listener.accept() };
}

async function closed(stream: SocketStream): Promise<Error | undefined> {
  return new Promise((resolve) => stream.onDidClose(resolve));
}

async function failure(options: Parameters<typeof connectTcp>[0]): Promise<ConnectError> {
  try {
    const stream = await connectTcp(options);
    stream.destroy();
  } catch (error) {
    assert.ok(error instanceof ConnectError, String(error));
    return error;
  }
  throw new Error('It connected');
}

describe('connectTcp', () => {
  it('connects, tells its stages and where it leads', async () => {
    const listener = await listen();
    const stages: string[] = [];
    const stream = await connectTcp({
      host: 'localhost',
      port: listener.port,
      timeout: 5,
      keepalive: true,
      onStage: (stage) => stages.push(stage),
    });
    assert.deepEqual(stages, ['resolve', 'connect']);
    assert.equal(stream.description, `localhost:${listener.port}`);
    const gone = closed(stream);
    stream.destroy();
    await gone;
    await listener.close();
  });

  it('says that a port is closed', async () => {
    const listener = await listen();
    await listener.close();
    const error = await failure({ host: '127.0.0.1', port: listener.port });
    assert.equal(error.code, ErrorCode.refused);
    assert.match(error.message, new RegExp(`127\\.0\\.0\\.1:${listener.port}`));
    assert.equal((await failure({ host: 'localhost', port: listener.port })).code, ErrorCode.refused);
  });

  it('says that a name is not known', async () => {
    const error = await failure({ host: 'no-such-host.invalid', port: 18812, timeout: 8 });
    assert.equal(error.code, ErrorCode.dns);
  });

  it('says that a host cannot be reached', async () => {
    const error = await failure({ host: '255.255.255.255', port: 18812 });
    assert.equal(error.code, ErrorCode.unreachable);
  });

  it('gives up after its time and leaves no socket', async () => {
    const listener = await listen();
    // Timers run right after immediates: with the thread asleep meanwhile, ours is ahead of the socket's news.
    await nextImmediate();
    const attempt = failure({ host: '127.0.0.1', port: listener.port, timeout: 0.001 });
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
    const error = await attempt;
    assert.equal(error.code, ErrorCode.timeout);
    await listener.close();
  });

  it('can be cancelled before and while it connects', async () => {
    const listener = await listen();
    const reason = new Error('enough');
    const early = await failure({
      host: '127.0.0.1',
      port: listener.port,
      signal: AbortSignal.abort(reason),
    });
    assert.equal(early.code, ErrorCode.aborted);
    assert.equal(early.cause, reason);
    const controller = new AbortController();
    const late = failure({ host: '127.0.0.1', port: listener.port, signal: controller.signal });
    controller.abort();
    assert.equal((await late).code, ErrorCode.aborted);
    await listener.close();
  });

  it('refuses a port that cannot be', async () => {
    for (const port of [0, -1, 65536, 1.5, NaN]) {
      await assert.rejects(connectTcp({ host: '127.0.0.1', port }), RangeError);
    }
  });

  it('reaches an IPv6 address only, where that is asked for', async () => {
    const listener = await listen();
    const error = await failure({ host: 'localhost', port: listener.port, ipv6: true });
    assert.notEqual(error.code, ErrorCode.timeout);
    await listener.close();
  });
});

describe('a TCP stream', () => {
  it('keeps what arrives until it is started', async () => {
    const { listener, near, far } = await pair();
    far.write('early');
    const received = new Promise((resolve) => near.onDidReceive((chunk) => resolve(Buffer.from(chunk))));
    near.start();
    assert.deepEqual(await received, Buffer.from('early'));
    near.destroy();
    await listener.close();
  });

  it('sends all chunks in order', async () => {
    const { listener, near, far } = await pair();
    near.write([Buffer.from('a'), Buffer.from('b')]);
    near.write([Buffer.from('c')]);
    let text = '';
    for await (const chunk of far) {
      text += String(chunk);
      if (text.length === 3) break;
    }
    assert.equal(text, 'abc');
    near.destroy();
    await listener.close();
  });

  it('ends in both directions when it is closed', async () => {
    const { listener, near, far } = await pair();
    near.start();
    near.write([Buffer.from('last words')]);
    const gone = closed(near);
    near.close();
    near.close();
    assert.ok(near.closed);
    assert.throws(() => near.write([Buffer.from('x')]), EOFError);
    let text = '';
    for await (const chunk of far) text += String(chunk);
    assert.equal(text, 'last words');
    assert.equal(await gone, undefined);
    await listener.close();
  });

  it('lets all that was written leave when it is closed, however slow the peer is', async () => {
    const { listener, near, far } = await pair();
    const size = 32 * 1024 * 1024;
    near.start();
    near.write([new Uint8Array(size)]);
    const gone = closed(near);
    near.close();
    // Longer than the wait for the other side's end.
    await setTimeout(300);
    let received = 0;
    for await (const chunk of far) received += (chunk as Uint8Array).length;
    assert.equal(received, size);
    assert.equal(await gone, undefined);
    await listener.close();
  });

  it('does not wait for ever for a peer that does not read', async () => {
    const { listener, near, far } = await pair();
    near.write([new Uint8Array(32 * 1024 * 1024)]);
    const gone = closed(near);
    const start = performance.now();
    near.close();
    await gone;
    assert.ok(performance.now() - start < 6000, 'some seconds are enough');
    far.destroy();
    await listener.close();
  }).timeout(10_000);

  it('does not wait for a peer that does not end', async () => {
    const listener = await listen();
    listener.server.on('connection', (socket) => (socket.allowHalfOpen = true));
    const near = await connectTcp({ host: '127.0.0.1', port: listener.port });
    const far = await listener.accept();
    near.start();
    const start = performance.now();
    const gone = closed(near);
    near.close();
    await gone;
    assert.ok(performance.now() - start < 2000);
    far.destroy();
    await listener.close();
  });

  it('tells that the peer ended', async () => {
    const { listener, near, far } = await pair();
    near.start();
    const gone = closed(near);
    far.end();
    assert.equal(await gone, undefined);
    assert.ok(near.closed);
    await listener.close();
  });

  it('tells that the peer reset the connection', async () => {
    const { listener, near, far } = await pair();
    near.start();
    const gone = closed(near);
    far.resetAndDestroy();
    assert.match(String(await gone), /ECONNRESET/);
    await listener.close();
  });

  it('gives the error that it was destroyed with, once', async () => {
    const { listener, near, far } = await pair();
    const error = new Error('limit');
    let count = 0;
    near.onDidClose(() => count++);
    const gone = closed(near);
    near.destroy(error);
    near.destroy(new Error('again'));
    assert.equal(await gone, error);
    assert.equal(count, 1);
    far.destroy();
    await listener.close();
  });

  it('tells how much has not left and when it has', async () => {
    const { listener, near, far } = await pair();
    await near.drained();
    near.write([new Uint8Array(32 * 1024 * 1024)]);
    assert.ok(near.bufferedAmount > 0);
    const drained = near.drained();
    far.resume();
    await drained;
    near.destroy();
    await assert.rejects(near.drained(), EOFError);
    await listener.close();
  });

  it('ends the wait for room when it is destroyed', async () => {
    const { listener, near, far } = await pair();
    near.write([new Uint8Array(32 * 1024 * 1024)]);
    const drained = near.drained();
    near.destroy();
    await assert.rejects(drained, EOFError);
    far.destroy();
    await listener.close();
  });
});
