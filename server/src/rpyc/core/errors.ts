/*
 * The library's one family of errors, split by who is at fault: the peer raised (`RemoteError`), the caller or
 * we refused (`AttributeError`), the wire was wrong (`ProtocolError`), the connection is gone (`EOFError`) or
 * never came to be (`ConnectError`). Names follow RPyC where it has one.
 */

import { decodeUtf8 } from '../lib/bytes';
import type { BrineValue } from './pyTypes';
import { isBuiltinSubclass } from './exceptionBases';

/** Stable names for programs; the message is for people and may change. */
export const ErrorCode = {
  /** The host answered that nothing listens on the port. */
  refused: 'ERR_REFUSED',
  /** The host name is not known. */
  dns: 'ERR_DNS',
  /** There is no way to the host. */
  unreachable: 'ERR_UNREACHABLE',
  /** Something took longer than it was given. */
  timeout: 'ERR_TIMEOUT',
  /** The caller's `AbortSignal` fired. */
  aborted: 'ERR_ABORTED',
  /** What answers is not an RPyC server. */
  notRpyc: 'ERR_NOT_RPYC',
  /** The peer speaks a dialect that was not asked for or is not known here. */
  dialect: 'ERR_DIALECT',
  /** A one-shot server must not be probed, so its dialect has to be given. */
  dialectRequired: 'ERR_DIALECT_REQUIRED',
  /** The connection is closed. */
  closed: 'ERR_CLOSED',
  /** One of our limits was met. */
  limit: 'ERR_LIMIT',
  /** The peer sent bytes that mean nothing. */
  protocol: 'ERR_PROTOCOL',
  /** The peer raised an exception. */
  remote: 'ERR_REMOTE',
  /** Our own policy refuses the access. */
  attribute: 'ERR_ATTRIBUTE',
  /** A local object raises this Python exception at the peer. */
  raised: 'ERR_RAISED',
  /** The remote object behind a netref was released. */
  released: 'ERR_RELEASED',
  /** A TLS handshake failed in a way that has no code of its own. */
  tls: 'ERR_TLS',
  /** What was to speak TLS does not. */
  notTls: 'ERR_NOT_TLS',
  /** The peer's certificate does not come from an authority that is trusted here. */
  tlsUntrusted: 'ERR_TLS_UNTRUSTED',
  tlsSelfSigned: 'ERR_TLS_SELF_SIGNED',
  /** The peer's certificate is for another host name. */
  tlsName: 'ERR_TLS_NAME',
  /** The peer's certificate is not valid any more, or not yet. */
  tlsExpired: 'ERR_TLS_EXPIRED',
  /** The peer's certificate is not the pinned one. */
  tlsPin: 'ERR_TLS_PIN',
  /** The peer speaks no version of TLS that is allowed here. */
  tlsVersion: 'ERR_TLS_VERSION',
  /** The peer wants a client certificate, or another one. */
  tlsClientCertificate: 'ERR_TLS_CLIENT_CERTIFICATE',
  /** Our own certificates or keys cannot be read or used. */
  tlsCredentials: 'ERR_TLS_CREDENTIALS',
  /** A child process did not start, or ended before it answered. */
  subprocess: 'ERR_SUBPROCESS',
  authentication: 'ERR_AUTHENTICATION',
  discovery: 'ERR_DISCOVERY',
  /** The registry does not allow listing. */
  forbidden: 'ERR_FORBIDDEN',
  ping: 'ERR_PING',
  /** A value has a part that cannot be copied to the other side. */
  copy: 'ERR_COPY',
  /** A file arrived differently than it left, or may not be written where the peer wants it. */
  transfer: 'ERR_TRANSFER',
  /** Python source has a syntax error. */
  source: 'ERR_SOURCE',
  /** The system has no ssh program. */
  sshMissing: 'ERR_SSH_MISSING',
  /** OpenSSH does not trust the key that the host shows. */
  hostKey: 'ERR_HOST_KEY',
  /** SSH failed in a way that has no code of its own. */
  ssh: 'ERR_SSH',
  /** A server cannot listen where it was told to. */
  listen: 'ERR_LISTEN',
  /** A server could not be brought to a remote machine. */
  deploy: 'ERR_DEPLOY',
} as const;
export type ErrorCode = (typeof ErrorCode)[keyof typeof ErrorCode];

/** Base of every error that the library makes. */
export abstract class RpycError extends Error {
  readonly code: string;

  constructor(message: string, code: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.name = new.target.name;
  }
}

/** The connection is gone; the message says why. */
export class EOFError extends RpycError {
  constructor(message = 'Connection is closed', code: string = ErrorCode.closed, options?: ErrorOptions) {
    super(message, code, options);
  }

  /** The same end, told once more. */
  again(): EOFError {
    return new EOFError(
      this.message,
      this.code,
      this.cause === undefined ? undefined : { cause: this.cause },
    );
  }
}

/** No connection could be made. */
export class ConnectError extends RpycError {}

