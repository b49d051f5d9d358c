import type { CancellationToken } from 'vscode-languageserver/node';

import type { ProblemError } from '../features/problem';

/** A signal for the length of one request. */
export interface RequestSignal {
  readonly signal: AbortSignal;
  /** Ends the request's interest in its token. */
  dispose(): void;
}

/**
 * The one place where the editor's token becomes an `AbortSignal`.
 *
 * @param reason what a cancelled request fails with
 */
export function toAbortSignal(token: CancellationToken, reason: ProblemError): RequestSignal {
  const controller = new AbortController();
  if (token.isCancellationRequested) {
    controller.abort(reason);
  }
  const listener = token.onCancellationRequested(() => controller.abort(reason));
  return { signal: controller.signal, dispose: () => listener.dispose() };
}
