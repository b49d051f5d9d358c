/*
 * A reply to come, after rpyc/core/async_.py. Differs on purpose: `value` is a promise, since nothing here can block.
 */

import { after } from '../lib/deferred';
import { type Disposable, toDisposable } from '../lib/disposable';
import { AsyncResultTimeout } from './errors';

type Outcome =
  { readonly kind: 'value'; readonly value: unknown } | { readonly kind: 'error'; readonly error: unknown };

/** The result of an asynchronous call. */
export class AsyncResult {
  private outcome: Outcome | undefined;
  private isExpired = false;
  private expiry: Disposable = toDisposable(() => undefined);
  private callbacks: ((result: AsyncResult) => void)[] = [];
  private readonly result: Promise<unknown>;
  private settle: (() => void) | undefined;

  /** @param reply settles as the call does, and never for another reason than the end of the connection */
  constructor(reply: Promise<unknown>) {
    const settled = new Promise<void>((resolve) => {
      this.settle = resolve;
    });
    this.result = settled.then(() => {
      if (this.outcome === undefined) throw new AsyncResultTimeout();
      if (this.outcome.kind === 'error') throw this.outcome.error;
      return this.outcome.value;
    });
    // Only those who look at the value learn that it is an error.
    this.result.catch(() => undefined);
    reply.then(
      (value) => this.arrive({ kind: 'value', value }),
      (error: unknown) => this.arrive({ kind: 'error', error }),
    );
  }

  /** The reply is there: a value or an exception. */
  get ready(): boolean {
    return this.outcome !== undefined;
  }

  /** The reply is there and is an exception. */
  get error(): boolean {
    return this.outcome?.kind === 'error';
  }

  /** The reply did not come in the time that `setExpiry` gave it. It is dropped when it comes. */
  get expired(): boolean {
    return this.isExpired;
  }

  /** The value; rejects with what the peer raised, or with `AsyncResultTimeout`. */
  get value(): Promise<unknown> {
    return this.result;
  }

  /**
   * Waits for the reply, whatever it is.
   *
   * @throws AsyncResultTimeout where it expired
   */
  async wait(): Promise<void> {
    try {
      await this.result;
    } catch (error) {
      if (this.isExpired) throw error;
    }
  }

  /** @param seconds the time that the reply has from now on; `null` for ever */
  setExpiry(seconds: number | null): void {
    this.expiry.dispose();
    if (this.outcome !== undefined || this.isExpired) return;
    this.expiry = after(seconds ?? undefined, () => {
      this.isExpired = true;
      this.finish();
    });
  }

  /**
   * Calls `callback` with this result once the reply is there, at once where it is. Not called after expiry. One that
   * throws keeps no other from being called; its error is then an uncaught one, as that of an event's listener.
   */
  addCallback(callback: (result: AsyncResult) => void): void {
    if (this.outcome !== undefined) callback(this);
    else if (!this.isExpired) this.callbacks.push(callback);
  }

  /** As Python shows it, without an address. */
  toString(): string {
    const state = this.ready ? 'ready' : this.isExpired ? 'expired' : 'pending';
    return `<AsyncResult object (${state})>`;
  }

  private arrive(outcome: Outcome): void {
    if (this.isExpired) return;
    this.outcome = outcome;
    this.expiry.dispose();
    const { callbacks } = this;
    this.finish();
    for (const callback of callbacks) this.call(callback);
  }

  private call(callback: (result: AsyncResult) => void): void {
    try {
      callback(this);
    } catch (error) {
      queueMicrotask(() => {
        throw error;
      });
    }
  }

  private finish(): void {
    this.callbacks = [];
    this.settle?.();
  }
}
