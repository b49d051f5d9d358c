/*
 * Frames over a stream, after rpyc/core/channel.py of RPyC 4.0 to 6.0 (the framing never changed). Unlike upstream the
 * length of a frame and of what it inflates to are limited, and servers of other protocols are recognised.
 */

import { deflateSync, inflateSync } from 'node:zlib';
import { type Disposable, DisposableStore, toDisposable } from '../lib/disposable';
import { Emitter } from '../lib/events';
import { DEFAULT_LIMITS, type Limits } from './config';
import { COMPRESSION_LEVEL, COMPRESSION_THRESHOLD } from './consts';
import { ErrorCode, ProtocolError } from './errors';
import { DuplexStream, type Stream } from './stream';

/** Length in four bytes, then the flag of compression. */
const HEADER_SIZE = 5;
/** Follows each body; upstream reads and drops it whatever it is. */
const FLUSH = Buffer.from([0x0a]);
/** Every version of RPyC skips a frame without a body. */
const EMPTY_FRAME = Buffer.from([0, 0, 0, 0, 0, 0x0a]);
/** What each frame adds to its body. */
const FRAMING_BYTES = HEADER_SIZE + FLUSH.length;
/** A body longer than this is not copied to stand in one piece with its header. */
const LONGEST_COPIED_BODY = 16 * 1024;

export type FrameLimits = Pick<Limits, 'maxFrameBytes' | 'maxInflatedBytes'>;

/**
 * The pieces of one frame, to be written together.
 *
 * @param options.compress whether a payload above the threshold is compressed, as upstream does whether it shrinks or not
 */
export function encodeFrame(payload: Uint8Array, options: { readonly compress: boolean }): Uint8Array[] {
  const compressed = options.compress && payload.length > COMPRESSION_THRESHOLD;
  const body = compressed ? deflateSync(payload, { level: COMPRESSION_LEVEL }) : payload;
  if (body.length <= LONGEST_COPIED_BODY) {
    const frame = Buffer.allocUnsafe(HEADER_SIZE + body.length + FLUSH.length);
    writeHeader(frame, body.length, compressed);
    frame.set(body, HEADER_SIZE);
    frame.set(FLUSH, HEADER_SIZE + body.length);
    return [frame];
  }
  const header = Buffer.allocUnsafe(HEADER_SIZE);
  writeHeader(header, body.length, compressed);
  return [header, body, FLUSH];
}

function writeHeader(target: Buffer, length: number, compressed: boolean): void {
  target.writeUInt32BE(length, 0);
  target[4] = compressed ? 1 : 0;
}

/** Takes a payload, and how long its frame was on the wire. */
type Deliver = (payload: Uint8Array, frameBytes: number) => void;

/** Cuts a flow of bytes into payloads. It does no I/O, and its time grows with the bytes, not with the pieces. */
export class FrameDecoder {
  private readonly header = Buffer.alloc(HEADER_SIZE);
  private headerUsed = 0;
  private body: BodyBuffer | undefined;
  private isFirst = true;

  constructor(private readonly limits: FrameLimits = DEFAULT_LIMITS) {}

  /** Whether the bytes so far end in the middle of a frame. */
  get isInsideFrame(): boolean {
    return this.headerUsed > 0;
  }

  /**
   * Takes the next bytes and gives each payload that they complete to `deliver`, inflated; empty frames are skipped.
   *
   * @throws ProtocolError where the bytes are no frames or go beyond a limit; the decoder is of no use after it
   */
  push(chunk: Uint8Array, deliver: Deliver): void {
    let rest = chunk;
    while (rest.length > 0) {
      if (this.headerUsed === 0) {
        rest = this.takeWhole(rest, deliver);
        if (rest.length === 0) return;
      }
      if (this.body === undefined) {
        rest = this.takeHeader(rest);
        continue;
      }
      const { body } = this;
      rest = body.take(rest);
      if (!body.isComplete) continue;
      this.body = undefined;
      this.headerUsed = 0;
      this.isFirst = false;
      const payload = body.payload();
      if (payload.length === 0) continue;
      deliver(this.header[4] === 0 ? payload : this.inflate(payload), payload.length + FRAMING_BYTES);
    }
  }

