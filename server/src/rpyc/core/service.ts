/*
 * What a connection offers its peer, after rpyc/core/service.py. Differs on purpose: names are those of JavaScript for
 * the owner (`onConnect`) and those of RPyC for the peer (`get_service_name`), and no method of the base is visible.
 */

import type { Channel } from './channel';
import { DEFAULT_CONFIG } from './config';
import { bind, type Exposed, exposure, hasMethod, markedNames, markExposed, ownName } from './exposure';
import type { ConnectionOptions, ConnectionService } from './connectionOptions';
import { Connection } from './protocol';

const PREFIX = DEFAULT_CONFIG.exposed_prefix;

type ExposableContext =
  | ClassMethodDecoratorContext
  | ClassGetterDecoratorContext
  | ClassFieldDecoratorContext
  | ClassAccessorDecoratorContext;

type ExposedDecorator = (value: unknown, context: ExposableContext) => void;

/**
 * Makes a method or property visible to the peer without the `exposed_` prefix in its name, on services and on any other
 * object. With text, for connections whose `exposed_prefix` is that: `@exposed('public_')`.
 */
export function exposed(prefix: string): ExposedDecorator;
export function exposed(value: unknown, context: ExposableContext): void;
export function exposed(value: unknown, context?: ExposableContext): ExposedDecorator | undefined {
  if (context !== undefined) {
    expose(context, PREFIX);
    return undefined;
  }
  if (typeof value !== 'string')
    throw new TypeError('exposed takes a member, or the prefix that stands for it');
  return (_member, decorated) => expose(decorated, value);
}

function expose(context: ExposableContext, prefix: string): void {
  const { name } = context;
  if (typeof name !== 'string' || context.private || context.static) {
    throw new TypeError('Only public members of an instance with a name can be exposed');
  }
  context.addInitializer(function (this: unknown) {
    markExposed(this as object, name, prefix);
  });
}

/**
 * Base of all services. Members whose name starts with `exposed_`, or that carry the `exposed` decorator, are visible
 * to the peer, with and without the prefix; methods may be asynchronous, and find keyword arguments in a `Kwargs` behind
 * the others. All else is out of reach.
 *
 * JavaScript's parameters have no names, so that a peer's `root.add(1, b=2)` calls `exposed_add(1, named)`, where `named`
 * is the `Kwargs` and stands in the place of the second parameter. A method that takes keyword arguments looks for them:
 *
 * ```ts
 * exposed_add(a: number, b?: unknown): number {
 *   const other = b instanceof Kwargs ? b.get('b') : b;
 *   if (typeof other !== 'number') throw new PythonError('TypeError', ['b must be a number']);
 *   return a + other;
 * }
 * ```
 */
export class Service implements ConnectionService {
  /** Names in a registry; by default the name of the class without a trailing `Service`. Upper-cased. */
  static readonly aliases: readonly string[] = [];

  /** The names under which a registry knows the service, upper-cased, the first one first: `get_service_aliases`. */
  static getServiceAliases(): readonly string[] {
    if (this.aliases.length > 0) return this.aliases.map((alias) => alias.toUpperCase());
    return [this.name.toUpperCase().replace(/(?<=.)SERVICE$/, '')];
  }

  /** The first of its names: `get_service_name`. */
  static getServiceName(): string {
    return this.getServiceAliases()[0] ?? '';
  }

  /** Called when a connection was made, before anything of the peer is served. */
  onConnect(connection: Connection): void | Promise<void>;
  onConnect(): void {
    // For services to override.
  }

  /** Called once, when the connection is gone. */
  onDisconnect(connection: Connection): void;
  onDisconnect(): void {
    // For services to override.
  }

  /** Makes the connection that this service is for; services whose connections can do more override it. */
  createConnection(channel: Channel, options: ConnectionOptions): Connection {
    return new Connection(channel, options);
  }

  /** What a peer gets as `root.get_service_name()`. */
  exposed_get_service_name(): string {
    return (this.constructor as typeof Service).getServiceName();
  }

  /** What a peer gets as `root.get_service_aliases()`. */
  exposed_get_service_aliases(): readonly string[] {
    return serviceAliases(this);
  }

  readonly #exposed = new ServiceExposure(this);

  /** How the library asks what the peer may see. Not reachable for the peer itself. */
  [exposure](): Exposed {
    return this.#exposed;
  }
}

/** Offers nothing at all, not even its name. The default of every connection. */
export class VoidService extends Service {
  override [exposure](): Exposed {
    // What is derived from it is a service like any other.
    if (this.constructor !== VoidService) return super[exposure]();
    return { exposedNames: [], exposedText: '<VoidService object>', exposedMember: () => undefined };
  }
}

/** A class of services, of which each connection gets an object of its own. */
export type ServiceClass = new () => Service;

/** A class gives each connection an object of its own, an object is shared by all. */
export function serviceFor(service: ServiceClass | Service): Service {
  return service instanceof Service ? service : new service();
}

/** The names under which a registry knows a service, the first one first. */
export function serviceAliases(service: Service): readonly string[] {
  return (service.constructor as typeof Service).getServiceAliases();
}

/** As `serviceAliases`, also for a class of which there is no object yet. */
export function aliasesOf(service: ServiceClass | Service): readonly string[] {
  return service instanceof Service
    ? serviceAliases(service)
    : (service as typeof Service).getServiceAliases();
}

/** What is ours to call and never the peer's, whatever the policy says. */
const HIDDEN: ReadonlySet<string> = new Set(['constructor', 'createConnection', 'onConnect', 'onDisconnect']);

/**
 * The members of a service, for the policy to choose from: by default it lets a peer have those with the prefix, and
 * those that the decorator stands for.
 */
class ServiceExposure implements Exposed {
  constructor(private readonly service: Service) {}

  get exposedText(): string {
    return `<${this.service.constructor.name} object>`;
  }

  get exposedNames(): readonly string[] {
    const names = holders(this.service).flatMap((holder) => Object.getOwnPropertyNames(holder));
    return [...new Set([...names.filter(isVisible), ...markedNames(this.service)])];
  }

  get inspectedMethods(): readonly (readonly [string, null])[] {
    const names = this.exposedNames.filter((name) => name.startsWith(PREFIX));
    return names
      .filter((name) => isMethod(this.service, ownName(this.service, name)))
      .map((name) => [name, null]);
  }

  exposedMember(name: string): { readonly value: unknown } | undefined {
    const own = ownName(this.service, name);
    if (!isVisible(own) || !holders(this.service).some((holder) => Object.hasOwn(holder, own)))
      return undefined;
    return { value: bind(Reflect.get(this.service, own), this.service) };
  }
}

function isVisible(name: string): boolean {
  return !name.startsWith('_') && !HIDDEN.has(name);
}

/** No getter is run to find out. */
function isMethod(service: Service, name: string): boolean {
  const holder = holders(service).find((candidate) => Object.hasOwn(candidate, name));
  return holder !== undefined && hasMethod(holder, name);
}

/** The service and its classes, up to `Service`. */
function holders(service: Service): object[] {
  const found: object[] = [];
  for (let holder: object = service; holder !== Object.prototype;) {
    found.push(holder);
    holder = Object.getPrototypeOf(holder) as object;
  }
  return found;
}
