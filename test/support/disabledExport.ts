/** Takes a function, class or member of the library away while a test runs, to see whether the test notices. */
import path from 'node:path';

import * as door from '../../server/src/rpyc/index';

/** Where the compiled library lies; its modules are found in Node's own cache. */
const LIBRARY = path.dirname(require.resolve('../../server/src/rpyc/index'));

/** Names what is taken away, for programs that a test starts: see `disableHere`. */
export const DISABLED_ENTRY = 'RPYC_DISABLED_ENTRY';

type Holder = Record<PropertyKey, unknown>;
type Class = new (...args: unknown[]) => object;

/** Methods that are there to be overridden: they are taken away from every object, whatever its class makes of them. */
const HOOKS: ReadonlySet<string> = new Set(['Service.onConnect', 'Service.onDisconnect']);

/** Puts back what was taken away. */
export type Restore = () => void;

/**
 * Replaces what the door calls `name` by something that does nothing: a function by one that gives undefined, a class by
 * an empty one, a member of a class by either.
 *
 * @param name as in `connect`, `classic.upload`, `Connection.close`, `SocketStream.connect`
 * @throws where the door has no such name
 */
export function disable(name: string): Restore {
  const parts = name.split('.');
  const member = parts.pop() ?? '';
  let holder: unknown = door;
  for (const part of parts) holder = (holder as Holder)[part];
  if (holder === undefined) throw new Error(`The library has no ${parts.join('.')}`);
  return typeof holder === 'function'
    ? disableMember(holder as Class, member)
    : disableExport((holder as Holder)[member], name);
}

/** Takes away in a process that a test has started what is taken away in the test. */
export function disableHere(): Restore {
  const name = process.env[DISABLED_ENTRY];
  return name === undefined ? () => undefined : disable(name);
}

function disableExport(value: unknown, name: string): Restore {
  if (value === undefined) throw new Error(`The library has no ${name}`);
  const { exports, key } = definition(value, name);
  exports[key] = nothing(value);
  return () => {
    exports[key] = value;
  };
}

/** The module that defines it: all others read it from there each time that they use it. */
function definition(value: unknown, name: string): { readonly exports: Holder; readonly key: string } {
  const key = name.split('.').at(-1) ?? '';
  for (const module of Object.values(require.cache)) {
    // Not every entry is a module that was loaded from a file.
    const file: unknown = module?.filename;
    if (module === undefined || typeof file !== 'string' || !file.startsWith(LIBRARY)) continue;
    const exports = module.exports as Holder;
    const property = Object.getOwnPropertyDescriptor(exports, key);
    if (property?.writable === true && property.value === value) return { exports, key };
  }
  throw new Error(`No module of the library defines ${name}`);
}

function disableMember(owner: Class, member: string): Restore {
  const prototype = owner.prototype as Holder;
  if (HOOKS.has(`${owner.name}.${member}`)) return disableField(owner, member);
  const target = member in prototype ? prototype : member in owner ? (owner as unknown as Holder) : undefined;
  if (target === undefined) return disableField(owner, member);
  const own = Object.getOwnPropertyDescriptor(target, member);
  const found = own ?? inherited(target, member);
  const replacement =
    found !== undefined && 'value' in found
      ? { ...found, value: nothing(found.value), configurable: true }
      : { get: () => undefined, configurable: true };
  Object.defineProperty(target, member, replacement);
  return () => {
    if (own === undefined) Reflect.deleteProperty(target, member);
    else Object.defineProperty(target, member, own);
  };
}

function inherited(target: object, member: string): PropertyDescriptor | undefined {
  for (
    let holder: unknown = target;
    holder !== null && holder !== undefined;
    holder = Object.getPrototypeOf(holder)
  ) {
    const found = Object.getOwnPropertyDescriptor(holder, member);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** A field is each object's own: objects that are made meanwhile are without it. */
function disableField(owner: Class, member: string): Restore {
  const { exports, key } = definition(owner, owner.name);
  exports[key] = class extends owner {
    constructor(...args: unknown[]) {
      super(...args);
      if (!(member in this)) throw new Error(`The library has no ${owner.name}.${member}`);
      Object.defineProperty(this, member, { value: nothing(Reflect.get(this, member)) });
    }
  };
  return () => {
    exports[key] = owner;
  };
}

function nothing(value: unknown): unknown {
  if (typeof value !== 'function') return undefined;
  // What is called with `new` gives an object without anything; functions give undefined.
  return function (): void {};
}
