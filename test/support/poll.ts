/** Waiting for something to come true, with a deadline instead of a guess. */
import { setTimeout as delay } from 'node:timers/promises';

export interface PollOptions {
  /** Milliseconds until the wait fails; 10,000 unless told. */
  readonly timeoutMs?: number;
  /** Milliseconds between two looks; 20 unless told. */
  readonly intervalMs?: number;
}

/**
 * Calls `look` until it returns something other than `undefined` or `false`, or stops throwing.
 *
 * @param what names what is waited for, for the error
 * @param look takes one look; an error counts as "not yet" and becomes the cause of the failure
 * @returns what the last look returned
 */
export async function eventually<T>(
  what: string,
  look: () => T | undefined | false | Promise<T | undefined | false>,
  options: PollOptions = {},
): Promise<T> {
  const { timeoutMs = 10_000, intervalMs = 20 } = options;
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    let cause: unknown;
    try {
      const result = await look();
      if (result !== undefined && result !== false) {
        return result;
      }
    } catch (error) {
      cause = error;
    }
    if (performance.now() >= deadline) {
      throw new Error(`Not within ${timeoutMs} ms: ${what}`, { cause });
    }
    await delay(intervalMs);
  }
}

/** Like {@link eventually}, for a look that only throws while it is not satisfied. */
export async function eventuallyOk(
  what: string,
  check: () => void | Promise<void>,
  options: PollOptions = {},
): Promise<void> {
  await eventually(
    what,
    async () => {
      await check();
      return true;
    },
    options,
  );
}
