/*
 * Helpers around netrefs, after rpyc/utils/helpers.py.
 */

import { AsyncResult } from '../core/asyncResult';
import { type Remote } from '../core/builtins';
import { Handler } from '../core/consts';
import { iterate } from '../core/iteration';
import type { OverallLimit } from '../core/overallLimit';
import { isPath, resolvePaths, withTarget } from '../core/path';
import { Kwargs } from '../core/pyTypes';
import type { ReferenceHost, RequestOptions } from '../core/reference';

/**
 * Iterates over a remote object in chunks that grow from `chunk` to `maxChunk` by `factor`. Upstream: `rpyc.buffiter`.
 *
 * An item arrives with its whole chunk, and where the iterator raises, the items before it in that chunk are lost:
 * `buffiter(ref, 1, 1)` gives each item as soon as it is made and loses none. `for await (const item of ref)` begins with
 * one item too, and takes more at once as long as they come fast.
 *
 * @throws RangeError for sizes that cannot be
 */
export function buffiter(
  ref: Remote,
  chunk = 10,
  maxChunk = 1000,
  factor = 2,
): AsyncGenerator<unknown, void, undefined> {
  if (!(chunk >= 1) || !(maxChunk >= chunk))
    throw new RangeError('Chunks must grow from at least 1 to maxChunk');
  if (!(factor >= 1)) throw new RangeError('The factor must be at least 1');
  return iterate(async () => (isPath(ref) ? await ref : ref), { chunk, maxChunk, factor });
}

/** Calls that give an `AsyncResult` at once and have all the time that they want. Upstream: `rpyc.async_`. */
export function async_(ref: Remote): (...args: readonly unknown[]) => AsyncResult {
  return (...args) => new AsyncResult(callFor(ref, args, { timeoutSeconds: null }));
}

/**
 * Calls whose results expire. Upstream: `rpyc.timed`.
 *
 * @param seconds that each result has from its call on; then it rejects with AsyncResultTimeout `ERR_TIMEOUT`
 */
export function timed(ref: Remote, seconds: number): (...args: readonly unknown[]) => AsyncResult {
  return (...args) => {
    const result = async_(ref)(...args);
    result.setExpiry(seconds);
    return result;
  };
}

function callFor(ref: Remote, args: readonly unknown[], options: RequestOptions): Promise<unknown> {
  const last = args.at(-1);
  const named = last instanceof Kwargs ? last : undefined;
  const positional = named === undefined ? args : args.slice(0, -1);
  const send = async (host: ReferenceHost, target: unknown, limit: OverallLimit): Promise<unknown> => {
    const [all, pairs] = (await resolvePaths([positional, named?.entries() ?? []])) as readonly unknown[];
    return await host.request(Handler.call, [target, all, pairs], limit.left());
  };
  return withTarget(ref, send, options);
}

/**
 * Sends a request about a remote object, with it as the first argument, and waits for the reply.
 * Upstream: `rpyc.core.netref.syncreq`.
 *
 * @param handler one of `Handler`
 * @throws as `Connection.syncRequest`
 */
export async function syncreq(ref: Remote, handler: number, ...args: readonly unknown[]): Promise<unknown> {
  return await requestAbout(ref, handler, args, {});
}

/** As `syncreq`, with all the time that it wants. Upstream: `rpyc.core.netref.asyncreq`. */
export function asyncreq(ref: Remote, handler: number, ...args: readonly unknown[]): AsyncResult {
  return new AsyncResult(requestAbout(ref, handler, args, { timeoutSeconds: null }));
}

function requestAbout(
  ref: Remote,
  handler: number,
  args: readonly unknown[],
  options: RequestOptions,
): Promise<unknown> {
  return withTarget(ref, async (host, target) => {
    const ready = (await resolvePaths(args)) as readonly unknown[];
    return await host.request(handler, [target, ...ready], options);
  });
}
