import type { ObjectPath } from '../../server/src/api/model';
import type { WatchAnswer } from '../../server/src/api/watch';
import type { WatchedRow, WatchModel } from './watchModel';

export interface WatcherOptions {
  readonly model: WatchModel;
  /** One request for all that is watched on a connection. `isAsked` tells that the user wants it, and no timer. */
  readonly read: (
    profileId: string,
    paths: readonly ObjectPath[],
    isAsked: boolean,
  ) => Promise<readonly WatchAnswer[]>;
  readonly isConnected: (profileId: string) => boolean;
  /** Pause between an answer and the next read; zero for none by itself. */
  readonly seconds: () => number;
  readonly messageOf: (error: unknown) => string;
  /** These rows look different now. */
  readonly onDidRead: (rows: readonly WatchedRow[]) => void;
}

/**
 * Reads what is watched, again and again: each connection by itself, one request at a time, the next one a pause after
 * the answer. It does so while somebody looks, and connects to nothing.
 */
export class Watcher {
  private readonly timers = new Map<string, NodeJS.Timeout>();
  private readonly underWay = new Map<string, Promise<void>>();
  /** Connections that are to be read once more as soon as they have answered. */
  private readonly again = new Set<string>();
  /** Connections whose next read the user has asked for. */
  private readonly asked = new Set<string>();
  private isLive = false;
  private isPaused = false;
  private isDisposed = false;

  constructor(private readonly options: WatcherOptions) {}

  get paused(): boolean {
    return this.isPaused;
  }

  /** The connections that a timer will read next. */
  get due(): readonly string[] {
    return [...this.timers.keys()];
  }

  /** @param live somebody looks at the values */
  setLive(live: boolean): void {
    if (live !== this.isLive) {
      this.isLive = live;
      this.goOn();
    }
  }

  setPaused(paused: boolean): void {
    if (paused !== this.isPaused) {
      this.isPaused = paused;
      this.goOn();
    }
  }

  /** The pause has another length. */
  newPause(): void {
    for (const profileId of this.options.model.profileIds) {
      this.wait(profileId);
    }
  }

  /** Reads a connection as soon as possible, unless nobody looks or it is paused. */
  wake(profileId: string): void {
    if (this.isLive && !this.isPaused) {
      void this.read(profileId);
    } else {
      this.wait(profileId);
    }
  }

  /** Reads all connections now, also while it is paused. @returns when they have answered */
  async readNow(profileIds: readonly string[] = this.options.model.profileIds): Promise<void> {
    await Promise.all(
      profileIds.map((profileId) => {
        this.asked.add(profileId);
        return this.read(profileId);
      }),
    );
  }

  dispose(): void {
    this.isDisposed = true;
    this.again.clear();
    for (const timer of this.timers.values()) {
      clearTimeout(timer);
    }
    this.timers.clear();
  }

  private goOn(): void {
    for (const profileId of this.options.model.profileIds) {
      this.wake(profileId);
    }
  }

  private read(profileId: string): Promise<void> {
    const running = this.underWay.get(profileId);
    if (running !== undefined) {
      this.again.add(profileId);
      return running;
    }
    clearTimeout(this.timers.get(profileId));
    this.timers.delete(profileId);
    const isAsked = this.asked.delete(profileId);
    const rows = this.options.model.rowsOf(profileId);
    if (this.isDisposed || rows.length === 0 || !this.options.isConnected(profileId)) {
      return Promise.resolve();
    }
    const reading = this.ask(profileId, rows, isAsked).then(() => {
      this.underWay.delete(profileId);
      if (this.again.delete(profileId)) {
        return this.read(profileId);
      }
      this.wait(profileId);
      return undefined;
    });
    this.underWay.set(profileId, reading);
    return reading;
  }

  private async ask(profileId: string, rows: readonly WatchedRow[], isAsked: boolean): Promise<void> {
    const { model, read, messageOf, onDidRead } = this.options;
    let changed: readonly WatchedRow[];
    try {
      const answers = await read(
        profileId,
        rows.map(({ pin }) => pin.path),
        isAsked,
      );
      changed = model.accept(rows, answers, Date.now());
    } catch (error) {
      changed = model.fail(rows, messageOf(error));
    }
    if (!this.isDisposed && changed.length > 0) {
      onDidRead(changed);
    }
  }

  private wait(profileId: string): void {
    clearTimeout(this.timers.get(profileId));
    this.timers.delete(profileId);
    const { model, seconds: pause, isConnected } = this.options;
    const seconds = pause();
    const isWanted = this.isLive && !this.isPaused && !this.isDisposed && seconds > 0;
    const isIdle = !this.underWay.has(profileId);
    if (isWanted && isIdle && isConnected(profileId) && model.rowsOf(profileId).length > 0) {
      this.timers.set(
        profileId,
        setTimeout(() => this.wake(profileId), seconds * 1000),
      );
    }
  }
}
