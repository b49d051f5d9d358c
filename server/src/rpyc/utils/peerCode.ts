/*
 * Small pieces of Python that run on a classic peer for the utilities of this folder. Upstream needs fewer of them, since
 * its client speaks the server's language. All of them run on Python 2.7 and later.
 */

import { callattr } from '../core/builtins';
import { Handler } from '../core/consts';
import { AttributeError, RemoteError } from '../core/errors';
import type { Netref } from '../core/netref';
import type { ReferenceHost } from '../core/reference';

/** Each piece is loaded once per connection, and held as long as that lives. */
const loaded = new WeakMap<ReferenceHost, Map<string, Promise<Netref>>>();

/**
 * What the Python source calls `main`. The source is ASCII; it runs in a namespace of its own and leaves no name on the
 * peer.
 *
 * @throws AttributeError where the peer serves no classic mode in Python
 */
export function peerCode(host: ReferenceHost, source: string): Promise<Netref> {
  let pieces = loaded.get(host);
  if (pieces === undefined) loaded.set(host, (pieces = new Map<string, Promise<Netref>>()));
  let piece = pieces.get(source);
  if (piece === undefined) {
    const known = pieces;
    piece = load(host, source);
    pieces.set(source, piece);
    piece.catch(() => known.delete(source));
  }
  return piece;
}

async function load(host: ReferenceHost, source: string): Promise<Netref> {
  const root = (await host.request(Handler.getroot, [])) as Netref;
  // `eval` of compiled statements works in Python 2 too, where `exec` is no function. JSON's text is a literal of Python's.
  const expression =
    `(lambda space: (eval(compile(${JSON.stringify(source)}, '<rpyc utilities>', 'exec'), space), space['main'])[1])` +
    `({'__name__': 'rpyc_utilities'})`;
  try {
    return (await callattr(root, 'eval', [expression])) as Netref;
  } catch (error) {
    const isStrange = error instanceof RemoteError && /^(AttributeError|SyntaxError)$/.test(error.typeName);
    if (!isStrange) throw error;
    throw new AttributeError('The peer serves no classic mode in Python, which this needs', { cause: error });
  }
}
