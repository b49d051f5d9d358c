/** Messages as the recordings have them, read and written apart from the library's own dialects. */
import assert from 'node:assert/strict';
import { dump, load } from '../../../server/src/rpyc/core/brine';
import type { BrineValue } from '../../../server/src/rpyc/core/pyTypes';

export type Envelope = 'old' | 'new';

export interface RawMessage {
  readonly type: BrineValue;
  readonly seq: BrineValue;
  readonly body: BrineValue;
}

export const REQUEST = 1;
export const EXCEPTION = 3;

export function parseMessage(payload: Uint8Array, envelope: Envelope): RawMessage {
  const parts = envelope === 'old' ? load(payload) : [payload[0], ...asTuple(load(payload.subarray(1)))];
  const [type, seq, body, ...rest] = asTuple(parts);
  assert.ok(rest.length === 0 && body !== undefined, 'a message has three parts');
  return { type, seq, body };
}

export function formatMessage({ type, seq, body }: RawMessage, envelope: Envelope): Uint8Array {
  if (envelope === 'old') return dump([type, seq, body]);
  return Buffer.concat([Uint8Array.of(Number(type)), dump([seq, body])]);
}

export function asTuple(value: BrineValue): readonly BrineValue[] {
  assert.ok(Array.isArray(value), 'a tuple');
  return value as readonly BrineValue[];
}

export function isTuple(value: BrineValue): value is readonly BrineValue[] {
  return Array.isArray(value);
}

/** `(name, class id, instance id)`, as 4.1 and later refer to an object. */
export type IdPack = readonly [name: string, classId: number | bigint, instanceId: number | bigint];

export function isIdPack(value: BrineValue): value is IdPack {
  if (!isTuple(value) || value.length !== 3) return false;
  const isId = (id: BrineValue): boolean => typeof id === 'number' || typeof id === 'bigint';
  return typeof value[0] === 'string' && isId(value[1]) && isId(value[2]);
}

export function packKey([name, classId, instanceId]: IdPack): string {
  return `${name} ${classId} ${instanceId}`;
}

/** `(oid, class, module)`, as 4.0 and before refer to an object; the oid alone goes back to its owner. */
export type OidPack = readonly [
  oid: number | bigint,
  typeName: string | Uint8Array,
  module: string | Uint8Array,
];

export function isOidPack(value: BrineValue): value is OidPack {
  return (
    isTuple(value) && value.length === 3 && isInteger(value[0]) && [1, 2].every((at) => isName(value[at]))
  );
}

export function isInteger(value: BrineValue): value is number | bigint {
  return typeof value === 'number' || typeof value === 'bigint';
}

function isName(value: BrineValue): value is string | Uint8Array {
  return typeof value === 'string' || value instanceof Uint8Array;
}

/** Every integer anywhere in a value. */
export function integers(value: BrineValue): (number | bigint)[] {
  if (isInteger(value)) return [value];
  return isTuple(value) ? value.flatMap(integers) : [];
}

/** `value` with some integers replaced. */
export function replaceIntegers(
  value: BrineValue,
  replace: (integer: number | bigint) => BrineValue | undefined,
): BrineValue {
  if (isInteger(value)) return replace(value) ?? value;
  return isTuple(value) ? value.map((item) => replaceIntegers(item, replace)) : value;
}

/** `value` as Python 2 sends it: with bytes in the place of text. */
export function asPython2(value: BrineValue): BrineValue {
  if (typeof value === 'string') return new Uint8Array(Buffer.from(value));
  return isTuple(value) ? value.map(asPython2) : value;
}

/** Every id pack anywhere in a value. */
export function idPacks(value: BrineValue): IdPack[] {
  if (isIdPack(value)) return [value];
  return isTuple(value) ? value.flatMap(idPacks) : [];
}

/** `value` with some id packs replaced. */
export function replacePacks(value: BrineValue, replace: (pack: IdPack) => IdPack | undefined): BrineValue {
  if (isIdPack(value)) return replace(value) ?? value;
  return isTuple(value) ? value.map((item) => replacePacks(item, replace)) : value;
}
