/*
 * Python's builtin functions for remote objects: what the special methods of rpyc/core/netref.py do. All but `type_`
 * ask the peer. Each takes a netref or a path, and a path may also lead to a plain value.
 */

import { errorText } from '../lib/errorText';
import { Handler } from './consts';
import { ProtocolError, RemoteError } from './errors';
import type { Netref } from './netref';
import { needsResolving, type Path, resolvePaths, withTarget } from './path';
import type { OverallLimit } from './overallLimit';
import { Kwargs, NotImplemented, PyLong } from './pyTypes';
import { referenceOf, type ReferenceHost, type RequestOptions } from './reference';

/** What these functions work on. */
export type Remote = Netref | Path;

/**
 * Python's `getattr(ref, name)`: reads an attribute, also one whose name a path or netref has for itself (`then`).
 *
 * @param options seconds to wait and a signal, as for all functions here: for the reading of the path and of paths among
 *   the arguments as well
 * @throws RemoteError `builtins.AttributeError`, `ERR_REMOTE`, where there is none or the peer's policy refuses;
 *   AsyncResultTimeout `ERR_TIMEOUT`, EOFError `ERR_CLOSED`, RequestAborted `ERR_ABORTED`, ReleasedError `ERR_RELEASED`
 */
export async function getattr(ref: Remote, name: string, options?: RequestOptions): Promise<unknown> {
  return await request(ref, Handler.getattr, [name], options);
}

/**
 * Python's `setattr(ref, name, value)`.
 *
 * @throws as `getattr`; stock servers refuse it unless `allow_setattr` is set, and classic ones do not
 */
export async function setattr(
  ref: Remote,
  name: string,
  value: unknown,
  options?: RequestOptions,
): Promise<void> {
  await request(ref, Handler.setattr, [name, value], options);
}

/**
 * Python's `delattr(ref, name)`.
 *
 * @throws as `setattr`
 */
export async function delattr(ref: Remote, name: string, options?: RequestOptions): Promise<void> {
  await request(ref, Handler.delattr, [name], options);
}

/**
 * Whether reading the attribute gives no AttributeError. What it gave is released.
 *
 * @throws as `getattr`, but for builtins.AttributeError
 */
export async function hasattr(ref: Remote, name: string, options?: RequestOptions): Promise<boolean> {
  const has = async (host: ReferenceHost, target: unknown, limit: OverallLimit): Promise<boolean> => {
    try {
      const value = await host.request(Handler.getattr, [target, name], limit.left(), 'bare');
      referenceOf(value)?.release();
      return true;
    } catch (error) {
      if (isAttributeError(error)) return false;
      throw error;
    }
  };
  return await withTarget(ref, has, options);
}

/**
 * Calls a remote object.
 *
 * @param named keyword arguments: a plain object, or what `kwargs` made
 * @throws as `getattr`
 */
export async function call(
  ref: Remote,
  args: readonly unknown[] = [],
  named?: Kwargs | Readonly<Record<string, unknown>>,
  options?: RequestOptions,
): Promise<unknown> {
  return await request(ref, Handler.call, [args, keywordEntries(named)], options);
}

/**
 * Calls a method in one request.
 *
 * @throws as `getattr`
 */
export async function callattr(
  ref: Remote,
  name: string,
  args: readonly unknown[] = [],
  named?: Kwargs | Readonly<Record<string, unknown>>,
  options?: RequestOptions,
): Promise<unknown> {
  return await request(ref, Handler.callattr, [name, args, keywordEntries(named)], options);
}

/**
 * Python's `repr(ref)`.
 *
 * @throws as `getattr`
 */
export async function repr(ref: Remote, options?: RequestOptions): Promise<string> {
  return asText(await request(ref, Handler.repr, [], options));
}

/**
 * Python's `str(ref)`.
 *
 * @throws as `getattr`
 */
export async function str(ref: Remote, options?: RequestOptions): Promise<string> {
  return asText(await request(ref, Handler.str, [], options));
}

/**
 * The names that Python's `dir` gives, also those that the policy keeps out of reach.
 *
 * @throws as `getattr`
 */
export async function dir(ref: Remote, options?: RequestOptions): Promise<readonly string[]> {
  const names = await request(ref, Handler.dir, [], options);
  if (!Array.isArray(names)) throw new ProtocolError('The peer gave no tuple of names');
  return names.map(asText);
}

/**
 * Python's `hash(ref)`: a bigint where it is beyond the safe numbers.
 *
 * @throws as `getattr`; RemoteError `builtins.TypeError` for what has none
 */
export async function hash(ref: Remote, options?: RequestOptions): Promise<number | bigint> {
  return asInteger(await request(ref, Handler.hash, [], options));
}

/**
 * `len(ref)`.
 *
 * @throws as `getattr`
 */
export async function len(ref: Remote, options?: RequestOptions): Promise<number> {
  return Number(asInteger(await callattr(ref, '__len__', [], undefined, options)));
}

