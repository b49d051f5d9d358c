/*
 * The first moment of a child process. Upstream has no such file: Python's `Popen` raises at once.
 */

import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';

/**
 * Resolves with the child once it runs; until then its pipes must not be touched. Where file descriptors have run out,
 * Node makes a child without pipes, and an error event a moment later that ends this process if nobody listens.
 *
 * @throws the error of the system, with its code: `ENOENT`, `EACCES`, `EMFILE`
 */
export async function startedChild<T extends ChildProcess>(child: T): Promise<T> {
  // For all of its life: a signal or a message that cannot be sent is told by an event too.
  child.on('error', () => undefined);
  try {
    await once(child, 'spawn');
    return child;
  } catch (error) {
    // Its type promises pipes that are not there in this case.
    for (const pipe of (child.stdio as ChildProcess['stdio'] | undefined) ?? []) pipe?.destroy();
    throw error;
  }
}
