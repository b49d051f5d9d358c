/**
 * Does things for many, no more than `limit` at a time, in the order in which they came. What takes longer than its
 * patience goes on and counts no more, so that slow ones never hold up the others for good.
 */
export class FleetQueue {
  private readonly waiting: string[] = [];
  private readonly timers = new Set<ReturnType<typeof setTimeout>>();
  private busy = 0;

  /** @param work never rejects */
  constructor(
    private readonly limit: number,
    private readonly patienceMs: number,
    private readonly work: (id: string) => Promise<void>,
  ) {}

  add(ids: readonly string[]): void {
    this.waiting.push(...ids);
    this.next();
  }

  /** @returns whether it had not begun, and does not begin any more */
  withdraw(id: string): boolean {
    const at = this.waiting.indexOf(id);
    if (at >= 0) {
      this.waiting.splice(at, 1);
    }
    return at >= 0;
  }

  /** Nothing more is begun. */
  dispose(): void {
    this.waiting.length = 0;
    for (const timer of this.timers) {
      clearTimeout(timer);
    }
    this.timers.clear();
  }

  private next(): void {
    while (this.busy < this.limit) {
      const id = this.waiting.shift();
      if (id === undefined) {
        return;
      }
      this.begin(id);
    }
  }

  private begin(id: string): void {
    this.busy += 1;
    const timer = setTimeout(() => leave(), this.patienceMs);
    const leave = (): void => {
      clearTimeout(timer);
      if (this.timers.delete(timer)) {
        this.busy -= 1;
        this.next();
      }
    };
    this.timers.add(timer);
    void this.work(id).finally(leave);
  }
}
