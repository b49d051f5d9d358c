/** A peer that says whatever a test wants, over a stream in memory. */
import { type DialectName, dialectOf } from '../../server/src/rpyc/core/dialect';
import type { Message } from '../../server/src/rpyc/core/envelope';
import { DEFAULT_LIMITS } from '../../server/src/rpyc/core/config';
import { Channel } from '../../server/src/rpyc/core/channel';
import { MessageType } from '../../server/src/rpyc/core/consts';
import type { ConnectionOptions } from '../../server/src/rpyc/core/connectionOptions';
import { Connection } from '../../server/src/rpyc/core/protocol';
import type { BrineValue } from '../../server/src/rpyc/core/pyTypes';
import { VoidService } from '../../server/src/rpyc/core/service';
import { eventually } from './poll';
import { createStreamPair, type MemoryStreamOptions } from './memoryStream';

/** What a raw peer received as the answer to a request. */
export interface RawAnswer {
  readonly type: MessageType;
  readonly body: BrineValue;
}

const PATIENCE_MS = 2000;

export class RawPeer {
  /** Messages that were received and not looked at. */
  readonly inbox: Message[] = [];
  private seq = 0;

  constructor(
    readonly channel: Channel,
    private readonly dialect: DialectName,
  ) {
    channel.onDidReceive((payload) => {
      this.inbox.push(dialectOf(this.dialect).decode(payload, DEFAULT_LIMITS));
    });
    channel.start();
  }

  send(type: MessageType, seq: BrineValue, body: BrineValue): void {
    this.channel.send(dialectOf(this.dialect).encode(type, seq, body));
  }

  /** Sends a request whose arguments are boxed already. Gives its number. */
  ask(handler: BrineValue, boxedArgs: BrineValue): number {
    const seq = this.seq++;
    this.send(MessageType.request, seq, [handler, boxedArgs]);
    return seq;
  }

  /** Asks, and waits for the answer. */
  async request(handler: BrineValue, boxedArgs: BrineValue, timeoutMs = PATIENCE_MS): Promise<RawAnswer> {
    const seq = this.ask(handler, boxedArgs);
    return await this.take(
      (message) => message.type !== MessageType.request && message.seq === seq,
      timeoutMs,
    );
  }

  /** Waits for the next request of the other side. */
  async nextRequest(): Promise<Message> {
    return await this.take(({ type }) => type === MessageType.request);
  }

  private async take(fits: (message: Message) => boolean, timeoutMs = PATIENCE_MS): Promise<Message> {
    return await eventually(
      'a message arrives',
      () => {
        const index = this.inbox.findIndex(fits);
        return index < 0 ? undefined : this.inbox.splice(index, 1)[0];
      },
      { timeoutMs, intervalMs: 1 },
    );
  }
}

export interface RawPair {
  readonly connection: Connection;
  readonly peer: RawPeer;
}

/** A connection of ours and a raw peer at its other end. */
export function connectRaw(
  dialect: DialectName,
  options: Partial<ConnectionOptions> = {},
  streams: MemoryStreamOptions = {},
): RawPair {
  const [ours, theirs] = createStreamPair(streams, streams);
  const connection = new Connection(new Channel(ours), { service: new VoidService(), dialect, ...options });
  const peer = new RawPeer(new Channel(theirs), dialect);
  void connection.start();
  return { connection, peer };
}

/** Two connections of ours that face each other. */
export function connectPair(
  dialect: DialectName,
  first: Partial<ConnectionOptions> = {},
  second: Partial<ConnectionOptions> = {},
  streams: MemoryStreamOptions = {},
): readonly [Connection, Connection] {
  const [a, b] = createStreamPair(streams, streams);
  const connections = [
    new Connection(new Channel(a), { service: new VoidService(), dialect, ...first }),
    new Connection(new Channel(b), { service: new VoidService(), dialect, ...second }),
  ] as const;
  for (const connection of connections) void connection.start();
  return connections;
}

/** The dialects with id packs. */
export const DIALECTS = ['C', 'D'] as const;
/** For tests that write no reference themselves. */
export const ALL_DIALECTS = ['A', 'B', 'C', 'D'] as const;
