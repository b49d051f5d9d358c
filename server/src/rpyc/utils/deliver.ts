/*
 * Python objects made from JavaScript values, after `deliver` of rpyc/utils/classic.py. Differs on purpose: nothing is
 * pickled; the peer puts the object together in one request.
 */

import { callattr } from '../core/builtins';
import { CopyError } from '../core/errors';
import { OverallLimit } from '../core/overallLimit';
import { isPath, withTarget } from '../core/path';
import type { Connection } from '../core/protocol';
import { Complex, Ellipsis, Float, FrozenSet, NotImplemented, PyLong, Slice } from '../core/pyTypes';
import { referenceOf, type ReferenceHost, type RequestOptions } from '../core/reference';
import { withArticle } from '../lib/article';
import { copyLimits, type CopyLimits, Token, type WholeCopyLimits } from './copyTokens';
import { peerCode } from './peerCode';

const PUT_TOGETHER = `
import datetime

def main(codes, values):
    parts = iter(zip(codes, values))
    def some(count):
        return [take() for _ in range(count)]
    def take():
        code, value = next(parts)
        if code == 'u':
            return value.decode('utf-16-le', 'surrogatepass')
        if code == 'l':
            return some(value)
        if code == 't':
            return tuple(some(value))
        if code == 's':
            return set(some(value))
        if code == 'f':
            return frozenset(some(value))
        if code == 'S':
            return slice(*some(value))
        if code == 'd':
            return dict([tuple(some(2)) for _ in range(value)])
        if code == 'D':
            made = datetime.datetime(1970, 1, 1) + datetime.timedelta(milliseconds=value)
            zone = getattr(datetime, 'timezone', None)
            return made if zone is None else made.replace(tzinfo=zone.utc)
        return value
    return take()
`;

/** Limits of what is delivered, and of the wait for it. */
export type DeliverOptions = RequestOptions & CopyLimits;

/**
 * Rebuilds a JavaScript value as a Python object, in one request once the peer knows how.
 *
 * An array becomes a list (a tuple where it is a key or a member of a set), a plain object or `Map` a dict, a `Set` a
 * set, a `FrozenSet` a frozenset, a `Date` a datetime in UTC (on Python 2 one without a zone), a string text, a
 * `Uint8Array` bytes; numbers are as everywhere, see `Float`. Netrefs of the connection become the objects that they
 * stand for, paths are read first. Upstream: `rpyc.classic.deliver`.
 *
 * @returns a netref, or the value itself where Python's is immutable and travels by value
 * @throws CopyError `ERR_COPY`, which names the type and the place, for anything else, for cycles, and beyond the limits
 */
export async function deliver<T = unknown>(
  conn: Connection,
  value: unknown,
  options: DeliverOptions = {},
): Promise<T> {
  const ready = new Disassembly(options);
  ready.put(value, 0, false);
  const limit = new OverallLimit(options);
  const values = ready.paths ? await limit.wait(Promise.all(ready.values)) : ready.values;
  const send = async (host: ReferenceHost): Promise<T> => {
    const putTogether = await limit.wait(peerCode(host, PUT_TOGETHER));
    const args = [ready.codes.join(''), values];
    return (await callattr(putTogether, '__call__', args, undefined, limit.left())) as T;
  };
  return await withTarget(conn.root, send, limit.left());
}

class Disassembly {
  readonly codes: string[] = [];
  readonly values: unknown[] = [];
  paths = false;
  private readonly limits: WholeCopyLimits;
  private readonly above = new Set<unknown>();
  private readonly path: unknown[] = [];
  private bytes = 0;

  constructor(limits: CopyLimits) {
    this.limits = copyLimits(limits);
  }

