import { isAscii, isUtf8 } from 'node:buffer';

/** A view of the same memory with Buffer's methods. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** A buffer that grows as bytes are put into it. */
export class ByteWriter {
  private buffer: Buffer;
  private used = 0;

  constructor(initialSize = 256) {
    this.buffer = Buffer.allocUnsafe(initialSize);
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
    this.used = this.buffer.writeDoubleBE(value, this.used);
  }

  bytes(value: Uint8Array): void {
    this.reserve(value.length);
    this.buffer.set(value, this.used);
    this.used += value.length;
  }

  /** Text all of whose characters are below 128. */
  ascii(text: string): void {
    const { length } = text;
    this.reserve(length);
    if (length > 32) {
      this.used += this.buffer.write(text, this.used, 'latin1');
      return;
    }
    for (let index = 0; index < length; index++) this.buffer[this.used++] = text.charCodeAt(index);
  }

  /**
   * Text as UTF-8, whose length in bytes is known.
   * What is longer or has a lone surrogate is the caller's business to find out first.
   */
  utf8(text: string, byteLength: number): void {
    this.reserve(byteLength);
    this.used += this.buffer.write(text, this.used, byteLength, 'utf8');
  }

  /** What has been written, as a view: the writer must not be used after it. */
  finish(): Uint8Array {
    return this.buffer.subarray(0, this.used);
  }

  private reserve(count: number): void {
    if (this.used + count > this.buffer.length) this.grow(count);
  }

  private grow(count: number): void {
    const grown = Buffer.allocUnsafe(Math.max(this.buffer.length * 2, this.used + count));
    this.buffer.copy(grown, 0, 0, this.used);
    this.buffer = grown;
  }
}

/** Reads a range of bytes from its start. Never reads past the end: it asks `onShort` for the error to throw. */
export class ByteReader {
  private readonly buffer: Buffer;
  private position = 0;

  constructor(
    bytes: Uint8Array,
    private readonly onShort: (missing: number) => Error,
  ) {
    this.buffer = asBuffer(bytes);
  }

  /** Bytes that are left. */
  get remaining(): number {
    return this.buffer.length - this.position;
  }

  byte(): number {
    const value = this.buffer[this.position];
    if (value === undefined) throw this.onShort(1);
    this.position++;
    return value;
  }

  uint32(): number {
    return this.buffer.readUInt32BE(this.advance(4));
  }

  double(): number {
    return this.buffer.readDoubleBE(this.advance(8));
  }

  /** A copy of the next `length` bytes. */
  bytes(length: number): Uint8Array {
    const start = this.advance(length);
    return new Uint8Array(this.buffer.subarray(start, start + length));
  }

  /** The next `length` bytes, one character each. */
  latin1(length: number): string {
    const start = this.advance(length);
    return length <= SHORT
      ? this.shortAscii(start, length)
      : this.buffer.toString('latin1', start, start + length);
  }

  /** The next `length` bytes as strictly valid UTF-8; undefined where they are not. */
  utf8(length: number): string | undefined {
    const start = this.advance(length);
    if (length <= SHORT && this.isShortAscii(start, length)) return this.shortAscii(start, length);
    const end = start + length;
    const part = this.buffer.subarray(start, end);
    if (isAscii(part)) return this.buffer.toString('latin1', start, end);
    return isUtf8(part) ? this.buffer.toString('utf8', start, end) : undefined;
  }

  private advance(count: number): number {
    const start = this.position;
    if (count > this.buffer.length - start) throw this.onShort(count - this.remaining);
    this.position = start + count;
    return start;
  }

  private isShortAscii(start: number, length: number): boolean {
    let bits = 0;
    for (let index = start; index < start + length; index++) bits |= this.buffer[index] ?? 0;
    return bits < 0x80;
  }

  private shortAscii(start: number, length: number): string {
    let text = '';
    for (let index = start; index < start + length; index++) {
      text += String.fromCharCode(this.buffer[index] ?? 0);
    }
    return text;
  }
}

/** Up to this many characters a loop is faster than a call into the runtime. */
const SHORT = 16;
