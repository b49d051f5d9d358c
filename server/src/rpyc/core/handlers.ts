/*
 * What a peer may ask of us: one function per handler number, after the `_handle_*` methods of rpyc/core/protocol.py.
 * Differs on purpose: pickling is never done, CMP takes the rich comparisons only, BUFFITER is bounded.
 */

import { inspect, types } from 'node:util';

import { isThenable } from '../lib/deferred';
import { call, callattr, cmp, dir, hash, repr, str } from './builtins';
import { attributeName, type AttributeOperation, checkAttr, type Config } from './config';
import { Handler } from './consts';
import { PythonError } from './errors';
import {
  assertChangeable,
  deleteMember,
  getMember,
  hasMember,
  inspectedMethods,
  isClass,
  memberNames,
  overrideOf,
  setMember,
  textOf,
} from './exposure';
import { iterate } from './iteration';
import type { Netref } from './netref';
import { type BrineValue, Kwargs, NotImplemented, Slice } from './pyTypes';
import { referenceOf } from './reference';
import { isIterator, nextItem, type AnyIterator } from './specialMethods';

/** What the handlers ask of the connection that they serve. */
export interface HandlerContext {
  readonly config: Config;
  /** The policy is that of 3.x: see `checkAttr`. */
  readonly prefersExposed: boolean;
  /** What GETROOT gives. */
  readonly root: object;
  /** Ends the connection at the peer's wish. */
  closeForPeer(): void;
  /** The number that stands for an object of ours. */
  idOf(object: object): bigint;
  /** Gives back references of the peer's. False where it holds none. */
  release(object: object, count: number): boolean;
  /** The peer sent a name as bytes, as Python 2 does. */
  sawByteName(): void;
  /** The object behind a key that came by value, as INSPECT has it. */
  objectOf(key: BrineValue): object | undefined;
}

type HandlerFunction = (context: HandlerContext, args: readonly unknown[]) => unknown;

interface HandlerEntry {
  readonly run: HandlerFunction;
  /** How many arguments there must and may be. */
  readonly least: number;
  readonly most: number;
}

/** More items than any version of RPyC asks for at once. */
const MAX_BUFFITER = 100_000;

/**
 * Serves one request.
 *
 * @returns the result, or a promise of it
 * @throws PythonError KeyError for an unknown handler; TypeError for a wrong number of arguments; whatever the object throws
 */
export function serve(context: HandlerContext, handler: BrineValue, args: readonly unknown[]): unknown {
  const entry = typeof handler === 'number' ? handlers.get(handler) : undefined;
  if (entry === undefined) throw new PythonError('KeyError', [handler]);
  if (args.length < entry.least || args.length > entry.most) {
    throw new TypeError(`The handler takes ${entry.least} to ${entry.most} arguments, got ${args.length}`);
  }
  return entry.run(context, args);
}

const handlers: ReadonlyMap<number, HandlerEntry> = new Map<number, HandlerEntry>([
  [Handler.ping, { run: (_context, [data]) => data, least: 1, most: 1 }],
  [Handler.close, { run: (context) => context.closeForPeer(), least: 0, most: 0 }],
  [Handler.getroot, { run: (context) => context.root, least: 0, most: 0 }],
  [Handler.getattr, { run: (context, [target, name]) => get(context, target, name), least: 2, most: 2 }],
  [Handler.delattr, { run: handleDelattr, least: 2, most: 2 }],
  [Handler.setattr, { run: handleSetattr, least: 3, most: 3 }],
  [
    Handler.call,
    { run: (_context, [target, args, named]) => invoke(target, args, named), least: 2, most: 3 },
  ],
  [Handler.callattr, { run: handleCallattr, least: 3, most: 4 }],
  [Handler.repr, { run: (_context, [target]) => describe(target, repr), least: 1, most: 1 }],
  [Handler.str, { run: (_context, [target]) => describe(target, str), least: 1, most: 1 }],
  [Handler.cmp, { run: handleCmp, least: 2, most: 3 }],
  [Handler.hash, { run: handleHash, least: 1, most: 1 }],
  [Handler.dir, { run: handleDir, least: 1, most: 1 }],
  [Handler.pickle, { run: refusePickle, least: 2, most: 2 }],
  [Handler.del, { run: handleDel, least: 1, most: 2 }],
  [Handler.inspect, { run: handleInspect, least: 1, most: 1 }],
  [Handler.buffiter, { run: handleBuffiter, least: 2, most: 2 }],
  [Handler.oldslicing, { run: handleOldslicing, least: 6, most: 6 }],
  [Handler.ctxexit, { run: handleCtxexit, least: 2, most: 2 }],
  [Handler.instancecheck, { run: () => false, least: 2, most: 2 }],
]);

/** The name that the policy gives for one that the peer sent. All access by name goes through here. */
function allowedName(
  context: HandlerContext,
  target: object,
  name: unknown,
  operation: AttributeOperation,
): string {
  if (name instanceof Uint8Array) context.sawByteName();
  // Of a proxy of another connection nothing is known here; its owner applies its own policy besides ours.
  const isOurs = referenceOf(target) === undefined;
  const has = isOurs ? (member: string) => hasMember(target, member) : () => true;
  return checkAttr(context.config, name, has, operation, isOurs && context.prefersExposed);
}

