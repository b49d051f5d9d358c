import { type Netref, isNetref, release } from '../../rpyc/index';

/** As many as the helper keeps. */
const MAX_RESULTS = 50;
const MAX_NAME = 120;

/** What calls to one strict service gave, by the name of its row; the newest first. It ends with the connection. */
export class ServiceResults {
  private readonly values = new Map<string, unknown>();
  private last = 0;

  /** Keeps a result. @returns the name of its row */
  add(what: string, value: unknown): string {
    this.last += 1;
    const name = `#${this.last} ${what}`.slice(0, MAX_NAME);
    this.values.set(name, value);
    for (const old of this.values.keys()) {
      if (this.values.size <= MAX_RESULTS) {
        break;
      }
      this.delete(old);
    }
    return name;
  }

  get names(): readonly string[] {
    return [...this.values.keys()].reverse();
  }

  has(name: string): boolean {
    return this.values.has(name);
  }

  get(name: string): unknown {
    return this.values.get(name);
  }

  /** Whether this very reference is one of the results. */
  holds(netref: Netref): boolean {
    return [...this.values.values()].includes(netref);
  }

  /** A reference that a row still shows ends with it here, as it does on a classic peer. */
  delete(name: string): void {
    const value = this.values.get(name);
    this.values.delete(name);
    if (isNetref(value)) {
      void release(value);
    }
  }
}
