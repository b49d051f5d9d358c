import { type Disposable, toDisposable } from './disposable';

/** A promise together with the means to settle it. Settling it twice has no effect. */
export interface Deferred<T> {
  readonly promise: Promise<T>;
  readonly settled: boolean;
  resolve(value: T): void;
  reject(error: unknown): void;
}

/** Whether `value` has to be waited for: a promise of any realm, or what behaves like one. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  const isObject = (typeof value === 'object' && value !== null) || typeof value === 'function';
  return isObject && typeof (value as Partial<PromiseLike<unknown>>).then === 'function';
}

export function deferred<T>(): Deferred<T> {
  let settled = false;
  let settleWithValue: (value: T) => void;
  let settleWithError: (error: unknown) => void;
  const promise = new Promise<T>((resolve, reject) => {
    settleWithValue = resolve;
    settleWithError = reject;
  });
  return {
    promise,
    get settled() {
      return settled;
    },
    resolve(value) {
      settled = true;
      settleWithValue(value);
    },
    reject(error) {
      settled = true;
      settleWithError(error);
    },
  };
}

/** Node runs a timer of more milliseconds than this at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/**
 * Runs `fn` after `seconds`; disposing the result stops the timer.
 * Never runs where the time is undefined, infinite or longer than a timer can be (24 days).
 */
export function after(seconds: number | undefined, fn: () => void): Disposable {
  const milliseconds = (seconds ?? Infinity) * 1000;
  if (!(milliseconds <= LONGEST_TIMER_MS)) return toDisposable(() => undefined);
  const timer = setTimeout(fn, milliseconds);
  return toDisposable(() => clearTimeout(timer));
}

/**
 * Settles as `promise` does, or rejects with `makeError()` once `seconds` have passed.
 * The timer ends with the promise; a late rejection of `promise` is not reported as unhandled.
 */
export function withTimeout<T>(
  promise: Promise<T>,
  seconds: number | undefined,
  makeError: () => Error,
): Promise<T> {
  if (seconds === undefined) return promise;
  const result = deferred<T>();
  const timer = after(seconds, () => result.reject(makeError()));
  promise.then(
    (value) => {
      timer.dispose();
      result.resolve(value);
    },
    (error: unknown) => {
      timer.dispose();
      result.reject(error);
    },
  );
  return result.promise;
}

/**
 * Calls `fn` with the reason once `signal` is aborted, at once where it is aborted already.
 * Disposing the result removes the listener.
 */
export function onAbort(signal: AbortSignal | undefined, fn: (reason: unknown) => void): Disposable {
  if (signal === undefined) return toDisposable(() => undefined);
  if (signal.aborted) {
    fn(signal.reason);
    return toDisposable(() => undefined);
  }
  const listener = (): void => fn(signal.reason);
  signal.addEventListener('abort', listener, { once: true });
  return toDisposable(() => signal.removeEventListener('abort', listener));
}
