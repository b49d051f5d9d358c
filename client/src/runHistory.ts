import type * as vscode from 'vscode';
import type { RunResult } from '../../server/src/api/model';

const KEY = 'runHistory';
/** Longer ones are files, and the file has them. */
const SOURCE_LIMIT = 20_000;
const SHORT_LIMIT = 200;
/** Characters of all sources together. */
const TOTAL_LIMIT = 2_000_000;

/** What ran where and when, and how it ended. */
export interface PastRun {
  readonly id: string;
  readonly profileId: string;
  /** What the connection was called then. */
  readonly label: string;
  readonly source: string;
  readonly fileName: string;
  /** Zero-based line of the source in that file. */
  readonly line: number;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly elapsedMs: number;
  readonly status: RunResult['status'];
  /** Its value, or the type of what it raised. */
  readonly outcome: string;
}

/** The runs of this user, the newest first. Kept by VS Code on this machine, in no file of the workspace. */
export class RunHistory {
  /** @param size how many are kept; 0 keeps none */
  constructor(
    private readonly memory: vscode.Memento,
    private readonly size: () => number,
  ) {}

  get runs(): readonly PastRun[] {
    return this.memory.get<readonly PastRun[]>(KEY, []).slice(0, this.size());
  }

  /** The same source on the same connection is listed once, where it ran last. */
  async add(run: PastRun): Promise<void> {
    if (run.source.length > SOURCE_LIMIT || this.size() === 0) {
      return;
    }
    const others = this.runs.filter((one) => one.profileId !== run.profileId || one.source !== run.source);
    const newest = [{ ...run, outcome: run.outcome.slice(0, SHORT_LIMIT) }, ...others];
    await this.memory.update(KEY, withinLimit(newest.slice(0, this.size())));
  }

  async remove(id: string): Promise<void> {
    await this.memory.update(
      KEY,
      this.runs.filter((run) => run.id !== id),
    );
  }

  /** Forgets the runs of a connection, or all. */
  async clear(profileId: string | undefined): Promise<void> {
    const kept = profileId === undefined ? [] : this.runs.filter((run) => run.profileId !== profileId);
    await this.memory.update(KEY, kept);
  }
}

function withinLimit(runs: readonly PastRun[]): readonly PastRun[] {
  let left = TOTAL_LIMIT;
  return runs.filter(({ source }) => (left -= source.length) >= 0);
}
