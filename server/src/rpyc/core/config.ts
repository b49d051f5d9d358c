/*
 * Protocol configuration: RPyC's DEFAULT_CONFIG (rpyc/core/protocol.py, 6.0) with its keys spelled as in Python, the
 * attribute policy of 4.0 and later, and limits, which upstream has none of.
 */

import { decodeUtf8 } from '../lib/bytes';
import type { Logger } from '../lib/logger';
import { AttributeError } from './errors';

/** RPyC's configuration, with its keys as in Python: `DEFAULT_CONFIG` upstream. Times are seconds. */
export interface Config {
  readonly allow_all_attrs: boolean;
  readonly allow_delattr: boolean;
  readonly allow_exposed_attrs: boolean;
  readonly allow_getattr: boolean;
  /** For the sake of Python's callers: nothing is ever pickled. */
  readonly allow_pickle: boolean;
  readonly allow_public_attrs: boolean;
  readonly allow_safe_attrs: boolean;
  readonly allow_setattr: boolean;
  /** By default as the environment variable `RPYC_BIND_THREADS` says. */
  readonly bind_threads: boolean;
  /** Called before this side closes, while requests are still answered; its promise is waited for. */
  readonly before_closed: ((root: unknown) => unknown) | null;
  /** Whether closing keeps to itself what `before_closed` throws. */
  readonly close_catchall: boolean;
  /** Names the connection; `conn1` and so on, by default. */
  readonly connid: string | null;
  /** What the authenticator of a server found out. */
  readonly credentials: unknown;
  readonly endpoints: readonly [local: unknown, remote: unknown] | null;
  readonly exposed_prefix: string;
  /** For the sake of Python's callers: no class of the peer is imported, every error is a `RemoteError`. */
  readonly import_custom_exceptions: boolean;
  /** Whether a peer gets the stack with an error of ours; never with paths of this machine. */
  readonly include_local_traceback: boolean;
  readonly include_local_version: boolean;
  /** As `import_custom_exceptions`. */
  readonly instantiate_custom_exceptions: boolean;
  readonly instantiate_oldstyle_exceptions: boolean;
  /** Whether the logger is told of requests of the peer that fail. */
  readonly log_exceptions: boolean;
  /** A `Logger`, for connections that are made without one. */
  readonly logger: unknown;
  /** For the sake of Python's callers, as is the next: JavaScript has no such exceptions. */
  readonly propagate_KeyboardInterrupt_locally: boolean;
  readonly propagate_SystemExit_locally: boolean;
  readonly safe_attrs: ReadonlySet<string>;
  /** Seconds; `null` waits for ever. */
  readonly sync_request_timeout: number | null;
}

const SAFE_ATTRS =
  '__abs__ __add__ __and__ __bool__ __cmp__ __contains__ __delitem__ __delslice__ __div__ __divmod__ __doc__ ' +
  '__enter__ __eq__ __exit__ __float__ __floordiv__ __format__ __ge__ __getitem__ __getslice__ __gt__ __hash__ ' +
  '__hex__ __iadd__ __iand__ __idiv__ __ifloordiv__ __ilshift__ __imod__ __imul__ __index__ __int__ __invert__ ' +
  '__ior__ __ipow__ __irshift__ __isub__ __iter__ __itruediv__ __ixor__ __le__ __len__ __length_hint__ __long__ ' +
  '__lshift__ __lt__ __mod__ __mul__ __ne__ __neg__ __new__ __next__ __nonzero__ __oct__ __or__ __pos__ __pow__ ' +
  '__radd__ __rand__ __rdiv__ __rdivmod__ __repr__ __rfloordiv__ __rlshift__ __rmod__ __rmul__ __ror__ __rpow__ ' +
  '__rrshift__ __rshift__ __rsub__ __rtruediv__ __rxor__ __setitem__ __setslice__ __str__ __sub__ __truediv__ ' +
  '__xor__ next';

/** What holds where nothing is said, as upstream (`rpyc.core.protocol.DEFAULT_CONFIG`). */
export const DEFAULT_CONFIG: Config = Object.freeze({
  allow_all_attrs: false,
  allow_delattr: false,
  allow_exposed_attrs: true,
  allow_getattr: true,
  allow_pickle: false,
  allow_public_attrs: false,
  allow_safe_attrs: true,
  allow_setattr: false,
  bind_threads: process.env['RPYC_BIND_THREADS'] === 'true',
  before_closed: null,
  close_catchall: false,
  connid: null,
  credentials: null,
  endpoints: null,
  exposed_prefix: 'exposed_',
  import_custom_exceptions: false,
  include_local_traceback: true,
  include_local_version: true,
  instantiate_custom_exceptions: false,
  instantiate_oldstyle_exceptions: false,
  log_exceptions: true,
  logger: null,
  propagate_KeyboardInterrupt_locally: true,
  propagate_SystemExit_locally: false,
  safe_attrs: new Set(SAFE_ATTRS.split(' ')),
  sync_request_timeout: 30,
});

