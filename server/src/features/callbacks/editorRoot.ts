import { CALLBACK_NAMES } from '../../api/callbacks';
import {
  AttributeError,
  type Connection,
  Kwargs,
  PythonError,
  Service,
  type ServiceClass,
} from '../../rpyc/index';
import { newSession } from '../pool/abort';
import type { CallAnswerer, CallSource } from './callSource';

export interface EditorRootOptions {
  /** As the user knows the peer. */
  readonly label: () => string;
  readonly allows: CallSource['allows'];
  readonly answerer: CallAnswerer;
}

/** What the helper on a classic peer is lent: a function that calls by name, and the names. */
export type LentEditor = readonly [call: (...args: readonly unknown[]) => unknown, names: readonly string[]];

/**
 * What a peer gets as `conn.root` where it may call functions of the editor: those, and nothing else. Any other name is
 * refused in the words of upstream.
 */
export class EditorRoot extends Service {
  readonly #options: EditorRootOptions;
  readonly #end = newSession();
  readonly #source: CallSource;

  constructor(options: EditorRootOptions) {
    super();
    this.#options = options;
    const { label, allows } = options;
    this.#source = {
      get label() {
        return label();
      },
      gone: this.#end.signal,
      allows,
    };
    for (const name of CALLBACK_NAMES) {
      this.#define(name, () => this.#functionOf(name));
    }
    // What a service tells of itself by default is not among what the user has chosen.
    for (const name of ['get_service_name', 'get_service_aliases']) {
      this.#define(name, () => this.#functionOf(name));
    }
  }

  override onDisconnect(): void {
    this.#end.abort(new Error('The connection is gone'));
  }

  /** For the helper of a classic peer; undefined where nothing may be called any more. */
  get lent(): LentEditor | undefined {
    const names = CALLBACK_NAMES.filter((name) => this.#options.allows(name));
    return names.length === 0 ? undefined : [this.#callByName, names];
  }

  readonly #callByName = (name: unknown, args: unknown, named: unknown): Promise<unknown> => {
    if (typeof name !== 'string' || !Array.isArray(args) || !Array.isArray(named)) {
      throw new PythonError('TypeError', ['A name, a tuple of arguments and one of keyword arguments']);
    }
    const pairs = (named as readonly unknown[]).map((pair) => {
      const [key, value] = Array.isArray(pair) ? (pair as readonly unknown[]) : [];
      return [typeof key === 'string' ? key : '', value] as const;
    });
    const all: readonly unknown[] = pairs.length === 0 ? args : [...(args as unknown[]), new Kwargs(pairs)];
    return this.#call(name, all);
  };

  /** A getter, so that a name that is not allowed is as one that is not there. */
  #define(name: string, get: () => unknown): void {
    Object.defineProperty(this, `exposed_${name}`, { get });
  }

  #functionOf(name: string): (...args: readonly unknown[]) => Promise<unknown> {
    if (!this.#options.allows(name)) {
      throw new AttributeError(`cannot access '${name}'`);
    }
    return (...args) => this.#call(name, args);
  }

  #call(name: string, args: readonly unknown[]): Promise<unknown> {
    return this.#options.answerer.call(this.#source, name, args);
  }
}

/**
 * The same on a connection that we have opened: to a peer that installs its shortcuts as it connects it looks like a
 * slave as well, which refuses every use of them.
 */
export class ConnectedRoot extends EditorRoot {
  readonly #connected: (connection: Connection, root: EditorRoot) => void;

  constructor(options: EditorRootOptions, connected: (connection: Connection, root: EditorRoot) => void) {
    super(options);
    this.#connected = connected;
  }

  override onConnect(connection: Connection): void {
    this.#connected(connection, this);
  }

  exposed_eval(): never {
    throw new AttributeError('This side serves nothing');
  }

  exposed_execute(): never {
    throw new AttributeError('This side serves nothing');
  }

  exposed_namespace(): never {
    throw new AttributeError('This side serves nothing');
  }

  /** None would make the peer give up: it gets something that it can hold and never use. */
  exposed_getmodule(): () => never {
    return () => this.exposed_eval();
  }

  exposed_getconn(): never {
    throw new AttributeError('This side serves nothing');
  }
}

/** Peers are told the name of the class, which the bundle would shorten. */
export function withPublicName<T extends ServiceClass | typeof EditorRoot>(type: T): T {
  return Object.defineProperty(type, 'name', { value: 'EditorService' });
}

withPublicName(EditorRoot);
