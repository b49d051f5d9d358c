/** The lab bench as an RPyC service: what a peer may touch of it. */
import { exposed, type Netref, Service, type ServiceClass } from '../../rpyc/index';
import type { LabBench, Logbook, Motor, Thermometer } from './labBench';
import { Watch } from './watch';

/** Watches that one connection may have at a time. */
const MAX_WATCHES = 100;

/** A service class for this bench: each connection gets an object of its own, with its own watches. */
export function labService(bench: LabBench): ServiceClass {
  return class LabService extends Service {
    static override readonly aliases = ['lab'];
    readonly #watches = new Set<Watch>();

    override onDisconnect(): void {
      for (const watch of this.#watches) watch.dispose();
    }

    @exposed
    get thermometer(): Thermometer {
      return bench.thermometer;
    }

    @exposed
    get motor(): Motor {
      return bench.motor;
    }

    @exposed
    get logbook(): Logbook {
      return bench.logbook;
    }

    /** Everything at once: seconds since the start, degrees and millimetres. */
    @exposed
    read(): readonly [seconds: number, celsius: number, position: number] {
      const { seconds, celsius, position } = bench.reading();
      return [seconds, celsius, position];
    }

    /** Calls `callback(seconds, celsius, position)` with each new reading; the result has `stop()`. */
    @exposed
    watch(callback: unknown): Watch {
      if (typeof callback !== 'function') {
        throw new TypeError('watch() takes a function');
      }
      if (this.#watches.size >= MAX_WATCHES) {
        throw new RangeError(`A connection has at most ${MAX_WATCHES} watches`);
      }
      const watch = new Watch(bench, callback as unknown as Netref, (ended) => this.#watches.delete(ended));
      this.#watches.add(watch);
      return watch;
    }
  };
}
