/** The entries of `rpyc.core.channel`: frames to and from Python's own channel. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';

import { Channel, SocketStream } from '../../../server/src/rpyc/index';
import { type ApiPeer, describeApi } from '../../support/apiEntry';
import { eventually } from '../../support/poll';

interface Facing {
  readonly channel: Channel;
  readonly received: Uint8Array[];
  /** Evaluates Python in which `theirs` is Python's channel at the other end. */
  readonly theirs: (text: string) => Promise<unknown>;
}

/** A channel of ours whose other end is Python's. */
async function facing(peer: ApiPeer): Promise<Facing> {
  const connection = await peer.connect();
  const listener: Server = createServer();
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const accepted = once(listener, 'connection') as Promise<[Socket]>;
  const { port } = listener.address() as AddressInfo;
  await connection.execute(
    'from rpyc.core.channel import Channel\nfrom rpyc.core.stream import SocketStream\n' +
      `theirs = Channel(SocketStream.connect("127.0.0.1", ${port}))\n`,
  );
  const [socket] = await accepted;
  listener.close();
  const channel = new Channel(new SocketStream(socket));
  const received: Uint8Array[] = [];
  channel.onDidReceive((payload) => received.push(payload));
  return { channel, received, theirs: async (text) => await connection.eval(text) };
}

describeApi('rpyc.core.channel', (entry) => {
  entry('Channel', async (peer) => {
    const { channel, received, theirs } = await facing(peer);
    channel.start();
    channel.send(Buffer.from('ping'));
    assert.equal(Buffer.from((await theirs('theirs.recv()')) as Uint8Array).toString(), 'ping');
    await theirs('theirs.send(b"x" * 100000)');
    await eventually('the long frame arrives', () => received.length > 0);
    assert.ok(Buffer.alloc(100_000, 'x').equals(received[0] ?? Buffer.alloc(0)));
    channel.destroy();
  });

  entry('Channel.send', async (peer) => {
    const { channel, theirs } = await facing(peer);
    for (const size of [1, 3000, 3001, 200_000]) {
      channel.send(Buffer.alloc(size, 'y'));
      assert.equal(await theirs(`theirs.recv() == b"y" * ${size}`), true);
    }
    channel.destroy();
  });

  entry('Channel.recv', async (peer) => {
    const { channel, theirs } = await facing(peer);
    await theirs('theirs.send(b"first")');
    await theirs('theirs.send(b"x" * 100000)');
    assert.equal(Buffer.from(await channel.recv()).toString(), 'first');
    assert.ok(Buffer.alloc(100_000, 'x').equals(await channel.recv()));
    await theirs('theirs.close()');
    await assert.rejects(channel.recv(), { name: 'EOFError' });
    channel.destroy();
  });

  entry('Channel.poll', async (peer) => {
    const { channel, theirs } = await facing(peer);
    assert.equal(await channel.poll(0.01), false);
    await theirs('theirs.send(b"first")');
    assert.equal(await channel.poll(20), true);
    assert.equal(Buffer.from(await channel.recv()).toString(), 'first');
    assert.equal(await channel.poll(), false);
    channel.destroy();
  });

  entry('Channel.close', async (peer) => {
    const { channel, theirs } = await facing(peer);
    channel.start();
    channel.send(Buffer.from('last'));
    channel.close();
    assert.equal(Buffer.from((await theirs('theirs.recv()')) as Uint8Array).toString(), 'last');
    await assert.rejects(theirs('theirs.recv()'), { name: 'RemoteError', typeName: 'EOFError' });
  });

  entry('Channel.closed', async (peer) => {
    const { channel, theirs } = await facing(peer);
    channel.start();
    assert.equal(channel.closed, false);
    await theirs('theirs.close()');
    await eventually('the channel is closed', () => channel.closed);
  });
});
