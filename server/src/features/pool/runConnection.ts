import type { Agent } from '../agent';
import type { PooledConnection } from './pooledConnection';

export interface RunConnectionOptions {
  /** Closed after so long without a run. */
  readonly idleSeconds: number;
  readonly open: (signal: AbortSignal) => Promise<PooledConnection>;
  readonly isRunning: () => boolean;
  /** It was opened or closed. */
  readonly onDidChange: () => void;
}

/**
 * The second connection of a profile, for runs beside the main one. Runs on it use the namespace of the main one, so
 * that nothing is lost when it is closed for want of runs.
 */
export class RunConnection {
  private current: PooledConnection | undefined;
  private timer: NodeJS.Timeout | undefined;
  private useless = false;

  constructor(private readonly options: RunConnectionOptions) {}

  get isOpen(): boolean {
    return this.current !== undefined;
  }

  /** It was tried, and did not reach the process of the main one. */
  get isUseless(): boolean {
    return this.useless;
  }

  /**
   * Opens it, unless it is open.
   *
   * @param agent the main connection's, whose namespace is used
   * @returns undefined where it does not reach the same process
   */
  async acquire(agent: Agent, signal: AbortSignal): Promise<PooledConnection | undefined> {
    clearTimeout(this.timer);
    if (this.current !== undefined) {
      return this.current;
    }
    const opened = await this.options.open(signal);
    try {
      if ((await opened.agent?.join(agent, signal)) === true) {
        this.current = opened;
        this.options.onDidChange();
        return opened;
      }
    } catch (error) {
      await opened.close();
      throw error;
    }
    this.useless = true;
    await opened.close();
    return undefined;
  }

  /** A run has ended: if it was the last one, the time until it is closed begins. */
  closeWhenIdle(): void {
    clearTimeout(this.timer);
    if (this.current !== undefined && !this.options.isRunning()) {
      this.timer = setTimeout(() => this.closeIfIdle(), this.options.idleSeconds * 1000);
    }
  }

  /** Closes it now, unless a run is in progress. */
  closeIfIdle(): void {
    if (!this.options.isRunning() && this.current !== undefined) {
      void this.close();
      this.options.onDidChange();
    }
  }

  /** It has ended by itself. */
  forget(lost: PooledConnection): void {
    if (lost === this.current) {
      this.current = undefined;
      clearTimeout(this.timer);
      this.options.onDidChange();
    }
  }

  /** Closes it, and is as new: the next main connection may be to another server. */
  async close(): Promise<void> {
    clearTimeout(this.timer);
    const { current } = this;
    this.current = undefined;
    this.useless = false;
    await current?.close();
  }
}
