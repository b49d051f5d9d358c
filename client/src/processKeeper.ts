import { CrashBudget } from './crashBudget';

export type BackendStatus = 'stopped' | 'starting' | 'running' | 'givenUp';

/** A process that runs. */
export interface KeptProcess {
  /** Ends it in order, or by force where that takes too long. May be called more than once. */
  end(): Promise<void>;
}

export interface ProcessKeeperOptions<P extends KeptProcess> {
  /**
   * Starts a process.
   * @param unwanted aborts when the process is to go, ready or not: it must be ended then, and tells nothing more
   * @param died to be called when the process ends by itself
   */
  readonly launch: (unwanted: AbortSignal, died: () => void) => Promise<P>;
  /** The error for who asks for a process that is not started any more. */
  readonly givenUp: () => Error;
  /** The error for who waited for a process that somebody stopped. */
  readonly stopped: () => Error;
  /** The error for who waited for a process that did not start. */
  readonly notStarted: (cause: unknown) => Error;
  readonly onDidChangeStatus: (status: BackendStatus) => void;
  readonly onDidStart: (process: P) => void;
  /** The process is gone, or goes now. */
  readonly onDidEnd: () => void;
  readonly warn: (message: string) => void;
  /** It may crash so often within the window before it is left alone. */
  readonly crashes: number;
  readonly crashWindowMs: number;
  /** How long a stop waits for a start that has not come to an end. */
  readonly stopTimeoutMs: number;
}

/** One process from its launch to its end. */
interface ProcessRun<P> {
  /** Aborts when the process ends, or is to end. */
  readonly ending: AbortController;
  live: P | undefined;
}

/**
 * Keeps at most one process: started when it is first needed, started again when it crashes, left alone when it
 * crashes too often.
 */
export class ProcessKeeper<P extends KeptProcess> {
  private readonly budget: CrashBudget;
  private run: ProcessRun<P> | undefined;
  private launched: Promise<P> | undefined;
  private stopping: Promise<void> | undefined;
  private restarting: Promise<void> | undefined;
  private statusNow: BackendStatus = 'stopped';
  private disposed = false;

  constructor(private readonly options: ProcessKeeperOptions<P>) {
    this.budget = new CrashBudget(options.crashes, options.crashWindowMs);
  }

  get status(): BackendStatus {
    return this.statusNow;
  }

  /** The process, where it is ready. */
  get live(): P | undefined {
    return this.run?.live;
  }

  /** The process, started where it does not run. While one stops, the next one waits for its end. */
  async ensure(): Promise<P> {
    while (this.stopping !== undefined) {
      await this.stopping;
    }
    if (this.statusNow === 'givenUp') {
      throw this.options.givenUp();
    }
    if (this.disposed) {
      throw this.options.stopped();
    }
    this.launched ??= this.start();
    return this.launched;
  }

  /** A process that is asked for by the user: earlier crashes do not count. */
  restart(): Promise<void> {
    this.restarting ??= this.stopAndStart().finally(() => {
      this.restarting = undefined;
    });
    return this.restarting;
  }

  /** Ends the process, in order where it answers in time. */
  stop(): Promise<void> {
    const { run, launched } = this;
    if (run === undefined || launched === undefined) {
      return this.stopping ?? Promise.resolve();
    }
    this.run = undefined;
    this.launched = undefined;
    run.ending.abort();
    this.setStatus('stopped');
    const stopping = this.endRun(run, launched).finally(() => {
      this.stopping = undefined;
    });
    this.stopping = stopping;
    return stopping;
  }

  dispose(): void {
    this.disposed = true;
    void this.stop();
  }

  private async stopAndStart(): Promise<void> {
    this.budget.reset();
    const stopped = this.stop();
    this.setStatus('stopped');
    // Told before the end: what the process says while it stops is not what becomes of its connections.
    this.options.onDidEnd();
    await stopped;
    await this.ensure();
  }

  private start(): Promise<P> {
    const run: ProcessRun<P> = { ending: new AbortController(), live: undefined };
    this.run = run;
    this.setStatus('starting');
    return this.launch(run);
  }

  private async launch(run: ProcessRun<P>): Promise<P> {
    try {
      const process = await this.options.launch(run.ending.signal, () => this.gone(run));
      if (!run.ending.signal.aborted) {
        run.live = process;
        this.setStatus('running');
        this.options.onDidStart(process);
        return process;
      }
      await process.end();
    } catch (error) {
      if (!run.ending.signal.aborted) {
        this.options.warn(`The background process did not start: ${String(error)}`);
        this.gone(run);
        throw this.options.notStarted(error);
      }
    }
    throw this.options.stopped();
  }

  /** Runs once for each process that ends without being asked to. */
  private gone(run: ProcessRun<P>): void {
    if (run.ending.signal.aborted) {
      return;
    }
    run.ending.abort();
    this.run = undefined;
    this.launched = undefined;
    const again = this.budget.spend(Date.now()) && !this.disposed;
    this.options.warn(`The background process ended unexpectedly${again ? ', starting it again' : ''}`);
    this.setStatus(again ? 'stopped' : 'givenUp');
    this.options.onDidEnd();
    if (again) {
      this.ensure().catch((error: unknown) => this.options.warn(String(error)));
    }
  }

  private async endRun(run: ProcessRun<P>, launched: Promise<P>): Promise<void> {
    try {
      if (run.live === undefined) {
        await settledWithin(launched, this.options.stopTimeoutMs);
      } else {
        await run.live.end();
      }
    } catch (error) {
      this.options.warn(`The background process did not stop in order: ${String(error)}`);
    }
  }

  private setStatus(status: BackendStatus): void {
    if (this.statusNow !== status && !this.disposed) {
      this.statusNow = status;
      this.options.onDidChangeStatus(status);
    }
  }
}

async function settledWithin(promise: Promise<unknown>, milliseconds: number): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const settled = promise.then(
    () => undefined,
    () => undefined,
  );
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, milliseconds);
  });
  await Promise.race([settled, late]);
  clearTimeout(timer);
}
