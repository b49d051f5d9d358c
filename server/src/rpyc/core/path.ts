/*
 * Paths: what getting an attribute of a netref or calling it gives, before anybody asks the peer. Upstream has nothing
 * like them, since Python can wait inside an attribute access and JavaScript cannot.
 */

import { inspect } from 'node:util';

import { type CallSite, callerOf } from '../lib/callSite';
import { Handler } from './consts';
import { OverallLimit } from './overallLimit';
import { Kwargs } from './pyTypes';
import {
  referenceOf,
  RemoteReference,
  type ReferenceHost,
  type RequestDetails,
  type RequestOptions,
} from './reference';
import { iterate } from './iteration';

/**
 * An attribute of a remote object, or the result of a call, that can be awaited, called, iterated, and gone on from.
 *
 * Awaiting an attribute reads it from the peer each time. A call is made at once, exactly once, and awaiting its path
 * gives its result however often it is awaited. What is awaited is `unknown` until it is cast or named in the call:
 * `(await sys.platform) as string`, `await open<Netref>(name)`.
 */
export type Path<T = unknown> = RemoteAttributes & RemoteCallable & PathMembers<T>;

export interface RemoteAttributes {
  readonly [name: string]: Path;
}

export interface RemoteCallable {
  /** The last argument may be made by `kwargs`. Paths among the arguments are awaited first. */
  // The caller knows the type of the result, nothing else does.

  <T = unknown>(...args: readonly unknown[]): Path<T>;
  // Names that a JavaScript function has; of a remote object they are the peer's.
  readonly name: Path;
  readonly length: Path;
  readonly call: Path;
  readonly apply: Path;
  readonly bind: Path;
  readonly prototype: Path;
  readonly arguments: Path;
  readonly caller: Path;
  readonly constructor: Path;
  /**
   * Iterates on the peer, in chunks: of one item first, and larger ones as long as they come fast. Where the iterator
   * raises, the items of that chunk are lost; `buffiter(ref, 1, 1)` loses none.
   */
  [Symbol.asyncIterator](): AsyncIterator<unknown, void, undefined>;
  /** Local: never asks the peer. */
  toString(): string;
  /** Local: never asks the peer. */
  toJSON(): string;
}

export type PathMembers<T> = Pick<Promise<T>, 'then' | 'catch' | 'finally'>;

/** Where a path starts. */
export interface PathBase {
  readonly host: ReferenceHost;
  /** The start itself where it is there already. */
  readonly now?: unknown;
  /** Gives the start, the same each time. */
  get(): Promise<unknown>;
  /** For people. */
  readonly text: string;
}

interface PathState {
  readonly base: PathBase;
  readonly names: readonly string[];
}

const pathKey = Symbol('rpyc path');

function pathState(value: unknown): PathState | undefined {
  if (typeof value !== 'function') return undefined;
  return Reflect.get(value, pathKey) as PathState | undefined;
}

/** Whether `value` is a path: what getting an attribute of a remote object, or calling it, gives. */
export function isPath(value: unknown): value is Path {
  return pathState(value) !== undefined;
}

export function createPath<T = unknown>(base: PathBase, names: readonly string[] = []): Path<T> {
  const state: PathState = { base, names };
  return new Proxy(shownAs(textOf, state), new PathHandler(state)) as unknown as Path<T>;
}

/** What a proxy stands before: a function, so that it can be called, which tells the inspector a text. */
export function shownAs<T>(textOf: (subject: T) => string, subject: T): () => undefined {
  const target: (() => undefined) & { [inspect.custom]?: () => string } = () => undefined;
  // Assigned, since defining a property takes as long as all else that makes a path.
  target[inspect.custom] = () => textOf(subject);
  return target;
}

/** Calls what is at the end of the path, at once and once. */
export function invoke(
  base: PathBase,
  names: readonly string[],
  args: readonly unknown[],
  site: CallSite,
): Path {
  const result = startCall(base, names, args, site);
  // Whoever awaits the path gets the error; a path that nobody awaits is not an unhandled rejection.
  result.catch(ignore);
  return createPath(new CallBase(base, names, result));
}

function ignore(): void {
  // Nobody looked.
}

/** A path that starts at the result of a call. */
class CallBase implements PathBase {
  readonly now = undefined;

  constructor(
    private readonly base: PathBase,
    private readonly names: readonly string[],
    private readonly result: Promise<unknown>,
  ) {}

