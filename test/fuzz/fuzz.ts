/** The run itself: so many inputs from one seed, over brine, frames and the protocol of both sides. */
import assert from 'node:assert/strict';

import { dump } from '../../server/src/rpyc/core/brine';
import { checkBrine, checkFrames } from './brineTargets';
import { type Corpus, loadCorpus } from './corpus';
import { mutateBytes, mutateValue, oddValue, splice } from './mutations';
import { nextPayload, openSession, type SessionInput, type SideName, useAsClient } from './protocolTargets';
import { Random } from './random';
import type { FuzzSession } from './session';

export interface FuzzOptions {
  readonly seed: number;
  readonly inputs: number;
  /** Ends the run early. */
  readonly seconds?: number;
  /** Called between two inputs, now and then. */
  readonly onProgress?: (inputs: number) => void;
}

/** An input that broke a promise of the library, in a form that can be kept. */
export type FuzzCase =
  | { readonly target: 'brine'; readonly hex: string }
  | { readonly target: 'frames'; readonly hex: string; readonly pieceSize: number }
  | {
      readonly target: 'protocol';
      readonly side: SideName;
      readonly dialect: SessionInput['dialect'];
      readonly variant: number;
      /** Keys of lent objects as they stand in the payloads, in the order in which they were lent. */
      readonly keys: readonly string[];
      readonly hex: readonly string[];
    };

export interface FuzzFailure {
  readonly input: FuzzCase;
  readonly error: unknown;
}

export interface FuzzReport {
  readonly seed: number;
  readonly inputs: number;
  readonly perTarget: Readonly<Record<string, number>>;
  readonly failures: readonly FuzzFailure[];
}

/** Failures after which a run is over: the first few tell enough. */
const MOST_FAILURES = 20;
/** Inputs between two looks at the clock. */
const STRIDE = 2000;
const DIALECTS = ['A', 'B', 'C', 'D'] as const;
/** Inputs below the protocol for each connection. */
const BRINE_INPUTS = 6;
const FRAME_INPUTS = 2;
/** Payloads that one connection gets at most. */
const LONGEST_SESSION = 60;

/** Rejections that nobody handled, since the last session. */
const unhandled: unknown[] = [];
const noteUnhandled = (error: unknown): void => {
  unhandled.push(error);
};

export async function fuzz(options: FuzzOptions): Promise<FuzzReport> {
  return await watchingRejections(() => run(options));
}

async function watchingRejections<T>(body: () => Promise<T>): Promise<T> {
  process.on('unhandledRejection', noteUnhandled);
  try {
    return await body();
  } finally {
    process.off('unhandledRejection', noteUnhandled);
  }
}

/** @throws AssertionError where the session broke a promise of the library */
async function finish(session: FuzzSession): Promise<void> {
  await session.finish();
  assert.deepEqual(unhandled.splice(0), [], 'every rejection is handled');
}

async function run(options: FuzzOptions): Promise<FuzzReport> {
  const random = new Random(options.seed);
  const corpus = loadCorpus();
  const deadline = performance.now() + (options.seconds ?? Infinity) * 1000;
  const failures: FuzzFailure[] = [];
  const perTarget: Record<string, number> = {};
  const count = (target: string, inputs: number): void => {
    perTarget[target] = (perTarget[target] ?? 0) + inputs;
  };
  let inputs = 0;
  let nextLook = STRIDE;
  while (inputs < options.inputs && failures.length < MOST_FAILURES) {
    const batch = await oneBatch(random, corpus, failures);
    for (const [target, done] of batch) {
      count(target, done);
      inputs += done;
    }
    if (inputs < nextLook) continue;
    nextLook = inputs + STRIDE;
    options.onProgress?.(inputs);
    if (performance.now() > deadline) break;
  }
  return { seed: options.seed, inputs, perTarget, failures };
}

/**
 * Runs a kept input again.
 *
 * @throws AssertionError where it still breaks something
 */
export async function replayCase(input: FuzzCase): Promise<void> {
  switch (input.target) {
    case 'brine':
      checkBrine(Buffer.from(input.hex, 'hex'));
      break;
    case 'frames':
      checkFrames(Buffer.from(input.hex, 'hex'), input.pieceSize);
      break;
    case 'protocol':
      await watchingRejections(() => replaySession(input));
  }
}

async function replaySession(input: FuzzCase & { readonly target: 'protocol' }): Promise<void> {
  const session = openSession(input);
  if (input.side === 'client') useAsClient(session);
  for (const hex of input.hex) {
    session.feed(withOwnKeys(hex, input.keys, session));
    session.check();
    await new Promise((resolve) => setImmediate(resolve));
  }
  await finish(session);
}

