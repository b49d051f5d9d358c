import { setTimeout as sleep } from 'node:timers/promises';

/** So many at once, and so many in a second from then on: who is faster waits for the answer. */
export class CallRate {
  /** When the next one would be due if all came evenly. */
  private due = 0;

  constructor(
    private readonly perSecond: number,
    private readonly burst: number,
  ) {}

  /** Milliseconds that the next one has to wait; it counts from now on. */
  take(): number {
    const now = performance.now();
    const step = 1000 / this.perSecond;
    this.due = Math.max(this.due, now) + step;
    return Math.max(0, this.due - now - this.burst * step);
  }

  /** Whether the next one may come now; one that may not does not count. */
  tryTake(): boolean {
    const now = performance.now();
    const step = 1000 / this.perSecond;
    const due = Math.max(this.due, now) + step;
    if (due - now > this.burst * step) {
      return false;
    }
    this.due = due;
    return true;
  }

  /** Resolves when it is the turn of the next one. @throws where the signal fires */
  async turn(signal: AbortSignal): Promise<void> {
    const wait = this.take();
    if (wait > 0) {
      await sleep(wait, undefined, { signal });
    }
  }
}
