/*
 * Exceptions as values and back, after rpyc/core/vinegar.py of RPyC 4.1 to 6.0. Unlike upstream no class is looked up
 * or made from a peer's names: every remote exception is a `RemoteError`. No path of ours is sent unless asked for.
 */

import { dump as dumpValue, dumpable } from './brine';
import {
  AsyncResultTimeout,
  AttributeError,
  EOFError,
  ProtocolError,
  PythonError,
  RemoteError,
  RpycError,
} from './errors';
import type { BrineValue } from './pyTypes';

/** What is told of an exception. */
export interface DumpExceptionOptions {
  /** Whether a traceback is sent: names of functions and line numbers, without paths. */
  readonly includeTraceback: boolean;
  /** Whether our version is told. */
  readonly includeVersion: boolean;
  /** The version that is told; nothing is said of one without it. */
  readonly localVersion: string | undefined;
  /** The peer runs Python 2, which keeps its builtin exceptions elsewhere. */
  readonly forPython2?: boolean | undefined;
  /** Whether the traceback names our files with their paths. */
  readonly includePaths?: boolean | undefined;
}

/** What a plain StopIteration is on the wire. */
const STOP_ITERATION = 1;

/** What is told in place of something that is kept back. */
const TRACEBACK_DENIED = '<traceback denied>';
const VERSION_DENIED = '<version denied>';

/**
 * The body of an exception message. Never throws: what does not travel by value goes as text.
 * Upstream: `rpyc.core.vinegar.dump`.
 */
export function dump(error: unknown, options: DumpExceptionOptions): BrineValue {
  const raised = describe(error);
  if (raised.module === 'builtins' && raised.typeName === 'StopIteration') return STOP_ITERATION;
  const attributes: BrineValue[] = [...raised.attributes]
    .filter(([name]) => name !== '_remote_version')
    .map(([name, value]) => [name, sendable(value)]);
  if (options.localVersion !== undefined) {
    attributes.push(['_remote_version', options.includeVersion ? options.localVersion : VERSION_DENIED]);
  }
  const isBuiltin = raised.module === 'builtins';
  return [
    isBuiltin && options.forPython2 === true
      ? python2Class(raised.typeName)
      : [wellFormed(raised.module), wellFormed(raised.typeName)],
    raised.args.map(sendable),
    attributes,
    options.includeTraceback ? wellFormed(tracebackText(error, raised, options)) : TRACEBACK_DENIED,
  ];
}

/**
 * The error that an exception message stands for. Upstream: `rpyc.core.vinegar.load`.
 *
 * @throws ProtocolError where the body is none of the forms that RPyC sends
 */
export function load(body: BrineValue): RemoteError {
  if (body === STOP_ITERATION) return remoteError('builtins', 'StopIteration', [], new Map(), '');
  const text = asText(body);
  // Python 2 could raise a string.
  if (text !== undefined) return remoteError('', text, [], new Map(), '');
  const [names, args, attributes, traceback, ...rest] = asTuple(body);
  const [module, typeName] = asTuple(names).map(asText);
  if (module === undefined || typeName === undefined || rest.length > 0) throw malformed();
  return remoteError(
    pythonModules.get(module) ?? module,
    typeName,
    asTuple(args),
    readAttributes(asTuple(attributes)),
    asText(traceback) ?? '',
  );
}

/** Builtin exceptions that Python 2 has under another name. */
const python2Names: ReadonlyMap<string, string> = new Map([['ModuleNotFoundError', 'ImportError']]);

function python2Class(typeName: string): BrineValue {
  return ['exceptions', python2Names.get(typeName) ?? wellFormed(typeName)];
}

/** Where Python 2 keeps its builtin exceptions. */
const pythonModules: ReadonlyMap<string, string> = new Map([
  ['exceptions', 'builtins'],
  ['__builtin__', 'builtins'],
]);

interface Raised {
  readonly module: string;
  readonly typeName: string;
  readonly args: readonly BrineValue[];
  readonly attributes: ReadonlyMap<string, unknown>;
}

function describe(error: unknown): Raised {
  if (error instanceof RemoteError || error instanceof PythonError) {
    const attributes = new Map<string, unknown>(error instanceof RemoteError ? error.attributes : []);
    // Python prints a SyntaxError from this attribute, and never calls the constructor that would set it.
    if (error.typeName === 'SyntaxError' && !attributes.has('msg')) attributes.set('msg', error.args[0]);
    return { module: error.module, typeName: error.typeName, args: error.args, attributes };
  }
  const attributes = new Map<string, unknown>();
  if (!(error instanceof Error)) {
    return { module: 'builtins', typeName: 'Exception', args: [textOf(error)], attributes };
  }
  // Our own errors' fields mean nothing to a peer.
  for (const [name, value] of error instanceof RpycError ? [] : ownData(error)) {
    if (!name.startsWith('_') && name !== 'args' && name !== 'name') attributes.set(name, value);
  }
  if (error instanceof SyntaxError) attributes.set('msg', error.message);
  return { ...pythonClass(error), args: [textOf(error)], attributes };
}

