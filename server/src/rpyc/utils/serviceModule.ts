/*
 * Services and authenticators by name, for processes and threads that a class cannot be handed to. Upstream has no such
 * thing: Python forks with all that it holds.
 */

import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

import { Service, type ServiceClass } from '../core/service';
import { classpartial } from './classPartial';
import type { Authenticator } from './serverOptions';

/** Names what a module exports. */
export interface ModuleExport {
  /** Path or name of the module, as `require` finds it from the working directory; a `file:` address works as well. */
  readonly module: string;
  /** The name of the export; `default` where it is left out. */
  readonly export?: string | undefined;
  /** What the constructor or function that is exported is given, copied to where it runs. */
  readonly options?: unknown;
}

/** Whether `value` names an export. */
export function isModuleExport(value: unknown): value is ModuleExport {
  return typeof value === 'object' && value !== null && 'module' in value && typeof value.module === 'string';
}

/**
 * Loads a service. Without options it is used as it is, class or object; with options a class is constructed, and any
 * other function called, with them.
 *
 * @throws TypeError where the export is no service; whatever loading it throws
 */
export async function loadService(name: ModuleExport): Promise<ServiceClass | Service> {
  const found = await loadExport(name);
  if (found instanceof Service) return found;
  if (isServiceClass(found))
    return name.options === undefined
      ? found
      : classpartial(found as new (options: unknown) => Service, name.options);
  const made: unknown =
    typeof found === 'function' ? await Promise.resolve(callExport(found, name.options)) : found;
  if (made instanceof Service || isServiceClass(made)) return made;
  throw new TypeError(`${describe(name)} is not a service of this library`);
}

/**
 * Loads an authenticator: a class or object with a method `authenticate`, a function that takes the socket, or, where
 * there are options, one that takes those and gives an authenticator.
 *
 * @throws TypeError where the export is none; whatever loading it throws
 */
export async function loadAuthenticator(name: ModuleExport): Promise<Authenticator> {
  const found = await loadExport(name);
  if (isAuthenticatorObject(found)) return found;
  if (typeof found === 'function') {
    const prototype: unknown = found.prototype;
    if (isAuthenticatorObject(prototype)) {
      return new (found as new (options: unknown) => { authenticate(): unknown })(name.options);
    }
    if (name.options === undefined) return found as Authenticator;
    const made = await Promise.resolve(callExport(found, name.options));
    if (typeof made === 'function' || isAuthenticatorObject(made)) return made as Authenticator;
  }
  throw new TypeError(`${describe(name)} is not an authenticator`);
}

async function loadExport(name: ModuleExport): Promise<unknown> {
  const { export: exported = 'default' } = name;
  const module = await loadModule(name.module);
  const members = typeof module === 'object' || typeof module === 'function' ? module : null;
  if (members !== null && Object.hasOwn(members, exported)) return Reflect.get(members, exported) as unknown;
  throw new TypeError(`Module ${name.module} has no export '${exported}'`);
}

async function loadModule(name: string): Promise<unknown> {
  const load = createRequire(join(process.cwd(), 'rpyc'));
  const file = load.resolve(name.startsWith('file:') ? fileURLToPath(name) : name);
  try {
    return load(file) as unknown;
  } catch (error) {
    const isModule = error instanceof Error && 'code' in error && error.code === 'ERR_REQUIRE_ESM';
    if (!isModule) throw error;
    // A bundler would put an import of its own in the place of Node's.
    return (await import(/* webpackIgnore: true */ pathToFileURL(file).href)) as unknown;
  }
}

function isServiceClass(value: unknown): value is ServiceClass {
  return typeof value === 'function' && value.prototype instanceof Service;
}

function callExport(found: object, options: unknown): unknown {
  return (found as (options: unknown) => unknown)(options);
}

function isAuthenticatorObject(
  value: unknown,
): value is Exclude<Authenticator, (...args: never[]) => unknown> {
  const isObject = typeof value === 'object' && value !== null;
  return isObject && 'authenticate' in value && typeof value.authenticate === 'function';
}

function describe({ module, export: exported = 'default' }: ModuleExport): string {
  return `Export '${exported}' of module ${module}`;
}