  /** Delivers the frames that stand whole at the start of `chunk`, and gives back the rest. */
  private takeWhole(chunk: Uint8Array, deliver: Deliver): Uint8Array {
    let start = 0;
    for (;;) {
      const body = start + HEADER_SIZE;
      if (body > chunk.length) break;
      const length =
        (((chunk[start] ?? 0) << 24) |
          ((chunk[start + 1] ?? 0) << 16) |
          ((chunk[start + 2] ?? 0) << 8) |
          (chunk[start + 3] ?? 0)) >>>
        0;
      const end = body + length;
      // A length beyond the limits is judged with what follows it.
      if (length > this.limits.maxFrameBytes || end + FLUSH.length > chunk.length) break;
      this.isFirst = false;
      if (length > 0) {
        const payload = chunk.subarray(body, end);
        deliver(chunk[start + 4] === 0 ? payload : this.inflate(payload), length + FRAMING_BYTES);
      }
      start = end + FLUSH.length;
    }
    return start === 0 ? chunk : chunk.subarray(start);
  }

  private takeHeader(chunk: Uint8Array): Uint8Array {
    const count = Math.min(HEADER_SIZE - this.headerUsed, chunk.length);
    this.header.set(chunk.subarray(0, count), this.headerUsed);
    this.headerUsed += count;
    // The length is judged as soon as it is there: a server of another protocol may send no fifth byte.
    if (this.headerUsed >= 4) this.checkLength(this.header.readUInt32BE(0));
    if (this.headerUsed === HEADER_SIZE) this.body = new BodyBuffer(this.header.readUInt32BE(0));
    return chunk.subarray(count);
  }

  private checkLength(length: number): void {
    if (length <= this.limits.maxFrameBytes) return;
    const stranger = this.isFirst ? recogniseStranger(this.header.toString('latin1', 0, 4)) : undefined;
    if (stranger !== undefined) {
      throw new ProtocolError(`Peer is not an RPyC server: it answers like ${stranger}`, ErrorCode.notRpyc);
    }
    throw new ProtocolError(
      `Frame of ${length} bytes is longer than the limit of ${this.limits.maxFrameBytes}`,
      ErrorCode.limit,
    );
  }

  private inflate(body: Uint8Array): Uint8Array {
    const { maxInflatedBytes } = this.limits;
    try {
      return inflateSync(body, { maxOutputLength: maxInflatedBytes });
    } catch (error) {
      if (error instanceof RangeError) {
        throw new ProtocolError(
          `Frame inflates beyond the limit of ${maxInflatedBytes} bytes`,
          ErrorCode.limit,
        );
      }
      throw new ProtocolError('Compressed frame cannot be inflated', ErrorCode.protocol, { cause: error });
    }
  }
}

/** A body's first allocation where it does not arrive in one piece. */
const FIRST_ALLOCATION = 64 * 1024;

/** Collects one body and its flush byte. Memory grows with what arrives, not with what is announced. */
class BodyBuffer {
  private readonly size: number;
  private buffer: Uint8Array | undefined;
  private used = 0;

  constructor(length: number) {
    this.size = length + FLUSH.length;
  }

  get isComplete(): boolean {
    return this.used === this.size;
  }

  /** Takes what belongs to the body from the start of `chunk` and gives back the rest. */
  take(chunk: Uint8Array): Uint8Array {
    const part = chunk.subarray(0, this.size - this.used);
    if (this.buffer === undefined && part.length === this.size) {
      this.buffer = part;
    } else {
      this.room(part.length).set(part, this.used);
    }
    this.used += part.length;
    return chunk.subarray(part.length);
  }

  payload(): Uint8Array {
    return (this.buffer ?? FLUSH).subarray(0, this.size - FLUSH.length);
  }