function get(context: HandlerContext, target: unknown, name: unknown): unknown {
  const object = asObject(target, name);
  const foreign = asForeign(object);
  const override = foreign === undefined ? overrideOf(object, '_rpyc_getattr') : undefined;
  if (override !== undefined) return override(attributeName(name));
  const allowed = allowedName(context, object, name, 'getattr');
  return foreign === undefined ? getMember(object, allowed) : getForeign(foreign, allowed);
}

async function getForeign(foreign: Netref, name: string): Promise<unknown> {
  return await foreign[name];
}

function handleSetattr(context: HandlerContext, [target, name, value]: readonly unknown[]): unknown {
  const object = asObject(target, name);
  const foreign = asForeign(object);
  const override = foreign === undefined ? overrideOf(object, '_rpyc_setattr') : undefined;
  if (override !== undefined) return afterwards(override(attributeName(name), value));
  assertChangeable(object);
  const allowed = allowedName(context, object, name, 'setattr');
  if (foreign !== undefined) return callattr(foreign, '__setattr__', [allowed, value]);
  setMember(object, allowed, value);
  return null;
}

function handleDelattr(context: HandlerContext, [target, name]: readonly unknown[]): unknown {
  const object = asObject(target, name);
  const foreign = asForeign(object);
  const override = foreign === undefined ? overrideOf(object, '_rpyc_delattr') : undefined;
  if (override !== undefined) return afterwards(override(attributeName(name)));
  assertChangeable(object);
  const allowed = allowedName(context, object, name, 'delattr');
  if (foreign !== undefined) return callattr(foreign, '__delattr__', [allowed]);
  deleteMember(object, allowed);
  return null;
}

/** None, once what an override does is done. */
function afterwards(result: unknown): unknown {
  return isThenable(result) ? result.then(() => null) : null;
}

function handleCallattr(context: HandlerContext, args: readonly unknown[]): unknown {
  const [target, name, positional, named] = args;
  const member = get(context, target, name);
  // An attribute of a proxy of another connection is there only later.
  return isThenable(member)
    ? member.then((method) => invoke(method, positional, named))
    : invoke(member, positional, named);
}

function invoke(target: unknown, positional: unknown, named: unknown): unknown {
  const args = asTuple(positional, 'arguments');
  const entries = named === undefined ? [] : asTuple(named, 'keyword arguments').map(asKeyword);
  const foreign = asForeign(target);
  if (foreign !== undefined) return call(foreign, args, new Kwargs(entries));
  if (typeof target !== 'function') throw new TypeError('The object is not callable');
  const all = entries.length === 0 ? args : [...args, new Kwargs(entries)];
  if (isClass(target) && !conversions.has(target)) return new target(...all);
  return Reflect.apply(target as (...args: readonly unknown[]) => unknown, undefined, all);
}

/** Constructors that are more use as functions: they give plain values. */
const conversions: ReadonlySet<unknown> = new Set([String, Number, Boolean, BigInt, Symbol]);

function asKeyword(pair: unknown): readonly [string, unknown] {
  const [name, value] = asTuple(pair, 'keyword argument');
  return [attributeName(name), value];
}

function describe(target: unknown, ask: (foreign: Netref) => Promise<string>): unknown {
  const foreign = asForeign(target);
  if (foreign !== undefined) return ask(foreign);
  return isObject(target) ? textOf(target) : plainText(target);
}

function plainText(value: unknown): string {
  if (value === null || value === undefined) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  return typeof value === 'string' ? value : inspect(value);
}

const comparisons: ReadonlySet<string> = new Set([
  '__cmp__',
  '__eq__',
  '__ne__',
  '__lt__',
  '__gt__',
  '__le__',
  '__ge__',
]);

/** The operator comes from a fixed list before the policy sees it: see CVE-2019-16328. */
function handleCmp(context: HandlerContext, [target, other, op = '__cmp__']: readonly unknown[]): unknown {
  const operator = attributeName(op);
  if (!comparisons.has(operator)) throw new PythonError('AttributeError', [`cannot access '${operator}'`]);
  const foreign = asForeign(target);
  checkAttr(context.config, operator, () => false, 'getattr');
  if (foreign !== undefined) return cmp(foreign, other, operator as Parameters<typeof cmp>[2]);
  if (isObject(target) && hasMember(target, operator)) {
    return invoke(getMember(target, operator), [other], []);
  }
  if (operator === '__eq__') return target === other ? true : NotImplemented;
  if (operator === '__ne__') return target === other ? false : NotImplemented;
  return NotImplemented;
}

function handleHash(context: HandlerContext, [target]: readonly unknown[]): unknown {
  const foreign = asForeign(target);
  if (foreign !== undefined) return hash(foreign);
  if (!isObject(target)) throw new TypeError('Only objects that are held by reference have a hash here');
  return context.idOf(target);
}