function pythonClass(error: Error): { module: string; typeName: string } {
  if (error instanceof AsyncResultTimeout) {
    return { module: 'rpyc.core.async_', typeName: 'AsyncResultTimeout' };
  }
  return { module: 'builtins', typeName: builtinClass(error) };
}

function builtinClass(error: Error): string {
  if (error instanceof AttributeError) return 'AttributeError';
  if (error instanceof EOFError) return 'EOFError';
  if (error instanceof RpycError) return 'Exception';
  if (error instanceof TypeError) return 'TypeError';
  if (error instanceof RangeError) return 'ValueError';
  if (error instanceof SyntaxError) return 'SyntaxError';
  return 'Exception';
}

/** Own enumerable fields that hold a value by themselves; nothing of the error's is called. */
function ownData(error: Error): [string, unknown][] {
  return Object.entries(Object.getOwnPropertyDescriptors(error)).flatMap(([name, property]) =>
    property.enumerable === true && 'value' in property ? [[name, property.value] as [string, unknown]] : [],
  );
}

/** A value as it can be sent: itself, or its text as upstream does. */
function sendable(value: unknown): BrineValue {
  try {
    if (dumpable(value)) {
      dumpValue(value);
      return value;
    }
  } catch {
    // Cyclic, too long or not valid text: its text is sent.
  }
  return textOf(value);
}

function textOf(value: unknown): string {
  try {
    if (value instanceof Error) return wellFormed(value.message);
    return wellFormed(typeof value === 'function' ? `<function ${value.name}>` : String(value));
  } catch {
    return '<no text>';
  }
}

/** Text without lone surrogates, which UTF-8 cannot hold. */
function wellFormed(text: string): string {
  return text.replace(/\p{Surrogate}/gu, '\ufffd');
}

function tracebackText(error: unknown, raised: Raised, options: DumpExceptionOptions): string {
  const lines = ['Traceback (most recent call last):'];
  if (error instanceof Error) lines.push(...stackLines(error, options.includePaths === true));
  const name = raised.module === 'builtins' ? raised.typeName : `${raised.module}.${raised.typeName}`;
  const message = error instanceof RemoteError || error instanceof PythonError ? error.message : undefined;
  lines.push(message ?? `${name}: ${textOf(error)}`);
  const text = `${lines.join('\n')}\n`;
  if (!(error instanceof RemoteError) || error.remoteTraceback === '') return text;
  return `${text}\n\n========= Remote Traceback (1) =========\n${error.remoteTraceback}`;
}

/** A JavaScript stack in Python's form and order. */
function stackLines(error: Error, includePaths: boolean): string[] {
  const lines: string[] = [];
  for (const text of (error.stack ?? '').split('\n')) {
    const match = /^ {4}at (?:(.+?) \()?(.+?):(\d+):\d+\)?$/.exec(text);
    if (match?.[2] === undefined) continue;
    const file = includePaths ? match[2] : '<javascript>';
    lines.unshift(`  File "${file}", line ${match[3]}, in ${match[1] ?? '<anonymous>'}`);
  }
  return lines;
}

function remoteError(
  module: string,
  typeName: string,
  args: readonly BrineValue[],
  attributes: ReadonlyMap<string, BrineValue>,
  remoteTraceback: string,
): RemoteError {
  return new RemoteError({ module, typeName, args, attributes, remoteTraceback });
}

function readAttributes(pairs: readonly BrineValue[]): Map<string, BrineValue> {
  const attributes = new Map<string, BrineValue>();
  for (const pair of pairs) {
    const [name, value, ...rest] = asTuple(pair);
    const text = asText(name);
    if (text === undefined || value === undefined || rest.length > 0) throw malformed();
    attributes.set(text, value);
  }
  return attributes;
}

function asTuple(value: BrineValue): readonly BrineValue[] {
  if (!Array.isArray(value)) throw malformed();
  return value as readonly BrineValue[];
}

/** Text, or the bytes of a Python 2 peer as text. */
function asText(value: BrineValue): string | undefined {
  if (typeof value === 'string') return value;
  return value instanceof Uint8Array ? new TextDecoder().decode(value) : undefined;
}

function malformed(): ProtocolError {
  return new ProtocolError('Exception of the peer has an unknown form');
}
