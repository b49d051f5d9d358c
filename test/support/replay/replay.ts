/**
 * Plays one side of a recorded session with the library: feeds the other side's frames, and compares every frame that
 * the library produces with the recorded one, with the ids of its own objects mapped.
 */
import assert from 'node:assert/strict';
import { EOFError } from '../../../server/src/rpyc/core/errors';
import { encodeFrame } from '../../../server/src/rpyc/core/channel';
import type { BrineValue } from '../../../server/src/rpyc/core/pyTypes';
import type { Stream } from '../../../server/src/rpyc/core/stream';
import { Emitter } from '../../../server/src/rpyc/lib/events';
import { kindText, toHex } from '../typedJson';
import { asText } from '../versions';
import { compareExceptions } from './exceptions';
import { IdMap } from './ids';
import {
  asPython2,
  asTuple,
  EXCEPTION,
  formatMessage,
  isTuple,
  parseMessage,
  type RawMessage,
  REQUEST,
} from './message';
import {
  describePayload,
  isPython2,
  openFrame,
  type RecordedFrame,
  type Recording,
  type Side,
} from './recording';

export interface ReplayOptions {
  /** The side that the library plays. */
  readonly side: Side;
  /** The other side's frames arrive byte by byte. */
  readonly byteByByte: boolean;
  /** INSPECT of an object of ours is compared in its form only: nothing of ours can have Python's own methods. */
  readonly freeInspect?: boolean;
}

const CLOSE = 2;
const DEL = 15;
const INSPECT = 16;
/** The library's one thread, as it calls itself. */
const OWN_THREAD = Buffer.from('0000000000000001', 'hex');

/** The stream between the library and the recording. */
export class Replay implements Stream {
  private readonly received = new Emitter<Uint8Array>();
  private readonly didClose = new Emitter<Error | undefined>();
  private readonly ids: IdMap;
  private readonly expected: RecordedFrame[];
  private readonly feed: RecordedFrame[];
  /** Requests of the peer for INSPECT that are not answered yet, by sequence number. */
  private readonly inspections = new Set<string>();
  private readonly recordedThreads = new Set<string>();
  /** Our numbers of requests by their recorded ones. */
  private readonly sentNumbers = new Map<string, BrineValue>();
  /** References that the next DEL gives back. */
  private releasing = 1;
  private furtherReleases = { args: '', left: 0 };
  /** Requests of ours that were not recorded. */
  private unrecorded = 0;
  private currentStep: string | undefined;
  private isPumping: NodeJS.Immediate | undefined;
  private isStarted = false;
  private isClosed = false;
  /** One of the sides has said that it closes. */
  private saidClose = false;
  private mismatch: Error | undefined;

  readonly description = 'a recorded session';
  readonly bufferedAmount = 0;
  readonly onDidReceive = this.received.event;
  readonly onDidClose = this.didClose.event;

  constructor(
    private readonly recording: Recording,
    private readonly options: ReplayOptions,
  ) {
    this.ids = new IdMap(recording, options.side);
    this.expected = recording.frames.filter(({ from }) => from === options.side);
    this.feed = recording.frames.filter(({ from }) => from !== options.side);
    for (const { payload } of this.expected) {
      if (recording.bindThreads) this.recordedThreads.add(toHex(payload.subarray(0, 8)));
    }
  }

  get closed(): boolean {
    return this.isClosed;
  }

  /** What went wrong first. */
  get failure(): Error | undefined {
    return this.mismatch;
  }

  /** From here on, requests of ours have to be those that were recorded in this step. */
  step(name: string): void {
    this.currentStep = name;
  }

  /** @throws AssertionError where frames are left, of either side, or one was not as recorded */
  finish(): void {
    if (this.mismatch !== undefined) throw this.mismatch;
    const left = (frames: readonly RecordedFrame[]): string =>
      frames.map((frame) => this.text(frame)).join('\n');
    assert.equal(left(this.expected), '', 'frames that were recorded and not sent');
    assert.equal(left(this.feed), '', 'frames of the other side that were not reached');
    assert.ok(this.saidClose, 'the recording ends with a CLOSE');
  }

  start(): void {
    this.isStarted = true;
    this.pump();
  }

  write(chunks: readonly Uint8Array[]): void {
    if (this.isClosed) {
      this.mismatch ??= new Error('A frame was sent after the recording had ended');
      throw new EOFError('The recording has ended');
    }
    const frame = Buffer.concat(chunks);
    // An empty frame says nothing; it is there for the network's sake.
    if (frame.equals(Buffer.from('00000000000a', 'hex'))) return;
    if (this.mismatch !== undefined) return;
    try {
      this.compare(frame);
    } catch (error) {
      this.mismatch = error as Error;
      // As with a socket, the end is told later and not in the middle of a write.
      setImmediate(() => this.destroy(error as Error));
      return;
    }
    this.pump();
  }

