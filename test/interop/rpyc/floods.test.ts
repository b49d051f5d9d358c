/**
 * Attacks on a process with a small heap: each ends in a closed connection, while another connection of the same
 * process goes on, and the process neither dies nor grows.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect as connectSocket, type Socket } from 'node:net';
import path from 'node:path';
import { deflateSync } from 'node:zlib';

import { dump } from '../../../server/src/rpyc/core/brine';
import { dialectOf } from '../../../server/src/rpyc/core/dialect';
import {
  type BrineValue,
  connect,
  type Connection,
  Handler,
  MessageType,
} from '../../../server/src/rpyc/index';
import { TestProcess } from '../../support/childProcess';
import { costlyFrames, frameOf, GREEDY_VALUES, tupleOf } from '../../support/hostile/payloads';
import { hostileServer } from '../../support/hostile/socketPeer';
import { eventually } from '../../support/poll';
import type { RawPeer } from '../../support/rawPeer';

const HEAP_MEGABYTES = 384;
/** Heap, and what lies beside it: frames of 64 MiB that are read and inflated. */
const MOST_MEGABYTES = HEAP_MEGABYTES + 400;
const DIALECTS = ['C', 'D'] as const;
type Name = (typeof DIALECTS)[number];

describe('A process with a small heap', () => {
  let victim: TestProcess;
  let port: number;
  let friend: Connection;

  before(async () => {
    const program = path.join(__dirname, '../../support/hostile/victim.js');
    victim = new TestProcess(process.execPath, [`--max-old-space-size=${HEAP_MEGABYTES}`, program]);
    await eventually('the victim listens', () => victim.stdout.endsWith('\n'));
    port = Number(victim.stdout);
    friend = await connect('127.0.0.1', port, { dialect: 'D', config: { sync_request_timeout: null } });
  });

  after(async () => {
    await friend.close();
    await victim[Symbol.asyncDispose]();
  });

  afterEach(async () => {
    assert.equal(victim.hasEnded, false, victim.stderr);
    assert.equal(await friend.root['echo']?.('still there'), 'still there');
    const memory = (await friend.root['memory']?.()) as number;
    assert.ok(memory < MOST_MEGABYTES, `${memory} MiB`);
  });

  async function attack(): Promise<Socket> {
    const socket = connectSocket(port, '127.0.0.1');
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    return socket;
  }

  async function ended(socket: Socket): Promise<void> {
    socket.resume();
    await first(socket, 'close');
  }

  /** Writes until the server has had enough, and never reads. */
  async function flood(socket: Socket, chunk: Uint8Array): Promise<void> {
    while (!socket.destroyed) {
      if (socket.write(chunk)) await new Promise((resolve) => setImmediate(resolve));
      else await first(socket, 'drain', 'close');
    }
  }

  function request(dialect: Name, seq: number, handler: number, boxedArgs: BrineValue): Buffer {
    return frameOf(dialectOf(dialect).encode(MessageType.request, seq, [handler, boxedArgs]));
  }

  /** Asks for the root over a plain socket, and gives its key. */
  async function rootOf(socket: Socket, dialect: Name): Promise<BrineValue> {
    socket.write(request(dialect, 0, Handler.getroot, [1, []]));
    const [data] = (await once(socket, 'data')) as [Buffer];
    const { body } = dialectOf(dialect).decode(data.subarray(5, -1), LIMITS);
    return (body as readonly BrineValue[])[1];
  }

  for (const dialect of DIALECTS) {
    for (const [what, make] of costlyFrames(dialect)) {
      it(`cuts off a client of dialect ${dialect} that sends ${what}`, async () => {
        const socket = await attack();
        socket.write(make());
        const meanwhile = friend.root['echo']?.(1);
        await ended(socket);
        assert.equal(await meanwhile, 1);
      });
    }

    it(`cuts off a client of dialect ${dialect} that asks without end and never reads`, async () => {
      const socket = await attack();
      socket.pause();
      const one = request(dialect, 1, Handler.getroot, [1, []]);
      await flood(socket, Buffer.concat(Array.from({ length: 2000 }, () => one)));
    });

    it(`cuts off a client of dialect ${dialect} that answers what nobody asked, with references`, async () => {
      const socket = await attack();
      socket.pause();
      let id = 0;
      while (!socket.destroyed) {
        const frames = Array.from({ length: 2000 }, () =>
          frameOf(dialectOf(dialect).encode(MessageType.reply, 5, [4, ['m.K', 1, 1_000_000_000 + id++]])),
        );
        if (socket.write(Buffer.concat(frames))) await new Promise((resolve) => setImmediate(resolve));
        else await first(socket, 'drain', 'close');
      }
    });

    it(`cuts off a client of dialect ${dialect} whose calls hold more than they cost on the wire`, async () => {
      const socket = await attack();
      const root = await rootOf(socket, dialect);
      for (const [, bytes] of GREEDY_VALUES) {
        if (socket.destroyed) break;
        // As many as one value may have.
        const value = tupleOf(400_000, bytes);
        const call = encodeCall(dialect, root, 'wait', value);
        for (let n = 0; n < 20; n++) socket.write(call);
      }
      await ended(socket);
    });

    it(`cuts off a client of dialect ${dialect} that sends references with names of a megabyte`, async () => {
      const socket = await attack();
      const root = await rootOf(socket, dialect);
      const argument = [4, [`m.${'K'.repeat(1_000_000)}`, 1, 2]] as const;
      socket.write(request(dialect, 1, Handler.callattr, [2, [[3, root], [1, 'echo'], [2, [argument]], [1, []]]])); // prettier-ignore
      await ended(socket);
    });

    it(`cuts off a client of dialect ${dialect} that makes it hold 200,000 objects`, async () => {
      const socket = await attack();
      const root = await rootOf(socket, dialect);
      const many = Array.from({ length: 200_000 }, (_, id) => [4, ['m.K', 1, 5_000_000 + id]] as const);
      socket.write(request(dialect, 1, Handler.callattr, [2, [[3, root], [1, 'ignore'], [2, many], [1, []]]])); // prettier-ignore
      await ended(socket);
    });

    const servers: readonly (readonly [what: string, code: string, behave: (peer: RawPeer, socket: Socket) => Promise<void>])[] = [
      ['a bomb of 4 GB', 'ERR_LIMIT', async (peer, socket) => {
        await peer.nextRequest();
        socket.write(costlyFrames(dialect)[1]?.[1]() ?? '');
      }],
      ['4 million byte strings', 'ERR_LIMIT', async (peer, socket) => {
        const { seq } = await peer.nextRequest();
        const reply = Buffer.from(dialectOf(dialect).encode(MessageType.reply, seq, [1, 0])).subarray(0, -1);
        const payload = Buffer.concat([reply, tupleOf(4_194_000, Buffer.from([1]))]);
        socket.write(frameOf(deflateSync(payload), true));
      }],
      ['an exception of a million arguments and a megabyte of name', 'ERR_REMOTE', async (peer) => {
        const { seq } = await peer.nextRequest();
        const name = 'E'.repeat(1 << 20);
        const attributes = [['__proto__', name], ['constructor', name], ['stack', name]] as const; // prettier-ignore
        peer.send(MessageType.exception, seq, [['m', name], Array.from({ length: 400_000 }, () => []), attributes, '\n'.repeat(1 << 20)]); // prettier-ignore
      }],
      ['an attribute whose name is a number', 'ERR_PROTOCOL', async (peer) => {
        const { seq } = await peer.nextRequest();
        peer.send(MessageType.exception, seq, [['m', 'E'], [], [[5, 5]], '']);
      }],
      ['a root that is text, and answers of every wrong type', 'ERR_PROTOCOL', async (peer) => {
        peer.send(MessageType.reply, (await peer.nextRequest()).seq, [1, 'root']);
        for (const seq of ['1', true, null, 1.5, 2n ** 70n]) peer.send(MessageType.reply, seq, [1, 'x']);
        peer.send(MessageType.reply, (await peer.nextRequest()).seq, [1, 5]);
      }],
      ['the same answers twice, then CLOSE five times', 'ERR_CLOSED', async (peer) => {
        const { seq } = await peer.nextRequest();
        for (let n = 0; n < 3; n++) peer.send(MessageType.reply, seq, [4, ['m.K', 1, 2]]);
        for (let n = 0; n < 5; n++) peer.ask(Handler.close, [1, []]);
      }],
      ['the other envelope in the middle', 'ERR_PROTOCOL', async (peer) => {
        const { seq } = await peer.nextRequest();
        peer.send(MessageType.reply, seq, [4, ['m.K', 1, 2]]);
        const other = dialectOf(dialect === 'C' ? 'D' : 'C');
        peer.channel.send(other.encode(MessageType.reply, (await peer.nextRequest()).seq, [1, 'x']));
      }],
      ['half of its connection closed', 'ERR_CLOSED', async (peer, socket) => {
        peer.send(MessageType.reply, (await peer.nextRequest()).seq, [4, ['m.K', 1, 2]]);
        await peer.nextRequest();
        socket.end();
      }],
      ['an object that was never lent', 'ERR_RAISED', async (peer) => {
        peer.send(MessageType.reply, (await peer.nextRequest()).seq, [4, ['m.K', 1, 2]]);
        peer.send(MessageType.reply, (await peer.nextRequest()).seq, [3, ['m.K', 9, 9]]);
      }],
    ]; // prettier-ignore

    for (const [what, code, behave] of servers) {
      it(`is told ${code} as a client by a server of dialect ${dialect} that sends ${what}`, async () => {
        await using server = await hostileServer(dialect, behave);
        assert.equal(await friend.root['use']?.(server.port, dialect), code);
      });
    }
  }

  it('bears 200 clients that send a byte now and then', async () => {
    const sockets = await Promise.all(Array.from({ length: 200 }, () => attack()));
    const drip = frameOf(Buffer.alloc(60_000_000 / 1000), false, 60_000_000);
    for (let round = 0; round < 5; round++) {
      for (const socket of sockets) socket.write(drip.subarray(round, round + 1 + (round === 4 ? 1000 : 0)));
      assert.equal(await friend.root['echo']?.(round), round);
    }
    for (const socket of sockets) socket.destroy();
  });

  it('has let go of everything in the end', async () => {
    await eventually('one client is left', async () => {
      const handles = (await friend.root['handles']?.()) as readonly string[];
      return handles.filter((name) => name === 'TCPSocketWrap').length === 1;
    });
  });
});