/** A server or registry cannot listen where it was told to; the cause is the system's error, with its own code. */
export class ListenError extends RpycError {
  constructor(message: string, options?: ErrorOptions) {
    super(message, ErrorCode.listen, options);
  }
}

/** The peer sent something that the protocol does not allow, or more than our limits allow. */
export class ProtocolError extends RpycError {
  constructor(message: string, code: string = ErrorCode.protocol, options?: ErrorOptions) {
    super(message, code, options);
  }
}

/** No reply came in time. The call goes on at the peer. */
export class AsyncResultTimeout extends RpycError {
  constructor(message = 'Result expired', options?: ErrorOptions) {
    super(message, ErrorCode.timeout, options);
  }
}

/** The wait for a reply was ended by the caller's signal. */
export class RequestAborted extends RpycError {
  constructor(reason: unknown, message = 'The wait for the reply was cancelled') {
    super(message, ErrorCode.aborted, { cause: reason });
  }
}

/** Our access policy refuses a name. */
export class AttributeError extends RpycError {
  constructor(message: string, options?: ErrorOptions) {
    super(message, ErrorCode.attribute, options);
  }
}

/** A client is turned away, or a server does not let us in (`rpyc.utils.authenticators.AuthenticationError`). */
export class AuthenticationError extends RpycError {
  constructor(message = 'Authentication failed', options?: ErrorOptions) {
    super(message, ErrorCode.authentication, options);
  }
}

/** No registry knows a server that could be used (`rpyc.utils.factory.DiscoveryError`). */
export class DiscoveryError extends RpycError {
  constructor(message: string, options?: ErrorOptions) {
    super(message, ErrorCode.discovery, options);
  }
}

/** The registry does not tell the names of its services; asking for one by its name works nonetheless. */
export class ForbiddenError extends RpycError {
  constructor(message = 'Registry does not allow listing', options?: ErrorOptions) {
    super(message, ErrorCode.forbidden, options);
  }
}

/** The peer sent back something else than it was pinged with. */
export class PingError extends RpycError {
  constructor(message = 'Echo differs from what was sent', options?: ErrorOptions) {
    super(message, ErrorCode.ping, options);
  }
}

/** A part of a value cannot be copied to the other side; the message says which one. */
export class CopyError extends RpycError {
  /**
   * @param typeName what stands there
   * @param path where, as Python would write it: `value['a'][0]`
   */
  constructor(
    message: string,
    readonly typeName: string,
    readonly path: string,
  ) {
    super(message, ErrorCode.copy);
  }
}

/** Python source cannot be compiled. Lines and columns count from 1. */
export class SourceError extends RpycError {
  constructor(
    message: string,
    /** From 1; null where Python does not tell. */
    readonly line: number | null = null,
    /** From 1; null where Python does not tell. */
    readonly column: number | null = null,
  ) {
    super(message, ErrorCode.source);
  }
}

/** A file arrived differently than it left, cannot be sent, or may not be written where the peer wants it. */
export class TransferError extends RpycError {
  constructor(message: string, options?: ErrorOptions) {
    super(message, ErrorCode.transfer, options);
  }
}

/** Thrown by a local object, it is raised at the peer as the Python exception that it names. */
export class PythonError extends RpycError {
  /** Name of the Python class. */
  readonly typeName: string;
  /** Module of the class; `builtins` unless told. */
  readonly module: string;
  /** What the exception is made with; it travels by value. */
  readonly args: readonly BrineValue[];

  constructor(typeName: string, args: readonly BrineValue[] = [], module = 'builtins') {
    super(exceptionText(module, typeName, args), ErrorCode.raised);
    this.typeName = typeName;
    this.module = module;
    this.args = args;
  }
}

/** One frame of a remote traceback. */
export interface TracebackFrame {
  readonly file: string;
  readonly line: number;
  readonly name: string;
}

export interface RemoteErrorInit {
  readonly typeName: string;
  readonly module: string;
  readonly args: readonly BrineValue[];
  /** Whatever public attributes the exception had; none may be assumed. */
  readonly attributes: ReadonlyMap<string, BrineValue>;
  readonly remoteTraceback: string;
}

/** The peer raised an exception. Everything in it was written by the peer. */
export class RemoteError extends RpycError {
  /** Name of the exception's class. */
  readonly typeName: string;
  /** Module of that class; `builtins` also where a Python 2 peer calls it `exceptions`. */
  readonly module: string;
  /** The exception's arguments; of what does not travel by value, Python's text. */
  readonly args: readonly BrineValue[];
  /** Its other attributes, as far as the peer sent them. */
  readonly attributes: ReadonlyMap<string, BrineValue>;
  /** The traceback as the peer printed it, or what it says in its place. */
  readonly remoteTraceback: string;

  constructor(init: RemoteErrorInit) {
    super(exceptionText(init.module, init.typeName, init.args, init.attributes), ErrorCode.remote);
    this.typeName = init.typeName;
    this.module = init.module;
    this.args = init.args;
    this.attributes = init.attributes;
    this.remoteTraceback = init.remoteTraceback;
    // An error that nobody caught is printed with all that can be counted, and the peer's attributes are pages.
    for (const name of ['attributes', 'remoteTraceback'])
      Object.defineProperty(this, name, { enumerable: false });
  }

