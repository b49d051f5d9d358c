/** The corpus of hostile clients, at the listener: who knows the token may still be anybody. */
import assert from 'node:assert/strict';
import net from 'node:net';

import type { ListenerInfo } from '../../../server/src/api/callbacks';
import { Channel } from '../../../server/src/rpyc/core/channel';
import {
  type BrineValue,
  connectStream,
  Handler,
  MessageType,
  SocketStream,
} from '../../../server/src/rpyc/index';
import { connectTcp } from '../../../server/src/rpyc/core/stream';
import { CallbackBench } from '../../support/callbackBench';
import { HOSTILE_NAMES } from '../../support/hostile/names';
import { bomb, frameOf } from '../../support/hostile/payloads';
import { cmpExploits, hostileRequests } from '../../support/hostile/requests';
import { fireAll, rootKey } from '../../support/hostile/socketPeer';
import { eventually } from '../../support/poll';
import { RawPeer } from '../../support/rawPeer';

/** One that has said its token. */
async function entered({ port = 0, token }: ListenerInfo, dialect: 'C' | 'D'): Promise<RawPeer> {
  const stream = await connectTcp({ host: '127.0.0.1', port });
  stream.write([Buffer.from(`${token} worker\n`)]);
  return new RawPeer(new Channel(stream), dialect);
}

/** A friendly one gets what it asks for. */
async function stillWorks(info: ListenerInfo): Promise<void> {
  const socket = net.connect(info.port ?? 0, '127.0.0.1');
  socket.write(`${info.token} worker\n`);
  const connection = await connectStream(new SocketStream(socket, 'friend'), { dialect: 'D' });
  assert.equal(await connection.root['print']?.('still here'), null);
  await connection.close();
}

for (const dialect of ['C', 'D'] as const) {
  describe(`A hostile client of the listener in dialect ${dialect}`, () => {
    it('fires every handler with every form of target, and calls nothing but what is exposed', async () => {
      await using bench = new CallbackBench();
      const info = await bench.door.listen({ way: 'loopback', names: ['print'] });
      const peer = await entered(info, dialect);
      const root = await rootKey(peer);
      const shots = [
        ...hostileRequests(root).filter(({ form }) => form !== 'own'),
        ...cmpExploits(root).map((exploit) => ({ handler: Handler.cmp, form: 'lent', ...exploit })),
      ];
      for (const [{ title, handler }, { type, body }] of await fireAll(peer, shots)) {
        if (handler === Handler.pickle || handler === Handler.setattr || handler === Handler.delattr) {
          assert.equal(type, MessageType.exception, title);
        }
        const text = JSON.stringify(body, (_key, value: unknown) =>
          typeof value === 'bigint' ? String(value) : value,
        );
        assert.doesNotMatch(
          text,
          /"_remote_version","\d|\.ts:|\.js:|node:/,
          `${title} ${text.slice(0, 300)}`,
        );
      }
      for (const name of HOSTILE_NAMES) {
        const args: BrineValue = [2, [[3, root], [1, name]]]; // prettier-ignore
        assert.equal((await peer.request(Handler.getattr, args)).type, MessageType.exception, name);
      }
      assert.ok([...bench.calls.values()].every(({ name }) => name === 'print'));
      peer.channel.destroy();
      await stillWorks(info);
      await eventually('its call is told', () => bench.printed.includes('still here'));
    });

    it('guesses ids, and uses those of another connection, for nothing', async () => {
      await using bench = new CallbackBench();
      const info = await bench.door.listen({ way: 'loopback', names: ['print'] });
      const [peer, other] = [await entered(info, dialect), await entered(info, dialect)];
      const [name, classId, instanceId] = (await rootKey(peer)) as readonly [string, number, number];
      const foreign = await rootKey(other);
      const guesses = Array.from({ length: 1000 }, (_, n): BrineValue => [
        name,
        classId + n,
        instanceId + 1 + n,
      ]);
      const shots = [...guesses, foreign].map((key) => ({
        handler: Handler.repr,
        boxedArgs: [2, [[3, key]]] as BrineValue,
      }));
      for (const [, { type }] of await fireAll(peer, shots)) {
        assert.equal(type, MessageType.exception);
      }
      for (const raw of [peer, other]) {
        raw.channel.destroy();
      }
      await stillWorks(info);
    });

    it('sends what takes memory, and is hung up on', async () => {
      await using bench = new CallbackBench();
      const info = await bench.door.listen({ way: 'loopback', names: ['print'] });
      const heap = process.memoryUsage.rss();
      for (const frame of [frameOf(Buffer.alloc(8), false, 0xffff_ffff), bomb(), Buffer.alloc(300, 0xff)]) {
        const socket = net.connect(info.port ?? 0, '127.0.0.1');
        socket.on('error', () => undefined);
        socket.write(Buffer.concat([Buffer.from(`${info.token} worker\n`), frame]));
        await new Promise((resolve) => socket.once('close', resolve).resume());
      }
      assert.ok(process.memoryUsage.rss() - heap < 200 * 1024 * 1024);
      await stillWorks(info);
    });
  });
}
