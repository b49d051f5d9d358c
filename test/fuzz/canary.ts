/** A service with things that no peer may touch, and a record of every touch. */
import { Kwargs } from '../../server/src/rpyc/core/pyTypes';
import { Service } from '../../server/src/rpyc/core/service';

/** What was reached that must not be, in all sessions of this process. */
export const touched: string[] = [];

function touch(what: string): never {
  touched.push(what);
  throw new Error(`The peer reached ${what}`);
}

/** An object that is given away: of it only `exposed_value` and `exposed_greet` may be seen. */
export class Treasure {
  readonly exposed_value = 42;

  exposed_greet(name: unknown): string {
    return typeof name === 'string' ? `Hello ${name.slice(0, 20)}` : 'Hello';
  }

  get secret(): never {
    return touch('a getter');
  }

  set secret(_value: unknown) {
    touch('a setter');
  }

  steal(): never {
    return touch('a method');
  }

  get _hidden(): never {
    return touch('a hidden getter');
  }

  toString(): never {
    return touch('toString');
  }

  toJSON(): never {
    return touch('toJSON');
  }

  get then(): undefined {
    // Looked at by the language itself, wherever something is awaited.
    return undefined;
  }

  [Symbol.toPrimitive](): never {
    return touch('toPrimitive');
  }
}

export class CanaryService extends Service {
  readonly #treasure = new Treasure();

  exposed_echo(...values: readonly unknown[]): unknown {
    return values.filter((value) => !(value instanceof Kwargs));
  }

  exposed_treasure(): object {
    return this.#treasure;
  }

  exposed_fresh(): object {
    return new Treasure();
  }

  exposed_items(): object {
    return [new Treasure(), 1, 'two'].values();
  }

  exposed_table(): object {
    return new Map<unknown, unknown>([
      ['__proto__', 1],
      ['treasure', this.#treasure],
    ]);
  }

  async exposed_later(value: unknown): Promise<unknown> {
    await Promise.resolve();
    return value;
  }

  exposed_fail(): never {
    throw new RangeError('as asked');
  }

  exposed_callback(callback: unknown): unknown {
    return typeof callback === 'function' ? (callback as (value: number) => unknown)(1) : null;
  }

  secret(): never {
    return touch('a method of the service');
  }

  get hidden(): never {
    return touch('a getter of the service');
  }
}

/** Names that lead somewhere on the canary, allowed or not. */
export const CANARY_NAMES = [
  'echo',
  'treasure',
  'fresh',
  'items',
  'table',
  'later',
  'fail',
  'callback',
  'exposed_echo',
  'exposed_treasure',
  'exposed_value',
  'value',
  'greet',
  'secret',
  'steal',
  'hidden',
  '_hidden',
  '__iter__',
  '__next__',
  '__getitem__',
  '__len__',
  '__enter__',
  '__exit__',
  'get_service_name',
] as const;
