/** A peer's function that is called with each new reading of a bench. */
import { type Disposable, type Netref, release } from '../../rpyc/index';
import type { LabBench, Reading } from './labBench';

/** Lives until it is told to stop, its function fails, or its connection is gone. */
export class Watch implements Disposable {
  readonly #callback: Netref;
  readonly #subscription: Disposable;
  readonly #ended: (watch: Watch) => void;
  #isBusy = false;
  #calls = 0;

  /**
   * @param callback called with seconds, degrees and millimetres
   * @param ended called once, at the end
   */
  constructor(bench: LabBench, callback: Netref, ended: (watch: Watch) => void) {
    this.#callback = callback;
    this.#ended = ended;
    this.#subscription = bench.onDidStep((reading) => void this.#tell(reading));
  }

  get exposed_calls(): number {
    return this.#calls;
  }

  exposed_stop(): void {
    this.dispose();
  }

  dispose(): void {
    this.#subscription.dispose();
    void release(this.#callback);
    this.#ended(this);
  }

  /** Leaves out the readings for which a slow peer is not ready. */
  async #tell({ seconds, celsius, position }: Reading): Promise<void> {
    if (this.#isBusy) return;
    this.#isBusy = true;
    try {
      await this.#callback(seconds, celsius, position);
      this.#calls += 1;
    } catch {
      // The function raised, or its connection is gone: nobody watches any more.
      this.dispose();
    } finally {
      this.#isBusy = false;
    }
  }
}
