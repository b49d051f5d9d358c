/*
 * Copies of remote objects, after `obtain` of rpyc/utils/classic.py. Differs on purpose: nothing is pickled, so that no
 * byte of the peer's is ever run here; the peer takes the object apart in one request.
 */

import type { Remote } from '../core/builtins';
import { Handler } from '../core/consts';
import { CopyError, ProtocolError } from '../core/errors';
import { OverallLimit } from '../core/overallLimit';
import { withTarget } from '../core/path';
import { type BrineValue, Float, FrozenSet, Slice } from '../core/pyTypes';
import { referenceOf, type ReferenceHost, type RequestOptions } from '../core/reference';
import { withArticle } from '../lib/article';
import { copyLimits, type CopyLimits, Token } from './copyTokens';
import { peerCode } from './peerCode';

/** Takes a value apart. A subclass is read as its builtin base, so that no code of its own runs. */
const TAKE_APART = `
import sys
old = sys.version_info[0] < 3
text = type(u'')
integers = (int, long) if old else (int,)
plain = (type(None), bool, float, complex, type(Ellipsis), type(NotImplemented))
lists = ['array.array', 'collections.deque', 'range', 'xrange', 'dict_keys', 'dict_values', 'dict_items']
texts = ['decimal.Decimal', 'fractions.Fraction', 'uuid.UUID', 'datetime.time']

class Refused(Exception):
    pass

def named(kind):
    module = kind.__module__
    return kind.__name__ if module in ('builtins', '__builtin__') else '%s.%s' % (module, kind.__name__)

def main(value, depth, items, size):
    codes, values, path, above, left = [], [], [], set(), [size]
    dates = sys.modules.get('datetime')
    enum = sys.modules.get('enum')
    def add(code, part):
        if len(codes) >= items:
            raise Refused('items')
        codes.append(code)
        values.append(part)
    def weigh(count):
        left[0] -= count
        if left[0] < 0:
            raise Refused('bytes')
    def spell(part, name):
        if old and name and type(part) is bytes:
            try:
                part = part.decode('utf-8')
            except UnicodeError:
                pass
        weigh(len(part))
        if type(part) is text:
            try:
                part.encode('utf-8')
            except UnicodeError:
                return add('u', part.encode('utf-16-le', 'surrogatepass'))
        add('v', part)
    def many(code, part, members):
        if id(part) in above:
            raise Refused('cycle')
        if len(path) >= depth:
            raise Refused('depth')
        above.add(id(part))
        add(code, len(members))
        for index, member in enumerate(members):
            path.append(index)
            put(member)
            path.pop()
        above.discard(id(part))
    def pairs(part):
        if id(part) in above:
            raise Refused('cycle')
        if len(path) >= depth:
            raise Refused('depth')
        above.add(id(part))
        members = list(dict.items(part))
        add('d', len(members))
        for key, member in members:
            path.append(key)
            put(key, True)
            put(member)
            path.pop()
        above.discard(id(part))
    def moment(part):
        since = dates.datetime(1970, 1, 1)
        if not isinstance(part, dates.datetime):
            part = dates.datetime(part.year, part.month, part.day)
        shift = part.utcoffset()
        span = part.replace(tzinfo=None) - since
        if shift is not None:
            span -= shift
        add('D', span.days * 86400000 + span.seconds * 1000 + span.microseconds // 1000)
    def put(part, name=False):
        kind = type(part)
        if kind in plain:
            return add('v', part)
        if enum is not None and isinstance(part, enum.Enum):
            return put(part.value)
        if isinstance(part, integers):
            part = int.__int__(part) if isinstance(part, int) else integers[-1].__int__(part)
            if part.bit_length() > 14000:
                raise Refused('digits')
            return add('v', part)
        if isinstance(part, float):
            return add('v', float.__float__(part))
        for base in (text, bytes):
            if isinstance(part, base):
                return spell(base.__getitem__(part, slice(None)), name)
        if isinstance(part, dict):
            return pairs(part)
        for base, code in ((list, 'l'), (tuple, 't'), (set, 's'), (frozenset, 'f')):
            if isinstance(part, base):
                return many(code, part, list(base.__iter__(part)))
        if kind is slice:
            return many('S', part, [part.start, part.stop, part.step])
        if kind is bytearray:
            return spell(bytes(part), False)
        if kind is memoryview:
            return spell(part.tobytes(), False)
        if dates is not None and isinstance(part, dates.date):
            return moment(part)
        if dates is not None and isinstance(part, dates.timedelta):
            return add('v', part.total_seconds())
        known = named(kind)
        if known in lists:
            if len(part) > items:
                raise Refused('items')
            return many('l', part, list(part))
        if known in texts or known.startswith('pathlib.') and known.endswith('Path'):
            return spell(text(part), False)
        if known.startswith('numpy.') and hasattr(part, 'tolist'):
            if getattr(part, 'size', 1) > items:
                raise Refused('items')
            made = part.tolist()
            if type(made) is not kind:
                return put(made)
        raise Refused('type', known)
    def step(key):
        if type(key) in (int, bool, text, bytes, type(None)):
            return '[%s]' % repr(key)[:100]
        return '[<%s>]' % named(type(key))
    try:
        put(value)
    except Refused as refused:
        reason = refused.args
        where = text('value' + ''.join([step(key) for key in path]))
        return (text(reason[0]), text(reason[1] if len(reason) > 1 else named(type(value))), where)
    return (text(''), text(''.join(codes)), tuple(values))
`;

