/*
 * Stand-ins for those immutable Python values that JavaScript has no type for.
 * Everything here travels by value (see `brine.ts`).
 */

import { createHash } from 'node:crypto';
import { inspect, type InspectOptions } from 'node:util';

/** A Python float where the number alone would be taken for an int: `new Float(1)` is `1.0`. */
export class Float {
  readonly #value: number;

  constructor(value: number) {
    this.#value = value;
  }

  valueOf(): number {
    return this.#value;
  }

  toString(): string {
    return Number.isInteger(this.#value) && Math.abs(this.#value) < 1e16
      ? `${Object.is(this.#value, -0) ? '-0' : this.#value}.0`
      : String(this.#value);
  }

  /** The number, for `JSON.stringify`. */
  toJSON(): number {
    return this.#value;
  }

  [inspect.custom](_depth: Depth, options: InspectOptions): string {
    return `Float(${inspect(this.#value, options)})`;
  }
}

/** A Python 2 `long`, which that Python tells apart from an int even where it is small. */
export class PyLong {
  readonly #value: bigint;

  constructor(value: bigint | number) {
    this.#value = BigInt(value);
  }

  valueOf(): bigint {
    return this.#value;
  }

  toString(): string {
    return `${this.#value}L`;
  }

  [inspect.custom](_depth: Depth, options: InspectOptions): string {
    return `PyLong(${inspect(this.#value, options)})`;
  }
}

/** A Python complex number. */
export class Complex {
  constructor(
    /** The real part. */
    readonly real: number,
    /** The imaginary part. */
    readonly imag: number,
  ) {
    Object.freeze(this);
  }

  toString(): string {
    const sign = this.imag < 0 || Object.is(this.imag, -0) ? '-' : '+';
    return `(${this.real}${sign}${Math.abs(this.imag)}j)`;
  }

  [inspect.custom](depth: Depth, options: InspectOptions): string {
    return shown('Complex', [this.real, this.imag], depth, options);
  }
}

/** A Python slice object; `null` stands for an end that is left out. */
export class Slice {
  constructor(
    /** The first index. */
    readonly start: BrineValue,
    /** The index behind the last one. */
    readonly stop: BrineValue,
    /** From one index to the next. */
    readonly step: BrineValue = null,
  ) {
    Object.freeze(this);
  }

  toString(): string {
    return 'slice';
  }

  [inspect.custom](depth: Depth, options: InspectOptions): string {
    return shown('Slice', [this.start, this.stop, this.step], depth, options);
  }
}

/**
 * A Python frozenset. Members are compared as Python compares them: `1`, `True` and `1.0` are one
 * member, a tuple equals a tuple of equal items. The order of the members is kept.
 */
export class FrozenSet implements Iterable<BrineValue> {
  readonly #members: readonly BrineValue[];
  #keys: ReadonlySet<unknown> | undefined;
  #digest: string | undefined;

  constructor(members: Iterable<BrineValue> = []) {
    const all = [...members];
    if (all.length < 2) {
      this.#members = all;
      return;
    }
    const keys = new Set<unknown>();
    this.#members = all.filter((member) => {
      const key = equalityKey(member);
      return !keys.has(key) && keys.add(key);
    });
    this.#keys = keys;
  }

  toString(): string {
    return `frozenset of ${this.size}`;
  }

  [inspect.custom](depth: Depth, options: InspectOptions): string {
    return isTooDeep(depth)
      ? '[FrozenSet]'
      : `FrozenSet(${this.size}) ${inspect(this.#members, { ...options, depth })}`;
  }

  /** How many members there are. */
  get size(): number {
    return this.#members.length;
  }

  /** Whether a member equals `value`, as Python compares. */
  has(value: BrineValue): boolean {
    this.#keys ??= new Set(this.#members.map(equalityKey));
    return this.#keys.has(equalityKey(value));
  }

  /** The members, in their order. */
  values(): readonly BrineValue[] {
    return this.#members;
  }

  [Symbol.iterator](): IterableIterator<BrineValue> {
    return this.#members.values();
  }

  /**
   * A text that is the same for equal sets. It is made once and has a fixed length, so that sets nested in
   * sets cost no more than their bytes.
   */
  static digest(set: FrozenSet): string {
    set.#digest ??= createHash('sha256').update(set.#members.map(keyText).sort().join(',')).digest('base64');
    return set.#digest;
  }
}

class EllipsisType {
  readonly #text = 'Ellipsis';

  constructor() {
    Object.freeze(this);
  }

  toString(): string {
    return this.#text;
  }
}

class NotImplementedType {
  readonly #text = 'NotImplemented';

  constructor() {
    Object.freeze(this);
  }

  toString(): string {
    return this.#text;
  }
}

