/*
 * Reads what a message is from its first bytes, without decoding it: for traces, which see every payload and keep no
 * value. Upstream has no such file.
 */

import { handlerName, MessageType } from './consts';
import { sniffEnvelope } from './envelope';
import { THREAD_PREFIX_BYTES } from './threadBinding';

/** What the first bytes of a message tell. */
export interface MessageHead {
  readonly kind: keyof typeof MessageType;
  /** The number that a request and its answer share, as text. */
  readonly seq: string;
  /** Of a request: what it asks for. */
  readonly handler?: string;
}

const KINDS = new Map(Object.entries(MessageType).map(([name, type]) => [type, name as MessageHead['kind']]));

const PAIR = 0x11;
const SHORT_INTEGER = 0x16;
const IMMEDIATE_ZERO = 0x50;
const LOWEST_IMMEDIATE = 0x20;
const HIGHEST_IMMEDIATE = 0xef;
/** Digits of a sequence number that are worth showing. */
const MOST_DIGITS = 20;

/** The head of a payload as it travels, or undefined where it is none that a peer of RPyC would send. */
export function readMessageHead(payload: Uint8Array): MessageHead | undefined {
  const offset = sniffEnvelope(payload) === undefined ? THREAD_PREFIX_BYTES : 0;
  const envelope = sniffEnvelope(payload, offset);
  if (envelope === undefined) return undefined;
  const type = envelope === 'old' ? (payload[offset + 1] ?? 0) - IMMEDIATE_ZERO : (payload[offset] ?? 0);
  const kind = KINDS.get(type as MessageType);
  const seq = readInteger(payload, offset + 2);
  if (kind === undefined || seq === undefined) return undefined;
  if (kind !== 'request' || payload[seq.end] !== PAIR) return { kind, seq: seq.text };
  const handler = readInteger(payload, seq.end + 1);
  return handler === undefined
    ? { kind, seq: seq.text }
    : { kind, seq: seq.text, handler: handlerName(Number(handler.text)) };
}

function readInteger(
  payload: Uint8Array,
  at: number,
): { readonly text: string; readonly end: number } | undefined {
  const tag = payload[at] ?? 0;
  if (tag >= LOWEST_IMMEDIATE && tag <= HIGHEST_IMMEDIATE) {
    return { text: String(tag - IMMEDIATE_ZERO), end: at + 1 };
  }
  const length = payload[at + 1] ?? 0;
  if (tag !== SHORT_INTEGER || length > MOST_DIGITS) return undefined;
  const end = at + 2 + length;
  if (end > payload.length) return undefined;
  const text = Buffer.from(payload.subarray(at + 2, end)).toString('latin1');
  return /^-?\d+$/.test(text) ? { text, end } : undefined;
}