  drained(): Promise<void> {
    return Promise.resolve();
  }

  close(): void {
    setImmediate(() => this.destroy());
  }

  destroy(error?: Error): void {
    if (this.isClosed) return;
    this.isClosed = true;
    if (this.isPumping !== undefined) clearImmediate(this.isPumping);
    this.didClose.fire(error);
  }

  private compare(frame: Uint8Array): void {
    const { payload, isCompressed } = openFrame(frame);
    const sent = this.parse(payload);
    if (this.isFurtherRelease(sent)) return;
    const ours = this.renumbered(sent);
    const expected = this.takeExpected(ours, payload);
    const recorded = this.parse(expected.payload);
    this.saidClose ||= isRequestFor(CLOSE, recorded);
    assert.equal(isCompressed, expected.isCompressed, `compression of ${this.text(expected)}`);
    this.comparePrefix(payload, expected);
    if (ours.type === EXCEPTION && recorded.type === EXCEPTION) {
      assert.equal(kindText(ours.seq), kindText(recorded.seq));
      compareExceptions(ours.body, recorded.body, this.recording);
      return;
    }
    if (this.options.freeInspect === true && this.inspections.delete(kindText(ours.seq))) {
      assert.equal(kindText([recorded.type, recorded.seq]), kindText([ours.type, ours.seq]));
      for (const body of [ours.body, recorded.body]) checkInspection(asText(body) as BrineValue);
      return;
    }
    const mapped = this.mapToRecorded(ours, recorded, expected.index);
    if (ours.type === REQUEST) this.sentNumbers.set(kindText(recorded.seq), sent.seq);
    const bytes =
      mapped === sent ? payload.subarray(this.prefixSize) : formatMessage(mapped, this.recording.envelope);
    assert.equal(
      toHex(bytes),
      toHex(expected.payload.subarray(this.prefixSize)),
      `sent ${kindText([mapped.type, mapped.seq, mapped.body])}\nrecorded ${this.text(expected)}`,
    );
  }

  /** Requests leave in the recorded order. Answers leave when they are ready: each is found by its number. */
  private takeExpected(ours: RawMessage, payload: Uint8Array): RecordedFrame {
    const isRequest = ours.type === REQUEST;
    const position = this.expected.findIndex(({ payload: candidate }) => {
      const message = this.tryParse(candidate);
      if (message === undefined) return true;
      if (isRequest) return message.type === REQUEST;
      return message.type !== REQUEST && kindText(message.seq) === kindText(ours.seq);
    });
    const [frame] = position < 0 ? [] : this.expected.splice(position, 1);
    const what = describePayload(payload, this.recording.envelope, this.recording.bindThreads);
    assert.ok(frame !== undefined, `sent and not recorded: ${what}`);
    if (isRequest && this.currentStep !== undefined) {
      assert.equal(this.currentStep, frame.step, `step in which was sent: ${what}`);
    }
    return frame;
  }

  private comparePrefix(payload: Uint8Array, expected: RecordedFrame): void {
    if (!this.recording.bindThreads) return;
    assert.deepEqual(Buffer.from(payload.subarray(0, 8)), OWN_THREAD);
    assert.equal(toHex(payload.subarray(8, 16)), toHex(expected.payload.subarray(8, 16)), 'target thread');
  }

  private mapToRecorded(ours: RawMessage, recorded: RawMessage, frame: number): RawMessage {
    const body = this.mappedBody(ours, recorded, frame);
    const asSent = isPython2(this.recording) ? asPython2(body) : body;
    return kindText(asSent) === kindText(ours.body) ? ours : { ...ours, body: asSent };
  }

  private mappedBody(ours: RawMessage, recorded: RawMessage, frame: number): BrineValue {
    if (ours.type !== REQUEST || recorded.type !== REQUEST) {
      return this.ids.toRecorded(ours.body, recorded.body, frame);
    }
    const [handler, args] = asTuple(ours.body);
    const [, recordedArgs] = asTuple(recorded.body);
    if (handler === DEL && this.recording.dialect === 'A') return [handler, this.counted(args, recordedArgs)];
    return [handler, this.ids.toRecorded(args, recordedArgs, frame)];
  }

