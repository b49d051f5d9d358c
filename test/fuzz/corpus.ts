/** The recorded sessions as a store of valid payloads to start from. */
import { load } from '../../server/src/rpyc/core/brine';
import { DEFAULT_LIMITS } from '../../server/src/rpyc/core/config';
import { guessFor } from '../../server/src/rpyc/core/dialect';
import { type Message, sniffEnvelope } from '../../server/src/rpyc/core/envelope';
import type { BrineValue } from '../../server/src/rpyc/core/pyTypes';
import { fromHex } from '../support/typedJson';
import { openFrame, readSession } from '../support/replay/recording';

/** One per dialect and side of life: classic, custom service, helpers, exceptions. */
const SESSIONS = [
  'classic-3.4.4',
  'classic-3.4.4-py27',
  'custom-4.0.2',
  'classic-4.1.5',
  'classic-5.3.0',
  'classic-6.0.2',
  'custom-5.3.0',
  'custom-5.3.1-bind',
  'custom-6.0.2',
  'custom-6.0.2-bind',
  'helpers-5.3.0',
  'helpers-6.0.2',
  'isinst-6.0.2',
] as const;

/** A payload of more is left out: its mutations are slow and say no more than those of short ones. */
const LONGEST = 4000;

export interface Corpus {
  /** Whole payloads, of every dialect. */
  readonly payloads: readonly Uint8Array[];
  /** Whole frames as they travelled. */
  readonly frames: readonly Uint8Array[];
  /** Messages of those payloads that have no thread prefix. */
  readonly messages: readonly Message[];
  /** What brine has to decode: payloads without an envelope of their own. */
  readonly values: readonly BrineValue[];
}

export function loadCorpus(): Corpus {
  const payloads: Uint8Array[] = [];
  const frames: Uint8Array[] = [];
  const messages: Message[] = [];
  const values: BrineValue[] = [];
  for (const name of SESSIONS) {
    for (const { hex } of readSession(name).frames) {
      if (hex === undefined) continue;
      const frame = fromHex(hex);
      const { payload } = openFrame(frame);
      if (payload.length > LONGEST || payload.length === 0) continue;
      frames.push(frame);
      payloads.push(payload);
      const envelope = sniffEnvelope(payload);
      if (envelope === undefined) continue;
      const message = guessFor(envelope).decode(payload, DEFAULT_LIMITS);
      messages.push(message);
      values.push(message.body);
      if (envelope === 'old') values.push(load(payload));
    }
  }
  return { payloads, frames, messages, values };
}