/** Any of the fields of `T`; an undefined one changes nothing. */
export type Overrides<T> = { readonly [K in keyof T]?: T[K] | undefined };

/** `DEFAULT_CONFIG` with what `partial` sets. */
export function mergeConfig(partial: Overrides<Config> = {}): Config {
  const given = Object.entries(partial).filter(([, value]) => value !== undefined);
  return Object.freeze({ ...DEFAULT_CONFIG, ...Object.fromEntries(given) });
}

/** The logger of a configuration, where it has one. */
export function loggerOf({ logger }: Config): Logger | undefined {
  const isLogger = typeof logger === 'object' && logger !== null && 'debug' in logger && 'warn' in logger;
  return isLogger ? (logger as Logger) : undefined;
}

/** What a peer may make us hold. All of it is checked before anything is allocated. */
export interface Limits {
  /** Bytes of one frame's body as it travels. */
  readonly maxFrameBytes: number;
  /** Bytes of one frame's payload after decompression, and of all requests together that the peer has open. */
  readonly maxInflatedBytes: number;
  /** Containers inside containers in one value. */
  readonly maxDepth: number;
  /**
   * Members of all containers of one value together. What takes more memory than a short text counts for more than
   * one: an empty byte string for seven, a frozenset for five.
   */
  readonly maxItems: number;
  /** Decimal digits of one integer. */
  readonly maxIntDigits: number;
  /** Requests of the peer whose results are still to come. */
  readonly maxPeerRequests: number;
  /** Objects of ours that the peer holds. */
  readonly maxPeerRefs: number;
  /** Objects of the peer that we hold. */
  readonly maxHeldRefs: number;
}

const MIB = 1024 * 1024;

/** The limits that hold where nothing is said. Upstream has none. */
export const DEFAULT_LIMITS: Limits = Object.freeze({
  maxFrameBytes: 64 * MIB,
  maxInflatedBytes: 64 * MIB,
  maxDepth: 200,
  maxItems: 4 * MIB,
  maxIntDigits: 4300,
  maxPeerRequests: 1000,
  maxPeerRefs: 100_000,
  maxHeldRefs: 100_000,
});

/** `DEFAULT_LIMITS` with what `partial` sets. */
export function mergeLimits(partial: Overrides<Limits> = {}): Limits {
  const given = Object.entries(partial).filter(([, value]) => value !== undefined);
  return Object.freeze({ ...DEFAULT_LIMITS, ...Object.fromEntries(given) });
}

export type AttributeOperation = 'getattr' | 'setattr' | 'delattr';

/**
 * The one gate for every attribute name that a peer sends: finds the name to use on the object, or refuses.
 *
 * @param name as it came: text, or UTF-8 bytes from a Python 2 peer
 * @param has whether the object has an attribute of that name
 * @param prefersExposed the policy of 3.x: a name is looked up with the prefix first, whatever else is allowed
 * @returns the name itself, or the name with the exposed prefix
 * @throws TypeError for a name that is no text; `AttributeError` where the policy refuses
 */
export function checkAttr(
  config: Config,
  name: unknown,
  has: (name: string) => boolean,
  operation: AttributeOperation,
  prefersExposed = false,
): string {
  const text = attributeName(name);
  if (!isAllowed(config, operation)) throw refusal(text);
  const prefix = config.allow_exposed_attrs ? config.exposed_prefix : '';
  const plain =
    config.allow_all_attrs ||
    (prefix !== '' && text.startsWith(prefix)) ||
    (config.allow_safe_attrs && config.safe_attrs.has(text)) ||
    (config.allow_public_attrs && !text.startsWith('_'));
  const exposed = prefix !== '' && has(prefix + text) ? prefix + text : undefined;
  if (plain && (exposed === undefined || (has(text) && !prefersExposed))) return text;
  if (exposed !== undefined) return exposed;
  throw refusal(text);
}

/** An attribute name as text. */
export function attributeName(name: unknown): string {
  if (typeof name === 'string') return name;
  const text = name instanceof Uint8Array ? decodeUtf8(name) : undefined;
  if (text === undefined) throw new TypeError('name must be a string');
  return text;
}

function isAllowed(config: Config, operation: AttributeOperation): boolean {
  switch (operation) {
    case 'getattr':
      return config.allow_getattr;
    case 'setattr':
      return config.allow_setattr;
    case 'delattr':
      return config.allow_delattr;
  }
}

function refusal(name: string): AttributeError {
  return new AttributeError(`cannot access '${name}'`);
}
