/*
 * The dialects of RPyC: how a message is wrapped and how an object is referred to. C is 4.1 to 5.3, D is 6.0.
 * Upstream has no such file, each version only knows itself; the facts are those of rpyc/core/protocol.py over the
 * versions. A (3.x) and B (4.0) differ in `parseReference`, `referTo` and `targetByValue` only.
 */

import { decodeUtf8 } from '../lib/bytes';
import { dump, load } from './brine';
import type { Limits } from './config';
import { MessageType } from './consts';
import { ErrorCode, ProtocolError } from './errors';
import { type BrineValue, PyLong } from './pyTypes';

export type DialectName = 'A' | 'B' | 'C' | 'D';

export interface Message {
  readonly type: MessageType;
  /** Whatever the requester sent; it is echoed as it came. */
  readonly seq: BrineValue;
  readonly body: BrineValue;
}

/** A reference to an object of the peer, as read from a REMOTE_REF. */
export interface Reference {
  /** What a LOCAL_REF to the object carries: exactly what was received. */
  readonly echo: BrineValue;
  /** Equal for two references to one object. */
  readonly key: string;
  readonly typeName: string;
  readonly module: string;
  readonly isClass: boolean;
  /** The names came as byte strings, as Python 2 sends them. */
  readonly hasByteNames: boolean;
}

/** What a peer is told about an object of ours. */
export interface LocalDescription {
  readonly module: string;
  readonly typeName: string;
  readonly classId: bigint;
  readonly instanceId: bigint;
}

/** A reference to an object of ours, as it is written. */
export interface LocalReference {
  /** What a REMOTE_REF carries. */
  readonly pack: BrineValue;
  /** The key under which the peer asks for the object. */
  readonly key: string;
}

export interface Dialect {
  readonly name: DialectName;
  readonly envelope: Envelope;
  /** A handler's target object is passed as its plain number and not as a boxed reference. */
  readonly targetByValue: boolean;
  encode(type: MessageType, seq: BrineValue, body: BrineValue): Uint8Array;
  /** @throws ProtocolError where the payload is no message */
  decode(payload: Uint8Array, limits: Limits): Message;
  /** @throws ProtocolError where the value is no reference of this dialect */
  parseReference(value: BrineValue): Reference;
  referTo(description: LocalDescription): LocalReference;
  /**
   * The key of a LOCAL_REF that the peer sent.
   *
   * @throws ProtocolError where the value is no key of this dialect
   */
  keyOf(value: BrineValue): string;
}

/** `old` is a brine 3-tuple, `new` a raw byte and a brine 2-tuple. */
export type Envelope = 'old' | 'new';

const OLD_HEAD = 0x12;
const NEW_SECOND = 0x11;
const IMMEDIATE_ZERO = 0x50;

/** Which envelope a payload has by its first two bytes, or undefined where it has neither. */
export function sniffEnvelope(payload: Uint8Array, offset = 0): Envelope | undefined {
  const first = payload[offset] ?? 0;
  const second = payload[offset + 1] ?? 0;
  if (first === OLD_HEAD && isMessageType(second - IMMEDIATE_ZERO)) return 'old';
  if (isMessageType(first) && second === NEW_SECOND) return 'new';
  return undefined;
}

const oldEnvelope = {
  encode(type: MessageType, seq: BrineValue, body: BrineValue): Uint8Array {
    return dump([type, seq, body]);
  },
  decode(payload: Uint8Array, limits: Limits): Message {
    const parts = load(payload, limits);
    if (!Array.isArray(parts) || parts.length !== 3) throw notAMessage();
    const [type, seq, body] = parts as readonly BrineValue[];
    if (typeof type !== 'number' || !isMessageType(type)) throw notAMessage();
    return { type, seq, body };
  },
};