/**
 * `iter(ref)`: the remote iterator. `for await` does better, it reads in chunks.
 *
 * @throws as `getattr`
 */
export async function iter(ref: Remote, options?: RequestOptions): Promise<Netref> {
  return (await callattr(ref, '__iter__', [], undefined, options)) as Netref;
}

/**
 * `next(ref)`.
 *
 * @throws RemoteError `builtins.StopIteration` at the end
 */
export async function next(ref: Remote, options?: RequestOptions): Promise<unknown> {
  const name = ({ peerPython }: ReferenceHost): string => (peerPython === 2 ? 'next' : '__next__');
  return await ask(ref, (host) => [Handler.callattr, [name(host), [], []]], options);
}

/**
 * `ref[key]`.
 *
 * @throws as `getattr`
 */
export async function getitem(ref: Remote, key: unknown, options?: RequestOptions): Promise<unknown> {
  return await callattr(ref, '__getitem__', [key], undefined, options);
}

/**
 * `ref[key] = value`.
 *
 * @throws as `getattr`
 */
export async function setitem(
  ref: Remote,
  key: unknown,
  value: unknown,
  options?: RequestOptions,
): Promise<void> {
  await callattr(ref, '__setitem__', [key, value], undefined, options);
}

/**
 * `del ref[key]`.
 *
 * @throws as `getattr`
 */
export async function delitem(ref: Remote, key: unknown, options?: RequestOptions): Promise<void> {
  await callattr(ref, '__delitem__', [key], undefined, options);
}

/**
 * `item in ref`, of an object that has `__contains__`.
 *
 * @throws as `getattr`
 */
export async function contains(ref: Remote, item: unknown, options?: RequestOptions): Promise<boolean> {
  return Boolean(await callattr(ref, '__contains__', [item], undefined, options));
}

/** What `cmp` may ask for; `__cmp__` is Python 2's. */
export type ComparisonOperator = '__cmp__' | '__eq__' | '__ne__' | '__lt__' | '__gt__' | '__le__' | '__ge__';

/**
 * Compares on the peer. `NotImplemented` means that the object does not know how.
 *
 * @throws as `getattr`
 */
export async function cmp(
  ref: Remote,
  other: unknown,
  op: ComparisonOperator = '__cmp__',
  options?: RequestOptions,
): Promise<unknown> {
  // Before 4.1 the rich comparisons are methods like any other, which not every object has.
  const asked: { handler?: Handler } = {};
  const question = ({ dialect }: ReferenceHost): Question => {
    if (dialect?.hasOperators !== false) return [Handler.cmp, [other, op]];
    if (op === '__cmp__') return [Handler.cmp, [other]];
    asked.handler = Handler.callattr;
    return [Handler.callattr, [op, [other], []]];
  };
  try {
    return await ask(ref, question, options);
  } catch (error) {
    if (asked.handler === Handler.callattr && isAttributeError(error)) return NotImplemented;
    throw error;
  }
}

/**
 * `isinstance(ref, cls)`, decided by the peer. Exact where the peer lets us call `__instancecheck__`; elsewhere
 * INSTANCECHECK is asked, which knows builtin classes only and is not there before 4.1.
 *
 * @throws as `getattr`
 */
export async function isinstance(ref: Remote, cls: Remote, options?: RequestOptions): Promise<boolean> {
  const isOne = async (host: ReferenceHost, target: unknown, limit: OverallLimit): Promise<boolean> => {
    try {
      return Boolean(await callattr(cls, '__instancecheck__', [target], undefined, limit.left()));
    } catch (error) {
      const reference = referenceOf(target);
      const cannotAsk = reference === undefined || host.dialect?.hasOperators === false;
      if (!isAttributeError(error) || cannotAsk) throw error;
      return Boolean(await request(cls, Handler.instancecheck, [reference.target.echo], limit.left()));
    }
  };
  return await withTarget(ref, isOne, options);
}

/**
 * The methods of a remote object with their documentation, `null` where there is none. INSPECT obeys no access policy:
 * it also names what cannot be reached. Upstream: `rpyc.core.netref.inspect_methods`.
 *
 * @throws as `getattr`
 */
export async function inspectMethods(
  ref: Netref,
  options?: RequestOptions,
): Promise<ReadonlyMap<string, string | null>> {
  const reference = referenceOf(ref);
  if (reference === undefined) throw new TypeError('Only a netref can be inspected: await the path first');
  const { host, target } = reference;
  const methods = await host.request(Handler.inspect, [target.echo], options);
  if (!Array.isArray(methods)) throw new ProtocolError('The peer gave no tuple of methods');
  return new Map(methods.map(methodEntry));
}

/** The class of a remote object, by its name. */
export interface TypeName {
  readonly name: string;
  readonly module: string;
  /** The object is itself a class, and this is its own name. */
  readonly isClass: boolean;
}