  /**
   * Dialect A: 3.4.4 sends a count that its owner ignores, and 3.3 has none. The library leaves it out, and gives back
   * one reference at a time: see `furtherReleases`.
   */
  private counted(args: BrineValue, recordedArgs: BrineValue): BrineValue {
    const [label, values] = asTuple(args);
    const [oid, ...rest] = asTuple(values);
    assert.deepEqual(rest, [], 'DEL has no count');
    const [, count, ...others] = asTuple(asTuple(recordedArgs)[1]);
    assert.ok(
      others.length === 0 && (count === undefined || count === this.releasing),
      'count of the references',
    );
    this.furtherReleases = { args: kindText(args), left: this.releasing - 1 };
    return [label, count === undefined ? [oid] : [oid, count]];
  }

  /** What follows gives back an object of which this many references were counted. */
  expectRelease(count: number): void {
    this.releasing = count;
  }

  private isFurtherRelease({ type, body }: RawMessage): boolean {
    if (this.furtherReleases.left === 0 || type !== REQUEST) return false;
    const [handler, args] = asTuple(body);
    assert.equal(handler, DEL, 'the other references are given back at once');
    assert.equal(kindText(args ?? null), this.furtherReleases.args, 'the same object is given back');
    this.furtherReleases.left--;
    this.unrecorded++;
    return true;
  }

  /** A request with the number that it was recorded with. */
  private renumbered(message: RawMessage): RawMessage {
    if (this.unrecorded === 0 || message.type !== REQUEST) return message;
    return { ...message, seq: Number(message.seq) - this.unrecorded };
  }

  /** Feeds one frame of the other side a turn, once everything that was recorded before it has been sent. */
  private pump(): void {
    if (this.isPumping !== undefined || !this.isStarted || this.isClosed) return;
    this.isPumping = setImmediate(() => {
      this.isPumping = undefined;
      const [frame] = this.feed;
      // The recorded peer left after its last frame.
      if (frame === undefined && this.expected.length === 0) this.destroy();
      if (frame === undefined || (this.expected[0]?.index ?? Infinity) < frame.index) return;
      this.feed.shift();
      const bytes = this.translate(frame);
      const pieces = this.options.byteByByte ? [...bytes].map((byte) => Uint8Array.of(byte)) : [bytes];
      for (const piece of pieces) {
        if (!this.closed) this.received.fire(piece);
      }
      this.pump();
    });
  }

  /** A frame of the other side as it came, but for the ids of objects of ours. */
  private translate(frame: RecordedFrame): Uint8Array {
    const message = this.parse(frame.payload);
    this.saidClose ||= isRequestFor(CLOSE, message);
    if (isRequestFor(INSPECT, message)) this.inspections.add(kindText(message.seq));
    const body = this.ids.toOurs(message.body, frame.index);
    const seq = message.type === REQUEST ? message.seq : this.sentNumbers.get(kindText(message.seq));
    const prefix = this.translatePrefix(frame.payload.subarray(0, this.prefixSize));
    const isAsRecorded = kindText([seq, body]) === kindText([message.seq, message.body]);
    if (isAsRecorded && prefix === undefined) return frame.frame;
    const payload = formatMessage({ ...message, seq, body }, this.recording.envelope);
    const all = Buffer.concat([prefix ?? frame.payload.subarray(0, this.prefixSize), payload]);
    return Buffer.concat(encodeFrame(all, { compress: frame.isCompressed }));
  }

  private translatePrefix(prefix: Uint8Array): Uint8Array | undefined {
    if (!this.recordedThreads.has(toHex(prefix.subarray(8, 16)))) return undefined;
    return Buffer.concat([prefix.subarray(0, 8), OWN_THREAD]);
  }

  private get prefixSize(): number {
    return this.recording.bindThreads ? 16 : 0;
  }

  private parse(payload: Uint8Array): RawMessage {
    return parseMessage(payload.subarray(this.prefixSize), this.recording.envelope);
  }

  private tryParse(payload: Uint8Array): RawMessage | undefined {
    try {
      return this.parse(payload);
    } catch {
      return undefined;
    }
  }

  private text({ index, step, payload }: RecordedFrame): string {
    const what = describePayload(payload, this.recording.envelope, this.recording.bindThreads);
    return `frame ${index} (${step}): ${what}`;
  }
}

function isRequestFor(handler: number, { type, body }: RawMessage): boolean {
  return type === REQUEST && asTuple(body)[0] === handler;
}

function checkInspection(body: BrineValue): void {
  const [label, methods] = asTuple(body);
  assert.equal(label, 1);
  for (const method of asTuple(methods)) {
    assert.ok(isTuple(method) && method.length === 2 && typeof method[0] === 'string');
    assert.ok(method[1] === null || method[1] === 'doc');
  }
}
