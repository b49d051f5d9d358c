/*
 * The special methods with which JavaScript's own kinds of objects answer a Python peer: what makes an array have a
 * length and a Map be indexed over there. Upstream has no such file, its objects are Python's already.
 */

import { types } from 'node:util';

import { PythonError } from './errors';
import { type BrineValue, NotImplemented } from './pyTypes';

export type SpecialMethod = (...args: readonly unknown[]) => unknown;
export type SpecialMethods = ReadonlyMap<string, SpecialMethod>;

/** The special methods of `object`, bound to it. A peer's names are looked up in this map and nowhere else. */
export function specialMethodsOf(object: object): SpecialMethods {
  if (Array.isArray(object)) return sequenceMethods(object);
  if (types.isMap(object)) return mapMethods(object);
  if (types.isSet(object)) return setMethods(object);
  if (types.isDate(object)) return dateMethods(object);
  if (isIterator(object)) return iteratorMethods(object);
  if (isIterable(object)) return iterableMethods(object);
  return NO_METHODS;
}

const NO_METHODS: SpecialMethods = new Map();

/** Something with `next`, as an iterator has it: shown to Python as a generator. */
export function isIterator(object: object): object is AnyIterator {
  return (
    typeof (object as Partial<AnyIterator>).next === 'function' &&
    (Symbol.iterator in object || Symbol.asyncIterator in object)
  );
}

export type AnyIterator = Iterator<unknown> | AsyncIterator<unknown>;
type AnyIterable = Iterable<unknown> | AsyncIterable<unknown>;

function isIterable(object: object): object is AnyIterable {
  return Symbol.iterator in object || Symbol.asyncIterator in object;
}

function iteratorOf(iterable: AnyIterable): AnyIterator {
  return Symbol.iterator in iterable ? iterable[Symbol.iterator]() : iterable[Symbol.asyncIterator]();
}

/** The next item of an iterator, or a promise of it; raises StopIteration at the peer at the end. */
export function nextItem(iterator: AnyIterator): unknown {
  const step = iterator.next();
  return types.isPromise(step) ? step.then(itemOf) : itemOf(step);
}

function itemOf(step: IteratorResult<unknown>): unknown {
  if (step.done === true) throw new PythonError('StopIteration');
  return step.value;
}

function sequenceMethods(array: readonly unknown[]): SpecialMethods {
  return new Map<string, SpecialMethod>([
    ['__len__', () => array.length],
    ['__iter__', () => array.values()],
    ['__contains__', (item) => array.includes(item)],
    ['__getitem__', (key) => array[indexOf(key, array.length)]],
  ]);
}

function indexOf(key: unknown, length: number): number {
  if (typeof key !== 'number' || !Number.isInteger(key)) {
    throw new TypeError('array indices must be integers');
  }
  const index = key < 0 ? key + length : key;
  if (index < 0 || index >= length) throw new PythonError('IndexError', ['array index out of range']);
  return index;
}

function mapMethods(map: ReadonlyMap<unknown, unknown>): SpecialMethods {
  return new Map<string, SpecialMethod>([
    ['__len__', () => map.size],
    ['__iter__', () => map.keys()],
    ['__contains__', (key) => map.has(key)],
    [
      '__getitem__',
      (key) => {
        if (!map.has(key)) throw new PythonError('KeyError', [key as BrineValue]);
        return map.get(key);
      },
    ],
    ['keys', () => map.keys()],
    ['values', () => map.values()],
    ['items', () => map.entries()],
    ['get', (key, otherwise = null) => (map.has(key) ? map.get(key) : otherwise)],
  ]);
}

function setMethods(set: ReadonlySet<unknown>): SpecialMethods {
  return new Map<string, SpecialMethod>([
    ['__len__', () => set.size],
    ['__iter__', () => set.values()],
    ['__contains__', (item) => set.has(item)],
  ]);
}

function dateMethods(date: Date): SpecialMethods {
  const compare = (test: (difference: number) => boolean): SpecialMethod => {
    return (other) => (types.isDate(other) ? test(date.getTime() - other.getTime()) : NotImplemented);
  };
  return new Map<string, SpecialMethod>([
    ['__eq__', compare((difference) => difference === 0)],
    ['__ne__', compare((difference) => difference !== 0)],
    ['__lt__', compare((difference) => difference < 0)],
    ['__le__', compare((difference) => difference <= 0)],
    ['__gt__', compare((difference) => difference > 0)],
    ['__ge__', compare((difference) => difference >= 0)],
    ['isoformat', () => date.toISOString()],
    ['timestamp', () => date.getTime() / 1000],
  ]);
}

function iteratorMethods(iterator: AnyIterator): SpecialMethods {
  const next = (): unknown => nextItem(iterator);
  return new Map<string, SpecialMethod>([
    ['__iter__', () => iterator],
    ['__next__', next],
    // Python 2.
    ['next', next],
    ['close', () => Promise.resolve(iterator.return?.()).then(() => null)],
  ]);
}

function iterableMethods(iterable: AnyIterable): SpecialMethods {
  return new Map<string, SpecialMethod>([['__iter__', () => iteratorOf(iterable)]]);
}