function handleDir(context: HandlerContext, [target]: readonly unknown[]): unknown {
  const foreign = asForeign(target);
  if (foreign !== undefined) return dir(foreign);
  if (!isObject(target)) return [];
  return memberNames(target)
    .filter((name) => isReadable(context, target, name))
    .sort();
}

function isReadable(context: HandlerContext, target: object, name: string): boolean {
  try {
    allowedName(context, target, name, 'getattr');
    return true;
  } catch {
    return false;
  }
}

/** Not even with `allow_pickle`: what is unpickled here or there runs code. */
function refusePickle(): never {
  throw new PythonError('ValueError', ['pickling is disabled']);
}

function handleDel(context: HandlerContext, [target, count = 1]: readonly unknown[]): unknown {
  if (typeof count !== 'number' || !Number.isInteger(count) || count < 1) {
    throw new TypeError('The count of references must be a positive integer');
  }
  if (!isObject(target) || !context.release(target, count))
    throw new PythonError('KeyError', ['unknown object']);
  return null;
}

function handleInspect(context: HandlerContext, [key]: readonly unknown[]): unknown {
  const object = context.objectOf(key as BrineValue);
  if (object === undefined) throw new PythonError('KeyError', [key as BrineValue]);
  const foreign = referenceOf(object);
  // Its own peer knows: the question is passed on.
  if (foreign !== undefined) return foreign.host.request(Handler.inspect, [foreign.target.echo]);
  return inspectedMethods(object);
}

function handleBuffiter(_context: HandlerContext, [target, count]: readonly unknown[]): unknown {
  if (typeof count !== 'number' || !Number.isInteger(count) || count < 0) {
    throw new TypeError('The count of items must be an integer');
  }
  const wanted = Math.min(count, MAX_BUFFITER);
  const foreign = asForeign(target);
  if (foreign !== undefined) return takeForeign(foreign, wanted);
  if (Array.isArray(target)) return target.slice(0, wanted);
  if (!isObject(target) || !isIterator(target)) throw new TypeError('The object is not an iterator');
  return take(target, wanted);
}

function take(iterator: AnyIterator, count: number): unknown {
  const items: unknown[] = [];
  while (items.length < count) {
    try {
      const item = nextItem(iterator);
      if (types.isPromise(item)) return takeLater(items, item, iterator, count);
      items.push(item);
    } catch (error) {
      if (isStop(error)) break;
      throw error;
    }
  }
  return items;
}

/** Goes on behind `items` once one of them has to be waited for. */
async function takeLater(
  items: unknown[],
  pending: Promise<unknown>,
  iterator: AnyIterator,
  count: number,
): Promise<unknown[]> {
  try {
    items.push(await pending);
    while (items.length < count) items.push(await nextItem(iterator));
    return items;
  } catch (error) {
    if (isStop(error)) return items;
    throw error;
  }
}

async function takeForeign(foreign: Netref, count: number): Promise<unknown[]> {
  const { host } = referenceOf(foreign) ?? {};
  const items: unknown[] = [];
  if (host === undefined || count === 0) return items;
  for await (const item of iterate(() => Promise.resolve(foreign), {
    chunk: count,
    maxChunk: count,
    factor: 1,
  })) {
    items.push(item);
    if (items.length >= count) break;
  }
  return items;
}

function isStop(error: unknown): boolean {
  return error instanceof PythonError && error.typeName === 'StopIteration';
}

function handleOldslicing(context: HandlerContext, args: readonly unknown[]): unknown {
  const [target, attempt, fallback, start, stop, rest] = args;
  const others = asTuple(rest, 'arguments');
  const bySlice = (): unknown => {
    const slice = new Slice(start as BrineValue, stop as BrineValue);
    return handleCallattr(context, [target, attempt, [slice, ...others], []]);
  };
  const byEnds = (): unknown => {
    const end = stop ?? Number.MAX_SAFE_INTEGER;
    return handleCallattr(context, [target, fallback, [start, end, ...others], []]);
  };
  if (asForeign(target) !== undefined) return Promise.resolve(bySlice()).catch(byEnds);
  try {
    return bySlice();
  } catch {
    return byEnds();
  }
}

function handleCtxexit(context: HandlerContext, [target, reason]: readonly unknown[]): unknown {
  const method = get(context, target, '__exit__');
  const args = [reason, reason, null];
  return isThenable(method) ? method.then((exit) => invoke(exit, args, [])) : invoke(method, args, []);
}

function isObject(value: unknown): value is object {
  return (typeof value === 'object' && value !== null) || typeof value === 'function';
}

/** The object to look a name up on; plain values have none of ours. */
function asObject(target: unknown, name: unknown): object {
  if (isObject(target)) return target;
  throw new PythonError('AttributeError', [`The value has no attribute '${attributeName(name)}'`]);
}

/** A netref of another connection, which somebody offered over this one. */
function asForeign(target: unknown): Netref | undefined {
  return referenceOf(target) === undefined ? undefined : (target as Netref);
}

function asTuple(value: unknown, what: string): readonly unknown[] {
  if (!Array.isArray(value)) throw new TypeError(`The ${what} must be a tuple`);
  return value;
}
