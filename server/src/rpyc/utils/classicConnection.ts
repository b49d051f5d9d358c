/*
 * The shortcuts that a master has on a connection to a slave: `modules`, `builtins`, `eval`, `execute`, `namespace` of
 * rpyc/core/service.py (MasterService and ModuleNamespace). Differs on purpose: nothing is fetched before it is used.
 */

import { inspect } from 'node:util';

import { Connection } from '../core/protocol';
import type { Netref } from '../core/netref';
import { createPath, localMember, type Path } from '../core/path';
import { teleportFunction } from './teleport';

/** The peer's modules by name: `modules.sys`, `modules['xml.dom.minidom']`. Each is imported when it is first used. */
export interface ModuleNamespace {
  readonly [name: string]: Path;
}

/** A connection to a peer that serves classic mode. */
export class ClassicConnection extends Connection {
  readonly #modules = new Map<string, Promise<unknown>>();

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
      const local = localMember(name, modulesText);
      if (local !== undefined) return local;
      return typeof name === 'string' && name !== 'then' ? get(name) : undefined;
    },
    has: () => false,
    set: (_target, name) => {
      throw new TypeError(`Cannot set module '${String(name)}'`);
    },
  });
}
