/*
 * Value to label and payload, and back: `_box` and `_unbox` of rpyc/core/protocol.py. Differs on purpose: a proxy of
 * another connection gets a local id of its own, and what was registered is taken back when boxing fails half-way.
 */

import { isThenable } from '../lib/deferred';
import { dumpable } from './brine';
import { Label } from './consts';
import type { Dialect } from './dialect';
import { ErrorCode, ProtocolError, PythonError } from './errors';
import type { BrineValue } from './pyTypes';
import { referenceOf, type ReferenceHost } from './reference';
import type { Reference } from './references';
import type { LocalRefs } from './refs';

/** A label and its payload. */
export type Boxed = readonly [label: Label, payload: BrineValue];

/** What was boxed, and the objects that were registered for it: to be released should it never be sent. */
export interface BoxResult {
  readonly boxed: Boxed;
  readonly registered: readonly object[];
}

export interface BoxingHost {
  readonly dialect: Dialect;
  readonly refs: LocalRefs;
  /** The owner of those references that go back to this peer. */
  readonly referenceHost: ReferenceHost;
}

/** Deeper than any value that a peer accepts; a cyclic array gets there too. */
const MAX_ARRAY_DEPTH = 200;

/**
 * Boxes `value` for the peer, registering the objects in it.
 *
 * @throws TypeError for what cannot be sent: a cyclic or sparse array, a symbol, a promise or path not awaited
 * @throws ReleasedError for a netref that was released
 */
export function box(value: unknown, host: BoxingHost): BoxResult {
  const registered: object[] = [];
  try {
    return { boxed: boxAny(value, host, registered, 0), registered };
  } catch (error) {
    unregister(registered, host.refs);
    throw error;
  }
}

/** Takes back the references that `box` counted for a message that is not sent. */
export function unregister(registered: readonly object[], refs: LocalRefs): void {
  for (const object of registered) refs.release(object, 1);
}

function boxAny(value: unknown, host: BoxingHost, registered: object[], depth: number): Boxed {
  if (Array.isArray(value)) return boxArray(value, host, registered, depth);
  if (dumpable(value)) return [Label.value, value];
  const reference = referenceOf(value);
  if (reference?.host === host.referenceHost) {
    reference.assertLive();
    return [Label.localRef, reference.target.echo];
  }
  if (typeof value !== 'object' && typeof value !== 'function') {
    throw new TypeError(`A ${typeof value} cannot be sent to a peer`);
  }
  if (isThenable(value)) {
    throw new TypeError('A promise or path cannot be sent to a peer: await it first');
  }
  // Not null: that is dumpable.
  const object = value;
  const { pack } = host.refs.add(object, host.dialect);
  registered.push(object);
  return [Label.remoteRef, pack];
}

function boxArray(array: readonly unknown[], host: BoxingHost, registered: object[], depth: number): Boxed {
  if (depth >= MAX_ARRAY_DEPTH) throw new TypeError('A cyclic or very deep array cannot be sent to a peer');
  const items: Boxed[] = [];
  let isPlain = true;
  for (let index = 0; index < array.length; index++) {
    if (!(index in array)) throw new TypeError('A sparse array cannot be sent to a peer');
    const item = boxAny(array[index], host, registered, depth + 1);
    isPlain &&= item[0] === Label.value;
    items.push(item);
  }
  if (isPlain) return [Label.value, items.map(([, payload]) => payload)];
  return [Label.tuple, items];
}

export interface UnboxingHost {
  readonly dialect: Dialect;
  readonly refs: LocalRefs;
  /** Takes a reference that the peer counted for us: makes or finds what stands for it here. */
  acquire(reference: Reference): unknown;
}

/**
 * Reads a boxed value. Every REMOTE_REF in it is acquired, in order, also where an error is thrown in the end.
 *
 * @throws ProtocolError where the peer sent no boxed value
 * @throws PythonError KeyError where the peer names an object that it does not hold
 */
export function unbox(boxed: BrineValue, host: UnboxingHost): unknown {
  const failures: PythonError[] = [];
  const value = unboxAny(boxed, host, failures);
  if (failures[0] !== undefined) throw failures[0];
  return value;
}

function unboxAny(boxed: BrineValue, host: UnboxingHost, failures: PythonError[]): unknown {
  if (!Array.isArray(boxed) || boxed.length !== 2) throw malformed();
  const [label, payload] = boxed as readonly BrineValue[];
  switch (label) {
    case Label.value:
      return payload;
    case Label.tuple:
      if (!Array.isArray(payload)) throw malformed();
      return (payload as readonly BrineValue[]).map((item) => unboxAny(item, host, failures));
    case Label.localRef: {
      const object = host.refs.get(host.dialect.keyOf(payload));
      if (object === undefined) failures.push(new PythonError('KeyError', [payload]));
      return object;
    }
    case Label.remoteRef:
      return host.acquire(reasonable(host.dialect.parseReference(payload)));
    default:
      failures.push(new PythonError('ValueError', ['invalid label']));
      return undefined;
  }
}

/** Names and ids of a reference together: they are kept as long as the object is held. */
const LONGEST_REFERENCE = 2000;

function reasonable(reference: Reference): Reference {
  const length = reference.key.length + reference.typeName.length + reference.module.length;
  if (length <= LONGEST_REFERENCE) return reference;
  throw new ProtocolError(
    `The peer sent a reference of ${length} characters, more than ${LONGEST_REFERENCE}`,
    ErrorCode.limit,
  );
}

function malformed(): ProtocolError {
  return new ProtocolError('The peer sent a value without a label');
}
