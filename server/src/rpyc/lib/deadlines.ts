import type { Disposable } from './disposable';

/** Node runs a timer of more milliseconds than this at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

class Deadline implements Disposable {
  private isOver = false;

  constructor(
    readonly at: number,
    private readonly whenDue: () => void,
    private readonly line: Set<Deadline>,
  ) {}

  run(): void {
    if (!this.isOver) this.whenDue();
  }

  dispose(): void {
    this.isOver = true;
    this.line.delete(this);
  }
}

/**
 * Many waits on one timer: for requests, of which thousands are open or none, and nearly all of which end in time.
 * It does not keep the process alive: what is waited for comes from a stream, and that does.
 */
export class Deadlines implements Disposable {
  /** Waits of one length end in the order in which they begin. */
  private readonly lines = new Map<number, Set<Deadline>>();
  private timer: NodeJS.Timeout | undefined;
  private timerAt = Infinity;

  /** Runs `run` after `seconds`, unless the result is disposed before; never where that is beyond any timer. */
  add(seconds: number, run: () => void): Disposable | undefined {
    const milliseconds = Math.max(seconds * 1000, 0);
    if (!(milliseconds <= LONGEST_TIMER_MS)) return undefined;
    let line = this.lines.get(milliseconds);
    if (line === undefined) {
      line = new Set();
      this.lines.set(milliseconds, line);
    }
    const deadline = new Deadline(performance.now() + milliseconds, run, line);
    line.add(deadline);
    if (deadline.at < this.timerAt) this.arm(deadline.at);
    return deadline;
  }

  dispose(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.timerAt = Infinity;
    this.lines.clear();
  }

  private arm(at: number): void {
    clearTimeout(this.timer);
    this.timerAt = at;
    this.timer = setTimeout(() => this.runDue(), Math.ceil(at - performance.now())).unref();
  }

  private runDue(): void {
    this.timerAt = Infinity;
    const now = performance.now();
    const due: Deadline[] = [];
    let next = Infinity;
    for (const [length, line] of this.lines) {
      for (const deadline of line) {
        if (deadline.at > now) {
          next = Math.min(next, deadline.at);
          break;
        }
        line.delete(deadline);
        due.push(deadline);
      }
      if (line.size === 0) this.lines.delete(length);
    }
    if (next < this.timerAt) this.arm(next);
    for (const deadline of due.sort((one, other) => one.at - other.at)) deadline.run();
  }
}
