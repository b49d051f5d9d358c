/*
 * What registries and their clients say to each other, as bytes and as plain values: the wire side of
 * rpyc/utils/registry.py. One brine value per message. Python 2 writes byte strings where Python 3 writes text; both
 * are read, and each side is answered in the kind that it used.
 */

import { dump, load } from '../core/brine';
import { type BrineValue, PyLong } from '../core/pyTypes';
import { decodeUtf8 } from '../lib/bytes';

/** The longest request, and the longest answer that upstream's clients read whole. Longer ones are cut off. */
export const MAX_DATAGRAM_BYTES = 1500;
/** Clients from 5.2.1 on read an answer to the newer LIST up to here, over UDP. */
export const MAX_LIST_BYTES = 10 * MAX_DATAGRAM_BYTES;

/** How text is written: `text` is Python 3's way, `bytes` Python 2's. */
export type StringKind = 'text' | 'bytes';

/** Host and port of a server, as a registry tells them. A hint by strangers: whoever likes may register anything. */
export type ServerAddress = readonly [host: string, port: number];

export type RegistryCommand =
  | { readonly command: 'REGISTER'; readonly aliases: readonly string[]; readonly port: number }
  | { readonly command: 'UNREGISTER'; readonly port: number }
  | { readonly command: 'QUERY'; readonly name: string }
  | {
      readonly command: 'LIST';
      readonly filterHost: string | null;
      /** 5.1.0 has no filter, and the two forms get no answer from each other's registries. */
      readonly form: ListForm;
    };

export type ListForm = 'filtered' | 'plain';

/** Why bytes are no command. The message is for a log. */
export class CommandProblem {
  constructor(
    readonly message: string,
    /** The bytes may be the beginning of a command. */
    readonly mayGoOn = false,
  ) {}
}

export interface ReceivedCommand {
  readonly command: RegistryCommand;
  readonly kind: StringKind;
}

const MAGIC = 'RPYC';
const ACKNOWLEDGED = 'OK';

const LIMITS = { maxDepth: 8, maxItems: MAX_LIST_BYTES, maxIntDigits: 20 };

/** The bytes of a command. May be longer than a registry reads: see `MAX_DATAGRAM_BYTES`. */
export function encodeCommand(command: RegistryCommand, kind: StringKind = 'text'): Uint8Array {
  return dump([text(MAGIC, kind), text(command.command, kind), commandArguments(command, kind)]);
}

function commandArguments(command: RegistryCommand, kind: StringKind): readonly BrineValue[] {
  switch (command.command) {
    case 'REGISTER':
      return [command.aliases.map((alias) => text(alias, kind)), command.port];
    case 'UNREGISTER':
      return [command.port];
    case 'QUERY':
      return [text(command.name, kind)];
    case 'LIST': {
      if (command.form === 'plain') return [];
      const { filterHost } = command;
      return [[filterHost === null ? null : text(filterHost, kind)]];
    }
  }
}

/** The command that a registry was sent, or what is wrong with it. */
export function decodeCommand(bytes: Uint8Array): ReceivedCommand | CommandProblem {
  const value = decodeValue(bytes);
  if (value === undefined) return new CommandProblem('no registry message', true);
  if (!isTuple(value) || value.length !== 3) return new CommandProblem('no registry message');
  const [magic, word, args] = value;
  if (readText(magic) !== MAGIC) return new CommandProblem('invalid magic');
  const name = readText(word);
  if (name === undefined || !isTuple(args)) return new CommandProblem('no registry message');
  const parse = parsers.get(name.toUpperCase());
  if (parse === undefined) return new CommandProblem(`unknown command ${JSON.stringify(name)}`);
  const command = parse(args);
  if (command === undefined) return new CommandProblem(`invalid arguments of ${name.toUpperCase()}`);
  return { command, kind: typeof magic === 'string' ? 'text' : 'bytes' };
}

type Parser = (args: readonly BrineValue[]) => RegistryCommand | undefined;

const parsers: ReadonlyMap<string, Parser> = new Map<string, Parser>([
  ['REGISTER', parseRegister],
  ['UNREGISTER', parseUnregister],
  ['QUERY', parseQuery],
  ['LIST', parseList],
]);

function parseRegister(args: readonly BrineValue[]): RegistryCommand | undefined {
  const [names, number] = args;
  const port = readPort(number);
  if (args.length !== 2 || port === undefined || !isTuple(names)) return undefined;
  const aliases = readTexts(names);
  return aliases.length === names.length ? { command: 'REGISTER', aliases, port } : undefined;
}

