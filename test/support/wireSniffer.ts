/**
 * Reads just enough of the wire to count messages: frames, message kind, sequence number and handler, for
 * dialects A to D. It shares no code with the library, whose claims it checks.
 */
import { inflateSync } from 'node:zlib';

const HEADER_BYTES = 5;
const FLUSH_BYTES = 1;

/** A frame, and the message in it; `undefined` where there is none. */
export interface SniffedFrame {
  /** On the wire, with its header. */
  readonly bytes: number;
  readonly message: Sniffed | undefined;
}

export type Sniffed =
  | { readonly kind: 'request'; readonly seq: string; readonly handler: number }
  | { readonly kind: 'reply' | 'exception'; readonly seq: string };

/** Cuts one direction of a connection into frames. */
export class WireSniffer {
  private rest: Buffer = Buffer.alloc(0);

  /** Returns the frames that this chunk completes. */
  public push(chunk: Buffer): SniffedFrame[] {
    const frames: SniffedFrame[] = [];
    this.rest = this.rest.length === 0 ? chunk : Buffer.concat([this.rest, chunk]);
    while (this.rest.length >= HEADER_BYTES) {
      const length = this.rest.readUInt32BE(0);
      const end = HEADER_BYTES + length + FLUSH_BYTES;
      if (this.rest.length < end) {
        break;
      }
      const body = this.rest.subarray(HEADER_BYTES, HEADER_BYTES + length);
      frames.push({ bytes: end, message: sniff(this.rest[4] === 0 ? body : inflateSync(body)) });
      this.rest = this.rest.subarray(end);
    }
    return frames;
  }
}

const KINDS = new Map([
  [1, 'request'],
  [2, 'reply'],
  [3, 'exception'],
] as const);

const TUPLE_2 = 0x11;
const TUPLE_3 = 0x12;
const SHORT_INT = 0x16;
const ZERO = 0x50;

function sniff(payload: Buffer): Sniffed | undefined {
  const [first, second] = payload;
  if (first === undefined || second === undefined) {
    return undefined;
  }
  const inTuple = first === TUPLE_3;
  const kind = KINDS.get((inTuple ? second - ZERO : first) as 1 | 2 | 3);
  if (kind === undefined || (!inTuple && second !== TUPLE_2)) {
    return undefined;
  }
  const seq = integerAt(payload, 2);
  if (kind !== 'request') {
    return { kind, seq: seq.text };
  }
  // The body of a request is a pair, and the handler's number its first part.
  return { kind, seq: seq.text, handler: Number(integerAt(payload, seq.end + 1).text) };
}

function integerAt(payload: Buffer, at: number): { readonly text: string; readonly end: number } {
  const tag = payload[at] ?? 0;
  if (tag !== SHORT_INT) {
    return { text: String(tag - ZERO), end: at + 1 };
  }
  const end = at + 2 + (payload[at + 1] ?? 0);
  return { text: payload.toString('latin1', at + 2, end), end };
}
