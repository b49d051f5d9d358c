/** A hostile client or server at a real socket: says whatever a test wants, byte by byte if need be. */
import { createServer, type Socket, type Server } from 'node:net';

import { Channel } from '../../../server/src/rpyc/core/channel';
import { Handler, MessageType } from '../../../server/src/rpyc/core/consts';
import type { DialectName } from '../../../server/src/rpyc/core/dialect';
import type { BrineValue } from '../../../server/src/rpyc/core/pyTypes';
import { connectTcp, SocketStream } from '../../../server/src/rpyc/core/stream';
import { type RawAnswer, RawPeer } from '../rawPeer';

/** Connects to any server of ours and speaks to it as it likes. */
export async function hostileClient(port: number, dialect: DialectName): Promise<RawPeer> {
  return new RawPeer(new Channel(await connectTcp({ host: '127.0.0.1', port })), dialect);
}

/** Asks for the root and gives the key by which it is meant. */
export async function rootKey(peer: RawPeer): Promise<BrineValue> {
  const { type, body } = await peer.request(Handler.getroot, [1, []]);
  const [label, pack] = body as readonly BrineValue[];
  if (type !== MessageType.reply || label !== 4) throw new Error('The server gave no root');
  return pack;
}

/** Tens of thousands of answers take their time on a busy machine. */
const PATIENCE_MS = 20_000;

interface Shot {
  readonly handler: BrineValue;
  readonly boxedArgs: BrineValue;
}

/** Asks everything at once, and gives each request with its answer. All of them have to be answered. */
export async function fireAll<T extends Shot>(
  peer: RawPeer,
  shots: readonly T[],
): Promise<readonly (readonly [T, RawAnswer])[]> {
  const bySeq = new Map<BrineValue, T>();
  for (const shot of shots) bySeq.set(peer.ask(shot.handler, shot.boxedArgs), shot);
  // Requests are answered in order as long as nothing in them has to be waited for.
  await peer.request(Handler.ping, [1, ['done']], PATIENCE_MS);
  const answers: [T, RawAnswer][] = [];
  for (const { type, seq, body } of peer.inbox.splice(0)) {
    const shot = type === MessageType.request ? undefined : bySeq.get(seq);
    if (shot === undefined) continue;
    bySeq.delete(seq);
    answers.push([shot, { type, body }]);
  }
  if (bySeq.size > 0) throw new Error(`${bySeq.size} requests were not answered`);
  return answers;
}

export interface HostileServer extends AsyncDisposable {
  readonly port: number;
  readonly clients: ReadonlySet<Socket>;
}

/** A server that gives each client to `behave`, as a raw peer of that dialect. */
export async function hostileServer(
  dialect: DialectName,
  behave: (peer: RawPeer, socket: Socket) => void | Promise<void>,
): Promise<HostileServer> {
  const clients = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    clients.add(socket);
    socket.on('error', () => undefined);
    socket.once('close', () => clients.delete(socket));
    const peer = new RawPeer(new Channel(new SocketStream(socket)), dialect);
    // Whoever attacks is left in the middle of it.
    void Promise.resolve(behave(peer, socket)).catch(() => undefined);
  });
  await listen(server);
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The server has no port');
  return {
    port: address.port,
    clients,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        for (const socket of clients) socket.destroy();
        server.close(() => resolve());
      }),
  };
}

function listen(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
}
