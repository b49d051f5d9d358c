/*
 * How a message is wrapped: the two envelopes, which differ in two bytes. Upstream has no such file, each version only
 * knows its own.
 */

import { dump, load } from './brine';
import type { Limits } from './config';
import { MessageType } from './consts';
import { ProtocolError } from './errors';
import type { BrineValue } from './pyTypes';

export interface Message {
  readonly type: MessageType;
  /** Whatever the requester sent; it is echoed as it came. */
  readonly seq: BrineValue;
  readonly body: BrineValue;
}

/** `old` (up to 5.3) is a brine 3-tuple, `new` (6.0) a raw byte and a brine 2-tuple. */
export type Envelope = 'old' | 'new';

export interface EnvelopeCodec {
  encode(type: MessageType, seq: BrineValue, body: BrineValue): Uint8Array;
  /** @throws ProtocolError where the payload is no message */
  decode(payload: Uint8Array, limits: Limits): Message;
}

const OLD_HEAD = 0x12;
const NEW_SECOND = 0x11;
const IMMEDIATE_ZERO = 0x50;

/** Which envelope a payload has by its first two bytes, or undefined where it has neither. */
export function sniffEnvelope(payload: Uint8Array, offset = 0): Envelope | undefined {
  const first = payload[offset] ?? 0;
  const second = payload[offset + 1] ?? 0;
  if (first === OLD_HEAD && isMessageType(second - IMMEDIATE_ZERO)) return 'old';
  if (isMessageType(first) && second === NEW_SECOND) return 'new';
  return undefined;
}

export const oldEnvelope: EnvelopeCodec = {
  encode(type, seq, body) {
    return dump([type, seq, body]);
  },
  decode(payload, limits) {
    const parts = load(payload, limits);
    if (!Array.isArray(parts) || parts.length !== 3) throw notAMessage();
    const [type, seq, body] = parts as readonly BrineValue[];
    if (typeof type !== 'number' || !isMessageType(type)) throw notAMessage();
    return { type, seq, body };
  },
};

export const newEnvelope: EnvelopeCodec = {
  encode(type, seq, body) {
    // The old envelope's first two bytes stand for "3-tuple, type", the new one's for "type, 2-tuple".
    const payload = dump([type, seq, body]);
    payload[0] = type;
    payload[1] = NEW_SECOND;
    return payload;
  },
  decode(payload, limits) {
    const type = payload[0] ?? 0;
    if (!isMessageType(type)) throw notAMessage();
    const parts = load(payload.subarray(1), limits);
    if (!Array.isArray(parts) || parts.length !== 2) throw notAMessage();
    const [seq, body] = parts as readonly BrineValue[];
    return { type, seq, body };
  },
};

function isMessageType(value: number): value is MessageType {
  return value === MessageType.request || value === MessageType.reply || value === MessageType.exception;
}

function notAMessage(): ProtocolError {
  return new ProtocolError('The peer sent a frame that holds no message');
}
