/** A stream whose other end is the fuzzer: what is fed arrives at once, what is written is kept until it is taken. */
import { EOFError } from '../../server/src/rpyc/core/errors';
import type { Stream } from '../../server/src/rpyc/core/stream';
import { Emitter } from '../../server/src/rpyc/lib/events';

export class FuzzStream implements Stream {
  private readonly received = new Emitter<Uint8Array>();
  private readonly didClose = new Emitter<Error | undefined>();
  private written: Uint8Array[] = [];
  private ended = false;

  readonly description = 'the fuzzer';
  readonly bufferedAmount = 0;
  readonly onDidReceive = this.received.event;
  readonly onDidClose = this.didClose.event;

  get closed(): boolean {
    return this.ended;
  }

  feed(bytes: Uint8Array): void {
    if (!this.ended) this.received.fire(bytes);
  }

  /** What was written since the last call. */
  take(): Uint8Array[] {
    const { written } = this;
    this.written = [];
    return written;
  }

  start(): void {
    // Nothing is fed before.
  }

  write(chunks: readonly Uint8Array[]): void {
    if (this.ended) throw new EOFError('Stream is closed');
    this.written.push(...chunks);
  }

  drained(): Promise<void> {
    return Promise.resolve();
  }

  close(): void {
    this.end(undefined);
  }

  destroy(error?: Error): void {
    this.end(error);
  }

  private end(error: Error | undefined): void {
    if (this.ended) return;
    this.ended = true;
    this.didClose.fire(error);
    this.didClose.dispose();
    this.received.dispose();
  }
}
