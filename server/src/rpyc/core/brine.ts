/*
 * Brine, the codec of immutable values, after rpyc/core/brine.py of RPyC 4.0 to 6.0. `dump` writes the one canonical
 * form; `load` takes every form that upstream takes, but unlike it refuses trailing bytes, values that are cut short
 * and whatever goes beyond the limits.
 */

import { types } from 'node:util';
import { ByteReader, ByteWriter } from '../lib/bytes';
import { DEFAULT_LIMITS, type Limits } from './config';
import { ErrorCode, ProtocolError } from './errors';
import {
  type BrineValue,
  Complex,
  Ellipsis,
  Float,
  FrozenSet,
  NotImplemented,
  PyLong,
  Slice,
} from './pyTypes';

const Tag = {
  none: 0x00,
  emptyBytes: 0x01,
  emptyTuple: 0x02,
  true: 0x03,
  false: 0x04,
  notImplemented: 0x05,
  ellipsis: 0x06,
  text: 0x08,
  long: 0x09,
  bytes1: 0x0a,
  bytes4: 0x0d,
  bytesL1: 0x0e,
  bytesL4: 0x0f,
  tuple1: 0x10,
  tuple4: 0x13,
  tupleL1: 0x14,
  tupleL4: 0x15,
  intL1: 0x16,
  intL4: 0x17,
  float: 0x18,
  slice: 0x19,
  frozenset: 0x1a,
  complex: 0x1b,
  firstImmediate: 0x20,
  lastImmediate: 0xef,
} as const;

const IMMEDIATE_ZERO = 0x50;
const SMALLEST_IMMEDIATE = -48;
const LARGEST_IMMEDIATE = 159;

/** The limits of `load`. */
export type BrineLimits = Pick<Limits, 'maxDepth' | 'maxItems' | 'maxIntDigits'>;

/**
 * The canonical bytes of a value.
 *
 * @throws TypeError for what does not travel by value, for text with a lone surrogate and for sparse or cyclic arrays;
 *   RangeError for an integral number beyond 2^53 and for an integer of more digits than Python reads
 */
export function dump(value: BrineValue): Uint8Array {
  const writer = new ByteWriter();
  write(writer, value, 0);
  return writer.finish();
}

/**
 * The value of exactly these bytes.
 *
 * @throws ProtocolError
 */
export function load(bytes: Uint8Array, limits: BrineLimits = DEFAULT_LIMITS): BrineValue {
  const decoder = new Decoder(bytes, limits);
  const value = decoder.value(0);
  decoder.end();
  return value;
}

/**
 * Whether a value's type travels by value, by exact type as upstream. An array does if all its items do.
 * As upstream, only types are looked at: `dump` may still refuse the value.
 *
 * @throws TypeError for a sparse or cyclic array
 */
export function dumpable(value: unknown): value is BrineValue {
  return hasDumpableType(value, 0);
}

function hasDumpableType(value: unknown, depth: number): boolean {
  switch (typeof value) {
    case 'undefined':
    case 'boolean':
    case 'number':
    case 'bigint':
    case 'string':
      return true;
    case 'object':
      break;
    default:
      return false;
  }
  if (value === null) return true;
  if (depth >= DEFAULT_LIMITS.maxDepth) throw tooDeep();
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) {
      const item: unknown = value[index];
      if (item === undefined && !(index in value)) throw sparse();
      if (!hasDumpableType(item, depth + 1)) return false;
    }
    return true;
  }
  if (value instanceof FrozenSet) return value.values().every((member) => hasDumpableType(member, depth + 1));
  if (value instanceof Slice) {
    return [value.start, value.stop, value.step].every((part) => hasDumpableType(part, depth + 1));
  }
  return (
    types.isUint8Array(value) ||
    value instanceof Float ||
    value instanceof PyLong ||
    value instanceof Complex ||
    value === Ellipsis ||
    value === NotImplemented
  );
}

function write(writer: ByteWriter, value: BrineValue, depth: number): void {
  switch (typeof value) {
    case 'string':
      writeText(writer, value);
      return;
    case 'number':
      writeNumber(writer, value);
      return;
    case 'boolean':
      writer.byte(value ? Tag.true : Tag.false);
      return;
    case 'undefined':
      writer.byte(Tag.none);
      return;
    case 'bigint':
      writeInteger(writer, value);
      return;
    default:
      if (value === null) writer.byte(Tag.none);
      else writeObject(writer, value, depth);
  }
}

