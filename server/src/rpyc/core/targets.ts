/*
 * The objects that requests are for, in dialect A: there the first argument of a handler is the plain number of an
 * object of the receiver's, where later dialects have a boxed reference. After the `oid` parameters of the handlers in
 * rpyc/core/protocol.py of 3.x.
 */

import { hasTarget } from './dialectEvidence';
import type { Dialect } from './dialect';
import { PythonError } from './errors';
import { type BrineValue } from './pyTypes';
import { referenceOf, type ReferenceHost } from './reference';
import { isInteger } from './references';
import type { LocalRefs } from './refs';

/**
 * The arguments of a request of ours, with the number of the target in its place.
 *
 * @throws TypeError where the target is no object of this peer's
 */
export function withPlainTarget(
  handler: number,
  args: readonly unknown[],
  host: ReferenceHost,
): readonly unknown[] {
  if (!hasTarget(handler) || args.length === 0) return args;
  const [target, ...others] = args;
  const reference = referenceOf(target);
  if (reference?.host === host) {
    reference.assertLive();
    return [reference.target.echo, ...others];
  }
  if (isInteger(target as BrineValue)) return args;
  throw new TypeError(
    'A peer of rpyc 3.x works on objects of its own only, not on values or objects of ours',
  );
}

/**
 * The arguments of a request of the peer's, with the object in the place of its number.
 *
 * @throws PythonError KeyError where the peer holds no such object; ProtocolError where it is no number
 */
export function withTargetObject(
  handler: BrineValue,
  args: readonly unknown[],
  dialect: Dialect,
  refs: LocalRefs,
): readonly unknown[] {
  if (!hasTarget(handler) || args.length === 0) return args;
  const [key, ...others] = args as readonly [BrineValue, ...unknown[]];
  const isKey = isInteger(key) || typeof key === 'string' || key instanceof Uint8Array;
  const object = isKey ? refs.get(dialect.keyOf(key)) : undefined;
  if (object === undefined) throw new PythonError('KeyError', [isKey ? key : null]);
  return [object, ...others];
}