  /** @param hashable arrays have to be tuples, since they are keys or members of sets */
  put(value: unknown, depth: number, hashable: boolean): void {
    if (typeof value === 'string') {
      this.weigh(value.length);
      if (isWellFormed(value)) this.add(Token.plain, value);
      else this.add(Token.utf16, Buffer.from(value, 'utf16le'));
    } else if (isByValue(value)) {
      if (value instanceof Uint8Array) this.weigh(value.length);
      this.add(Token.plain, value);
    } else if (isPath(value)) {
      this.paths = true;
      this.add(Token.plain, value);
    } else if (referenceOf(value) !== undefined) {
      this.add(Token.plain, value);
    } else if (typeof value === 'object' && value !== null) {
      this.putObject(value, depth, hashable);
    } else {
      throw this.refusal(typeof value);
    }
  }

  private putObject(value: object, depth: number, hashable: boolean): void {
    if (value instanceof Date) {
      if (Number.isNaN(value.getTime())) throw this.refusal('Date of no time');
      this.add(Token.date, value.getTime());
      return;
    }
    if (this.above.has(value)) throw this.refusal('object that contains itself');
    if (depth >= this.limits.maxDepth) throw this.refusal('object nested deeper than maxDepth allows');
    this.above.add(value);
    if (Array.isArray(value)) this.putMembers(hashable ? Token.tuple : Token.list, value, depth, hashable);
    else if (value instanceof Set)
      this.putMembers(hashable ? Token.frozenset : Token.set, [...value], depth, true);
    else if (value instanceof FrozenSet) this.putMembers(Token.frozenset, value.values(), depth, true);
    else if (value instanceof Slice) {
      this.putMembers(Token.slice, [value.start, value.stop, value.step], depth, hashable);
    } else if (value instanceof Map) this.putEntries([...(value as Map<unknown, unknown>)], depth);
    else if (isPlainObject(value)) this.putEntries(Object.entries(value), depth);
    else throw this.refusal((value.constructor as { name?: string } | undefined)?.name ?? 'object');
    this.above.delete(value);
  }

  private putMembers(code: string, members: readonly unknown[], depth: number, hashable: boolean): void {
    this.add(code, members.length);
    // By index, so that holes are met and not skipped.
    for (let index = 0; index < members.length; index++) {
      this.path.push(index);
      this.put(members[index], depth + 1, hashable);
      this.path.pop();
    }
  }

  private putEntries(entries: readonly (readonly [unknown, unknown])[], depth: number): void {
    this.add(Token.dict, entries.length);
    for (const [key, value] of entries) {
      this.path.push(key);
      this.put(key, depth + 1, true);
      this.put(value, depth + 1, false);
      this.path.pop();
    }
  }

  private add(code: string, value: unknown): void {
    if (this.codes.length >= this.limits.maxItems) throw this.refusal('part beyond maxItems');
    this.codes.push(code);
    this.values.push(value);
  }

  private weigh(bytes: number): void {
    this.bytes += bytes;
    if (this.bytes > this.limits.maxBytes) throw this.refusal('text beyond maxBytes');
  }

  private refusal(typeName: string): CopyError {
    const step = (key: unknown): string =>
      typeof key === 'string'
        ? `['${key.slice(0, 100)}']`
        : `[${typeof key === 'number' ? key : typeof key}]`;
    const path = `value${this.path.map(step).join('')}`;
    return new CopyError(
      `${withArticle(typeName)} cannot be delivered by value: it stands at ${path}`,
      typeName,
      path,
    );
  }
}

function isByValue(value: unknown): boolean {
  if (value === null || value === undefined || value === Ellipsis || value === NotImplemented) return true;
  if (['boolean', 'number', 'bigint'].includes(typeof value)) return true;
  return [Uint8Array, Float, PyLong, Complex].some((type) => value instanceof type);
}

function isPlainObject(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  // Of another realm, such as a namespace of our own slave, too.
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** `String.prototype.isWellFormed`, which the language level of this code does not have yet. */
function isWellFormed(text: string): boolean {
  return !/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/.test(text);
}