function writeObject(writer: ByteWriter, value: BrineValue & object, depth: number): void {
  if (depth >= DEFAULT_LIMITS.maxDepth) throw tooDeep();
  if (Array.isArray(value)) {
    writeTuple(writer, value as readonly BrineValue[], depth);
  } else if (types.isUint8Array(value)) {
    writeLength(writer, value.length, Tag.emptyBytes, Tag.bytes1, Tag.bytesL1);
    writer.bytes(value);
  } else if (value instanceof Float) {
    writeDouble(writer, value.valueOf());
  } else if (value instanceof PyLong) {
    writer.byte(Tag.long);
    writeInteger(writer, value.valueOf());
  } else if (value instanceof FrozenSet) {
    writeFrozenSet(writer, value, depth);
  } else if (value instanceof Slice) {
    writer.byte(Tag.slice);
    writeTuple(writer, [value.start, value.stop, value.step], depth + 1);
  } else if (value instanceof Complex) {
    writer.byte(Tag.complex);
    writer.double(value.real);
    writer.double(value.imag);
  } else if (value === Ellipsis) {
    writer.byte(Tag.ellipsis);
  } else if (value === NotImplemented) {
    writer.byte(Tag.notImplemented);
  } else {
    throw new TypeError('Value does not travel by value');
  }
}

/** Below it an integer is written digit by digit, without making text of it. */
const SHORT_INTEGER = 1e9;

function writeNumber(writer: ByteWriter, value: number): void {
  if (!Number.isInteger(value) || Object.is(value, -0)) {
    writeDouble(writer, value);
  } else if (value >= SMALLEST_IMMEDIATE && value <= LARGEST_IMMEDIATE) {
    writer.byte(value + IMMEDIATE_ZERO);
  } else if (value > -SHORT_INTEGER && value < SHORT_INTEGER) {
    writer.byte(Tag.intL1);
    writer.countedDigits(value);
  } else if (Number.isSafeInteger(value)) {
    writeDigits(writer, String(value));
  } else {
    throw new RangeError('Integral number beyond 2^53: use a bigint for an int or Float for a float');
  }
}

function writeDouble(writer: ByteWriter, value: number): void {
  writer.byte(Tag.float);
  writer.double(value);
}

function writeInteger(writer: ByteWriter, value: bigint): void {
  if (value >= SMALLEST_IMMEDIATE && value <= LARGEST_IMMEDIATE) {
    writer.byte(Number(value) + IMMEDIATE_ZERO);
    return;
  }
  const digits = value.toString();
  // Python refuses to read more, and a value that cannot be read ends the connection.
  if (digits.length - (value < 0n ? 1 : 0) > DEFAULT_LIMITS.maxIntDigits) {
    throw new RangeError(`Integer has more than ${DEFAULT_LIMITS.maxIntDigits} digits`);
  }
  writeDigits(writer, digits);
}

function writeDigits(writer: ByteWriter, digits: string): void {
  if (digits.length <= 255) {
    writer.byte(Tag.intL1);
    writer.byte(digits.length);
  } else {
    writer.byte(Tag.intL4);
    writer.uint32(digits.length);
  }
  writer.ascii(digits);
}

/** Up to this many characters text is tried as ASCII first. */
const LONGEST_TRIED = 16 * 1024;

/** Up to this many characters text has fewer than 256 bytes. */
const LONGEST_SHORT_TEXT = 64;

function writeText(writer: ByteWriter, text: string): void {
  writer.byte(Tag.text);
  const { length } = text;
  if (length <= LONGEST_TRIED) {
    const start = writer.length;
    writeLength(writer, length, Tag.emptyBytes, Tag.bytes1, Tag.bytesL1);
    if (writer.ascii(text)) return;
    writer.truncate(start);
  }
  if (length <= LONGEST_SHORT_TEXT) {
    writeShortText(writer, text);
    return;
  }
  const byteLength = Buffer.byteLength(text);
  if (byteLength !== length && /\p{Surrogate}/u.test(text)) throw loneSurrogate();
  writeLength(writer, byteLength, Tag.emptyBytes, Tag.bytes1, Tag.bytesL1);
  writer.utf8(text, byteLength);
}

function writeShortText(writer: ByteWriter, text: string): void {
  // Text of this kind has two bytes at least.
  const length = writer.shortUtf8(text);
  if (length === undefined) throw loneSurrogate();
  writer.insertBefore(length, length <= 4 ? Tag.bytes1 + length - 1 : length);
  if (length > 4) writer.insertBefore(length + 1, Tag.bytesL1);
}

