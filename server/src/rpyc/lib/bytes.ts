import { isUtf8 } from 'node:buffer';

/** Buffer's own decoder, without the choice among encodings that `toString` makes each time. */
interface TextBuffer extends Buffer {
  utf8Slice(start: number, end: number): string;
}

/** A view of the same memory with Buffer's methods. */
function asBuffer(bytes: Uint8Array): TextBuffer {
  const buffer = Buffer.isBuffer(bytes)
    ? bytes
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return buffer as TextBuffer;
}

/** Up to this many characters a loop reads faster than a call into the runtime. */
const SHORT = 24;
/** Longer text that is joined from pieces would stay in pieces. */
const LONGEST_JOINED = 12;
/** One array for each length of short text, to gather its characters in. */
const CODES = Array.from({ length: SHORT + 1 }, (_, length) => new Array<number>(length).fill(0));
/** Short texts that were read of late: names of attributes and classes come again and again. A power of two. */
const RECENT_TEXTS = 4096;
const recentTexts = new Array<string | undefined>(RECENT_TEXTS).fill(undefined);
/** The same for writing. */
const SHORT_ASCII = 24;

/** Most that is written is small: it goes through one buffer of this size, and is copied out in the size it has. */
const SPARE_SIZE = 16 * 1024;
/** The buffer while nobody writes into it. */
let spare: Buffer | undefined;

/** A buffer that grows as bytes are put into it. */
export class ByteWriter {
  private buffer: Buffer;
  private view: DataView | undefined;
  private used = 0;

  constructor(initialSize = SPARE_SIZE) {
    if (initialSize === SPARE_SIZE) {
      this.buffer = spare ?? Buffer.allocUnsafeSlow(SPARE_SIZE);
      // Whoever is asked for a value while one is written gets another buffer.
      spare = undefined;
    } else {
      this.buffer = Buffer.allocUnsafe(initialSize);
    }
  }

  get length(): number {
    return this.used;
  }

  byte(value: number): void {
    if (this.used === this.buffer.length) this.grow(1);
    this.buffer[this.used++] = value;
  }

  uint32(value: number): void {
    this.reserve(4);
    this.used = this.buffer.writeUInt32BE(value, this.used);
  }

  double(value: number): void {
    this.reserve(8);
    const { buffer } = this;
    this.view ??= new DataView(buffer.buffer, buffer.byteOffset, buffer.length);
    this.view.setFloat64(this.used, value);
    this.used += 8;
  }

  /** Writes the decimal digits of an integer of less than ten digits, behind one byte with their number. */
  countedDigits(value: number): void {
    const isNegative = value < 0;
    let rest = isNegative ? -value : value;
    const count = digitCount(rest) + (isNegative ? 1 : 0);
    this.reserve(1 + count);
    const { buffer, used } = this;
    buffer[used] = count;
    for (let at = used + count; at > used; at--) {
      const tenth = (rest / 10) | 0;
      buffer[at] = 0x30 + rest - tenth * 10;
      rest = tenth;
    }
    if (isNegative) buffer[used + 1] = 0x2d;
    this.used = used + 1 + count;
  }

  bytes(value: Uint8Array): void {
    this.reserve(value.length);
    this.buffer.set(value, this.used);
    this.used += value.length;
  }

  /** Writes text of characters below 128. False, with nothing written, where there are others. */
  ascii(text: string): boolean {
    const { length } = text;
    if (length > SHORT_ASCII) return this.longAscii(text);
    this.reserve(length);
    const { buffer, used } = this;
    for (let index = 0; index < length; index++) {
      const code = text.charCodeAt(index);
      if (code >= 0x80) return false;
      buffer[used + index] = code;
    }
    this.used = used + length;
    return true;
  }

  /** Writes text as UTF-8, whose length in bytes is known. A lone surrogate is the caller's to find before. */
  utf8(text: string, byteLength: number): void {
    this.reserve(byteLength);
    this.used += this.buffer.write(text, this.used, byteLength, 'utf8');
  }

