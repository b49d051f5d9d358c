/*
 * The namespace of a JavaScript slave as its master uses it: by items, as Python's dictionary, and by attributes.
 */

import { PythonError } from '../core/errors';
import { type Exposed, exposure } from '../core/exposure';

type Method = (...args: readonly unknown[]) => unknown;

/** Variables of a context. The master may do whatever it likes with them. */
export class SlaveNamespace {
  readonly #variables: object;
  readonly #methods: ReadonlyMap<string, Method> = new Map<string, Method>([
    ['__getitem__', (name) => this.#get(name)],
    ['__setitem__', (name, value) => this.#set(name, value)],
    ['__delitem__', (name) => this.#delete(name)],
    ['__contains__', (name) => this.#has(name)],
    ['__len__', () => Object.keys(this.#variables).length],
    ['__iter__', () => Object.keys(this.#variables).values()],
    ['keys', () => Object.keys(this.#variables).values()],
    ['get', (name, otherwise = null) => (this.#has(name) ? this.#get(name) : otherwise)],
  ]);

  constructor(variables: object) {
    this.#variables = variables;
  }

  _rpyc_getattr(name: string): unknown {
    if (this.#has(name)) return this.#get(name);
    const method = this.#methods.get(name);
    if (method === undefined) throw new PythonError('AttributeError', [`no variable '${name}'`]);
    return method;
  }

  _rpyc_setattr(name: string, value: unknown): void {
    this.#set(name, value);
  }

  _rpyc_delattr(name: string): void {
    this.#delete(name);
  }

  [exposure](): Exposed {
    return {
      exposedNames: [...this.#methods.keys(), ...Object.keys(this.#variables)],
      exposedText: '<namespace>',
      exposedMember: () => undefined,
      inspectedMethods: [...this.#methods.keys()].map((name) => [name, null]),
    };
  }

  #has(name: unknown): boolean {
    return typeof name === 'string' && Object.hasOwn(this.#variables, name);
  }

  #get(name: unknown): unknown {
    if (!this.#has(name)) throw new PythonError('KeyError', [String(name)]);
    return Reflect.get(this.#variables, name as string);
  }

  #set(name: unknown, value: unknown): null {
    if (typeof name !== 'string') throw new TypeError('Variables have names');
    const property = { value, writable: true, enumerable: true, configurable: true };
    Object.defineProperty(this.#variables, name, property);
    return null;
  }

  #delete(name: unknown): null {
    if (!this.#has(name)) throw new PythonError('KeyError', [String(name)]);
    Reflect.deleteProperty(this.#variables, name as string);
    return null;
  }
}