  /** The frames that could be read from the traceback, outermost first. */
  get frames(): readonly TracebackFrame[] {
    return parseFrames(this.remoteTraceback);
  }

  /**
   * Whether the exception's class is `name` (`builtins.ValueError`, or `ValueError` for short) or one of Python's
   * builtin classes below it. The wire carries no bases, so those of a class of the peer's own are not known.
   */
  isInstance(name: string): boolean {
    const wanted = name.includes('.') ? name : `builtins.${name}`;
    const own = `${this.module}.${this.typeName}`;
    return own === wanted || isBuiltinSubclass(own, wanted);
  }
}

const LONGEST_TRACEBACK_LINE = 4096;
const MOST_FRAMES = 1000;

function parseFrames(traceback: string): TracebackFrame[] {
  const frames: TracebackFrame[] = [];
  // Line by line, since a peer may send a traceback that is nothing but line ends.
  for (let start = 0, end = 0; end >= 0 && frames.length < MOST_FRAMES; start = end + 1) {
    end = traceback.indexOf('\n', start);
    const text = traceback.slice(start, end < 0 ? undefined : end);
    if (text.length > LONGEST_TRACEBACK_LINE) continue;
    const match = /^ *File "(.+)", line (\d{1,9})(?:, in (.+))?$/.exec(text);
    if (match?.[1] === undefined) continue;
    frames.push({ file: match[1], line: Number(match[2]), name: match[3] ?? '' });
  }
  return frames;
}

/** What a message shows of what the peer wrote; all of it stands in the error's fields. */
const LONGEST_ARGUMENT = 1000;
const MOST_ARGUMENTS = 20;

/** Messages of Python 2 are bytes that mean text. */
function bytesText(bytes: Uint8Array): string {
  // No character has more bytes than four.
  const start = bytes.subarray(0, 4 * LONGEST_ARGUMENT + 4);
  return decodeUtf8(start, start.length < bytes.length) ?? `${bytes.length} bytes`;
}

function exceptionText(
  module: string,
  typeName: string,
  args: readonly BrineValue[],
  attributes?: ReadonlyMap<string, BrineValue>,
): string {
  const name = cut(module === 'builtins' || module === '' ? typeName : `${module}.${typeName}`);
  const text =
    operatingSystemText(args, attributes) ?? syntaxText(typeName, args, attributes) ?? argumentsText(args);
  return text === '' ? name : `${name}: ${text}`;
}

/** Python prints an `OSError` from its number, text and file name. */
function operatingSystemText(
  args: readonly BrineValue[],
  attributes?: ReadonlyMap<string, BrineValue>,
): string | undefined {
  const [number, text] = args;
  if (args.length !== 2 || typeof number !== 'number' || !isText(text)) return undefined;
  if (attributes?.get('errno') !== number) return undefined;
  const file = attributes.get('filename');
  const where = isText(file) ? `: '${argumentText(file)}'` : '';
  return `[Errno ${number}] ${argumentText(text)}${where}`;
}

/** Python prints a `SyntaxError` from its text and place, which are its second argument too. */
function syntaxText(
  typeName: string,
  args: readonly BrineValue[],
  attributes?: ReadonlyMap<string, BrineValue>,
): string | undefined {
  const [text, place] = args;
  const isSyntax = isBuiltinSubclass(`builtins.${typeName}`, 'builtins.SyntaxError');
  if (!isSyntax || !isText(text) || args.length !== 2 || !Array.isArray(place)) return undefined;
  const [file, line] = place as readonly BrineValue[];
  const told = attributes?.get('msg');
  const message = argumentText(isText(told) ? told : text);
  const where = [isText(file) ? argumentText(file) : '', typeof line === 'number' ? `line ${line}` : ''];
  const known = where.filter((part) => part !== '').join(', ');
  return known === '' ? message : `${message} (${known})`;
}

/** Text as either Python sends it: of Python 2 it is bytes. */
function isText(value: BrineValue | undefined): boolean {
  return typeof value === 'string' || value instanceof Uint8Array;
}

function argumentsText(args: readonly BrineValue[]): string {
  if (args.length < 2) return args.map(argumentText).join('');
  const shown = args.slice(0, MOST_ARGUMENTS).map(quotedText);
  return `(${(args.length > MOST_ARGUMENTS ? [...shown, '…'] : shown).join(', ')})`;
}

/** Text among several arguments stands in quotes, as Python prints it. */
function quotedText(value: BrineValue): string {
  const text = argumentText(value);
  return isText(value) ? `'${text.replace(/[\\']/g, '\\$&')}'` : text;
}

function cut(text: string): string {
  return text.length > LONGEST_ARGUMENT ? `${text.slice(0, LONGEST_ARGUMENT)}…` : text;
}

function argumentText(value: BrineValue): string {
  if (value === null || value === undefined) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (Array.isArray(value)) return `tuple of ${value.length}`;
  return cut(value instanceof Uint8Array ? bytesText(value) : String(value));
}
