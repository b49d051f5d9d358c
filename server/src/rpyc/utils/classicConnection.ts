/*
 * The shortcuts that a master has on a connection to a slave: `modules`, `builtins`, `eval`, `execute`, `namespace` of
 * rpyc/core/service.py (MasterService and ModuleNamespace). Differs on purpose: nothing is fetched before it is used.
 */

import { inspect } from 'node:util';

import { callattr } from '../core/builtins';
import { RemoteError } from '../core/errors';
import { Connection } from '../core/protocol';
import type { Netref } from '../core/netref';
import { createPath, localMember, type Path } from '../core/path';
import type { RequestOptions } from '../core/reference';
import { nameText } from '../core/references';
import { teleportFunction } from './teleport';

/** Python that gives the version of the peer's rpyc, and imports nothing that is not there already. */
const VERSION = "__import__('rpyc.version', None, None, ['*']).version_string";

/** The peer's modules by name: `modules.sys`, `modules['xml.dom.minidom']`. Each is imported when it is first used. */
export interface ModuleNamespace {
  readonly [name: string]: Path;
}

/** A connection to a peer that serves classic mode. */
export class ClassicConnection extends Connection {
  readonly #modules = new Map<string, Promise<unknown>>();
  #version: string | undefined;

  /** The peer's modules, by their names. */
  readonly modules: ModuleNamespace = createModuleNamespace((name) => this.getmodule(name));

  /** The module of Python's builtin functions. */
  get builtins(): Path {
    return createPath({
      host: this.referenceHost,
      get: async () => {
        // The root tells which Python it is.
        await this.fetchRoot();
        return await this.#importModule(this.peerPython === 2 ? '__builtin__' : 'builtins');
      },
      text: 'builtins',
    });
  }

  /** `builtins` by its older name, which RPyC's documentation still has. */
  get builtin(): Path {
    return this.builtins;
  }

  /** The dictionary in which `eval` and `execute` work. */
  get namespace(): Path {
    return this.root['namespace'] as Path;
  }

  /** Evaluates a Python expression in the namespace. */
  eval<T = unknown>(text: string): Path<T> {
    return (this.root['eval'] as Path)<T>(text);
  }

  /** Executes Python statements in the namespace. */
  execute(text: string): Path<null> {
    return (this.root['execute'] as Path)<null>(text);
  }

  /** `classic.teleportFunction` for this connection. */
  teleport(source: string, name?: string): Promise<Netref> {
    return teleportFunction(this, source, name);
  }

  /** A module of the peer, imported when it is first needed. */
  getmodule(name: string): Path {
    return createPath({
      host: this.referenceHost,
      get: () => this.#importModule(name),
      text: `modules.${name}`,
    });
  }

  override get remoteVersion(): string | undefined {
    return super.remoteVersion ?? this.#version;
  }

  /** As `Connection.fetchRemoteVersion`; a peer of 4.1.0 or before, whose exceptions tell nothing, is asked in Python. */
  override async fetchRemoteVersion(options?: RequestOptions): Promise<string | undefined> {
    const told = await super.fetchRemoteVersion(options);
    if (told !== undefined) return told;
    try {
      const version = await callattr(this.root, 'eval', [VERSION], undefined, options);
      if (typeof version === 'string' || version instanceof Uint8Array) this.#version = nameText(version);
    } catch (error) {
      // A peer without `eval`, or without a module of that name.
      if (!(error instanceof RemoteError)) throw error;
    }
    return this.remoteVersion;
  }

  #importModule(name: string): Promise<unknown> {
    let module = this.#modules.get(name);
    if (module === undefined) {
      module = this.#requestModule(name);
      this.#modules.set(name, module);
      module.catch(() => this.#modules.delete(name));
    }
    return module;
  }

  async #requestModule(name: string): Promise<unknown> {
    return await (this.root['getmodule'] as Path)(name);
  }
}

const modulesText = (): string => '<modules>';

/** Not a promise, and shown without asking the peer: `then`, `toJSON` and the like are never taken for modules. */
function createModuleNamespace(get: (name: string) => Path): ModuleNamespace {
  const target: Readonly<Record<string, Path>> = {};
  Object.defineProperty(target, inspect.custom, { value: modulesText, configurable: true });
  return new Proxy(target, {
    get: (_target, name) => {
      const local = localMember(name, modulesText, undefined);
      if (local !== undefined) return local;
      return typeof name === 'string' && name !== 'then' ? get(name) : undefined;
    },
    has: () => false,
    set: (_target, name) => {
      throw new TypeError(`Cannot set module '${String(name)}'`);
    },
  });
}
