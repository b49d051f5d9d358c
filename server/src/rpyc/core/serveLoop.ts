/*
 * The `serve` family of rpyc/core/protocol.py, for programs that are written around it. Differs on purpose: messages are
 * served as they arrive, so all that is left to do is to wait for them.
 */

import { after, type Deferred, deferred } from '../lib/deferred';

/** Waits for messages that are served elsewhere. */
export class ServeLoop {
  private message: Deferred<boolean> | undefined;

  /** To be called for each message that was served, and at the end. */
  served(): void {
    this.message?.resolve(true);
    this.message = undefined;
  }

  /** Waits for the next message, no longer than this many seconds. Gives whether there was one. */
  async next(seconds: number | null): Promise<boolean> {
    this.message ??= deferred<boolean>();
    const late = deferred<boolean>();
    const timer = after(seconds ?? undefined, () => late.resolve(false));
    try {
      return await Promise.race([this.message.promise, late.promise]);
    } finally {
      timer.dispose();
    }
  }

  /** Waits for messages until the time is over, or the connection. Gives whether there was any. */
  async all(seconds: number, isClosed: () => boolean): Promise<boolean> {
    const deadline = performance.now() + seconds * 1000;
    let wasServed = false;
    for (;;) {
      const left = Math.max(0, deadline - performance.now()) / 1000;
      const isServed = await this.next(left);
      wasServed ||= isServed;
      if (!isServed || isClosed()) return wasServed;
    }
  }
}
