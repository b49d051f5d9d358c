import { failureName } from '../../api/debugging';
import type { RunError } from '../../api/model';
import type { Lease } from '../pool/lease';
import type { PeerError } from './runError';

/** Where something failed. */
export interface FailurePlace {
  readonly profileId: string;
  readonly generation: number;
}

/** An error that the user was told. */
export interface Failure extends FailurePlace {
  readonly error: RunError;
  /** Under which the helper keeps it with its frames; absent where it does not. */
  readonly number?: number;
}

/** More than a user goes back to; each has a traceback as text. */
const MOST = 50;

/** The errors that the user was told last, so that each of them can be opened in the debugger by its name. */
export class Failures {
  private readonly kept = new Map<string, Failure>();
  private last = 0;

  /** @returns the error with its name, where there is anything to show of it */
  keep({ profileId, generation }: FailurePlace, { number, ...error }: PeerError): RunError {
    if (error.frames.length === 0) {
      return error;
    }
    this.last += 1;
    const failure = failureName(this.last, profileId);
    this.kept.set(failure, {
      profileId,
      generation,
      error,
      ...(number === undefined ? {} : { number }),
    });
    for (const oldest of [...this.kept.keys()].slice(0, -MOST)) {
      this.kept.delete(oldest);
    }
    return { ...error, failure };
  }

  find(name: string): Failure | undefined {
    return this.kept.get(name);
  }

  /** What failed last on a profile. */
  newest(profileId: string): Failure | undefined {
    return [...this.kept.values()].findLast((failure) => failure.profileId === profileId);
  }

  /** Nobody goes back to it. @returns what it was */
  drop(name: string): Failure | undefined {
    const failure = this.kept.get(name);
    this.kept.delete(name);
    return failure;
  }
}

/** Lets go of errors to which nobody goes back, here and at the peers. */
export async function dropFailures(
  failures: Failures,
  names: readonly string[],
  lend: (profileId: string) => Lease | undefined,
): Promise<void> {
  for (const name of names) {
    const { profileId = '', generation, number } = failures.drop(name) ?? {};
    const lease = number === undefined ? undefined : lend(profileId);
    try {
      if (lease?.generation === generation) {
        // Where that does not arrive, newer errors take its place, or the connection ends.
        await lease?.agent?.ask('drop_failures', [[number]]).catch(() => undefined);
      }
    } finally {
      lease?.dispose();
    }
  }
}
