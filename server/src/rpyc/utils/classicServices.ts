/*
 * The services of classic mode, after rpyc/core/service.py: the slave, which serves JavaScript here, the master, which
 * uses a slave, and the classic service, which is both. Differs on purpose: a client of classic mode exposes nothing.
 */

import { createRequire } from 'node:module';
import { join } from 'node:path';
import { types } from 'node:util';
import { createContext, runInContext } from 'node:vm';

import type { Channel } from '../core/channel';
import type { Config } from '../core/config';
import { AttributeError, PythonError } from '../core/errors';
import { type Exposed, exposure } from '../core/exposure';
import type { Connection } from '../core/protocol';
import type { ConnectionOptions } from '../core/connectionOptions';
import { Service } from '../core/service';
import { decodeUtf8 } from '../lib/bytes';
import { ClassicConnection } from './classicConnection';
import { SlaveNamespace } from './slaveNamespace';

/** Everything is allowed in classic mode but pickling: it is remote code execution by design. */
const CLASSIC_CONFIG: Partial<Config> = {
  allow_all_attrs: true,
  allow_getattr: true,
  allow_setattr: true,
  allow_delattr: true,
  allow_exposed_attrs: false,
  import_custom_exceptions: true,
  instantiate_custom_exceptions: true,
  instantiate_oldstyle_exceptions: true,
};

/** Python clients import these as they connect; there is nothing behind them here. */
const PYTHON_ONLY: ReadonlySet<string> = new Set(['importlib.util', 'importlib']);

type Members = ReadonlyMap<string, unknown>;

function exposeMembers(members: Members, text: string): Exposed {
  return {
    exposedNames: [...members.keys()],
    exposedText: text,
    exposedMember: (name) => (members.has(name) ? { value: members.get(name) } : undefined),
  };
}

/**
 * Serves this process to a master: `getmodule(name)` is `require(name)`, `eval` and `execute` run JavaScript in the
 * connection's namespace, `builtins` is the global object. Whoever connects can do whatever this process can.
 */
export class SlaveService extends Service {
  static override readonly aliases = ['slave'];

  readonly #namespace = createNamespace();
  #connection: Connection | undefined;

  override onConnect(connection: Connection): void {
    this.#connection = connection;
    connection.configure(CLASSIC_CONFIG);
  }

  override onDisconnect(): void {
    this.#connection = undefined;
  }

  readonly #members = this.#createMembers();
  readonly #exposed = this.#withAdded(this.#members);
  /** A slave of 3.x has its members by their long names too. */
  readonly #exposedToOld = this.#withAdded(
    new Map(
      [...this.#members].flatMap(([name, value]) => [
        [name, value],
        [`exposed_${name}`, value],
      ]),
    ),
  );

  override [exposure](): Exposed {
    return this.#connection?.dialect === 'A' ? this.#exposedToOld : this.#exposed;
  }

  /** What a class derived from this one adds has its own name only: classic mode knows no prefix, as upstream. */
  #withAdded(members: Members): Exposed {
    const own = exposeMembers(members, '<SlaveService object>');
    const added = super[exposure]();
    return {
      ...own,
      get exposedNames() {
        return [...new Set([...own.exposedNames, ...added.exposedNames])];
      },
      exposedMember: (name) => own.exposedMember(name) ?? added.exposedMember(name),
    };
  }

  #createMembers(): Members {
    const namespace = this.#namespace;
    const run = (text: unknown): unknown => runText(asText(text), namespace);
    return new Map<string, unknown>([
      ['eval', run],
      [
        'execute',
        async (text: unknown) => {
          await run(text);
          return null;
        },
      ],
      ['namespace', new SlaveNamespace(namespace)],
      ['getmodule', (name: unknown) => loadModule(name, namespace)],
      ['getconn', () => this.#connection],
      ['get_service_name', () => this.exposed_get_service_name()],
      ['get_service_aliases', () => this.exposed_get_service_aliases()],
    ]);
  }
}

/**
 * Looks like a slave to a peer that installs its shortcuts as it connects, and refuses every use of them.
 */
