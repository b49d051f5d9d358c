/*
 * Iterating over a remote object in chunks, after `buffiter` of rpyc/utils/helpers.py.
 */

import { Handler } from './consts';
import { ProtocolError } from './errors';
import { referenceOf } from './reference';

export interface ChunkOptions {
  /** Items of the first chunk. */
  readonly chunk?: number | undefined;
  /** Items of the largest chunk. */
  readonly maxChunk?: number | undefined;
  /** How fast chunks grow. */
  readonly factor?: number | undefined;
}

/**
 * Iterates over what `get` gives. The remote iterator is released at the end, also at an early one.
 *
 * @throws RemoteError where the object is not iterable or its iterator raises; the items of that chunk are lost
 */
export async function* iterate(
  get: () => Promise<unknown>,
  { chunk = 10, maxChunk = 1000, factor = 2 }: ChunkOptions = {},
): AsyncGenerator<unknown, void, undefined> {
  const iterable = await get();
  const host = referenceOf(iterable)?.host;
  if (host === undefined) {
    yield* localItems(iterable);
    return;
  }
  // Without an iterator of its own, a list would start again with each chunk.
  const iterator = await host.request(Handler.callattr, [iterable, '__iter__', [], []], undefined, 'bare');
  try {
    for (let count = chunk; ; count = Math.min(Math.max(count * factor, 1), maxChunk)) {
      const items = await host.request(Handler.buffiter, [iterator, Math.floor(count)]);
      if (!Array.isArray(items)) throw new ProtocolError('The peer gave no tuple of items');
      if (items.length === 0) return;
      yield* items;
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
