/*
 * One time limit and one signal for all that a call takes: reading the path in front of it, its arguments, and the
 * request itself. Upstream has no paths, so that one limit for each request is enough there.
 */

import { after, onAbort } from '../lib/deferred';
import { AsyncResultTimeout, RequestAborted } from './errors';
import type { RequestOptions } from './reference';

export class OverallLimit {
  private readonly until: number | undefined;

  constructor(private readonly options: RequestOptions | undefined) {
    const seconds = options?.timeoutSeconds;
    if (typeof seconds === 'number') this.until = performance.now() + seconds * 1000;
  }

  /**
   * The options of a request that is sent now.
   *
   * @throws AsyncResultTimeout `ERR_TIMEOUT` where no time is left: nothing more is asked of the peer
   */
  left(): RequestOptions | undefined {
    if (this.until === undefined) return this.options;
    return { ...this.options, timeoutSeconds: this.secondsLeft(this.until) };
  }

  /** Settles as `promise` does, unless the time is over or the signal fires before. */
  async wait<T>(promise: Promise<T>): Promise<T> {
    const { until } = this;
    const signal = this.options?.signal;
    if (until === undefined && signal === undefined) return await promise;
    return await new Promise<T>((resolve, reject) => {
      const seconds = until === undefined ? undefined : Math.max(until - performance.now(), 0) / 1000;
      const timer = after(seconds, () => reject(new AsyncResultTimeout()));
      const abort = onAbort(signal, (reason) => reject(new RequestAborted(reason)));
      const settled = (): void => {
        timer.dispose();
        abort.dispose();
      };
      promise.finally(settled).then(resolve, reject);
    });
  }

  private secondsLeft(until: number): number {
    const milliseconds = until - performance.now();
    if (milliseconds <= 0) throw new AsyncResultTimeout();
    return milliseconds / 1000;
  }
}