  get host(): ReferenceHost {
    return this.base.host;
  }

  get text(): string {
    return `${[this.base.text, ...this.names].join('.')}()`;
  }

  get(): Promise<unknown> {
    return this.result;
  }
}

/** Answers what must never reach the peer by accident; undefined where a name or symbol is not among it. */
export function localMember<T>(
  property: string | symbol,
  textOf: (subject: T) => string,
  subject: T,
): ((hint?: unknown) => unknown) | undefined {
  switch (property) {
    case 'toString':
    case 'toJSON':
    case 'valueOf':
    case inspect.custom:
      return () => textOf(subject);
    case Symbol.toPrimitive:
      return (hint) => {
        const text = textOf(subject);
        if (hint === 'string') return text;
        throw new TypeError(`${text} is remote: await what is needed of it before calculating with it`);
      };
    default:
      return undefined;
  }
}

/** The part of a proxy that paths and netrefs share: nothing is set, deleted or listed through them. */
export abstract class RemoteProxyHandler implements ProxyHandler<() => undefined> {
  abstract get(target: () => undefined, property: string | symbol): unknown;
  abstract apply(target: () => undefined, self: unknown, args: unknown[]): unknown;

  set(_target: () => undefined, property: string | symbol): never {
    throw new TypeError(`Cannot set '${String(property)}' of a remote object: use setattr(ref, name, value)`);
  }

  deleteProperty(_target: () => undefined, property: string | symbol): never {
    throw new TypeError(`Cannot delete '${String(property)}' of a remote object: use delattr(ref, name)`);
  }

  defineProperty(_target: () => undefined, property: string | symbol): never {
    throw new TypeError(
      `Cannot define '${String(property)}' of a remote object: use setattr(ref, name, value)`,
    );
  }

  has(_target: () => undefined, property: string | symbol): boolean {
    return property === Symbol.asyncIterator;
  }

  ownKeys(): never[] {
    return [];
  }

  getOwnPropertyDescriptor(): undefined {
    return undefined;
  }

  getPrototypeOf(): object {
    return Function.prototype;
  }

  setPrototypeOf(): boolean {
    return false;
  }

  preventExtensions(): boolean {
    return false;
  }
}

/**
 * `then`, `catch` or `finally` of a path. An `await` gets it while its function is on the stack, and calls it when it
 * no longer is.
 */
function settler(state: PathState, name: keyof PathMembers<unknown>): unknown {
  const site = state.names.length === 0 ? undefined : callerOf(PathHandler.prototype, 'get');
  switch (name) {
    case 'then':
      return (...callbacks: Parameters<Promise<unknown>['then']>) => evaluate(state, site).then(...callbacks);
    case 'catch':
      return (...callbacks: Parameters<Promise<unknown>['catch']>) =>
        evaluate(state, site).catch(...callbacks);
    case 'finally':
      return (...callbacks: Parameters<Promise<unknown>['finally']>) =>
        evaluate(state, site).finally(...callbacks);
  }
}

class PathHandler extends RemoteProxyHandler {
  constructor(private readonly state: PathState) {
    super();
  }

  get(_target: () => undefined, property: string | symbol): unknown {
    const { state } = this;
    const local = localMember(property, textOf, state);
    if (local !== undefined) return local;
    switch (property) {
      case pathKey:
        return state;
      case 'then':
      case 'catch':
      case 'finally':
        return settler(state, property);
      case Symbol.asyncIterator:
        return () => iterate(() => evaluate(state));
      default:
        if (typeof property === 'symbol') return undefined;
        return createPath(state.base, [...state.names, property]);
    }
  }

  apply(_target: () => undefined, _self: unknown, args: unknown[]): Path {
    return invoke(this.state.base, this.state.names, args, callerOf(this, 'apply'));
  }
}

function textOf({ base, names }: PathState): string {
  return `<path ${[base.text, ...names].join('.')}>`;
}

/** Asks the peer for what is at the end of the path. */
function evaluate({ base, names }: PathState, site?: CallSite): Promise<unknown> {
  const { host, now } = base;
  const [first] = names;
  if (first === undefined) return now === undefined ? base.get() : Promise.resolve(now);
  const read = (owner: unknown, last: string): Promise<unknown> =>
    host.request(Handler.getattr, [owner, last], site && { site });
  if (now !== undefined && names.length === 1) return read(now, first);
  return (async () => await walk(host, now ?? (await base.get()), names, read, () => site && { site }))();
}

