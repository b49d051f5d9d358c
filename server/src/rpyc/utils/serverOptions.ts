/*
 * What a server can be told, after the keyword arguments of the classes in rpyc/utils/server.py.
 */

import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

import type { Config, Limits } from '../core/config';
import type { DialectName } from '../core/dialect';
import type { Service, ServiceClass } from '../core/service';
import type { Logger } from '../lib/logger';

/** What an authenticator that puts another stream in the socket's place may give, instead of a pair. */
export interface Authenticated {
  readonly socket: Duplex;
  readonly credentials: unknown;
}

/**
 * Runs on the accepted socket, before any byte of RPyC. It throws `AuthenticationError` to turn the client away. What it
 * gives becomes the connection's `credentials`, unless it is a pair `[socket, credentials]` as in Python, or
 * `{ socket, credentials }`: the connection then uses that socket. It may read from the socket what belongs to it, and
 * no more.
 */
export type AuthenticateFunction = (socket: Socket) => unknown;

/** An authenticator: a function, or an object with a method for it, such as `SSLAuthenticator`. */
export type Authenticator = AuthenticateFunction | { authenticate(socket: Socket): unknown };

/** Makes a server known: `UDPRegistryClient`, `TCPRegistryClient`, or anything that does what they do. */
export interface Registrar {
  /** Seconds after which a server registers again; 60 where it is left out. */
  readonly reregisterInterval?: number | undefined;
  /**
   * Resolves with false where no registry has answered.
   *
   * @param iface the address to ask from, which is the one that becomes known; any where it is empty
   */
  register(aliases: readonly string[], port: number, iface?: string): Promise<unknown>;
  unregister(port: number): Promise<unknown>;
}

/** What it takes to serve a client that has been accepted. */
export interface ClientOptions {
  readonly authenticator?: Authenticator | undefined;
  /** Seconds that an authenticator may take; 10 by default. Python has no limit. */
  readonly authenticationTimeout?: number | undefined;
  /** RPyC's configuration, with its keys as in Python. */
  readonly protocolConfig?: Partial<Config> | undefined;
  /** By default each client shows its own. */
  readonly dialect?: DialectName | 'auto' | undefined;
  readonly limits?: Partial<Limits> | undefined;
  readonly logger?: Logger | undefined;
}

/** Where a server listens, how it is made known, and what all servers have in common. */
export interface ListenOptions {
  /**
   * The address to listen on: this machine only, by default, unlike Python's. `''`, `0.0.0.0` and `::` mean all
   * interfaces: whoever reaches one can then use the service.
   */
  readonly hostname?: string | undefined;
  /** Listens on IPv6 instead of IPv4. */
  readonly ipv6?: boolean | undefined;
  /** 0, the default, takes a free one: see `port` of the server. */
  readonly port?: number | undefined;
  /** Clients that may wait to be accepted. */
  readonly backlog?: number | undefined;
  /** For the sake of Python's callers: Node always sets `SO_REUSEADDR` where it means the same, which is not on Windows. */
  readonly reuseAddr?: boolean | undefined;
  /** Listens on a Unix socket (or a named pipe on Windows) instead; excludes `hostname`, `port` and `ipv6`. */
  readonly socketPath?: string | undefined;
  /** Makes the server known, again every minute; by default a `UDPRegistryClient`, which asks the whole network. */
  readonly registrar?: Registrar | undefined;
  /** Whether the server makes itself known: by default, where a registrar is given. */
  readonly autoRegister?: boolean | undefined;
  /** For the sake of Python's callers: nothing waits in an event loop, so there is nothing to time out. */
  readonly listenerTimeout?: number | null | undefined;
  /** Clients at a time; further ones are turned away. 1000 by default. */
  readonly maxClients?: number | undefined;
}

/** What a server can be told: the keyword arguments of rpyc.utils.server.Server. Times are seconds. */
export interface ServerOptions extends ClientOptions, ListenOptions {
  /** A class gives each client a service object of its own, an object is shared by all. */
  readonly service: ServiceClass | Service;
}
