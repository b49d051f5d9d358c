/*
 * `restricted` of rpyc/utils/helpers.py: an object of which a peer sees some attributes only. Differs on purpose: on this
 * side the view has no attributes at all, since whoever made it has the object itself.
 */

import { callattr, getattr, isNetref } from '../core/builtins';
import { PythonError } from '../core/errors';
import { type Exposed, exposure, getMember, setMember } from '../core/exposure';

/** A view that `restricted` made. */
export interface Restricted {
  _rpyc_getattr(name: string): unknown;
  _rpyc_setattr(name: string, value: unknown): unknown;
}

/**
 * A view of an object for a peer, which may use the named attributes only, whatever the policy of the connection says.
 * Upstream: `rpyc.utils.helpers.restricted`.
 *
 * @param object any object, also one of another peer
 * @param attrs the attributes that can be read, and called where they are methods
 * @param wattrs those that can be set; the same by default, and none for `[]`
 */
export function restricted(
  object: object,
  attrs: Iterable<string>,
  wattrs: Iterable<string> = attrs,
): Restricted {
  const readable = new Set(attrs);
  return new RestrictedView(object, readable, wattrs === attrs ? readable : new Set(wattrs));
}

class RestrictedView implements Restricted {
  readonly #object: object;
  readonly #readable: ReadonlySet<string>;
  readonly #writable: ReadonlySet<string>;

  constructor(object: object, readable: ReadonlySet<string>, writable: ReadonlySet<string>) {
    this.#object = object;
    this.#readable = readable;
    this.#writable = writable;
  }

  _rpyc_getattr(name: string): unknown {
    if (!this.#readable.has(name)) throw new PythonError('AttributeError', [name]);
    return isNetref(this.#object) ? getattr(this.#object, name) : getMember(this.#object, name);
  }

  _rpyc_setattr(name: string, value: unknown): unknown {
    if (!this.#writable.has(name)) throw new PythonError('AttributeError', [name]);
    if (isNetref(this.#object)) return callattr(this.#object, '__setattr__', [name, value]);
    setMember(this.#object, name, value);
    return null;
  }

  [exposure](): Exposed {
    const names = [...this.#readable];
    return {
      exposedNames: names,
      exposedText: '<restricted object>',
      exposedMember: () => undefined,
      // Python looks special methods up on the class of its proxy.
      inspectedMethods: names.filter((name) => name.startsWith('__')).map((name) => [name, null]),
    };
  }
}
