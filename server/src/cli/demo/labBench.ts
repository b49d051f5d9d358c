/**
 * A small laboratory that lives: a thermometer over a heater, a motor on a rail, and a logbook.
 * It knows nothing of RPyC but the names that a peer may use. The same seed gives the same life.
 */
import { type Disposable, Emitter, type Event } from '../../rpyc/index';

/** Seconds of simulated time in one step. */
export const STEP_SECONDS = 0.5;

const AMBIENT_CELSIUS = 21;
const KEPT_READINGS = 2000;
const KEPT_ENTRIES = 500;
const RAIL_MM = 400;

/** What the bench shows at one moment. */
export interface Reading {
  readonly seconds: number;
  readonly celsius: number;
  readonly position: number;
}

/** Pseudo-random numbers from 0 to 1, the same for the same seed (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The newest items, as many as the limit says. Goes by reference: a peer iterates over it in chunks. */
class Records<T> implements Iterable<T> {
  #items: T[] = [];
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get length(): number {
    return this.#items.length;
  }

  push(item: T): void {
    this.#items.push(item);
    if (this.#items.length > this.#limit) {
      this.#items = this.#items.slice(-this.#limit);
    }
  }

  newest(count: number): T[] {
    return count > 0 ? this.#items.slice(-Math.trunc(count)) : [];
  }

  [Symbol.iterator](): Iterator<T> {
    return this.#items.values();
  }
}

export class Thermometer {
  readonly #history = new Records<readonly [seconds: number, celsius: number]>(KEPT_READINGS);
  readonly #random: () => number;
  #celsius = AMBIENT_CELSIUS;
  #target = AMBIENT_CELSIUS;

  constructor(random: () => number) {
    this.#random = random;
  }

  get exposed_unit(): string {
    return 'celsius';
  }

  get exposed_target(): number {
    return this.#target;
  }

  get exposed_history(): Iterable<readonly [number, number]> {
    return this.#history;
  }

  exposed_read(): number {
    return this.#celsius;
  }

  exposed_heat(celsius: number): number {
    if (typeof celsius !== 'number' || !(celsius >= -40 && celsius <= 180)) {
      throw new RangeError('The heater goes from -40 to 180 degrees');
    }
    this.#target = celsius;
    return celsius;
  }

  exposed_mean(count = 20): number {
    const values = this.#history.newest(count).map(([, celsius]) => celsius);
    return values.length === 0 ? this.#celsius : round(values.reduce((a, b) => a + b) / values.length);
  }

  step(seconds: number): void {
    const noise = (this.#random() - 0.5) * 0.2;
    this.#celsius = round(this.#celsius + (this.#target - this.#celsius) * 0.05 + noise);
    this.#history.push([seconds, this.#celsius]);
  }
}

export class Motor {
  readonly #arrived: (position: number) => void;
  #position = 0;
  #target = 0;
  #speed = 20;

  constructor(arrived: (position: number) => void) {
    this.#arrived = arrived;
  }

  /** Millimetres from the left end of the rail. */
  get exposed_position(): number {
    return this.#position;
  }

  /** Millimetres in a second. */
  get exposed_speed(): number {
    return this.#speed;
  }

  get exposed_moving(): boolean {
    return this.#position !== this.#target;
  }

  exposed_move(position: number, speed = this.#speed): number {
    if (typeof position !== 'number' || !(position >= 0 && position <= RAIL_MM)) {
      throw new RangeError(`The rail goes from 0 to ${RAIL_MM} mm`);
    }
    if (typeof speed !== 'number' || !(speed > 0 && speed <= 200)) {
      throw new RangeError('The motor does up to 200 mm in a second');
    }
    this.#target = position;
    this.#speed = speed;
    return round(Math.abs(position - this.#position) / speed);
  }

  exposed_stop(): number {
    this.#target = this.#position;
    return this.#position;
  }

  step(): void {
    if (!this.exposed_moving) return;
    const way = this.#target - this.#position;
    const reach = this.#speed * STEP_SECONDS;
    this.#position = Math.abs(way) <= reach ? this.#target : round(this.#position + Math.sign(way) * reach);
    if (this.#position === this.#target) this.#arrived(this.#position);
  }
}

export class Logbook {
  readonly #entries = new Records<string>(KEPT_ENTRIES);
  #seconds = 0;

  get exposed_entries(): Iterable<string> {
    return this.#entries;
  }

  exposed_add(text: string): number {
    if (typeof text !== 'string') {
      throw new TypeError('The logbook takes text');
    }
    this.#entries.push(`${this.#seconds.toFixed(1)} s: ${text.slice(0, 200)}`);
    return this.#entries.length;
  }

  exposed_newest(count = 10): readonly string[] {
    return this.#entries.newest(count);
  }

  step(seconds: number): void {
    this.#seconds = seconds;
  }
}

/** The bench itself. It stands still until it is started or stepped. */
export class LabBench implements Disposable {
  readonly thermometer: Thermometer;
  readonly motor: Motor;
  readonly logbook = new Logbook();
  private readonly stepped = new Emitter<Reading>();
  private steps = 0;
  private timer: NodeJS.Timeout | undefined;

  /** There is a new reading. */
  readonly onDidStep: Event<Reading> = this.stepped.event;

  constructor(seed: number) {
    this.thermometer = new Thermometer(randomFrom(seed));
    this.motor = new Motor((position) => {
      this.logbook.exposed_add(`motor arrived at ${position} mm`);
    });
    this.logbook.exposed_add('bench switched on');
  }

  /** Lives in real time until it is disposed. */
  start(): void {
    this.timer ??= setInterval(() => this.step(), STEP_SECONDS * 1000);
  }

  step(): void {
    this.steps += 1;
    const seconds = this.steps * STEP_SECONDS;
    this.logbook.step(seconds);
    this.thermometer.step(seconds);
    this.motor.step();
    this.stepped.fire(this.reading());
  }

  reading(): Reading {
    return {
      seconds: this.steps * STEP_SECONDS,
      celsius: this.thermometer.exposed_read(),
      position: this.motor.exposed_position,
    };
  }

  dispose(): void {
    clearInterval(this.timer);
    this.timer = undefined;
    this.stepped.dispose();
  }
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