  /**
   * Writes short text as UTF-8. Gives the number of its bytes; undefined, with nothing written, where it has a lone
   * surrogate.
   */
  shortUtf8(text: string): number | undefined {
    const { length } = text;
    this.reserve(3 * length);
    const { buffer, used } = this;
    let at = used;
    for (let index = 0; index < length; index++) {
      const code = text.codePointAt(index) ?? 0;
      if (code < 0x80) {
        buffer[at++] = code;
      } else if (code < 0x800) {
        buffer[at++] = 0xc0 | (code >> 6);
        buffer[at++] = 0x80 | (code & 0x3f);
      } else if (code < 0x10000) {
        if (code >= 0xd800 && code < 0xe000) return undefined;
        buffer[at++] = 0xe0 | (code >> 12);
        buffer[at++] = 0x80 | ((code >> 6) & 0x3f);
        buffer[at++] = 0x80 | (code & 0x3f);
      } else {
        buffer[at++] = 0xf0 | (code >> 18);
        buffer[at++] = 0x80 | ((code >> 12) & 0x3f);
        buffer[at++] = 0x80 | ((code >> 6) & 0x3f);
        buffer[at++] = 0x80 | (code & 0x3f);
        index++;
      }
    }
    this.used = at;
    return at - used;
  }

  /** Puts one byte in front of the last `count`. */
  insertBefore(count: number, value: number): void {
    this.reserve(1);
    const at = this.used - count;
    this.buffer.copyWithin(at + 1, at, this.used);
    this.buffer[at] = value;
    this.used++;
  }

  /** Drops what was written after the first `length` bytes. */
  truncate(length: number): void {
    this.used = length;
  }

  /** What has been written. The writer must not be used after it. */
  finish(): Uint8Array {
    const { buffer, used } = this;
    if (buffer.length !== SPARE_SIZE) return buffer.subarray(0, used);
    const written = Buffer.allocUnsafe(used);
    buffer.copy(written, 0, 0, used);
    spare = buffer;
    return written;
  }

  private longAscii(text: string): boolean {
    // With room for any text of this length, what takes one byte for each character is ASCII.
    this.reserve(3 * text.length);
    const written = this.buffer.write(text, this.used, 'utf8');
    if (written !== text.length) return false;
    this.used += written;
    return true;
  }

  private reserve(count: number): void {
    if (this.used + count > this.buffer.length) this.grow(count);
  }

  private grow(count: number): void {
    const grown = Buffer.allocUnsafe(Math.max(this.buffer.length * 2, this.used + count));
    this.buffer.copy(grown, 0, 0, this.used);
    this.buffer = grown;
    this.view = undefined;
  }
}

function digitCount(value: number): number {
  if (value < 1e4) return value < 1e2 ? (value < 10 ? 1 : 2) : value < 1e3 ? 3 : 4;
  if (value < 1e6) return value < 1e5 ? 5 : 6;
  return value < 1e8 ? (value < 1e7 ? 7 : 8) : 9;
}

/** Reads a range of bytes from its start, and never past its end. */
export abstract class ByteReader {
  private readonly buffer: TextBuffer;
  private view: DataView | undefined;
  private position = 0;

  constructor(bytes: Uint8Array) {
    this.buffer = asBuffer(bytes);
  }

  /** Bytes that are left. */
  get remaining(): number {
    return this.buffer.length - this.position;
  }

  /** The error that is thrown where this many bytes are missing. */
  protected abstract short(missing: number): Error;

  byte(): number {
    const value = this.buffer[this.position];
    if (value === undefined) throw this.short(1);
    this.position++;
    return value;
  }

  uint32(): number {
    return this.buffer.readUInt32BE(this.advance(4));
  }

  double(): number {
    const { buffer } = this;
    this.view ??= new DataView(buffer.buffer, buffer.byteOffset, buffer.length);
    return this.view.getFloat64(this.advance(8));
  }

  /** A copy of the next `length` bytes. */
  bytes(length: number): Uint8Array {
    const start = this.advance(length);
    return new Uint8Array(this.buffer.subarray(start, start + length));
  }

