import type { Agent } from '../agent';
import type { PooledConnection } from './pooledConnection';

export interface RunConnectionOptions {
  /** Closed after so long without a run. */
  readonly idleSeconds: number;
  readonly open: (signal: AbortSignal) => Promise<PooledConnection>;
  readonly isRunning: () => boolean;
  /** It was opened or closed. */
  readonly onDidChange: () => void;
  /** It could not be opened. Tells whether that may go better another time. */
  readonly onDidFail: (error: unknown) => boolean;
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

  /** It was tried, and did not reach the process of the main one, or cannot be had at all. */
  get isUseless(): boolean {
    return this.useless;
  }

  /**
   * Opens it, unless it is open.
   *
   * @param agent the main connection's, whose namespace is used
   * @returns undefined where it cannot be had, or does not reach the same process; runs use the main one then
   * @throws the signal's reason
   */
  async acquire(agent: Agent, signal: AbortSignal): Promise<PooledConnection | undefined> {
    clearTimeout(this.timer);
    if (this.current !== undefined) {
      return this.current;
    }
    try {
      const opened = await this.openJoined(agent, signal);
      if (opened === undefined) {
        this.useless = true;
        return undefined;
      }
      this.current = opened;
      this.options.onDidChange();
      return opened;
    } catch (error) {
      if (signal.aborted) {
        throw error;
      }
      this.useless = !this.options.onDidFail(error);
      return undefined;
    }
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

  private async openJoined(agent: Agent, signal: AbortSignal): Promise<PooledConnection | undefined> {
    const opened = await this.options.open(signal);
    try {
      if ((await opened.agent?.join(agent, signal)) === true) {
        return opened;
      }
    } catch (error) {
      await opened.close();
      throw error;
    }
    await opened.close();
    return undefined;
  }
}
