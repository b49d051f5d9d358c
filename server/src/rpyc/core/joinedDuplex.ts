/*
 * The duplex stream that pipes are made of here. Upstream reads and writes file descriptors instead.
 */

import { Duplex, type Readable, type Writable } from 'node:stream';

/** Ends what a stream owns besides its pipes; `isPolite` where the other side was told and may end by itself. */
export type EndOwned = (isPolite: boolean) => Promise<void>;

/** One duplex of two simplex streams, of which it becomes the owner. */
export class JoinedDuplex extends Duplex {
  private flowing = false;

  constructor(
    private readonly incoming: Readable,
    private readonly outgoing: Writable,
    private readonly endOwned: EndOwned = () => Promise.resolve(),
  ) {
    super({ allowHalfOpen: true });
    incoming.on('error', (error) => this.destroy(error));
    outgoing.on('error', (error) => this.destroy(error));
    incoming.once('end', () => this.push(null));
    incoming.once('close', () => {
      if (!incoming.readableEnded) this.destroy();
    });
  }

  override _read(): void {
    if (!this.flowing) {
      // Nothing is taken from the pipe before somebody reads.
      this.flowing = true;
      this.incoming.on('data', (chunk) => {
        if (!this.push(chunk)) this.incoming.pause();
      });
    }
    this.incoming.resume();
  }

  override _write(chunk: Uint8Array, _encoding: string, done: (error?: Error | null) => void): void {
    this.outgoing.write(chunk, done);
  }

  override _writev(
    chunks: readonly { readonly chunk: Uint8Array }[],
    done: (error?: Error | null) => void,
  ): void {
    this.outgoing.cork();
    const last = chunks.length - 1;
    for (const [index, { chunk }] of chunks.entries()) {
      this.outgoing.write(chunk, index === last ? done : undefined);
    }
    this.outgoing.uncork();
  }

  override _final(done: (error?: Error | null) => void): void {
    this.outgoing.end(() => done());
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    const isPolite = error === null && this.writableFinished;
    this.outgoing.destroy();
    this.incoming.destroy();
    this.endOwned(isPolite).then(
      () => done(error),
      (reason: unknown) => done(error ?? (reason as Error)),
    );
  }
}
