import type { Disposable } from '../../rpyc/index';

interface Waiter {
  readonly admit: () => void;
  readonly refuse: (reason: unknown) => void;
}

/**
 * Lets a limited number of holders in at once, strictly in the order in which they asked.
 * Who gives up while waiting leaves no gap, and a place is given back once however often it is disposed.
 */
export class FairQueue implements Disposable {
  private readonly waiters: Waiter[] = [];
  private holders = 0;
  private closedBy: Error | undefined;

  constructor(private readonly limit: number) {}

  /** Places that are taken. */
  get inUse(): number {
    return this.holders;
  }

  /** Holders to be that are still waiting. */
  get waiting(): number {
    return this.waiters.length;
  }

  /**
   * @param signal gives up waiting; the promise rejects with its reason
   * @returns a place; dispose it to let the next one in
   */
  async acquire(signal?: AbortSignal): Promise<Disposable> {
    signal?.throwIfAborted();
    if (this.closedBy !== undefined) {
      throw this.closedBy;
    }
    if (this.holders < this.limit) {
      this.holders += 1;
    } else {
      await this.waitForTurn(signal);
    }
    let held = true;
    return {
      dispose: () => {
        if (held) {
          held = false;
          this.leave();
        }
      },
    };
  }

  /** Turns everybody away who waits, now and later. Places in use stay good until they are given back. */
  dispose(reason: Error = new Error('The queue is closed')): void {
    this.closedBy ??= reason;
    for (const waiter of this.waiters.splice(0)) {
      waiter.refuse(this.closedBy);
    }
  }

  /** A place passes from hand to hand: between leaving and being admitted nobody else can slip in. */
  private leave(): void {
    const next = this.waiters.shift();
    if (next === undefined) {
      this.holders -= 1;
    } else {
      next.admit();
    }
  }

  private waitForTurn(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const giveUp = (): void => {
        this.waiters.splice(this.waiters.indexOf(waiter), 1);
        waiter.refuse(signal?.reason);
      };
      const waiter: Waiter = {
        admit: () => {
          signal?.removeEventListener('abort', giveUp);
          resolve();
        },
        refuse: (reason) => {
          signal?.removeEventListener('abort', giveUp);
          reject(reason instanceof Error ? reason : new Error(String(reason)));
        },
      };
      this.waiters.push(waiter);
      signal?.addEventListener('abort', giveUp, { once: true });
    });
  }
}
