import type { Disposable } from '../../rpyc/index';
import type { PoolTimings } from './timings';

/** What watching over a connection needs of it. */
export interface MonitoredConnection {
  readonly closed: boolean;
  readonly openRequests: number;
  readonly counters: { readonly bytesReceived: number };
  ping(data?: string, timeoutSeconds?: number): Promise<unknown>;
  keepalive(): void;
}

export interface MonitorOptions {
  readonly timings: Pick<PoolTimings, 'pingSeconds' | 'pingTimeoutSeconds'>;
  /** A run is in progress: the peer cannot answer, and is only shown that we are here. */
  readonly isBusy: () => boolean;
  /** How long the answer to a ping took, which was sent anyway. */
  readonly onLatency: (ms: number) => void;
  /** The peer did not answer. Told once. */
  readonly onDead: () => void;
}

/**
 * Finds out that a silent peer has gone. The cost is bounded: one short ping per interval, and none while
 * anything else arrives. A peer that is at work gets a zero-length frame, which every version ignores.
 */
export class Monitor implements Disposable {
  private readonly timer: NodeJS.Timeout;
  private receivedBefore: number;
  private pinging = false;
  private disposed = false;

  constructor(
    private readonly connection: MonitoredConnection,
    private readonly options: MonitorOptions,
  ) {
    this.receivedBefore = connection.counters.bytesReceived;
    this.timer = setInterval(() => this.look(), options.timings.pingSeconds * 1000);
  }

  dispose(): void {
    this.disposed = true;
    clearInterval(this.timer);
  }

  private look(): void {
    const { connection, options } = this;
    if (connection.closed || this.pinging) {
      return;
    }
    const { bytesReceived } = connection.counters;
    const isSilent = bytesReceived === this.receivedBefore;
    this.receivedBefore = bytesReceived;
    if (options.isBusy() || connection.openRequests > 0) {
      connection.keepalive();
    } else if (isSilent) {
      void this.ping();
    }
  }

  private async ping(): Promise<void> {
    this.pinging = true;
    const since = performance.now();
    try {
      await this.connection.ping('rpyc-explorer', this.options.timings.pingTimeoutSeconds);
      // Behind a run that began meanwhile it waited for that.
      if (!this.disposed && !this.options.isBusy()) {
        this.options.onLatency(performance.now() - since);
      }
    } catch {
      // A run that began meanwhile keeps the peer from answering: that is no sign of death.
      if (!this.disposed && !this.connection.closed && !this.options.isBusy()) {
        this.dispose();
        this.options.onDead();
      }
    } finally {
      this.pinging = false;
    }
  }
}

/** The pause before each further attempt: doubles from the first to the longest one. */
export class Backoff {
  private nextMs: number;

  constructor(private readonly timings: Pick<PoolTimings, 'firstRetryMs' | 'maxRetryMs'>) {
    this.nextMs = timings.firstRetryMs;
  }

  next(): number {
    const delayMs = this.nextMs;
    this.nextMs = Math.min(delayMs * 2, this.timings.maxRetryMs);
    return delayMs;
  }

  reset(): void {
    this.nextMs = this.timings.firstRetryMs;
  }
}
