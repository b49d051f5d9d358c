import { EOFError } from '../../server/src/rpyc/core/errors';
import type { Stream } from '../../server/src/rpyc/core/stream';
import { Emitter } from '../../server/src/rpyc/lib/events';

/** What happens to the bytes on their way to the other side. */
export interface MemoryStreamOptions {
  /** Cuts what is written into pieces of at most this many bytes. */
  readonly chunkSize?: number;
  /** Milliseconds that each piece takes; without it pieces arrive in the next turn of the event loop. */
  readonly delayMs?: number;
  /** After this many bytes the stream ends for both sides, as if the network had failed. */
  readonly cutAfter?: number;
  /** After this many bytes nothing arrives any more, while the stream stays open. */
  readonly dropAfter?: number;
}

/** One end of a pair of streams in memory. */
export class MemoryStream implements Stream {
  private readonly received = new Emitter<Uint8Array>();
  private readonly didClose = new Emitter<Error | undefined>();
  private readonly waiting: Uint8Array[] = [];
  private readonly timers = new Set<NodeJS.Timeout | NodeJS.Immediate>();
  private drainWaiters: (() => void)[] = [];
  private peer: MemoryStream | undefined;
  private started = false;
  private ended = false;
  private onTheWay = 0;
  private written = 0;

  readonly onDidReceive = this.received.event;
  readonly onDidClose = this.didClose.event;

  constructor(
    readonly description: string,
    private readonly options: MemoryStreamOptions,
  ) {}

  get closed(): boolean {
    return this.ended;
  }

  get bufferedAmount(): number {
    return this.onTheWay;
  }

  /** Bytes written so far. */
  get bytesWritten(): number {
    return this.written;
  }

  /** Makes `other` the end that receives what is written here. */
  join(other: MemoryStream): void {
    this.peer = other;
  }

  start(): void {
    this.started = true;
    for (const chunk of this.waiting.splice(0)) this.received.fire(chunk);
  }

  write(chunks: readonly Uint8Array[]): void {
    if (this.ended) throw new EOFError('Stream is closed');
    const bytes = Buffer.concat(chunks);
    const size = this.options.chunkSize ?? bytes.length;
    for (let offset = 0; offset < bytes.length; offset += size) {
      this.send(bytes.subarray(offset, offset + size));
    }
  }

  drained(): Promise<void> {
    if (this.onTheWay === 0) return Promise.resolve();
    return new Promise((resolve) => this.drainWaiters.push(resolve));
  }

  close(): void {
    this.later(() => {
      this.peer?.finish(undefined);
      this.finish(undefined);
    });
  }

  destroy(error?: Error): void {
    if (this.ended) return;
    this.finish(error);
    this.peer?.destroy();
  }

  private send(piece: Uint8Array): void {
    const { cutAfter = Infinity, dropAfter = Infinity } = this.options;
    const before = this.written;
    this.written += piece.length;
    const kept = piece.slice(0, Math.max(0, Math.min(cutAfter, dropAfter) - before));
    this.onTheWay += piece.length;
    this.later(() => {
      this.onTheWay -= piece.length;
      if (kept.length > 0) this.peer?.deliver(kept);
      if (before + piece.length >= cutAfter) this.destroy(new Error('The stream was cut'));
      if (this.onTheWay === 0) for (const resolve of this.drainWaiters.splice(0)) resolve();
    });
  }

  private deliver(chunk: Uint8Array): void {
    if (this.ended) return;
    if (this.started) this.received.fire(chunk);
    else this.waiting.push(chunk);
  }

  /** Pieces and the end travel in order: timers of one duration fire in the order in which they were set. */
  private later(fn: () => void): void {
    const { delayMs } = this.options;
    const run = (): void => {
      this.timers.delete(timer);
      fn();
    };
    const timer = delayMs === undefined ? setImmediate(run) : setTimeout(run, delayMs);
    this.timers.add(timer);
  }

  private finish(error: Error | undefined): void {
    if (this.ended) return;
    this.ended = true;
    for (const timer of this.timers) {
      clearTimeout(timer as NodeJS.Timeout);
      clearImmediate(timer as NodeJS.Immediate);
    }
    this.timers.clear();
    for (const resolve of this.drainWaiters.splice(0)) resolve();
    this.didClose.fire(error);
  }
}

/** Two streams, each of which receives what is written to the other. */
export function createStreamPair(
  first: MemoryStreamOptions = {},
  second: MemoryStreamOptions = {},
): [MemoryStream, MemoryStream] {
  const a = new MemoryStream('memory a', first);
  const b = new MemoryStream('memory b', second);
  a.join(b);
  b.join(a);
  return [a, b];
}