/** How dictionaries are given. */
export interface ObtainOptions extends RequestOptions, CopyLimits {
  /** Every dictionary becomes a `Map`, also where all its keys are text. */
  readonly maps?: boolean | undefined;
  /** A float without a fraction becomes a `Float`, as everywhere else, and not a number. */
  readonly floats?: boolean | undefined;
}

/**
 * Copies a remote object by value, in one request once the peer knows how. `pickle` has no part in it.
 *
 * A list or tuple becomes an array, a dictionary a plain object where all its keys are text (a `Map` elsewhere), a set a
 * `Set`, a frozenset a `FrozenSet` where its members travel by value (a `Set` elsewhere). A date and time becomes a
 * `Date`, one without a time zone is read as UTC; a timedelta its seconds; Decimal, Fraction, UUID, paths and times of
 * the day their text; an Enum its value; a numpy array nested arrays. What is met twice is copied twice. Of Python 2,
 * keys that are byte strings become text where they can.
 *
 * A float becomes a number, of whatever size: Python's floats are the same doubles, NaN, infinities and `-0` included.
 * Sent back, one without a fraction would be an int there, or refused beyond 2^53; `floats: true` gives a `Float` for
 * it, which stays a float. An int beyond 2^53 is a bigint. Upstream: `rpyc.classic.obtain`.
 *
 * @param ref a netref, a path, or an array that holds netrefs; any other value is its own copy, but for `Float`
 * @throws CopyError `ERR_COPY`, which names the type and the place, for anything else, for cycles, and beyond the limits;
 *   AttributeError where the peer serves no classic mode
 */
export async function obtain<T = unknown>(ref: unknown, options: ObtainOptions = {}): Promise<T> {
  const host = hostOf(ref);
  if (host !== undefined) return (await copy(host, ref, options, new OverallLimit(options))) as T;
  if (typeof ref !== 'function') return asAsked(ref, options) as T;
  const read = async (owner: ReferenceHost, target: unknown, limit: OverallLimit): Promise<T> => {
    if (hostOf(target) === undefined) return asAsked(target, options) as T;
    return (await copy(owner, target, options, limit)) as T;
  };
  return await withTarget(ref as unknown as Remote, read, options);
}

/** A value that travelled by value, with numbers in the place of `Float` unless the options want those. */
function asAsked(value: unknown, options: ObtainOptions): unknown {
  return options.floats === true ? value : withNumbers(value);
}

function withNumbers(value: unknown): unknown {
  if (value instanceof Float) return value.valueOf();
  if (Array.isArray(value)) {
    const items = value.map(withNumbers);
    return items.every((item, index) => Object.is(item, value[index])) ? value : items;
  }
  if (value instanceof FrozenSet) {
    const members = value.values().map(withNumbers);
    return new FrozenSet(members as BrineValue[]);
  }
  if (value instanceof Slice) {
    const [start, stop, step] = [value.start, value.stop, value.step].map(withNumbers) as BrineValue[];
    return new Slice(start, stop, step);
  }
  return value;
}

/** The connection of the first netref in `value`. */
function hostOf(value: unknown): ReferenceHost | undefined {
  if (!Array.isArray(value)) return referenceOf(value)?.host;
  for (const item of value as readonly unknown[]) {
    const host = hostOf(item);
    if (host !== undefined) return host;
  }
  return undefined;
}

