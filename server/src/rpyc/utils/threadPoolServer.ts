/*
 * `ThreadPoolServer` of rpyc/utils/server.py. Differs on purpose: its threads are turns at the event loop, and requests
 * of one connection that do not wait for each other may be served at once, where there are turns left.
 */

import type { RequestLane, ServeRequest } from '../core/serving';
import { ThreadedServer } from './server';
import type { ServerOptions } from './serverOptions';

/** What a `ThreadPoolServer` can be told. */
export interface ThreadPoolServerOptions extends ServerOptions {
  /** Requests that are in service at once, over all connections; 20 by default. */
  readonly nbThreads?: number | undefined;
  /** Requests of one connection that are served in a row before the next connection has its turn; 10 by default. */
  readonly requestBatchSize?: number | undefined;
}

const DEFAULT_THREADS = 20;
const DEFAULT_BATCH_SIZE = 10;

/**
 * Serves every client that connects by the event loop, with at most `nbThreads` requests in service at once. What a client
 * asks while a request of its own waits for the client, as one does that calls back, takes no turn: a waiting thread of
 * Python serves it as well.
 */
export class ThreadPoolServer extends ThreadedServer {
  private readonly pool: TurnPool;

  /** @throws RangeError for numbers below 1, TypeError for options that exclude each other */
  constructor(options: ThreadPoolServerOptions) {
    super(options);
    const { nbThreads = DEFAULT_THREADS, requestBatchSize = DEFAULT_BATCH_SIZE } = options;
    this.pool = new TurnPool(
      positive('nbThreads', nbThreads),
      positive('requestBatchSize', requestBatchSize),
    );
  }

  protected override createLane(): RequestLane {
    return new PoolLane(this.pool);
  }
}

function positive(name: string, value: number): number {
  if (!Number.isInteger(value) || value < 1) throw new RangeError(`${name} must be a whole number above 0`);
  return value;
}

class TurnPool {
  private busy = 0;
  /** Connections whose requests wait, the longest wait first. */
  private readonly ready = new Set<PoolLane>();

  constructor(
    private readonly size: number,
    private readonly batchSize: number,
  ) {}

  /** Gives free turns to connections that wait for one. */
  dispatch(lane?: PoolLane): void {
    if (lane?.hasWaiting === true) this.ready.add(lane);
    for (const next of this.ready) {
      if (this.busy >= this.size) return;
      this.ready.delete(next);
      this.busy++;
      this.serve(next, 0);
      // Behind the others, for another turn.
      if (next.hasWaiting) this.ready.add(next);
    }
  }

  /** Serves a connection's requests one after the other, until its turn is over. */
  private serve(lane: PoolLane, before: number): void {
    let served = before;
    while (served < this.batchSize) {
      const request = lane.take();
      if (request === undefined) break;
      served++;
      const pending = request();
      if (pending === undefined) continue;
      void pending.then(() => {
        this.serve(lane, served);
        this.dispatch(lane);
      });
      return;
    }
    this.busy--;
  }
}

class PoolLane implements RequestLane {
  private readonly waiting: ServeRequest[] = [];

  constructor(private readonly pool: TurnPool) {}

  get hasWaiting(): boolean {
    return this.waiting.length > 0;
  }

  submit(request: ServeRequest, isNested: boolean): void {
    if (isNested) {
      void request();
      return;
    }
    this.waiting.push(request);
    this.pool.dispatch(this);
  }

  serveNested(): void {
    for (const request of this.waiting.splice(0)) void request();
  }

  take(): ServeRequest | undefined {
    return this.waiting.shift();
  }
}
