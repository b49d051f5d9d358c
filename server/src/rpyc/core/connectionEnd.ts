/*
 * How the end of a connection is told, and what is still done before it.
 */

import { withTimeout } from '../lib/deferred';
import { errorText } from '../lib/errorText';
import type { Logger } from '../lib/logger';
import type { Config } from './config';
import { AsyncResultTimeout, EOFError, ErrorCode, ProtocolError, RpycError } from './errors';

/** How the end of a stream is told: by the error that ended it, or as the other side's doing. */
export function streamEnd(error: Error | undefined): Error {
  if (error instanceof RpycError) return error;
  if (error === undefined) return new EOFError('The peer ended the connection');
  return new EOFError(`The connection broke: ${error.message}`, ErrorCode.closed, { cause: error });
}

/** What those are told who use a connection that is closed. */
export function closedError(cause: Error | undefined): Error {
  if (cause === undefined) return new EOFError('The connection was closed here');
  if (cause instanceof ProtocolError) return cause;
  return new EOFError(cause.message, cause instanceof RpycError ? cause.code : ErrorCode.closed, { cause });
}

/** Calls others on the way out, where their errors must not stop us. */
export function tellOfEnd(logger: Logger, listener: () => void): void {
  try {
    listener();
  } catch (error) {
    logger.error(`A listener failed as the connection closed: ${errorText(error)}`);
  }
}

/** Runs the hook before the end, for no longer than a request may take. Gives what went wrong. */
export async function runBeforeClosed(
  config: Config,
  root: unknown,
): Promise<{ readonly error: unknown } | null> {
  const { before_closed: beforeClosed, sync_request_timeout: seconds } = config;
  if (beforeClosed === null) return null;
  try {
    const running = Promise.resolve(beforeClosed(root));
    await withTimeout(running, seconds ?? undefined, () => new AsyncResultTimeout());
    return null;
  } catch (error) {
    return { error };
  }
}