export class FakeSlaveService extends Service {
  static override readonly aliases = ['slave'];

  override [exposure](): Exposed {
    const refuse = (): never => {
      throw new AttributeError('This side serves nothing');
    };
    const members = new Map<string, unknown>([
      ['exposed_eval', refuse],
      ['exposed_execute', refuse],
      ['exposed_namespace', refuse],
      // None would make the peer give up: it gets something that it can hold and never use.
      ['exposed_getmodule', () => refuse],
      ['exposed_getconn', refuse],
    ]);
    return exposeMembers(members, '<FakeSlaveService object>');
  }
}

/** Uses the peer's slave: its connections have `modules`, `eval` and the rest. Offers nothing itself. */
export class MasterService extends Service {
  override createConnection(channel: Channel, options: ConnectionOptions): ClassicConnection {
    return new ClassicConnection(channel, options);
  }
}

/** What `classic.connect` offers the peer: nothing, in the form that a server of the full classic service expects. */
export class ClassicClient extends FakeSlaveService {
  override createConnection(channel: Channel, options: ConnectionOptions): ClassicConnection {
    return new ClassicConnection(channel, options);
  }
}

/** Slave and master in one: both sides have the whole other process. */
export class ClassicService extends SlaveService {
  override createConnection(channel: Channel, options: ConnectionOptions): ClassicConnection {
    return new ClassicConnection(channel, options);
  }
}

/** A global object of its own, which has what a Node program has. */
function createNamespace(): object {
  const namespace: object = {};
  const required = {
    require: createRequire(join(process.cwd(), 'rpyc')),
    process,
    Buffer,
    URL,
    URLSearchParams,
  };
  const timers = { setTimeout, clearTimeout, setInterval, clearInterval, setImmediate, clearImmediate };
  for (const [name, value] of Object.entries({ ...required, ...timers, TextEncoder, TextDecoder, fetch })) {
    Object.defineProperty(namespace, name, { value, writable: true, configurable: true });
  }
  return createContext(namespace, { name: 'rpyc namespace' });
}

/** The global object as a module: its properties are not enumerable, and all of them are meant. */
class GlobalObject {
  readonly #global: object;

  constructor(namespace: object) {
    this.#global = runInContext('globalThis', namespace) as object;
  }

  [exposure](): Exposed {
    return {
      exposedNames: Object.getOwnPropertyNames(this.#global),
      exposedText: '<module globalThis>',
      exposedMember: (name) =>
        Object.hasOwn(this.#global, name) ? { value: Reflect.get(this.#global, name) } : undefined,
    };
  }
}

/** The Python names of errors that come out of a namespace: those are of classes of its own. */
const pythonErrors: ReadonlyMap<string, string> = new Map([
  ['TypeError', 'TypeError'],
  ['RangeError', 'ValueError'],
  ['SyntaxError', 'SyntaxError'],
  ['ReferenceError', 'NameError'],
]);

function runText(text: string, namespace: object): unknown {
  try {
    return runInContext(text, namespace, { filename: '<rpyc>' });
  } catch (error) {
    if (error instanceof Error || !types.isNativeError(error)) throw error;
    throw new PythonError(pythonErrors.get(error.name) ?? 'Exception', [error.message]);
  }
}

function loadModule(name: unknown, namespace: object): unknown {
  const text = Array.isArray(name) ? name.map(asText).join('.') : asText(name);
  if (text === 'builtins' || text === '__builtin__') return new GlobalObject(namespace);
  if (PYTHON_ONLY.has(text)) return {};
  try {
    const load = createRequire(join(process.cwd(), 'rpyc'));
    return load(text);
  } catch (error) {
    const reason = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
    throw new PythonError('ModuleNotFoundError', [reason]);
  }
}

/** Text of a peer's; a Python 2 peer sends it as bytes. */
function asText(value: unknown): string {
  if (typeof value === 'string') return value;
  const text = value instanceof Uint8Array ? decodeUtf8(value) : undefined;
  if (text !== undefined) return text;
  throw new TypeError('Text is needed');
}
