/*
 * The duplex stream to a service in a thread. Upstream's thread is reached over a socket instead.
 */

import { Duplex } from 'node:stream';
import type { MessagePort } from 'node:worker_threads';

import type { EndOwned } from '../core/joinedDuplex';

/** What ports say to each other besides bytes. */
const TAKEN = 0;
const END = 1;

/**
 * A duplex over a message port, which may lead to another thread. Each piece that is written has to be taken at the
 * other end before the next one is sent, so that a slow reader holds up the writer.
 */
export class PortDuplex extends Duplex {
  private taken: ((error?: Error | null) => void) | undefined;
  private owesAnswer = false;

  constructor(
    private readonly port: MessagePort,
    private readonly endOwned: EndOwned = () => Promise.resolve(),
  ) {
    super({ allowHalfOpen: true });
    port.on('message', (message: unknown) => this.receive(message));
    port.on('messageerror', (error) => this.destroy(error));
    port.once('close', () => this.destroy());
  }

  override _read(): void {
    if (!this.owesAnswer) return;
    this.owesAnswer = false;
    this.port.postMessage(TAKEN);
  }

  override _write(chunk: Uint8Array, _encoding: string, done: (error?: Error | null) => void): void {
    this.taken = done;
    // A copy of its own: what is cloned is the whole memory that a piece lies in.
    const copy = new Uint8Array(chunk);
    this.port.postMessage(copy, [copy.buffer]);
  }

  override _writev(
    chunks: readonly { readonly chunk: Uint8Array }[],
    done: (error?: Error | null) => void,
  ): void {
    this._write(Buffer.concat(chunks.map(({ chunk }) => chunk)), '', done);
  }

  override _final(done: (error?: Error | null) => void): void {
    this.port.postMessage(END);
    done();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    const isPolite = error === null && this.writableFinished;
    this.port.close();
    this.taken?.(error ?? new Error('The port is closed'));
    this.taken = undefined;
    this.endOwned(isPolite).then(
      () => done(error),
      (reason: unknown) => done(error ?? (reason as Error)),
    );
  }

  private receive(message: unknown): void {
    if (message === TAKEN) {
      const done = this.taken;
      this.taken = undefined;
      done?.();
    } else if (message === END) {
      this.push(null);
    } else if (message instanceof Uint8Array && !this.readableEnded) {
      if (this.push(message)) this.port.postMessage(TAKEN);
      else this.owesAnswer = true;
    }
  }
}
