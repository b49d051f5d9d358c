/*
 * What a request of a peer's tells about its dialect, for a side that was not told. A, B and C begin alike: only the
 * way in which a request names the object that it is for is different in each. Upstream has no such file: its versions
 * do not negotiate.
 */

import { Handler, Label } from './consts';
import { type Dialect, dialectOf, refineByReference } from './dialect';
import type { BrineValue } from './pyTypes';
import { eitherReferences, isInteger } from './references';

/** Handlers that are for no object. */
const NO_TARGET: ReadonlySet<BrineValue> = new Set([Handler.ping, Handler.close, Handler.getroot]);

/** Whether a handler's first argument is the object that it is for; INSPECT has a key there, by value in all dialects. */
export function hasTarget(handler: BrineValue): boolean {
  return !NO_TARGET.has(handler) && handler !== Handler.inspect;
}

/**
 * What is known after a request.
 *
 * @param known a guess: see `guessFor`
 * @param holds whether the peer holds an object of ours under that key
 */
export function refineByRequest(
  known: Dialect,
  handler: BrineValue,
  boxedArgs: BrineValue,
  holds: (key: string) => boolean,
): Dialect {
  if (NO_TARGET.has(handler)) return known;
  const first = firstArgument(boxedArgs);
  if (first === undefined) return known;
  const { label, payload } = first;
  const isPack = Array.isArray(payload);
  if (handler === Handler.inspect) {
    return label === Label.value ? refineByReference(known, !isPack) : known;
  }
  if (label === Label.localRef) return isPack ? refineByReference(known, false) : dialectOf('B');
  // Any value may be a target from 4.0 on, but none that is the number of an object of ours.
  const isKey =
    label === Label.value &&
    (isInteger(payload) || typeof payload === 'string' || payload instanceof Uint8Array);
  return isKey && holds(eitherReferences.keyOf(payload)) ? dialectOf('A') : known;
}

interface FirstArgument {
  readonly label: BrineValue;
  readonly payload: BrineValue;
}

/** What is malformed here is reported by whoever unboxes it. */
function firstArgument(boxedArgs: BrineValue): FirstArgument | undefined {
  const [label, args] = asTuple(boxedArgs);
  const [first] = asTuple(args);
  if (first === undefined) return undefined;
  if (label === Label.value) return { label, payload: first };
  if (label !== Label.tuple) return undefined;
  const [itemLabel, payload] = asTuple(first);
  return itemLabel === undefined || payload === undefined ? undefined : { label: itemLabel, payload };
}

function asTuple(value: BrineValue): readonly BrineValue[] {
  return Array.isArray(value) ? (value as readonly BrineValue[]) : [];
}