  private room(count: number): Uint8Array {
    const needed = this.used + count;
    if (this.buffer !== undefined && needed <= this.buffer.length) return this.buffer;
    const wanted = Math.max(needed, 2 * (this.buffer?.length ?? 0), FIRST_ALLOCATION);
    const grown = Buffer.allocUnsafe(Math.min(this.size, wanted));
    if (this.buffer !== undefined) grown.set(this.buffer);
    this.buffer = grown;
    return grown;
  }
}

/**
 * Reads one frame from a stream that is not started, and nothing beyond it. Empty frames are skipped.
 *
 * @throws EOFError where the stream ends first; ProtocolError where the bytes are no frame or go beyond a limit
 */
export async function readFrame(stream: DuplexStream, limits?: FrameLimits): Promise<Uint8Array> {
  return (await readSizedFrame(stream, limits)).payload;
}

interface SizedFrame {
  readonly payload: Uint8Array;
  readonly frameBytes: number;
}

async function readSizedFrame(stream: DuplexStream, limits?: FrameLimits): Promise<SizedFrame> {
  const decoder = new FrameDecoder(limits);
  const frames: SizedFrame[] = [];
  const take = async (count: number): Promise<Uint8Array> => {
    const bytes = await stream.read(count);
    decoder.push(bytes, (payload, frameBytes) => frames.push({ payload, frameBytes }));
    return bytes;
  };
  for (;;) {
    const header = Buffer.from(await take(HEADER_SIZE));
    await take(header.readUInt32BE(0) + FLUSH.length);
    const [frame] = frames;
    if (frame !== undefined) return frame;
  }
}

const strangers: readonly (readonly [RegExp, string])[] = [
  [/^HTTP/, 'an HTTP server'],
  [/^<(!DO|!do|htm|HTM|\?xm)/, 'an HTTP server'],
  [/^SSH-/, 'an SSH server'],
  [/^\d{3}[ -]/, 'a mail or FTP server'],
  [/^RFB /, 'a VNC server'],
  [/^[+-](OK|ERR)/, 'a mail or Redis server'],
  [/^\* (OK|BY)/, 'a mail server'],
  [/^[\t\r\n\x20-\x7e]{4}$/, 'a server of a text protocol'],
];

/** Names the kind of server that begins to talk with these four bytes. */
function recogniseStranger(start: string): string | undefined {
  const type = start.charCodeAt(0);
  if (type >= 0x14 && type <= 0x17 && start.charCodeAt(1) === 3) return 'a TLS server';
  return strangers.find(([pattern]) => pattern.test(start))?.[1];
}

/** How a channel frames what it carries. */
export interface ChannelOptions {
  readonly limits?: FrameLimits | undefined;
  /** Whether long payloads are compressed; true unless said otherwise. */
  readonly compress?: boolean | undefined;
  /**
   * Sees each payload that goes out or comes in, with the length of its frame on the wire. One that throws is not asked
   * again: the traffic goes on without it.
   */
  readonly trace?: TraceFrame | undefined;
}

/** The traffic of a connection, as it travels. `frameBytes` counts the frame around the payload, compressed as it is. */
export type TraceFrame = (direction: 'in' | 'out', payload: Uint8Array, frameBytes: number) => void;

/** Sends and receives payloads over a stream, of which it becomes the owner. */
export class Channel implements Disposable {
  private readonly received = new Emitter<Uint8Array>();
  private readonly didClose = new Emitter<Error | undefined>();
  private readonly held = new DisposableStore();
  private readonly decoder: FrameDecoder;
  private readonly compress: boolean;
  private readonly limits: FrameLimits | undefined;
  private trace: ChannelOptions['trace'];
  /** Those who want their payloads as they are. */
  private plainSenders = 0;
  private sentBytes = 0;
  private receivedBytes = 0;
  private sentFrames = 0;
  private receivedFrames = 0;

  /** Each payload that arrives, in order, once `start` was called. */
  readonly onDidReceive = this.received.event;
  /** Fires once, with the error that ended the channel if there was one. */
  readonly onDidClose = this.didClose.event;