function startCall(
  base: PathBase,
  names: readonly string[],
  args: readonly unknown[],
  site: CallSite,
): Promise<unknown> {
  const { host, now } = base;
  // With nothing to wait for the request leaves at once, so that calls leave in the order they are written.
  if (now !== undefined && names.length <= 1 && !anyNeedsResolving(args)) {
    return requestCall(host, now, names[0], args, site);
  }
  return (async () => {
    const ready = (await resolvePaths(args)) as readonly unknown[];
    const start = now ?? (await base.get());
    if (names.length === 0) return await requestCall(host, start, undefined, ready, site);
    const call = (owner: unknown, last: string): Promise<unknown> =>
      requestCall(host, owner, last, ready, site);
    return await walk(host, start, names, call, () => ({ site }));
  })();
}

/** Goes along all names but the last, lets `finish` do the last step, and releases what was met on the way. */
async function walk<T>(
  host: ReferenceHost,
  start: unknown,
  names: readonly string[],
  finish: (owner: unknown, last: string) => Promise<T>,
  details: () => RequestDetails | undefined,
): Promise<T> {
  const temporaries: RemoteReference[] = [];
  try {
    let owner = start;
    for (const name of names.slice(0, -1)) {
      owner = await host.request(Handler.getattr, [owner, name], details(), 'bare');
      if (owner instanceof RemoteReference) temporaries.push(owner);
    }
    return await finish(owner, names.at(-1) ?? '');
  } finally {
    for (const reference of temporaries) reference.release();
  }
}

/**
 * Lets `use` work on the remote object that `ref`, a netref or a path, stands for. What a path met on the way is
 * released afterwards, its end too unless it is the result of a call.
 *
 * @param options a time limit and a signal for all of it; `use` gets what is left of them
 * @throws TypeError where `ref` is neither
 */
export async function withTarget<T>(
  ref: unknown,
  use: (host: ReferenceHost, target: unknown, limit: OverallLimit) => Promise<T>,
  options?: RequestOptions,
): Promise<T> {
  const limit = new OverallLimit(options);
  const reference = referenceOf(ref);
  if (reference !== undefined) return await use(reference.host, ref, limit);
  const state = pathState(ref);
  if (state === undefined) throw new TypeError('A netref or a path is needed');
  const { host } = state.base;
  const start = state.base.now ?? (await limit.wait(state.base.get()));
  if (state.names.length === 0) return await use(host, start, limit);
  const last = (target: unknown): Promise<T> => use(host, target, limit);
  return await walk(host, start, [...state.names, ''], last, () => limit.left());
}

/** One CALL, or one CALLATTR where a name is given. */
function requestCall(
  host: ReferenceHost,
  owner: unknown,
  name: string | undefined,
  args: readonly unknown[],
  site: CallSite,
): Promise<unknown> {
  const last = args.at(-1);
  const named = last instanceof Kwargs ? last.entries() : [];
  const positional = last instanceof Kwargs ? args.slice(0, -1) : args;
  return name === undefined
    ? host.request(Handler.call, [owner, positional, named], { site })
    : host.request(Handler.callattr, [owner, name, positional, named], { site });
}

const MAX_DEPTH = 200;

function anyNeedsResolving(args: readonly unknown[]): boolean {
  for (const arg of args) {
    if (needsResolving(arg)) return true;
  }
  return false;
}

/** Whether `value` is a path or holds one, in an array or among keyword arguments. */
export function needsResolving(value: unknown, depth = 0): boolean {
  if (isPath(value)) return true;
  if (Array.isArray(value)) return depth < MAX_DEPTH && value.some((item) => needsResolving(item, depth + 1));
  return value instanceof Kwargs && value.entries().some(([, item]) => needsResolving(item, depth + 1));
}

/** `value` with every path in it, also inside arrays and keyword arguments, replaced by what it leads to. */
export async function resolvePaths(value: unknown): Promise<unknown> {
  if (isPath(value)) return await value;
  if (!needsResolving(value)) return value;
  if (Array.isArray(value)) return await Promise.all(value.map(resolvePaths));
  if (value instanceof Kwargs) {
    const entries = value.entries().map(async ([name, item]) => [name, await resolvePaths(item)] as const);
    return new Kwargs(await Promise.all(entries));
  }
  return value;
}
