/*
 * How a JavaScript object looks to a peer: its type's name, its attributes, its texts. The one place where a name that
 * a peer sent meets an object, always by own properties and explicit maps. Upstream needs none of it: Python objects
 * are what they are.
 */

import { inspect, types } from 'node:util';

import { DEFAULT_CONFIG } from './config';
import { PythonError } from './errors';
import { referenceOf } from './reference';
import type { LocalType } from './refs';
import { isIterator, type SpecialMethod, specialMethodsOf } from './specialMethods';

/** No Python module has this name, so no peer takes our objects for instances of a class of its own. */
const MODULE = '__javascript__';

/** What a peer may see of an object that knows better than its properties do, such as a service. */
export interface Exposed {
  readonly exposedNames: readonly string[];
  /** The attribute, or undefined where there is none. */
  exposedMember(name: string): { readonly value: unknown } | undefined;
  readonly exposedText: string;
  /** What INSPECT tells: names of methods with their documentation. Nothing, where it is left out. */
  readonly inspectedMethods?: readonly (readonly [string, string | null])[];
}

/** Objects that answer for themselves have a method of this name. */
export const exposure: unique symbol = Symbol('rpyc exposure');

interface SelfExposed {
  [exposure](): Exposed;
}

function isSelfExposed(object: object): object is SelfExposed {
  return exposure in object;
}

/** By the object: the names of members that the `exposed` decorator was put on, as a policy sees them, and their own. */
const marked = new WeakMap<object, Map<string, string>>();

/** Lets a peer see a member as if the exposed prefix were in its name. */
export function markExposed(object: object, name: string, prefix: string): void {
  const names = marked.get(object) ?? new Map<string, string>();
  marked.set(object, names.set(prefix + name, name));
}

/** The names under which decorated members are seen. */
export function markedNames(object: object): readonly string[] {
  return [...(marked.get(object)?.keys() ?? [])];
}

/** The own name of the member that is seen under `name`. */
export function ownName(object: object, name: string): string {
  return marked.get(object)?.get(name) ?? name;
}

/** Methods by which an object's class takes the place of the policy, as in Python. */
export type OverrideName = '_rpyc_getattr' | '_rpyc_setattr' | '_rpyc_delattr';

/** The override that the class of an object has, bound to it. A peer never reaches it by its name. */
export function overrideOf(object: object, name: OverrideName): SpecialMethod | undefined {
  if (typeof object === 'function') return undefined;
  const method = (object as Partial<Record<OverrideName, unknown>>)[name];
  // What is the object's own is data, and may have come from anywhere.
  if (typeof method !== 'function' || Object.hasOwn(object, name)) return undefined;
  return (...args) => Reflect.apply(method, object, args) as unknown;
}

/** The class name that a peer is told. Names of Python's builtin types save the peer an INSPECT. */
export function localTypeOf(object: object): LocalType {
  const foreign = referenceOf(object);
  if (foreign !== undefined) {
    const { module, typeName, isClass } = foreign.target;
    return isClass ? { module: 'builtins', typeName: 'type' } : { module, typeName };
  }
  if (typeof object === 'function') return { module: 'builtins', typeName: 'function' };
  if (isIterator(object)) return { module: 'builtins', typeName: 'generator' };
  return { module: MODULE, typeName: className(object) };
}

function className(object: object): string {
  const prototype: unknown = Object.getPrototypeOf(object);
  const constructor: unknown =
    typeof prototype === 'object' && prototype !== null
      ? Object.getOwnPropertyDescriptor(prototype, 'constructor')?.value
      : undefined;
  const name = typeof constructor === 'function' ? constructor.name : '';
  return /^[A-Za-z_]\w*$/.test(name) ? name : 'Object';
}

/** Whether the object has an attribute that a policy may allow a peer to read. */
export function hasMember(object: object, name: string): boolean {
  return findMember(object, name) !== undefined;
}

/**
 * Reads an attribute that the policy has allowed. Methods come bound to their object.
 *
 * @throws PythonError AttributeError where there is none
 */
export function getMember(object: object, name: string): unknown {
  const member = findMember(object, name);
  if (member === undefined) throw noAttribute(object, name);
  return member.read();
}

/**
 * Objects that answer for themselves refuse every change, whatever the policy says, as upstream's services do.
 *
 * @throws PythonError AttributeError
 */
export function assertChangeable(object: object): void {
  if (isSelfExposed(object)) throw new PythonError('AttributeError', ['access denied']);
}

/**
 * Sets an own property of a plain object or instance.
 *
 * @throws PythonError AttributeError where the object cannot have it
 */
export function setMember(object: object, name: string, value: unknown): void {
  assertChangeable(object);
  const own = ownName(object, name);
  if (!isOwnName(own) || !Reflect.set(object, own, value)) throw noAttribute(object, name);
}

/** @throws PythonError AttributeError where there is none, or it has to stay */
export function deleteMember(object: object, name: string): void {
  assertChangeable(object);
  const isThere = isOwnName(name) && Object.hasOwn(object, name);
  if (!isThere || !Reflect.deleteProperty(object, name)) throw noAttribute(object, name);
}