function loneSurrogate(): TypeError {
  return new TypeError('Text with a lone surrogate cannot be sent');
}

function writeTuple(writer: ByteWriter, items: readonly BrineValue[], depth: number): void {
  const { length } = items;
  writeLength(writer, length, Tag.emptyTuple, Tag.tuple1, Tag.tupleL1);
  for (let index = 0; index < length; index++) {
    const item = items[index];
    if (item === undefined && !(index in items)) throw sparse();
    write(writer, item, depth + 1);
  }
}

function writeFrozenSet(writer: ByteWriter, value: FrozenSet, depth: number): void {
  if (!value.values().every(isHashable)) throw new TypeError('A slice cannot be a member of a frozenset');
  writer.byte(Tag.frozenset);
  writeTuple(writer, value.values(), depth + 1);
}

/** The tags for 0, for 1 to 4, with one byte of length and with four follow each other in this way for bytes and tuples. */
function writeLength(writer: ByteWriter, length: number, empty: number, one: number, long: number): void {
  if (length === 0) {
    writer.byte(empty);
  } else if (length <= 4) {
    writer.byte(one + length - 1);
  } else if (length <= 255) {
    writer.byte(long);
    writer.byte(length);
  } else {
    writer.byte(long + 1);
    writer.uint32(length);
  }
}

/** Python before 3.12 cannot hash a slice, which ends the connection while it reads one. */
function isHashable(value: BrineValue): boolean {
  if (value instanceof Slice) return false;
  return Array.isArray(value) ? (value as readonly BrineValue[]).every(isHashable) : true;
}

function tooDeep(): TypeError {
  return new TypeError(`Array is cyclic or nested deeper than ${DEFAULT_LIMITS.maxDepth} levels`);
}

function sparse(): TypeError {
  return new TypeError('Array is sparse');
}

/**
 * What a value counts for besides itself, since it takes that many times the 32 bytes of a short text: without it, four
 * million empty byte strings, a frame of a few kilobytes when compressed, would take a gigabyte.
 */
const Extra = { float: 1, container: 1, long: 2, complex: 3, slice: 3, frozenSet: 3, bytes: 6 } as const;

/** A number of so many digits is exact. */
const SAFE_DIGITS = 15;

class Decoder extends ByteReader {
  private itemsLeft: number;

  constructor(
    bytes: Uint8Array,
    private readonly limits: BrineLimits,
  ) {
    super(bytes);
    this.itemsLeft = limits.maxItems;
  }

  end(): void {
    if (this.remaining > 0) throw malformed(`Value is followed by ${this.remaining} more bytes`);
  }

  protected override short(missing: number): Error {
    return malformed(`Value is cut short by ${missing} bytes`);
  }

  value(depth: number): BrineValue {
    const tag = this.byte();
    if (tag >= Tag.firstImmediate && tag <= Tag.lastImmediate) return tag - IMMEDIATE_ZERO;
    switch (tag) {
      case Tag.none:
        return null;
      case Tag.true:
        return true;
      case Tag.false:
        return false;
      case Tag.text:
        return this.text();
      case Tag.intL1:
        return this.integer(this.byte());
      case Tag.intL4:
        return this.integer(this.uint32());
      case Tag.float:
        return this.float();
      case Tag.notImplemented:
        return NotImplemented;
      case Tag.ellipsis:
        return Ellipsis;
      case Tag.long:
        this.count(Extra.long);
        return this.long();
      case Tag.slice:
        return this.slice(depth);
      case Tag.frozenset:
        return this.frozenSet(depth);
      case Tag.complex:
        this.count(Extra.complex);
        return new Complex(this.double(), this.double());
      default: {
        const length = this.byteLength(tag);
        if (length === undefined) return this.tuple(tag, depth);
        this.count(Extra.bytes);
        return this.bytes(length);
      }
    }
  }

  private float(): number | Float {
    const value = this.double();
    if (!Number.isInteger(value)) return value;
    this.count(Extra.float);
    return new Float(value);
  }

  /** Length of the byte string that a tag begins, undefined if it begins none. */
  private byteLength(tag: number): number | undefined {
    if (tag === Tag.emptyBytes) return 0;
    if (tag >= Tag.bytes1 && tag <= Tag.bytes4) return tag - Tag.bytes1 + 1;
    if (tag === Tag.bytesL1) return this.byte();
    if (tag === Tag.bytesL4) return this.uint32();
    return undefined;
  }