/**
 * The class of a netref, as the peer told it. No request.
 *
 * @throws TypeError for what is no netref; a path has to be awaited first
 */
export function type_(ref: Netref): TypeName {
  const reference = referenceOf(ref);
  if (reference === undefined) throw new TypeError('Only a netref has a remote type: await the path first');
  const { typeName, module, isClass } = reference.target;
  return { name: typeName, module, isClass };
}

/** Whether `value` is a remote object. */
export function isNetref(value: unknown): value is Netref {
  return referenceOf(value) !== undefined;
}

/**
 * Gives the object back to the peer now. Any later use of the netref rejects with `ERR_RELEASED`.
 *
 * @throws TypeError for what is no netref
 */
export function release(ref: Netref): Promise<void> {
  const reference = referenceOf(ref);
  if (reference === undefined) throw new TypeError('Only a netref can be released');
  reference.release();
  return Promise.resolve();
}

/**
 * Enters a context manager and gives what `__enter__` gives.
 *
 * @throws as `getattr`
 */
export async function enter(ref: Remote, options?: RequestOptions): Promise<unknown> {
  return await callattr(ref, '__enter__', [], undefined, options);
}

/**
 * Leaves a context manager.
 *
 * @param error why it is left early; the peer sees some exception in its place, since ours is none of Python's, and
 *   before 4.0 its message in the place of an exception
 * @returns whether the context manager asks to go on in spite of the error
 * @throws as `getattr`
 */
export async function exit(ref: Remote, error?: unknown, options?: RequestOptions): Promise<boolean> {
  const reason = error === undefined || error === null ? null : reasonText(error);
  const question = ({ dialect }: ReferenceHost): Question => {
    if (dialect?.hasContextExit !== false) return [Handler.ctxexit, [reason]];
    return [Handler.callattr, ['__exit__', [reason, reason, null], []]];
  };
  return Boolean(await ask(ref, question, options));
}

/**
 * Python's `with`: enters `ref`, runs `body` with what `__enter__` gave, and leaves `ref` however the body ends.
 *
 * @returns what the body gives; undefined where it threw and the context manager swallowed that
 */
export async function using_<T>(
  ref: Remote,
  body: (entered: unknown) => T | Promise<T>,
): Promise<T | undefined> {
  return await withTarget(ref, async (_host, target) => {
    const manager = target as Netref;
    const entered = await enter(manager);
    let result: T;
    try {
      result = await body(entered);
    } catch (error) {
      if (await exit(manager, error)) return undefined;
      throw error;
    }
    await exit(manager);
    return result;
  });
}

function request(
  ref: Remote,
  handler: Handler,
  args: readonly unknown[],
  options?: RequestOptions,
): Promise<unknown> {
  return ask(ref, () => [handler, args], options);
}

/** A handler, and its arguments behind the object. */
type Question = readonly [handler: Handler, args: readonly unknown[]];

/** As `request`, where the question depends on what the peer understands. */
function ask(
  ref: Remote,
  question: (host: ReferenceHost) => Question,
  options?: RequestOptions,
): Promise<unknown> {
  const reference = referenceOf(ref);
  if (reference !== undefined) {
    const [handler, args] = question(reference.host);
    // Without an await before it, so that requests leave in the order in which they are made.
    if (!needsResolving(args)) return reference.host.request(handler, [ref, ...args], options);
  }
  const send = async (host: ReferenceHost, target: unknown, limit: OverallLimit): Promise<unknown> => {
    const [handler, args] = question(host);
    const ready = (await limit.wait(resolvePaths(args))) as readonly unknown[];
    return await host.request(handler, [target, ...ready], limit.left());
  };
  return withTarget(ref, send, options);
}

function methodEntry(entry: unknown): readonly [string, string | null] {
  const [name, documentation] = Array.isArray(entry) ? (entry as unknown[]) : [];
  return [asText(name), documentation === null ? null : asText(documentation)];
}

function keywordEntries(
  named: Kwargs | Readonly<Record<string, unknown>> = {},
): readonly (readonly [string, unknown])[] {
  return named instanceof Kwargs ? named.entries() : Object.entries(named);
}

function isAttributeError(error: unknown): boolean {
  return error instanceof RemoteError && error.isInstance('builtins.AttributeError');
}

function reasonText(error: unknown): string {
  const text = errorText(error);
  return text === '' ? 'error' : text;
}

function asText(value: unknown): string {
  if (typeof value === 'string') return value;
  // Python 2.
  if (value instanceof Uint8Array) return new TextDecoder().decode(value);
  throw new ProtocolError('The peer gave no text');
}

function asInteger(value: unknown): number | bigint {
  if (typeof value === 'number' || typeof value === 'bigint') return value;
  if (typeof value === 'boolean') return Number(value);
  if (value instanceof PyLong) return value.valueOf();
  throw new ProtocolError('The peer gave no integer');
}