export type { EllipsisType, NotImplementedType };

/** Python's `...`. */
export const Ellipsis: EllipsisType = new EllipsisType();

/** What a Python operator gives when it does not know the other operand. */
export const NotImplemented: NotImplementedType = new NotImplementedType();

/** Every value that travels by value. `undefined` goes out as None and never comes in. */
export type BrineValue =
  | null
  | undefined
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | readonly BrineValue[]
  | Float
  | PyLong
  | Complex
  | Slice
  | FrozenSet
  | EllipsisType
  | NotImplementedType;

/** Keyword arguments of a call. Made by `kwargs`; recognised as the last argument. */
export class Kwargs {
  readonly #entries: readonly (readonly [string, unknown])[];

  constructor(entries: Iterable<readonly [string, unknown]>) {
    this.#entries = [...entries];
  }

  /** Names and values, in their order. */
  entries(): readonly (readonly [string, unknown])[] {
    return this.#entries;
  }

  /** The value of a name; undefined where there is none. Nothing of JavaScript's own is ever found. */
  get(name: string): unknown {
    return this.#entries.find(([own]) => own === name)?.[1];
  }

  /** All of them as an object, which has no prototype: a peer chooses the names. */
  toObject(): Record<string, unknown> {
    const object = Object.create(null) as Record<string, unknown>;
    for (const [name, value] of this.#entries) object[name] = value;
    return object;
  }

  /** As `toObject`, for `JSON.stringify`. */
  toJSON(): Record<string, unknown> {
    return this.toObject();
  }

  [inspect.custom](depth: Depth, options: InspectOptions): string {
    if (isTooDeep(depth)) return '[Kwargs]';
    return inspect(new Map(this.#entries), { ...options, depth }).replace(/^Map\(\d+\)/, 'Kwargs');
  }
}

/** Keyword arguments for a remote call: `await f(1, kwargs({ key: 2 }))`. */
export function kwargs(values: Readonly<Record<string, unknown>>): Kwargs {
  return new Kwargs(Object.entries(values));
}

/** What an inspector prints: the class, and the values that make one like it. */
function shown(name: string, parts: readonly unknown[], depth: Depth, options: InspectOptions): string {
  if (isTooDeep(depth)) return `[${name}]`;
  return `${name}(${parts.map((part) => inspect(part, inner(depth, options))).join(', ')})`;
}

/** Levels that an inspector may still go down; `null` is without end. */
type Depth = number | null;

function isTooDeep(depth: Depth): boolean {
  return depth !== null && depth < 0;
}

function inner(depth: Depth, options: InspectOptions): InspectOptions {
  return { ...options, depth: depth === null ? null : depth - 1 };
}

/** A key that is the same (as in `Set`) for values that are equal in Python. */
function equalityKey(value: BrineValue): unknown {
  // Python keeps two NaNs apart unless they are the same object.
  if (isNaNValue(value)) return Symbol('nan');
  return keyText(value);
}

function isNaNValue(value: BrineValue): boolean {
  return (typeof value === 'number' || value instanceof Float) && Number.isNaN(value.valueOf());
}

function keyText(value: BrineValue): string {
  switch (typeof value) {
    case 'string':
      return `s${value.length}:${value}`;
    case 'boolean':
      return value ? 'n1' : 'n0';
    case 'bigint':
      return bigintKey(value);
    case 'number':
      return numberKey(value);
    case 'undefined':
      return 'N';
    default:
      return value === null ? 'N' : objectKey(value);
  }
}

function numberKey(value: number): string {
  return Number.isSafeInteger(value) ? `n${value}` : `f${value}`;
}

/** An int that a float can hold equals that float, whose text is short: a float of eight bytes may have 309 digits. */
function bigintKey(value: bigint): string {
  const number = Number(value);
  return Number.isFinite(number) && BigInt(number) === value ? numberKey(number) : `n${value}`;
}

function objectKey(value: BrineValue & object): string {
  if (Array.isArray(value)) return `(${(value as readonly BrineValue[]).map(keyText).join(',')})`;
  if (value instanceof Uint8Array) {
    return `b${value.length}:${Buffer.from(value.buffer, value.byteOffset, value.length).toString('latin1')}`;
  }
  if (value instanceof Float) return numberKey(value.valueOf());
  if (value instanceof PyLong) return bigintKey(value.valueOf());
  if (value instanceof FrozenSet) return `{${FrozenSet.digest(value)}}`;
  if (value instanceof Complex) {
    return value.imag === 0 ? numberKey(value.real) : `c${value.real},${value.imag}`;
  }
  if (value instanceof Slice) return `:${[value.start, value.stop, value.step].map(keyText).join(',')}`;
  return value === Ellipsis ? 'E' : 'I';
}
