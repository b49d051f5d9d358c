/** Names that a hostile peer asks for: ways out of an object in JavaScript or Python, and names that are hard to hold. */

/** What every JavaScript object or function has, whoever made it. */
export const JAVASCRIPT_NAMES = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'toLocaleString',
  'valueOf',
  'hasOwnProperty',
  'isPrototypeOf',
  'propertyIsEnumerable',
  'then',
  'catch',
  'toJSON',
  '__defineGetter__',
  '__defineSetter__',
  '__lookupGetter__',
  'caller',
  'callee',
  'arguments',
  'call',
  'apply',
  'bind',
  'Symbol(Symbol.iterator)',
] as const;

/** What opens a Python object: CVE-2019-16328 went through the first four of them. */
export const PYTHON_NAMES = [
  '__getattribute__',
  '__setattr__',
  '__reduce_ex__',
  '__class__',
  '__reduce__',
  '__subclasses__',
  '__globals__',
  '__builtins__',
  '__dict__',
  '__init__',
  '__mro__',
  '__import__',
  '__array__',
  '_rpyc_getattr',
  '____conn__',
] as const;

/** What our own services and connections have, and keep to themselves. */
export const OWN_NAMES = [
  'onConnect',
  'onDisconnect',
  'createConnection',
  'configure',
  'config',
  'aliases',
  'exposed_',
  'exposed_constructor',
  'exposed___proto__',
  'exposed_toString',
  'exposed_onConnect',
] as const;

/** Names that are hard to hold, show or compare. */
export const ODD_NAMES = [
  '',
  ' ',
  '0',
  'a.b',
  '\u0000',
  '\u001b[2J',
  '\u202eevil',
  '../../etc/passwd',
  'é'.normalize('NFD'),
  'x'.repeat(70_000),
] as const;

export const HOSTILE_NAMES: readonly string[] = [...JAVASCRIPT_NAMES, ...PYTHON_NAMES, ...OWN_NAMES];