  private text(): string {
    const length = this.byteLength(this.byte());
    if (length === undefined) throw malformed('Text does not hold a byte string');
    const text = this.utf8(length);
    if (text === undefined) throw malformed('Text is not valid UTF-8');
    return text;
  }

  private integer(length: number): number | bigint {
    const { maxIntDigits } = this.limits;
    // Signs, white space and underscores may stand around and between the digits.
    if (length > 2 * maxIntDigits + 2) throw tooManyDigits(maxIntDigits);
    if (length <= SAFE_DIGITS) {
      const value = this.digits(length);
      if (value !== undefined) return value;
    }
    const text = this.latin1(length);
    const match = /^[ \t\n\r\v\f]*([+-]?)([0-9]+(?:_[0-9]+)*)[ \t\n\r\v\f]*$/.exec(text);
    if (match?.[2] === undefined) throw malformed('Integer is not decimal text');
    const digits = match[2].replaceAll('_', '');
    if (digits.length > maxIntDigits) throw tooManyDigits(maxIntDigits);
    const value = match[1] === '-' ? -BigInt(digits) : BigInt(digits);
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : value;
  }

  private long(): PyLong {
    const tag = this.byte();
    if (tag === Tag.intL1) return new PyLong(this.integer(this.byte()));
    if (tag === Tag.intL4) return new PyLong(this.integer(this.uint32()));
    if (tag < Tag.firstImmediate || tag > Tag.lastImmediate) throw malformed('Long does not hold an integer');
    return new PyLong(tag - IMMEDIATE_ZERO);
  }

  private tuple(tag: number, depth: number): readonly BrineValue[] {
    if (tag === Tag.emptyTuple) {
      this.count(Extra.container);
      return [];
    }
    let length: number;
    if (tag >= Tag.tuple1 && tag <= Tag.tuple4) length = tag - Tag.tuple1 + 1;
    else if (tag === Tag.tupleL1) length = this.byte();
    else if (tag === Tag.tupleL4) length = this.uint32();
    else throw malformed(`Unknown tag 0x${tag.toString(16).padStart(2, '0')}`);
    this.enter(length, depth);
    const items: BrineValue[] = [];
    for (let index = 0; index < length; index++) items.push(this.value(depth + 1));
    return items;
  }

  /** Checks a container before its items are read. */
  private enter(length: number, depth: number): void {
    if (depth >= this.limits.maxDepth) {
      throw new ProtocolError(`Value is nested deeper than ${this.limits.maxDepth} levels`, ErrorCode.limit);
    }
    // Each item takes a byte at least.
    if (length > this.remaining) {
      throw malformed(`Value is cut short by ${length - this.remaining} bytes`);
    }
    this.count(length + Extra.container);
  }

  private count(items: number): void {
    this.itemsLeft -= items;
    if (this.itemsLeft < 0) {
      throw new ProtocolError(`Value has more than ${this.limits.maxItems} items`, ErrorCode.limit);
    }
  }

  private slice(depth: number): Slice {
    this.count(Extra.slice);
    const [start, stop, step, ...rest] = this.iterable(depth);
    if (start === undefined || stop === undefined || step === undefined || rest.length > 0) {
      throw malformed('Slice does not hold three items');
    }
    return new Slice(start, stop, step);
  }

  private frozenSet(depth: number): FrozenSet {
    this.count(Extra.frozenSet);
    const members = this.iterable(depth);
    if (!members.every(isHashable)) throw malformed('Frozenset holds a slice');
    return new FrozenSet(members);
  }

  /** What Python iterates over: besides the tuple that senders write, anything with items. */
  private iterable(depth: number): readonly BrineValue[] {
    this.enter(0, depth);
    const value = this.value(depth + 1);
    if (Array.isArray(value)) return value as readonly BrineValue[];
    if (value instanceof FrozenSet) return value.values();
    if (value instanceof Uint8Array || typeof value === 'string') {
      this.count(value.length);
      return Array.from<string | number>(value);
    }
    throw malformed('Container does not hold items');
  }
}

function malformed(message: string): ProtocolError {
  return new ProtocolError(message);
}

function tooManyDigits(limit: number): ProtocolError {
  return new ProtocolError(`Integer has more than ${limit} digits`, ErrorCode.limit);
}