/** Ids are new in each run: the payload with those of this one. */
function withOwnKeys(hex: string, keys: readonly string[], session: FuzzSession): Uint8Array {
  let text = hex;
  keys.forEach((key, index) => {
    const own = session.keys[index];
    if (own !== undefined) text = text.replaceAll(key, hexOf(dump(own)));
  });
  return Buffer.from(text, 'hex');
}

/** The same failure with as few payloads as can be. */
export async function shrinkCase(input: FuzzCase): Promise<FuzzCase> {
  if (input.target !== 'protocol') return input;
  let best = input;
  for (let index = input.hex.length - 1; index >= 0; index--) {
    const shorter = { ...best, hex: best.hex.filter((_, at) => at !== index) };
    const stillFails = await replayCase(shorter).then(
      () => false,
      () => true,
    );
    if (stillFails) best = shorter;
  }
  return best;
}

async function oneBatch(
  random: Random,
  corpus: Corpus,
  failures: FuzzFailure[],
): Promise<readonly (readonly [string, number])[]> {
  for (let round = 0; round < BRINE_INPUTS; round++) {
    const bytes = brineInput(random, corpus);
    attempt(failures, { target: 'brine', hex: hexOf(bytes) }, () => checkBrine(bytes));
  }
  for (let round = 0; round < FRAME_INPUTS; round++) {
    const bytes = frameInput(random, corpus);
    const pieceSize = 1 + random.below(40);
    attempt(failures, { target: 'frames', hex: hexOf(bytes), pieceSize }, () =>
      checkFrames(bytes, pieceSize),
    );
  }
  const dialect = random.pick(DIALECTS);
  const side = random.pick(['server', 'client'] as const);
  const fed = await protocolSession(random, corpus, { side, dialect, variant: random.below(64) }, failures);
  return [
    ['brine', BRINE_INPUTS],
    ['frames', FRAME_INPUTS],
    [`${side} ${dialect}`, fed],
  ];
}

async function protocolSession(
  random: Random,
  corpus: Corpus,
  opened: Omit<SessionInput, 'payloads'>,
  failures: FuzzFailure[],
): Promise<number> {
  const session = openSession(opened);
  const fed: Uint8Array[] = [];
  try {
    if (opened.side === 'client') useAsClient(session);
    else fed.push(rootRequest(session));
    fed.forEach((payload) => session.feed(payload));
    while (!session.connection.closed && fed.length < LONGEST_SESSION) {
      const payload = nextPayload(random, corpus, session, opened.side);
      fed.push(payload);
      session.feed(payload);
      session.check();
      // Now and then what was started gets on.
      if (random.oneIn(8)) await new Promise((resolve) => setImmediate(resolve));
    }
    await finish(session);
  } catch (error) {
    session.connection.dispose();
    const keys = session.keys.map((key) => hexOf(dump(key)));
    failures.push({ input: { target: 'protocol', ...opened, keys, hex: fed.map(hexOf) }, error });
  }
  return fed.length;
}

function rootRequest(session: FuzzSession): Uint8Array {
  return session.encode(1, 0, [3, [1, []]]);
}

function attempt(failures: FuzzFailure[], input: FuzzCase, run: () => void): void {
  try {
    run();
  } catch (error) {
    failures.push({ input, error });
  }
}

function brineInput(random: Random, corpus: Corpus): Uint8Array {
  if (random.oneIn(10)) return random.bytes(random.below(40));
  if (random.oneIn(4)) return mutateBytes(random, random.pick(corpus.payloads));
  try {
    const value = random.oneIn(5) ? [oddValue(random), oddValue(random)] : random.pick(corpus.values);
    const bytes = dump(mutateValue(random, value));
    return random.oneIn(2) ? mutateBytes(random, bytes) : bytes;
  } catch (error) {
    assert.ok(error instanceof TypeError || error instanceof RangeError);
    return splice(random, random.pick(corpus.payloads), random.pick(corpus.payloads));
  }
}

function frameInput(random: Random, corpus: Corpus): Uint8Array {
  const frames = Array.from({ length: 1 + random.below(4) }, () => random.pick(corpus.frames));
  const bytes = new Uint8Array(Buffer.concat(frames));
  if (random.oneIn(5)) return bytes;
  return random.oneIn(3) ? splice(random, bytes, random.pick(corpus.frames)) : mutateBytes(random, bytes);
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