  /** The next `length` bytes, one character each. */
  latin1(length: number): string {
    const start = this.advance(length);
    return this.buffer.toString('latin1', start, start + length);
  }

  /** The next `length` bytes as the decimal digits of an integer. Undefined, with nothing read, where they are not. */
  digits(length: number): number | undefined {
    const { buffer, position } = this;
    const end = position + length;
    const isNegative = buffer[position] === 0x2d;
    let index = isNegative ? position + 1 : position;
    if (index >= end) return undefined;
    let value = 0;
    for (; index < end; index++) {
      const digit = (buffer[index] ?? 0) - 0x30;
      if (digit < 0 || digit > 9) return undefined;
      value = value * 10 + digit;
    }
    this.position = end;
    return isNegative ? 0 - value : value;
  }

  /** The next `length` bytes as strictly valid UTF-8; undefined where they are not. */
  utf8(length: number): string | undefined {
    const start = this.advance(length);
    const end = start + length;
    if (length <= SHORT) {
      const ascii = this.shortAscii(start, end);
      if (ascii !== undefined) return ascii;
    }
    const text = this.buffer.utf8Slice(start, end);
    // What is not valid shows as this character, which valid text may have as well.
    if (text.includes('\ufffd') && !isUtf8(this.buffer.subarray(start, end))) return undefined;
    return text;
  }

  private advance(count: number): number {
    const start = this.position;
    if (count > this.buffer.length - start) throw this.short(count - this.remaining);
    this.position = start + count;
    return start;
  }

  /** Text of ASCII, or undefined where there are other characters. */
  private shortAscii(start: number, end: number): string | undefined {
    const slot = this.slotOf(start, end);
    const recent = recentTexts[slot];
    if (recent !== undefined && this.is(recent, start, end)) return recent;
    if (!this.isAscii(start, end)) return undefined;
    const text =
      end - start <= LONGEST_JOINED ? this.joinedAscii(start, end) : this.gatheredAscii(start, end);
    recentTexts[slot] = text;
    return text;
  }

  /** Where a text is looked for: names differ in their ends most of all. */
  private slotOf(start: number, end: number): number {
    const { buffer } = this;
    const last = Math.max(end - 4, start);
    let hash = (end - start) * 31 + (buffer[start] ?? 0);
    for (let index = last; index < end; index++) hash = Math.imul(hash, 33) + (buffer[index] ?? 0);
    return (hash ^ (hash >>> 12)) & (RECENT_TEXTS - 1);
  }

  private isAscii(start: number, end: number): boolean {
    const { buffer } = this;
    let bits = 0;
    for (let index = start; index < end; index++) bits |= buffer[index] ?? 0;
    return bits < 0x80;
  }

  private is(text: string, start: number, end: number): boolean {
    if (text.length !== end - start) return false;
    const { buffer } = this;
    for (let index = start; index < end; index++) {
      if (buffer[index] !== text.charCodeAt(index - start)) return false;
    }
    return true;
  }

  private gatheredAscii(start: number, end: number): string {
    const { buffer } = this;
    const codes = CODES[end - start] ?? [];
    for (let index = start; index < end; index++) codes[index - start] = buffer[index] ?? 0;
    return String.fromCharCode(...codes);
  }

  private joinedAscii(start: number, end: number): string {
    const { buffer } = this;
    let text = '';
    let index = start;
    for (; end - index >= 4; index += 4) {
      text += String.fromCharCode(
        buffer[index] ?? 0,
        buffer[index + 1] ?? 0,
        buffer[index + 2] ?? 0,
        buffer[index + 3] ?? 0,
      );
    }
    for (; index < end; index++) text += String.fromCharCode(buffer[index] ?? 0);
    return text;
  }
}

/** The text that the bytes mean, or undefined where they are no UTF-8. `isCut`: the last character may be incomplete. */
export function decodeUtf8(bytes: Uint8Array, isCut = false): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes, { stream: isCut });
  } catch {
    return undefined;
  }
}
