/*
 * What a connection offers its peer, after rpyc/core/service.py. Differs on purpose: names are those of JavaScript for
 * the owner (`onConnect`) and those of RPyC for the peer (`get_service_name`), and no method of the base is visible.
 */

import type { Channel } from './channel';
import { type Exposed, exposure, hasMethod } from './exposure';
import { Connection, type ConnectionOptions, type ConnectionService } from './protocol';

const PREFIX = 'exposed_';

/** The names that the `exposed` decorator was put on, by the object they are on. */
const decorated = new WeakMap<object, Set<string>>();

type ExposableContext =
  | ClassMethodDecoratorContext
  | ClassGetterDecoratorContext
  | ClassFieldDecoratorContext
  | ClassAccessorDecoratorContext;

/** Makes a method or property visible to the peer without the `exposed_` prefix in its name. */
export function exposed(_value: unknown, context: ExposableContext): void {
  const { name } = context;
  if (typeof name !== 'string' || context.private || context.static) {
    throw new TypeError('Only public members of an instance with a name can be exposed');
  }
  context.addInitializer(function (this: unknown) {
    const owner = this as object;
    const names = decorated.get(owner) ?? new Set();
    decorated.set(owner, names.add(name));
  });
}

/**
 * Base of all services. Members whose name starts with `exposed_`, or that carry the `exposed` decorator, are visible
 * to the peer, with and without the prefix; methods may be asynchronous, and find keyword arguments in a `Kwargs` behind
 * the others. All else is out of reach.
 */
export class Service implements ConnectionService {
  /** Names in a registry; by default the name of the class without a trailing `Service`. Upper-cased. */
  static readonly aliases: readonly string[] = [];

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

  exposed_get_service_name(): string {
    return serviceAliases(this)[0] ?? '';
  }

  exposed_get_service_aliases(): readonly string[] {
    return serviceAliases(this);
  }

  /** How the library asks what the peer may see. Not reachable for the peer itself. */
  [exposure](): Exposed {
    return {
      exposedNames: exposedNames(this),
      exposedText: `<${this.constructor.name} object>`,
      exposedMember: (name) => exposedMember(this, name),
      inspectedMethods: exposedNames(this)
        .filter((name) => isExposedMethod(this, name))
        .map((name) => [name, null] as const),
    };
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

export type ServiceClass = new () => Service;

/** A class gives each connection an object of its own, an object is shared by all. */
export function serviceFor(service: ServiceClass | Service): Service {
  return service instanceof Service ? service : new service();
}

/** The names under which a registry knows a service, the first one first. */
export function serviceAliases(service: Service): readonly string[] {
  return aliasesOf(service.constructor as ServiceClass);
}

/** As `serviceAliases`, also for a class of which there is no object yet. */
export function aliasesOf(service: ServiceClass | Service): readonly string[] {
  if (service instanceof Service) return serviceAliases(service);
  const { aliases, name } = service as typeof Service;
  if (aliases.length > 0) return aliases.map((alias) => alias.toUpperCase());
  return [name.toUpperCase().replace(/(?<=.)SERVICE$/, '')];
}

function exposedMember(service: Service, name: string): { readonly value: unknown } | undefined {
  const property = isExposed(service, name) ? name : undefined;
  // The decorator stands for the prefix that the name lacks.
  const bare = name.startsWith(PREFIX) ? name.slice(PREFIX.length) : undefined;
  const found = property ?? (bare !== undefined && isDecorated(service, bare) ? bare : undefined);
  if (found === undefined) return undefined;
  const value: unknown = Reflect.get(service, found);
  return { value: typeof value === 'function' ? bound(value, service) : value };
}

function isExposed(service: Service, name: string): boolean {
  if (!name.startsWith(PREFIX)) return false;
  return holders(service).some((holder) => Object.hasOwn(holder, name));
}

function isDecorated(service: Service, name: string): boolean {
  return decorated.get(service)?.has(name) === true;
}

function exposedNames(service: Service): readonly string[] {
  const names = holders(service).flatMap((holder) => Object.getOwnPropertyNames(holder));
  const marked = [...(decorated.get(service) ?? [])].map((name) => PREFIX + name);
  return [...new Set([...names.filter((name) => name.startsWith(PREFIX)), ...marked])];
}

/** No getter is run to find out. */
function isExposedMethod(service: Service, name: string): boolean {
  const bare = name.slice(PREFIX.length);
  const property = isExposed(service, name) ? name : bare;
  const holder = holders(service).find((candidate) => Object.hasOwn(candidate, property));
  return holder !== undefined && hasMethod(holder, property);
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

function bound(value: object, service: Service): (...args: readonly unknown[]) => unknown {
  const method = value as (...args: readonly unknown[]) => unknown;
  return (...args) => Reflect.apply(method, service, args);
}