async function copy(
  host: ReferenceHost,
  target: unknown,
  options: ObtainOptions,
  limit: OverallLimit,
): Promise<unknown> {
  const { maxDepth, maxItems, maxBytes } = copyLimits(options);
  const takeApart = await limit.wait(peerCode(host, TAKE_APART));
  const args = [takeApart, [target, maxDepth, maxItems, maxBytes], []];
  const answer = await host.request(Handler.call, args, limit.left());
  const [refused, codes, values] = Array.isArray(answer) ? (answer as unknown[]) : [];
  if (typeof refused !== 'string' || typeof codes !== 'string') throw malformed();
  if (refused !== '') throw refusal(refused, codes, values);
  if (!Array.isArray(values) || values.length !== codes.length) throw malformed();
  return new Assembly(codes, values, options).value();
}

const reasons: ReadonlyMap<string, string> = new Map([
  ['items', 'has more parts than maxItems allows'],
  ['bytes', 'has more bytes than maxBytes allows'],
  ['depth', 'is nested deeper than maxDepth allows'],
  ['cycle', 'contains itself'],
  ['digits', 'has an integer of too many digits'],
]);

function refusal(reason: string, typeName: string, place: unknown): CopyError {
  const path = typeof place === 'string' ? place : 'value';
  const what = reasons.get(reason);
  const text =
    what === undefined
      ? `${withArticle(typeName)} cannot be copied by value: it stands at ${path}`
      : `The object ${what}: ${path}`;
  return new CopyError(text, typeName, path);
}

function malformed(): ProtocolError {
  return new ProtocolError('The peer gave a copy that makes no sense');
}

/** The peer says how deep it goes; it is not taken at its word. */
const DEEPEST = 250;

class Assembly {
  private at = 0;

  constructor(
    private readonly codes: string,
    private readonly values: readonly unknown[],
    private readonly options: ObtainOptions,
  ) {}

  value(): unknown {
    const value = this.next(0);
    if (this.at !== this.codes.length) throw malformed();
    return value;
  }

  private next(depth: number): unknown {
    const code = this.codes[this.at];
    const value = this.values[this.at];
    this.at++;
    if (depth > DEEPEST || referenceOf(value) !== undefined) throw malformed();
    switch (code) {
      case Token.plain:
        return asAsked(value, this.options);
      case Token.utf16:
        if (value instanceof Uint8Array) return Buffer.from(value).toString('utf16le');
        break;
      case Token.date:
        if (typeof value === 'number') return new Date(value);
        break;
      case Token.list:
      case Token.tuple:
        return this.members(value, depth);
      case Token.set:
        return new Set(this.members(value, depth));
      case Token.frozenset:
        return frozen(this.members(value, depth));
      case Token.dict:
        return this.dictionary(value, depth);
      case Token.slice: {
        const [start, stop, step] = this.members(value, depth) as BrineValue[];
        return new Slice(start, stop, step);
      }
    }
    throw malformed();
  }

  private members(count: unknown, depth: number): unknown[] {
    const members: unknown[] = [];
    for (let left = this.count(count, 1); left > 0; left--) members.push(this.next(depth + 1));
    return members;
  }

  private dictionary(count: unknown, depth: number): unknown {
    const entries: [unknown, unknown][] = [];
    for (let left = this.count(count, 2); left > 0; left--) {
      entries.push([this.next(depth + 1), this.next(depth + 1)]);
    }
    const isObject = this.options.maps !== true && entries.every(([key]) => typeof key === 'string');
    if (!isObject) return new Map(entries.map(([key, value]) => [keyOf(key), value]));
    const object = {};
    // Defined and not assigned: `__proto__` is a name like any other.
    for (const [key, value] of entries) {
      Object.defineProperty(object, key as string, {
        value,
        writable: true,
        enumerable: true,
        configurable: true,
      });
    }
    return object;
  }

  private count(count: unknown, parts: number): number {
    if (typeof count === 'number' && count >= 0 && count * parts <= this.codes.length - this.at) return count;
    throw malformed();
  }
}

/** `1.0` and `1` are one key in Python. */
function keyOf(key: unknown): unknown {
  return key instanceof Float ? key.valueOf() : key;
}

function frozen(members: readonly unknown[]): unknown {
  const isByReference = (value: unknown): boolean =>
    value instanceof Date || value instanceof Set || (Array.isArray(value) && value.some(isByReference));
  return members.some(isByReference) ? new Set(members) : new FrozenSet(members as readonly BrineValue[]);
}
