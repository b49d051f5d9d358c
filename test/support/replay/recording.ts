/** The recorded sessions of `test/vectors/sessions`: read, and checked against their own decoded form. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { inflateSync } from 'node:zlib';
import type { DialectName } from '../../../server/src/rpyc/core/dialect';
import type { BrineValue } from '../../../server/src/rpyc/core/pyTypes';
import { dialectOfVersion } from '../versions';
import { fromHex, fromTyped, kindText, toHex } from '../typedJson';
import { type Envelope, parseMessage } from './message';

export type Side = 'client' | 'server';

export interface RecordedFrame {
  readonly index: number;
  /** What the recorded client was doing. */
  readonly step: string;
  readonly from: Side;
  /** Header, body and flush byte as they travelled. */
  readonly frame: Uint8Array;
  /** The inflated body. */
  readonly payload: Uint8Array;
  readonly isCompressed: boolean;
}

export interface Recording {
  readonly name: string;
  /** Version of rpyc on both sides. */
  readonly rpyc: string;
  readonly dialect: DialectName;
  /** Version of Python on both sides: `2.7.18`. */
  readonly python: string;
  readonly envelope: Envelope;
  readonly bindThreads: boolean;
  readonly frames: readonly RecordedFrame[];
}

/** What Python 2 sends as bytes, where Python 3 has text: all of it. */
export function isPython2({ python }: Pick<Recording, 'python'>): boolean {
  return python.startsWith('2.');
}

interface DecodedFrame {
  readonly kind: 'request' | 'reply' | 'exception';
  readonly seq: number;
  readonly handler?: number;
  readonly boxedArgs?: unknown;
  readonly boxedResult?: unknown;
  readonly vinegar?: unknown;
  readonly bindThreads?: { readonly senderThread: string; readonly targetThread: string };
}

interface FrameJson {
  readonly step: string;
  readonly from: Side;
  readonly event?: string;
  readonly hex?: string;
  readonly compressed?: boolean;
  readonly payloadHex?: string;
  readonly decoded?: unknown;
}

export interface SessionJson {
  readonly rpyc: string;
  readonly python: string;
  readonly envelope: 'brine-triple' | 'outer-message-byte';
  readonly bindThreads: boolean;
  readonly frameCount: number;
  readonly frames: readonly FrameJson[];
}

const THREAD_PREFIX = 16;

/** The JSON of one session file. */
export function readSession(name: string): SessionJson {
  // From out/test/support/replay.
  const path = join(__dirname, '../../../../test/vectors/sessions', `${name}.json`);
  return JSON.parse(readFileSync(path, 'utf8')) as SessionJson;
}

/**
 * A session, every frame of which says the same in its bytes, in its inflated payload and in its decoded form.
 *
 * @throws AssertionError where it does not
 */
export function loadRecording(name: string): Recording {
  return toRecording(name, readSession(name));
}

export function toRecording(name: string, session: SessionJson): Recording {
  const { bindThreads } = session;
  const envelope = session.envelope === 'brine-triple' ? 'old' : 'new';
  const count = session.frames.filter(({ hex }) => hex !== undefined).length;
  assert.equal(count, session.frameCount, `${name} is complete`);
  const frames = session.frames.flatMap((json, index) => {
    if (json.hex === undefined) return [];
    const frame = readFrame(json, index);
    checkDecoded(`${name}, frame ${index}`, frame, envelope, bindThreads, json.decoded as DecodedFrame);
    return [frame];
  });
  const { rpyc, python } = session;
  return { name, rpyc, dialect: dialectOfVersion(rpyc), python, envelope, bindThreads, frames };
}

function readFrame(json: FrameJson, index: number): RecordedFrame {
  const frame = fromHex(json.hex ?? '');
  const { payload, isCompressed } = openFrame(frame);
  assert.equal(isCompressed, json.compressed === true, `flag of frame ${index}`);
  if (json.payloadHex !== undefined)
    assert.equal(toHex(payload), json.payloadHex, `payload of frame ${index}`);
  return { index, step: json.step, from: json.from, frame, payload, isCompressed };
}

/** Opens one frame with nothing of the library's, and checks all its fields. */
export function openFrame(frame: Uint8Array): {
  readonly payload: Uint8Array;
  readonly isCompressed: boolean;
} {
  const view = Buffer.from(frame);
  assert.equal(view.readUInt32BE(0), view.length - 6, 'length in the header');
  assert.equal(view[view.length - 1], 0x0a, 'flush byte');
  const flag = view[4] ?? 0;
  assert.ok(flag <= 1, 'flag in the header');
  const body = view.subarray(5, view.length - 1);
  const payload = flag === 1 ? inflateSync(body) : body;
  assert.equal(flag === 1, payload.length > 3000, 'long payloads are compressed, and only those');
  return { payload: new Uint8Array(payload), isCompressed: flag === 1 };
}

function checkDecoded(
  where: string,
  { payload }: RecordedFrame,
  envelope: Envelope,
  bindThreads: boolean,
  decoded: DecodedFrame,
): void {
  const message = parseMessage(payload.subarray(bindThreads ? THREAD_PREFIX : 0), envelope);
  const type = { request: 1, reply: 2, exception: 3 }[decoded.kind];
  const body: BrineValue =
    decoded.kind === 'request'
      ? [decoded.handler, fromTyped(decoded.boxedArgs)]
      : fromTyped(decoded.kind === 'reply' ? decoded.boxedResult : decoded.vinegar);
  assert.equal(
    kindText([message.type, message.seq, message.body]),
    kindText([type, decoded.seq, body]),
    where,
  );
  if (!bindThreads) return;
  const ids = Buffer.from(payload.subarray(0, THREAD_PREFIX));
  assert.equal(String(ids.readBigUInt64BE(0)), decoded.bindThreads?.senderThread, where);
  assert.equal(String(ids.readBigUInt64BE(8)), decoded.bindThreads?.targetThread, where);
}

/** The datagrams and streams of a registry session: bytes and what they mean. */
export function registryValues(
  name: string,
): readonly { bytes: Uint8Array; value: BrineValue; step: string }[] {
  return readSession(name).frames.flatMap(({ hex, decoded, step }) =>
    hex === undefined ? [] : [{ bytes: fromHex(hex), value: fromTyped(decoded), step }],
  );
}

/** Decodes what a payload should hold, for messages about differences. */
export function describePayload(payload: Uint8Array, envelope: Envelope, bindThreads: boolean): string {
  const offset = bindThreads ? THREAD_PREFIX : 0;
  try {
    const { type, seq, body } = parseMessage(payload.subarray(offset), envelope);
    return `${toHex(payload.subarray(0, offset))} ${kindText([type, seq, body])}`;
  } catch {
    return toHex(payload);
  }
}
