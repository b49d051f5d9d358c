import { setMaxListeners } from 'node:events';

import { type Disposable, toDisposable } from '../../rpyc/index';

/**
 * Settles as `promise` does, or rejects with the signal's reason as soon as it is aborted.
 * The promise goes on; its late rejection is not reported as unhandled.
 */
export async function untilAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) {
    return promise;
  }
  let listener = toDisposable(() => undefined);
  const aborted = new Promise<never>((_resolve, reject) => {
    listener = onAbort(signal, (reason) => reject(asError(reason)));
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    listener.dispose();
  }
}

export interface LinkedSignal extends Disposable {
  readonly signal: AbortSignal;
}

/**
 * A signal that is aborted as soon as one of `signals` is. Dispose it when it is no longer needed: a signal that
 * lives long would otherwise gather what once hung on it.
 */
export function linkSignals(...signals: readonly (AbortSignal | undefined)[]): LinkedSignal {
  const controller = new AbortController();
  const listeners = signals.map((signal) => onAbort(signal, (reason) => controller.abort(reason)));
  return {
    signal: controller.signal,
    dispose: () => {
      for (const listener of listeners) {
        listener.dispose();
      }
    },
  };
}

/** Calls `listener` with the reason once the signal is aborted, at once where it is already. */
export function onAbort(signal: AbortSignal | undefined, listener: (reason: unknown) => void): Disposable {
  if (signal === undefined || signal.aborted) {
    if (signal !== undefined) {
      listener(signal.reason);
    }
    return toDisposable(() => undefined);
  }
  const handler = (): void => listener(signal.reason);
  signal.addEventListener('abort', handler, { once: true });
  return toDisposable(() => signal.removeEventListener('abort', handler));
}

/** An abort's reason may be anything; what is thrown is an error. */
export function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason));
}

/** Any number of lends listen to it, each as long as it waits. */
export function newSession(): AbortController {
  const session = new AbortController();
  setMaxListeners(0, session.signal);
  return session;
}
