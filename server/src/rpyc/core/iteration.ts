/*
 * Iterating over a remote object in chunks, after `buffiter` of rpyc/utils/helpers.py. Differs on purpose: `for await`
 * begins with a chunk of one item, and larger ones follow only as long as they come fast, since items are there when
 * their whole chunk is. `buffiter` grows as upstream does.
 */

import { Handler } from './consts';
import { ProtocolError } from './errors';
import { referenceOf } from './reference';

export interface ChunkOptions {
  /** Items of the first chunk. */
  readonly chunk?: number | undefined;
  /** Items of the largest chunk. */
  readonly maxChunk?: number | undefined;
  /** How fast chunks grow; where it is left out, as long as they come fast. */
  readonly factor?: number | undefined;
}

/** A chunk may make its items wait for so long, besides the time that any request takes. */
const SHORT_MS = 50;

/** The size of the chunk after one of `count` items, which took `milliseconds` more than the fastest request. */
export function nextCount(count: number, milliseconds: number): number {
  if (milliseconds < SHORT_MS) return count * 2;
  return Math.max(Math.floor((count * SHORT_MS) / milliseconds), 1);
}

/**
 * Iterates over what `get` gives. The remote iterator is released at the end, also at an early one.
 *
 * @throws RemoteError where the object is not iterable or its iterator raises; the items of that chunk are lost, since
 *   an exception carries none
 */
export async function* iterate(
  get: () => Promise<unknown>,
  { chunk = 1, maxChunk = 1000, factor }: ChunkOptions = {},
): AsyncGenerator<unknown, void, undefined> {
  const iterable = await get();
  const host = referenceOf(iterable)?.host;
  if (host === undefined) {
    yield* localItems(iterable);
    return;
  }
  // Without an iterator of its own, a list would start again with each chunk.
  let sent = performance.now();
  const iterator = await host.request(Handler.callattr, [iterable, '__iter__', [], []], undefined, 'bare');
  let fastest = performance.now() - sent;
  try {
    for (let count = chunk; ;) {
      sent = performance.now();
      const items = await host.request(Handler.buffiter, [iterator, Math.floor(count)]);
      const taken = performance.now() - sent;
      fastest = Math.min(fastest, taken);
      if (!Array.isArray(items)) throw new ProtocolError('The peer gave no tuple of items');
      if (items.length === 0) return;
      yield* items;
      const wanted = factor === undefined ? nextCount(count, taken - fastest) : count * factor;
      count = Math.min(Math.max(wanted, 1), maxChunk);
    }
  } finally {
    referenceOf(iterator)?.release();
  }
}

function localItems(value: unknown): Iterable<unknown> {
  if (typeof value === 'string') return value;
  if (typeof value === 'object' && value !== null && Symbol.iterator in value) {
    return value as Iterable<unknown>;
  }
  throw new TypeError('The value is not iterable');
}
