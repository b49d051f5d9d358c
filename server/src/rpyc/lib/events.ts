import { type Disposable, toDisposable } from './disposable';

/** Subscribes a listener; disposing the result ends the subscription. */
export type Event<T> = (listener: (value: T) => void) => Disposable;

interface Subscription<T> {
  readonly listener: (value: T) => void;
}

/** The sending end of an event. */
export class Emitter<T> implements Disposable {
  private readonly subscriptions = new Set<Subscription<T>>();
  private disposed = false;

  /** For those who listen. */
  readonly event: Event<T> = (listener) => {
    if (this.disposed) return toDisposable(() => undefined);
    // An object per subscription, so that the same function may subscribe twice.
    const subscription = { listener };
    this.subscriptions.add(subscription);
    return toDisposable(() => this.subscriptions.delete(subscription));
  };

  /**
   * Calls every listener that was subscribed when the call began and still is.
   *
   * @throws the first error that a listener threw, after all of them have run
   */
  fire(value: T): void {
    if (this.subscriptions.size === 1) {
      for (const { listener } of this.subscriptions) {
        listener(value);
        return;
      }
    }
    const errors: unknown[] = [];
    for (const subscription of [...this.subscriptions]) {
      if (!this.subscriptions.has(subscription)) continue;
      try {
        subscription.listener(value);
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw errors[0];
  }

  dispose(): void {
    this.disposed = true;
    this.subscriptions.clear();
  }
}
