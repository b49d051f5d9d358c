/** How often something may crash before it is left alone. Times are milliseconds of any steady clock. */
export class CrashBudget {
  private crashes: number[] = [];

  constructor(
    private readonly limit: number,
    private readonly windowMs: number,
  ) {}

  /** Notes a crash. @returns whether another start is allowed */
  spend(now: number): boolean {
    this.crashes = this.crashes.filter((time) => now - time < this.windowMs);
    this.crashes.push(now);
    return this.crashes.length < this.limit;
  }

  /** Forgets all crashes: somebody asked for a restart. */
  reset(): void {
    this.crashes = [];
  }
}
