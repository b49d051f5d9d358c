/*
 * How an object is referred to: by an id pack from 4.1 on, by a number before. Upstream has no such file, each version
 * only knows its own form; the facts are those of `_box` and `_unbox` of rpyc/core/protocol.py over the versions.
 */

import { decodeUtf8 } from '../lib/bytes';
import { ErrorCode, ProtocolError } from './errors';
import { type BrineValue, PyLong } from './pyTypes';

/** A reference to an object of the peer, as read from a REMOTE_REF. */
export interface Reference {
  /** What a LOCAL_REF to the object carries: exactly what was received. */
  readonly echo: BrineValue;
  /** Equal for two references to one object. */
  readonly key: string;
  readonly typeName: string;
  readonly module: string;
  /** The object is a class and the names are its own. Always false up to 4.0, where they are those of its metaclass. */
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
  /** The key under which a peer asks that takes the id pack for the form of 4.0 and before. */
  readonly alias?: string;
}

export interface ReferenceCodec {
  /** @throws ProtocolError where the value is no reference of this form */
  parseReference(value: BrineValue): Reference;
  referTo(description: LocalDescription): LocalReference;
  /**
   * The key of a LOCAL_REF that the peer sent.
   *
   * @throws ProtocolError where the value is no key of this form
   */
  keyOf(value: BrineValue): string;
}

/** From 4.1 on: `(name_pack, class_id, instance_id)`; an instance id of 0 means a class. */
export const idPackReferences: ReferenceCodec = {
  parseReference(value) {
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
  referTo({ module, typeName, classId, instanceId }) {
    const pack = [`${module}.${typeName}`, classId, instanceId] as const;
    return { pack, key: packKey(pack) };
  },
  keyOf: packKey,
};

/** Up to 4.0: `(oid, class name, module)`, and the oid alone where the object is its owner's. */
export const oidReferences: ReferenceCodec = {
  parseReference(value) {
    if (!Array.isArray(value) || value.length !== 3) throw malformed();
    const [oid, typeName, module] = value as readonly BrineValue[];
    if (!isInteger(oid)) throw newerForm(value as readonly BrineValue[]);
    return {
      echo: oid,
      key: integerKey(oid),
      typeName: nameText(typeName),
      module: nameText(module),
      isClass: false,
      hasByteNames: typeof typeName !== 'string',
    };
  },
  referTo({ module, typeName, instanceId }) {
    return { pack: [instanceId, typeName, module], key: integerKey(instanceId) };
  },
  keyOf(value) {
    // What a peer makes of an id pack that it was sent before its dialect was known.
    return isName(value) ? aliasOf(nameText(value)) : integerKey(value);
  },
};

/**
 * For a peer of the old envelope that has not shown yet which form it speaks: it is sent id packs, and both are
 * understood. A peer of 4.0 or before takes the name in an id pack for the object's number, asks for it by that name,
 * and shows with it what it is.
 */
export const eitherReferences: ReferenceCodec = {
  parseReference: (value) =>
    isOidForm(value) ? oidReferences.parseReference(value) : idPackReferences.parseReference(value),
  referTo(description) {
    const reference = idPackReferences.referTo(description);
    return { ...reference, alias: aliasOf(`${description.module}.${description.typeName}`) };
  },
  keyOf: (value) => (Array.isArray(value) ? packKey(value as BrineValue) : oidReferences.keyOf(value)),
};

/** Whether the payload of a REMOTE_REF is of 4.0 or before. */
export function isOidForm(value: BrineValue): boolean {
  return Array.isArray(value) && isInteger(value[0] as BrineValue);
}

export function isInteger(value: BrineValue): value is number | bigint | PyLong {
  return typeof value === 'number' || typeof value === 'bigint' || value instanceof PyLong;
}

type IdPack = readonly [name: BrineValue, classId: BrineValue, instanceId: BrineValue];

function idPack(value: BrineValue): IdPack {
  if (Array.isArray(value) && value.length === 3) {
    const parts = value as unknown as IdPack;
    if (isInteger(parts[0]) && !isInteger(parts[2])) throw olderForm();
    return parts;
  }
  if (isInteger(value)) throw olderForm();
  throw isForkPack(value) ? fork() : malformed();
}

/** The fork rpyc-ng has a fourth part: whether the object is an instance, a class or a module. */
function isForkPack(value: BrineValue): boolean {
  if (!Array.isArray(value) || value.length !== 4) return false;
  const [name, ...ids] = value as readonly BrineValue[];
  return name !== undefined && isName(name) && ids.every(isInteger);
}

function packKey(value: BrineValue): string {
  const [name, classId, instanceId] = idPack(value);
  return `${integerKey(classId)},${integerKey(instanceId)},${nameText(name)}`;
}

function aliasOf(name: string): string {
  return `name ${name}`;
}

function integerKey(value: BrineValue): string {
  if (isInteger(value)) return String(value.valueOf());
  throw malformed();
}

function isName(value: BrineValue): value is string | Uint8Array {
  return typeof value === 'string' || value instanceof Uint8Array;
}

/** A name or text as either Python sends it: of Python 2 it is bytes. */
export function nameText(name: BrineValue): string {
  if (typeof name === 'string') return name;
  if (name instanceof Uint8Array) return decodeUtf8(name) ?? Buffer.from(name).toString('latin1');
  throw malformed();
}

function malformed(): ProtocolError {
  return new ProtocolError('The peer sent a malformed reference');
}

function fork(): ProtocolError {
  return new ProtocolError('The peer refers to objects as the fork rpyc-ng does', ErrorCode.dialect);
}

function olderForm(): ProtocolError {
  return new ProtocolError('The peer speaks the dialect of rpyc 3.x/4.0, not of 4.1', ErrorCode.dialect);
}

function newerForm([name, , instanceId]: readonly BrineValue[]): ProtocolError {
  if (name === undefined || !isName(name) || instanceId === undefined || !isInteger(instanceId)) {
    return malformed();
  }
  return new ProtocolError('The peer speaks the dialect of rpyc 4.1 or newer, not of 4.0', ErrorCode.dialect);
}
