/*
 * `BgServingThread` of rpyc/utils/helpers.py. Differs on purpose: an event loop serves each connection anyway, so that
 * there is nothing to start.
 */

import type { Connection } from '../core/protocol';
import type { Disposable } from '../lib/disposable';

/** For programs that are ported from Python: requests of the peer are served with it and without it. */
export class BgServingThread implements Disposable {
  private isActive = true;
  private readonly subscription: Disposable;

  /** @param callback called when the connection ends before `stop` */
  constructor(conn: Connection, callback?: () => void) {
    this.subscription = conn.onDidClose(() => {
      if (!this.isActive) return;
      this.isActive = false;
      callback?.();
    });
  }

  /** False once it was stopped or the connection has ended. */
  get active(): boolean {
    return this.isActive;
  }

  /** Forgets the callback. The connection is served as before. May be called again. */
  stop(): void {
    this.isActive = false;
    this.subscription.dispose();
  }

  dispose(): void {
    this.stop();
  }
}