  constructor(
    /** What the frames travel on. */
    readonly stream: Stream,
    options: ChannelOptions = {},
  ) {
    this.decoder = new FrameDecoder(options.limits);
    this.limits = options.limits;
    this.compress = options.compress ?? true;
    this.trace = options.trace;
    this.held.add(stream.onDidReceive((chunk) => this.receive(chunk)));
    this.held.add(stream.onDidClose((error) => this.finish(error)));
  }

  /** Whether the stream is closed. */
  get closed(): boolean {
    return this.stream.closed;
  }

  /** Bytes that were handed to the stream. */
  get bytesSent(): number {
    return this.sentBytes;
  }

  /** Bytes that the stream has given. */
  get bytesReceived(): number {
    return this.receivedBytes;
  }

  /** Frames that carried a payload. */
  get framesSent(): number {
    return this.sentFrames;
  }

  /** Frames that carried a payload. */
  get framesReceived(): number {
    return this.receivedFrames;
  }

  /** Begins to deliver what arrives. */
  start(): void {
    this.stream.start();
  }

  /**
   * Sends one payload as one frame.
   *
   * @throws EOFError where the channel is closed
   */
  send(payload: Uint8Array): void {
    const frameBytes = this.write(
      encodeFrame(payload, { compress: this.compress && this.plainSenders === 0 }),
    );
    this.sentFrames++;
    this.tell('out', payload, frameBytes);
  }

  /**
   * Waits for the next payload, as upstream does. For channels that are not started; later payloads come by events.
   *
   * @throws EOFError where the stream ends first; ProtocolError where the bytes are no frame or go beyond a limit
   */
  async recv(): Promise<Uint8Array> {
    const { payload, frameBytes } = await readSizedFrame(this.readable(), this.limits);
    this.receivedFrames++;
    this.receivedBytes += payload.length;
    this.tell('in', payload, frameBytes);
    return payload;
  }

  /** Whether something can be received, once it can or after `seconds`. For channels that are not started. */
  async poll(seconds = 0): Promise<boolean> {
    return await this.readable().poll(seconds);
  }

  /** Sends long payloads as they are until the result is disposed: for bytes that do not get shorter. */
  withoutCompression(): Disposable {
    this.plainSenders++;
    return toDisposable(() => this.plainSenders--);
  }

  /** Sends a frame without a body: the peer skips it, the network sees life. */
  sendKeepalive(): void {
    this.write([EMPTY_FRAME]);
  }

  /** Ends the channel after what was sent. */
  close(): void {
    this.stream.close();
  }

  /** Ends the channel at once. */
  destroy(error?: Error): void {
    this.stream.destroy(error);
  }

  dispose(): void {
    this.destroy();
  }

  private readable(): DuplexStream {
    if (this.stream instanceof DuplexStream) return this.stream;
    throw new TypeError('The stream of this channel tells what arrives by events only');
  }

  private tell(direction: 'in' | 'out', payload: Uint8Array, frameBytes: number): void {
    try {
      this.trace?.(direction, payload, frameBytes);
    } catch {
      this.trace = undefined;
    }
  }

  private readonly deliver = (payload: Uint8Array, frameBytes: number): void => {
    if (this.closed) return;
    this.receivedFrames++;
    this.tell('in', payload, frameBytes);
    this.received.fire(payload);
  };

  /** Gives how many bytes that was. */
  private write(chunks: readonly Uint8Array[]): number {
    this.stream.write(chunks);
    let bytes = 0;
    for (const chunk of chunks) bytes += chunk.length;
    this.sentBytes += bytes;
    return bytes;
  }

  private receive(chunk: Uint8Array): void {
    this.receivedBytes += chunk.length;
    try {
      this.decoder.push(chunk, this.deliver);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.destroy(error);
    }
  }

  private finish(error: Error | undefined): void {
    this.held.dispose();
    this.received.dispose();
    const cutShort = error === undefined && this.decoder.isInsideFrame;
    this.didClose.fire(
      cutShort ? new ProtocolError('Peer ended the stream in the middle of a frame') : error,
    );
    this.didClose.dispose();
  }
}
