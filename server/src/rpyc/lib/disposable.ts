/** Something that holds a resource. Disposing it twice is harmless. */
export interface Disposable {
  dispose(): void;
}

/** Makes a `Disposable` that runs `fn` at its first disposal and never again. */
export function toDisposable(fn: () => void): Disposable {
  let pending: (() => void) | undefined = fn;
  return {
    dispose(): void {
      const run = pending;
      pending = undefined;
      run?.();
    },
  };
}

/** Owns any number of disposables. What is added after its disposal is disposed at once. */
export class DisposableStore implements Disposable {
  private readonly items = new Set<Disposable>();
  private disposed = false;

  /** Whether it was disposed. */
  get isDisposed(): boolean {
    return this.disposed;
  }

  /** Takes ownership of `item` and gives it back. */
  add<T extends Disposable>(item: T): T {
    if (this.disposed) item.dispose();
    else this.items.add(item);
    return item;
  }

  /** Disposes `item` now, ahead of the store. */
  delete(item: Disposable): void {
    if (this.items.delete(item)) item.dispose();
  }

  /**
   * Disposes everything, last added first.
   *
   * @throws the first error that a disposal threw, after all of them have run
   */
  dispose(): void {
    this.disposed = true;
    const items = [...this.items].reverse();
    this.items.clear();
    const errors: unknown[] = [];
    for (const item of items) {
      try {
        item.dispose();
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw errors[0];
  }
}