function parseUnregister(args: readonly BrineValue[]): RegistryCommand | undefined {
  const port = readPort(args[0]);
  return args.length === 1 && port !== undefined ? { command: 'UNREGISTER', port } : undefined;
}

function parseQuery(args: readonly BrineValue[]): RegistryCommand | undefined {
  const name = readText(args[0]);
  return args.length === 1 && name !== undefined ? { command: 'QUERY', name } : undefined;
}

function parseList(args: readonly BrineValue[]): RegistryCommand | undefined {
  if (args.length === 0) return { command: 'LIST', filterHost: null, form: 'plain' };
  const [filter] = args;
  if (args.length !== 1 || !isTuple(filter) || filter.length === 0) return undefined;
  const [host] = filter;
  const filterHost = host === null ? null : readText(host);
  if (filterHost === undefined) return undefined;
  // As upstream an empty name filters nothing.
  return { command: 'LIST', filterHost: filterHost === '' ? null : filterHost, form: 'filtered' };
}

/** The answer to REGISTER and UNREGISTER. */
export function encodeAcknowledgement(kind: StringKind): Uint8Array {
  return dump(text(ACKNOWLEDGED, kind));
}

/** The answer to QUERY: as many servers, from the first on, as fit into `maxBytes`. */
export function encodeServers(
  servers: readonly ServerAddress[],
  kind: StringKind,
  maxBytes = MAX_DATAGRAM_BYTES,
): Uint8Array {
  return encodeFitting(
    servers.map(([host, port]) => [text(host, kind), port]),
    maxBytes,
  );
}

/** The answer to LIST: as many names, from the first on, as fit into `maxBytes`; None where listing is forbidden. */
export function encodeNames(
  names: readonly string[] | null,
  kind: StringKind,
  maxBytes = MAX_LIST_BYTES,
): Uint8Array {
  if (names === null) return dump(null);
  return encodeFitting(
    names.map((name) => text(name, kind)),
    maxBytes,
  );
}

/** Tag and length of a tuple take this much at most. */
const TUPLE_HEAD = 5;

/** A tuple that is cut off anywhere cannot be read at all, so one that is too long loses its last items instead. */
function encodeFitting(items: readonly BrineValue[], maxBytes: number): Uint8Array {
  let room = maxBytes - TUPLE_HEAD;
  let count = 0;
  for (const item of items) {
    room -= dump(item).length;
    if (room < 0) break;
    count++;
  }
  return dump(items.slice(0, count));
}

/** Whether an answer says OK. */
export function isAcknowledgement(bytes: Uint8Array): boolean {
  return readText(decodeValue(bytes)) === ACKNOWLEDGED;
}

/** What a registry answers to QUERY; undefined where that is no such answer. Entries that are no address are left out. */
export function decodeServers(bytes: Uint8Array): readonly ServerAddress[] | undefined {
  const value = decodeValue(bytes);
  if (!isTuple(value)) return undefined;
  return value.flatMap((item): ServerAddress[] => {
    if (!isTuple(item) || item.length !== 2) return [];
    const host = readText(item[0]);
    const port = readPort(item[1]);
    return host === undefined || host === '' || port === undefined ? [] : [[host, port]];
  });
}

/**
 * What a registry answers to LIST: null where it says that listing is forbidden, undefined where that is no such
 * answer. Names that are no text are left out.
 */
export function decodeNames(bytes: Uint8Array): readonly string[] | null | undefined {
  const value = decodeValue(bytes);
  if (value === null) return null;
  return isTuple(value) ? readTexts(value) : undefined;
}

function decodeValue(bytes: Uint8Array): BrineValue {
  try {
    return load(bytes, LIMITS);
  } catch {
    return undefined;
  }
}

function text(value: string, kind: StringKind): BrineValue {
  return kind === 'text' ? value : Buffer.from(value, 'utf8');
}

function readText(value: BrineValue): string | undefined {
  if (typeof value === 'string') return value;
  return value instanceof Uint8Array ? decodeUtf8(value) : undefined;
}

function readTexts(values: readonly BrineValue[]): readonly string[] {
  return values.flatMap((value) => readText(value) ?? []);
}

function readPort(value: BrineValue): number | undefined {
  const port = value instanceof PyLong ? Number(value.valueOf()) : value;
  return typeof port === 'number' && Number.isInteger(port) && port >= 1 && port <= 65535 ? port : undefined;
}

function isTuple(value: BrineValue): value is readonly BrineValue[] {
  return Array.isArray(value);
}
