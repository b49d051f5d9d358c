/** Ways to spoil a payload: byte by byte, or as the value that it holds. */
import {
  type BrineValue,
  Complex,
  Ellipsis,
  Float,
  FrozenSet,
  NotImplemented,
  PyLong,
  Slice,
} from '../../server/src/rpyc/core/pyTypes';
import { HOSTILE_NAMES } from '../support/hostile/names';
import type { Random } from './random';

/** Bytes that mean something in brine, in frames, or to those who forget a sign. */
const SPECIAL_BYTES = [
  0, 1, 2, 3, 8, 9, 10, 13, 14, 15, 16, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 31, 80, 127, 128, 255,
] as const;

/** Some changes to some bytes. The result may be longer, shorter or the same. */
export function mutateBytes(random: Random, bytes: Uint8Array): Uint8Array {
  let current = Buffer.from(bytes);
  for (let changes = 1 + random.below(4); changes > 0; changes--) current = changeOnce(random, current);
  return new Uint8Array(current);
}

function changeOnce(random: Random, bytes: Buffer<ArrayBuffer>): Buffer<ArrayBuffer> {
  const at = random.below(bytes.length + 1);
  switch (random.below(8)) {
    case 0:
      return Buffer.concat([bytes.subarray(0, at), random.bytes(1 + random.below(8)), bytes.subarray(at)]);
    case 1:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + random.below(8))]);
    case 2:
      return bytes.subarray(0, at);
    case 3: {
      const piece = bytes.subarray(at, at + 1 + random.below(16));
      return Buffer.concat([bytes.subarray(0, at), piece, bytes.subarray(at)]);
    }
    case 4:
      if (at + 4 <= bytes.length) bytes.writeUInt32BE(random.pick([0, 1, 255, 0x7fffffff, 0xffffffff]), at);
      return bytes;
    case 5:
      if (at < bytes.length) bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8));
      return bytes;
    default:
      if (at < bytes.length) bytes[at] = random.pick(SPECIAL_BYTES);
      return bytes;
  }
}

/** The start of one payload and the end of another. */
export function splice(random: Random, first: Uint8Array, second: Uint8Array): Uint8Array {
  const head = first.subarray(0, random.below(first.length + 1));
  return new Uint8Array(Buffer.concat([head, second.subarray(random.below(second.length + 1))]));
}

const ODD_VALUES: readonly BrineValue[] = [
  null,
  true,
  false,
  0,
  1,
  2,
  3,
  4,
  -1,
  255,
  2 ** 31,
  2 ** 53 - 1,
  2n ** 64n,
  -(2n ** 64n),
  new Float(0),
  new Float(-0),
  Number.NaN,
  Infinity,
  0.5,
  '',
  'x'.repeat(300),
  '\u0000\u001b[2J\u202e',
  new Uint8Array(),
  new Uint8Array([0xff, 0xfe]),
  [],
  [[]],
  new FrozenSet([1, 'x', [2]]),
  new Slice(null, 2 ** 40, -1),
  new Complex(0, Number.NaN),
  new PyLong(1n),
  Ellipsis,
  NotImplemented,
];

/** A value that is nothing in particular. */
export function oddValue(random: Random): BrineValue {
  return random.oneIn(3) ? random.pick(HOSTILE_NAMES) : random.pick(ODD_VALUES);
}

/** The same value with one part of it replaced, dropped, doubled, swapped or wrapped. */
export function mutateValue(random: Random, value: BrineValue): BrineValue {
  if (!Array.isArray(value) || value.length === 0 || random.oneIn(6)) return replaced(random, value);
  const items = [...(value as readonly BrineValue[])];
  const at = random.below(items.length);
  switch (random.below(10)) {
    case 0:
      items.splice(at, 1);
      break;
    case 1:
      items.splice(at, 0, items[at]);
      break;
    case 2: {
      const other = random.below(items.length);
      [items[at], items[other]] = [items[other], items[at]];
      break;
    }
    default:
      items[at] = mutateValue(random, items[at]);
  }
  return items;
}

function replaced(random: Random, value: BrineValue): BrineValue {
  if (typeof value === 'number' && random.oneIn(2)) return value + random.pick([-2, -1, 1, 2, 256]);
  if (typeof value === 'bigint' && random.oneIn(2)) return value + 1n;
  if (typeof value === 'string' && random.oneIn(3)) return Buffer.from(value);
  if (random.oneIn(20)) return nested(value, 1 + random.below(220));
  return oddValue(random);
}

function nested(value: BrineValue, depth: number): BrineValue {
  let result = value;
  for (let level = 0; level < depth; level++) result = [result];
  return result;
}
