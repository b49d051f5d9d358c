/*
 * `MockClassicConnection` of rpyc/utils/classic.py: a connection to this very process, so that the same code runs with and
 * without another one. Differs on purpose: a real connection over memory, since paths and netrefs are what such code uses.
 */

import { Duplex } from 'node:stream';

import { Channel } from '../core/channel';
import { Connection } from '../core/protocol';
import { DuplexStream } from '../core/stream';
import { ClassicConnection } from './classicConnection';
import { ClassicClient, SlaveService } from './classicServices';

/**
 * A classic connection to this process: `modules.<name>` is `require(name)`, `builtins` the global object, `eval` and
 * `execute` run JavaScript in a namespace of its own. Close it when it is no longer needed.
 */
export class MockClassicConnection extends ClassicConnection {
  constructor() {
    const [near, far] = duplexPair();
    super(new Channel(new DuplexStream(near, 'this process')), {
      service: new ClassicClient(),
      dialect: 'D',
    });
    const channel = new Channel(new DuplexStream(far, 'this process'));
    const slave = new Connection(channel, { service: new SlaveService(), dialect: 'D' });
    const isStarted = Promise.all([slave.start(), this.start()]);
    isStarted.catch(() => this.dispose());
    this.onDidClose(() => slave.dispose());
  }
}

/** Two streams, each of which reads what the other writes. */
function duplexPair(): readonly [Duplex, Duplex] {
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