/** Waits for the first of these events, and not at all where the socket is gone. */
function first(socket: Socket, ...events: readonly string[]): Promise<void> {
  if (socket.closed) return Promise.resolve();
  return new Promise((resolve) => {
    for (const event of events) socket.once(event, () => resolve());
  });
}

const LIMITS = {
  maxFrameBytes: 1 << 20,
  maxInflatedBytes: 1 << 20,
  maxDepth: 200,
  maxItems: 1000,
  maxIntDigits: 100,
  maxPeerRequests: 10,
  maxPeerRefs: 10,
  maxHeldRefs: 10,
};

/** CALLATTR with one argument that is brine already. */
function encodeCall(dialect: Name, root: BrineValue, name: string, argument: Uint8Array): Buffer {
  const marker = 'the argument goes here';
  const boxed: BrineValue = [2, [[3, root], [1, name], [1, [marker]], [1, []]]]; // prettier-ignore
  const payload = Buffer.from(dialectOf(dialect).encode(MessageType.request, 1, [Handler.callattr, boxed]));
  const place = Buffer.from(dump(marker));
  const at = payload.indexOf(place);
  const whole = Buffer.concat([payload.subarray(0, at), argument, payload.subarray(at + place.length)]);
  return frameOf(deflateSync(whole, { level: 9 }), true);
}
