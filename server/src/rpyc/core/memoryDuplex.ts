/*
 * Two ends in one process, without pipes of the system. They do not keep the process alive: nobody else can wake them.
 */

import { Duplex } from 'node:stream';

/** Two streams, each of which reads what the other writes. */
export function duplexPair(): readonly [Duplex, Duplex] {
  const near = new Half();
  const far = new Half();
  near.other = far;
  far.other = near;
  return [near, far];
}

class Half extends Duplex {
  other: Half | undefined;
  private waiting: (() => void) | undefined;

  override _read(): void {
    const go = this.waiting;
    this.waiting = undefined;
    go?.();
  }

  override _write(chunk: Buffer, _encoding: string, callback: () => void): void {
    const { other } = this;
    // A later turn: who writes goes on before the other side reads.
    setImmediate(() => {
      if (other === undefined || other.destroyed || other.push(chunk)) callback();
      else other.waiting = callback;
    });
  }

  override _final(callback: () => void): void {
    if (this.other?.destroyed === false) this.other.push(null);
    callback();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    callback(error);
    const { other } = this;
    if (other?.destroyed === false) setImmediate(() => other.destroy());
  }
}
