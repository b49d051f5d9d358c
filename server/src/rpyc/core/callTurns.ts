/*
 * Taking turns with requests. Upstream has no such file, since its callers block. A server of Python serves what comes
 * while a callback is waited for inside of that wait, so that the earlier of two calls cannot end before the later one.
 */

import { type CallSite, callSite } from '../lib/callSite';
import { deferred, onAbort } from '../lib/deferred';
import { EOFError, RequestAborted } from './errors';
import type { RequestDetails } from './reference';

/** Sends a request and gives what its reply will settle. */
type Ask = (site: CallSite | undefined) => Promise<unknown>;

interface Waiting {
  readonly start: () => void;
  readonly fail: (error: Error) => void;
}

/** Has one request answered before the next one is sent. */
export class CallTurns {
  private readonly waiting = new Set<Waiting>();
  private isTaken = false;

  /** Runs `ask` when all requests before it are settled; the signal ends the wait for that, time limits begin then. */
  take(ask: Ask, details: RequestDetails = {}): Promise<unknown> {
    if (!this.isTaken) return this.use(() => ask(details.site));
    const site = details.site ?? callSite(this, 'take');
    const result = deferred<unknown>();
    const waiting: Waiting = {
      start: () => {
        abort.dispose();
        result.resolve(this.use(() => ask(site)));
      },
      fail: (error) => {
        abort.dispose();
        result.reject(error);
      },
    };
    this.waiting.add(waiting);
    const abort = onAbort(details.signal, (reason) => {
      this.waiting.delete(waiting);
      result.reject(new RequestAborted(reason));
    });
    return result.promise;
  }

  /** Ends all that wait. */
  failAll(error: Error): void {
    const all = [...this.waiting];
    this.waiting.clear();
    for (const { fail } of all) fail(error instanceof EOFError ? error.again() : error);
  }

  private use(ask: () => Promise<unknown>): Promise<unknown> {
    this.isTaken = true;
    const reply = ask();
    const next = (): void => this.next();
    reply.then(next, next);
    return reply;
  }

  private next(): void {
    this.isTaken = false;
    const [first] = this.waiting;
    if (first === undefined) return;
    this.waiting.delete(first);
    first.start();
  }
}
