/** Asks a peer for its root over and over with a socket and nothing else: what no client in Node can beat. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

import { brine, Handler, MessageType } from '../../server/src/rpyc/index';

export class RawClient {
  private answered: (() => void) | undefined;

  private constructor(
    private readonly socket: Socket,
    private readonly frame: Uint8Array,
  ) {
    socket.on('data', () => this.answered?.());
  }

  /** `dialect` is C or D. */
  static async connect(host: string, port: number, dialect: string): Promise<RawClient> {
    const socket = connect(port, host).setNoDelay(true);
    await once(socket, 'connect');
    return new RawClient(socket, pingFrame(dialect));
  }

  roundTrip(): Promise<void> {
    return new Promise((resolve) => {
      this.answered = resolve;
      this.socket.write(this.frame);
    });
  }
}

/** Data of the length that a reference to an object has. */
const DATA = 'x'.repeat(46);

function pingFrame(dialect: string): Uint8Array {
  const body = [Handler.ping, [2, [[1, DATA]]]];
  const payload = Buffer.from(brine.dump([MessageType.request, 7, body]));
  if (dialect === 'D') payload.set([MessageType.request, 0x11]);
  const frame = Buffer.alloc(payload.length + 6, 0x0a);
  frame.writeUInt32BE(payload.length, 0);
  frame[4] = 0;
  frame.set(payload, 5);
  return frame;
}