const newEnvelope = {
  encode(type: MessageType, seq: BrineValue, body: BrineValue): Uint8Array {
    // The old envelope's first two bytes stand for "3-tuple, type", the new one's for "type, 2-tuple".
    const payload = dump([type, seq, body]);
    payload[0] = type;
    payload[1] = NEW_SECOND;
    return payload;
  },
  decode(payload: Uint8Array, limits: Limits): Message {
    const type = payload[0] ?? 0;
    if (!isMessageType(type)) throw notAMessage();
    const parts = load(payload.subarray(1), limits);
    if (!Array.isArray(parts) || parts.length !== 2) throw notAMessage();
    const [seq, body] = parts as readonly BrineValue[];
    return { type, seq, body };
  },
};

/** References of 4.1 and later: `(name_pack, class_id, instance_id)`; an instance id of 0 means a class. */
const idPackReferences = {
  targetByValue: false,
  parseReference(value: BrineValue): Reference {
    const [name, , instanceId] = idPack(value);
    const text = nameText(name);
    const dot = text.lastIndexOf('.');
    return {
      echo: value,
      key: packKey(value),
      typeName: text.slice(dot + 1),
      module: dot < 0 ? '' : text.slice(0, dot),
      isClass: integerKey(instanceId) === '0',
      hasByteNames: typeof name !== 'string',
    };
  },
  referTo({ module, typeName, classId, instanceId }: LocalDescription): LocalReference {
    const pack = [`${module}.${typeName}`, classId, instanceId] as const;
    return { pack, key: packKey(pack) };
  },
  keyOf(value: BrineValue): string {
    return packKey(value);
  },
};

const dialectC: Dialect = { name: 'C', envelope: 'old', ...oldEnvelope, ...idPackReferences };
const dialectD: Dialect = { name: 'D', envelope: 'new', ...newEnvelope, ...idPackReferences };

/**
 * The dialect of that name.
 *
 * @throws ProtocolError `ERR_DIALECT` for A and B
 */
export function dialectOf(name: DialectName): Dialect {
  switch (name) {
    case 'C':
      return dialectC;
    case 'D':
      return dialectD;
    case 'A':
    case 'B':
      throw olderDialect();
  }
}

/** The dialect to assume where only the envelope is known. */
export function dialectForEnvelope(envelope: Envelope): DialectName {
  return envelope === 'old' ? 'C' : 'D';
}

function isMessageType(value: number): value is MessageType {
  return value === MessageType.request || value === MessageType.reply || value === MessageType.exception;
}

function notAMessage(): ProtocolError {
  return new ProtocolError('The peer sent a frame that holds no message');
}

function olderDialect(): ProtocolError {
  return new ProtocolError(
    'The peer speaks rpyc 3.x/4.0, which this version does not speak yet',
    ErrorCode.dialect,
  );
}

type IdPack = readonly [name: BrineValue, classId: BrineValue, instanceId: BrineValue];

function idPack(value: BrineValue): IdPack {
  if (Array.isArray(value) && value.length === 3) {
    const parts = value as unknown as IdPack;
    // (oid, class name, module name) of 3.x and 4.0.
    if (isInteger(parts[0]) && !isInteger(parts[2])) throw olderDialect();
    return parts;
  }
  throw new ProtocolError('The peer sent a malformed reference');
}

function packKey(value: BrineValue): string {
  const [name, classId, instanceId] = idPack(value);
  return `${integerKey(classId)},${integerKey(instanceId)},${nameText(name)}`;
}

function isInteger(value: BrineValue): value is number | bigint | PyLong {
  return typeof value === 'number' || typeof value === 'bigint' || value instanceof PyLong;
}

function integerKey(value: BrineValue): string {
  if (isInteger(value)) return String(value.valueOf());
  throw new ProtocolError('The peer sent a malformed reference');
}

/** Python 2 may send a name as bytes that it was told as text. */
function nameText(name: BrineValue): string {
  if (typeof name === 'string') return name;
  if (name instanceof Uint8Array) return decodeUtf8(name) ?? Buffer.from(name).toString('latin1');
  throw new ProtocolError('The peer sent a malformed reference');
}