/** All attributes by name, whatever the policy says about them. */
export function memberNames(object: object): readonly string[] {
  if (isSelfExposed(object)) return object[exposure]().exposedNames;
  const names = new Set<string>([...specialMethodsOf(object).keys(), ...markedNames(object)]);
  for (const holder of holders(object)) {
    for (const name of Object.getOwnPropertyNames(holder)) {
      if (isVisible(object, holder, name)) names.add(name);
    }
  }
  return [...names];
}

/** All that Python 2, to whom the name of our type says nothing, has to know of a function. */
const FUNCTION_METHODS = [['__call__', null]] as const;

/**
 * Names and docstrings of the methods, as INSPECT tells them: for one of JavaScript's own kinds of objects the special
 * methods, which a Python proxy needs to know beforehand, and else what its class defines. No getter is run.
 */
export function inspectedMethods(object: object): readonly (readonly [string, string | null])[] {
  if (isSelfExposed(object)) return object[exposure]().inspectedMethods ?? [];
  if (typeof object === 'function') return FUNCTION_METHODS;
  // Python 2 steps through an iterator by a name without underscores.
  const special = [...specialMethodsOf(object).keys()].filter(
    (name) => name.startsWith('__') || name === 'next',
  );
  const names = special.length > 0 ? special : memberNames(object).filter((name) => isMethod(object, name));
  return names.map((name) => [name, null] as const);
}

function isMethod(object: object, name: string): boolean {
  const holder = holders(object).find((candidate) => Object.hasOwn(candidate, name));
  return holder !== undefined && holder !== object && hasMethod(holder, name);
}

/** Whether an object has a method of its own by this name, found without running a getter. */
export function hasMethod(holder: object, name: string): boolean {
  const value: unknown = Object.getOwnPropertyDescriptor(holder, name)?.value;
  return typeof value === 'function' && !isClass(value);
}

/** The text that `str` and `repr` give a peer. Nothing of the object's own is called. */
export function textOf(object: object): string {
  if (isSelfExposed(object)) return object[exposure]().exposedText;
  if (typeof object === 'function') return `<function ${object.name === '' ? '<lambda>' : object.name}>`;
  if (types.isNativeError(object)) return `${object.name}: ${object.message}`;
  const isData = Array.isArray(object) || types.isMap(object) || types.isSet(object) || types.isDate(object);
  if (!isData) return `<${MODULE}.${className(object)} object>`;
  return inspect(object, { customInspect: false, depth: 2, maxArrayLength: 100, maxStringLength: 1000 });
}

interface Member {
  read(): unknown;
}

/** Names that lead out of an object into the machinery of JavaScript. */
const RESERVED: ReadonlySet<string> = new Set(['constructor', 'prototype']);

function isOwnName(name: string): boolean {
  return !name.startsWith('_') && !RESERVED.has(name);
}

/** Special methods of Python that a class may define by their names, such as `__enter__`; `__proto__` is none. */
function isSpecialName(name: string): boolean {
  return name === '__call__' || (name.startsWith('__') && DEFAULT_CONFIG.safe_attrs.has(name));
}

function findMember(object: object, name: string): Member | undefined {
  if (isSelfExposed(object)) {
    const member = object[exposure]().exposedMember(name);
    return member && { read: () => member.value };
  }
  const special = specialMethodsOf(object).get(name);
  if (special !== undefined) return { read: () => special };
  const own = ownName(object, name);
  for (const holder of holders(object)) {
    if (!isVisible(object, holder, own)) continue;
    return { read: () => bind(Reflect.get(object, own), object) };
  }
  return undefined;
}

/** The object itself and its classes, without what every object or function inherits. */
function holders(object: object): object[] {
  const found: object[] = [object];
  if (typeof object === 'function') return found;
  for (let holder = parentOf(object); holder !== null; holder = parentOf(holder)) {
    // The root of all objects, of this realm or of another.
    if (parentOf(holder) === null) break;
    found.push(holder);
  }
  return found;
}

function parentOf(object: object): object | null {
  return Object.getPrototypeOf(object) as object | null;
}

/** Own enumerable properties, what the object's classes define, and static methods. */
function isVisible(object: object, holder: object, name: string): boolean {
  if (!isOwnName(name)) return holder !== object && isSpecialName(name) && hasMethod(holder, name);
  const property = Object.getOwnPropertyDescriptor(holder, name);
  if (property === undefined) return false;
  if (holder !== object || property.enumerable === true) return true;
  return typeof property.value === 'function' && isNamespace(object);
}

/** A class, or one of JavaScript's own collections of functions, such as `Math`. */
function isNamespace(object: object): boolean {
  return typeof object === 'function' || Object.hasOwn(object, Symbol.toStringTag);
}

/** Methods bound to their object; anything else as it is. */
export function bind(value: unknown, object: object): unknown {
  if (typeof value !== 'function' || isClass(value)) return value;
  const method = value as SpecialMethod;
  return (...args: readonly unknown[]) => Reflect.apply(method, object, args);
}

/** A class, or one of JavaScript's own constructors: those have a prototype that cannot be replaced. */
export function isClass(value: unknown): value is new (...args: readonly unknown[]) => object {
  return (
    typeof value === 'function' && Object.getOwnPropertyDescriptor(value, 'prototype')?.writable === false
  );
}

function noAttribute(object: object, name: string): PythonError {
  return new PythonError('AttributeError', [
    `'${localTypeOf(object).typeName}' object has no attribute '${name}'`,
  ]);
}
