/*
 * Registry servers, after rpyc/utils/registry.py. Differs on purpose: the table is bounded, an answer is never longer
 * than what the asker reads, an IPv4 client of an IPv6 socket is known by its IPv4 address, and over TCP many clients
 * are served at once, each with a time limit, where upstream reads from one after the other and a silent client keeps
 * all others waiting.
 */

import { createSocket, type Socket as DatagramSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type Server as NetServer, type Socket } from 'node:net';

import { DEFAULT_REGISTRY_PORT } from '../core/consts';
import { listenError } from '../core/connectErrors';
import { describeEndpoint } from '../core/stream';
import { after } from '../lib/deferred';
import { errorText } from '../lib/errorText';
import { type Logger, silentLogger } from '../lib/logger';
import { plainAddress } from './registryDatagrams';
import {
  CommandProblem,
  decodeCommand,
  encodeAcknowledgement,
  encodeNames,
  encodeServers,
  MAX_DATAGRAM_BYTES,
  MAX_LIST_BYTES,
  type ReceivedCommand,
  type ServerAddress,
} from './registryMessages';
import { ServiceTable } from './registryTable';

/** Seconds after which a registration that was not renewed is dropped (upstream `DEFAULT_PRUNING_TIMEOUT`). */
export const DEFAULT_PRUNING_TIMEOUT = 240;
const DEFAULT_MAX_REGISTRATIONS = 10_000;
/** Seconds that a client of a TCP registry may take, from its first byte to having read the answer. */
const DEFAULT_CLIENT_SECONDS = 3;
const MAX_CLIENTS = 1000;

/** What both kinds of registry can be told. */
export interface RegistryServerOptions {
  /** The address to listen on; every IPv4 address of this machine by default. */
  readonly host?: string | undefined;
  /** 18811 by default; 0 takes a free one: see `port`. */
  readonly port?: number | undefined;
  /**
   * Seconds after which a registration that was not renewed is dropped, once somebody asks for its name; 240 by
   * default. Servers renew theirs each minute.
   */
  readonly pruningTimeout?: number | undefined;
  readonly logger?: Logger | undefined;
  /** Whether LIST is answered; false by default. */
  readonly allowListing?: boolean | undefined;
  /** Listens on every address of both families, unless `host` says which. */
  readonly ipv6?: boolean | undefined;
  /** Registrations at a time, a server under two names counting twice; 10,000 by default. Further ones get no answer. */
  readonly maxRegistrations?: number | undefined;
  /** A server appears under a name where it was not before. */
  readonly onServiceAdded?: ((name: string, address: ServerAddress) => void) | undefined;
  /** A server is no longer there under a name: it unregistered or was dropped. */
  readonly onServiceRemoved?: ((name: string, address: ServerAddress) => void) | undefined;
}

/** What both kinds of registry do with commands (upstream `RegistryServer`). */
export abstract class RegistryServer implements AsyncDisposable {
  protected readonly logger: Logger;
  private readonly table: ServiceTable;
  private state: 'new' | 'starting' | 'listening' | 'closed' = 'new';
  private readonly closing = new AbortController();

  constructor(protected readonly options: RegistryServerOptions) {
    this.logger = options.logger ?? silentLogger;
    this.table = new ServiceTable({
      pruningTimeout: options.pruningTimeout ?? DEFAULT_PRUNING_TIMEOUT,
      maxRegistrations: options.maxRegistrations ?? DEFAULT_MAX_REGISTRATIONS,
      onAdded: (name, address) => this.tell(() => this.onServiceAdded(name, address)),
      onStale: ([host, port]) => this.logger.debug(`Discarding stale ${describeEndpoint(host, port)}`),
      onRemoved: (name, address) => this.tell(() => this.onServiceRemoved(name, address)),
    });
  }

  /** Where the registry listens; 0 before it does. */
  abstract get port(): number;

  /** Whether it listens. */
  get active(): boolean {
    return this.state === 'listening';
  }

  /** Called when a server appears under a name, not when it renews. May be overridden. */
  onServiceAdded(name: string, address: ServerAddress): void {
    this.options.onServiceAdded?.(name, address);
  }

  /** Called when a server unregisters or is dropped. May be overridden. */
  onServiceRemoved(name: string, address: ServerAddress): void {
    this.options.onServiceRemoved?.(name, address);
  }

  /** The servers under a name, renewed longest ago first. Drops those that were not renewed in time. */
  cmdQuery(_host: string, name: string): readonly ServerAddress[] {
    this.logger.debug(`Querying for ${quoted(name)}`);
    const servers = this.table.query(name);
    this.logger.debug(servers.length === 0 ? 'No such service' : `Replying with ${describe(servers)}`);
    return servers;
  }

  /** The names of all services, or of those with a server on `filterHost`; null where listing is not allowed. */
  cmdList(_host: string, filterHost: string | null): readonly string[] | null {
    this.logger.debug('Querying for the list of services');
    if (this.options.allowListing !== true) {
      this.logger.debug('Listing is disabled');
      return null;
    }
    const names = filterHost === null ? this.table.names : this.table.namesOn(filterHost);
    this.logger.debug(`Replying with ${names.map(quoted).join(', ')}`);
    return names;
  }

  /** Adds the server on `port` of `host` under each name, or renews it. False where the table is full. */
  cmdRegister(host: string, names: readonly string[], port: number): boolean {
    this.logger.debug(`Registering ${describeEndpoint(host, port)} as ${names.map(quoted).join(', ')}`);
    const taken = this.table.add(names, [host, port]);
    if (!taken) this.logger.warn(`The table is full: ${this.table.size} registrations`);
    return taken;
  }

  /** Removes the server on `port` of `host` from all names. */
  cmdUnregister(host: string, port: number): void {
    this.logger.debug(`Unregistering ${describeEndpoint(host, port)}`);
    this.table.remove([host, port]);
  }

  /**
   * Resolves once the registry listens.
   *
   * @throws ListenError `ERR_LISTEN` where it cannot, with the system's error as its cause
   */
  async start(): Promise<void> {
    if (this.state !== 'new') throw new Error('A registry can be started once');
    this.state = 'starting';
    const { ipv6 = false, host = ipv6 ? '::' : '0.0.0.0', port = DEFAULT_REGISTRY_PORT } = this.options;
    try {
      await this.listen(host, port, this.closing.signal);
    } catch (error) {
      await this.close();
      throw error instanceof Error ? listenError(error, describeEndpoint(host, port)) : error;
    }
    this.state = 'listening';
    this.logger.debug(`Server started on ${describeEndpoint(host, this.port)}`);
  }

  /** Stops listening. May be called again. */
  async close(): Promise<void> {
    const wasActive = this.active;
    this.state = 'closed';
    this.closing.abort();
    if (wasActive) this.logger.debug('Stopping server');
    await this.unlisten();
    if (wasActive) this.logger.debug('Server closed');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** Rejects, too, where the signal fires first. */
  protected abstract listen(host: string, port: number, signal: AbortSignal): Promise<void>;

  protected abstract unlisten(): Promise<void>;

  /** How much of an answer to LIST this client reads. */
  protected abstract longestList(command: ReceivedCommand): number;

  /** The answer to a command; undefined where, as upstream, there is none. */
  protected answer(host: string, received: ReceivedCommand | CommandProblem): Uint8Array | undefined {
    if (received instanceof CommandProblem) {
      this.logger.warn(`Ignoring ${host}: ${received.message}`);
      return undefined;
    }
    const { command, kind } = received;
    switch (command.command) {
      case 'REGISTER':
        return this.cmdRegister(host, command.aliases, command.port)
          ? encodeAcknowledgement(kind)
          : undefined;
      case 'UNREGISTER':
        this.cmdUnregister(host, command.port);
        return encodeAcknowledgement(kind);
      case 'QUERY':
        return encodeServers(this.cmdQuery(host, command.name), kind);
      case 'LIST':
        return encodeNames(this.cmdList(host, command.filterHost), kind, this.longestList(received));
    }
  }

  private tell(listener: () => void): void {
    try {
      listener();
    } catch (error) {
      this.logger.error(`A listener failed: ${errorText(error)}`);
    }
  }
}

/** What a registry by UDP can be told. */
export interface UDPRegistryServerOptions extends RegistryServerOptions {
  /** Whether another program may listen on the same port; false by default. */
  readonly reuseAddr?: boolean | undefined;
}

/** Answers datagrams, broadcasts among them (upstream `UDPRegistryServer`). */
export class UDPRegistryServer extends RegistryServer {
  private readonly socket: DatagramSocket;
  private isOpen = false;
  private closed: Promise<void> | undefined;

  constructor(options: UDPRegistryServerOptions = {}) {
    super(options);
    const { host, ipv6 = host?.includes(':') === true, reuseAddr = false } = options;
    this.socket = createSocket({ type: ipv6 ? 'udp6' : 'udp4', reuseAddr });
    this.socket.on('message', (bytes, { address, port }) => this.receive(bytes, address, port));
  }

  override get port(): number {
    return this.isOpen ? this.socket.address().port : 0;
  }

  protected override async listen(host: string, port: number, signal: AbortSignal): Promise<void> {
    this.socket.bind({ address: host, port, exclusive: true });
    await once(this.socket, 'listening', { signal });
    this.isOpen = true;
    this.socket.on('error', (error) => this.logger.error(`Listening: ${error.message}`));
  }

  protected override async unlisten(): Promise<void> {
    this.isOpen = false;
    this.closed ??= new Promise((resolve) => this.socket.close(resolve));
    await this.closed;
  }

  /** The older form is that of clients that read as much as of any other answer. */
  protected override longestList({ command }: ReceivedCommand): number {
    return command.command === 'LIST' && command.form === 'plain' ? MAX_DATAGRAM_BYTES : MAX_LIST_BYTES;
  }

  private receive(bytes: Uint8Array, address: string, port: number): void {
    // Upstream cuts a longer one off, and cannot read what is left.
    if (bytes.length > MAX_DATAGRAM_BYTES) return;
    const answer = this.answer(plainAddress(address), decodeCommand(bytes));
    if (answer === undefined || !this.isOpen) return;
    this.socket.send(answer, port, address, (error) => {
      if (error !== null) this.logger.debug(`Answer to ${describeEndpoint(address, port)}: ${error.message}`);
    });
  }
}

/** What a registry by TCP can be told. */
export interface TCPRegistryServerOptions extends RegistryServerOptions {
  /** Changes nothing: Node sets it for every listener, where the system means by it what upstream means. */
  readonly reuseAddr?: boolean | undefined;
  /** Seconds that a client may take altogether; 3 by default. */
  readonly clientTimeout?: number | undefined;
}

/** Answers over TCP, one command a connection (upstream `TCPRegistryServer`). */
export class TCPRegistryServer extends RegistryServer {
  private readonly listener: NetServer;
  private readonly clients = new Set<Socket>();
  private readonly clientTimeout: number;

  constructor(options: TCPRegistryServerOptions = {}) {
    super(options);
    this.clientTimeout = options.clientTimeout ?? DEFAULT_CLIENT_SECONDS;
    // A client may end its half of the connection after its command and still read the answer.
    this.listener = createServer({ allowHalfOpen: true }, (socket) => this.accept(socket));
    this.listener.maxConnections = MAX_CLIENTS;
  }

  override get port(): number {
    const address = this.listener.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  protected override async listen(host: string, port: number, signal: AbortSignal): Promise<void> {
    this.listener.listen({ host, port, exclusive: true });
    await once(this.listener, 'listening', { signal });
    this.listener.on('error', (error) => this.logger.error(`Listening: ${error.message}`));
  }

  protected override async unlisten(): Promise<void> {
    const { listener } = this;
    const stopped = listener.listening
      ? new Promise<void>((resolve) => listener.close(() => resolve()))
      : Promise.resolve();
    for (const socket of this.clients) socket.destroy();
    await stopped;
  }

  /** Clients over TCP read any answer by one call. */
  protected override longestList(): number {
    return MAX_DATAGRAM_BYTES;
  }

  private accept(socket: Socket): void {
    const host = plainAddress(socket.remoteAddress ?? '');
    let received: Uint8Array = new Uint8Array();
    this.clients.add(socket);
    const settle = (command: ReceivedCommand | CommandProblem): void => {
      socket.off('data', collect);
      // Without an address it has gone already.
      const answer = host === '' ? undefined : this.answer(host, command);
      // What still comes is read and dropped, so that our end does not turn into a reset.
      socket.resume();
      if (answer === undefined) socket.destroy();
      else socket.end(answer, () => socket.destroySoon());
    };
    const collect = (bytes: Uint8Array): void => {
      received = Buffer.concat([received, bytes]);
      // As upstream, what is longer is cut off, and cannot be read then.
      const command = decodeCommand(received.subarray(0, MAX_DATAGRAM_BYTES));
      const isPart = command instanceof CommandProblem && command.mayGoOn;
      if (!isPart || received.length >= MAX_DATAGRAM_BYTES) settle(command);
    };
    const timer = after(this.clientTimeout, () => {
      this.logger.debug(`Client ${host} took too long`);
      socket.destroy();
    });
    socket.on('error', (error) => this.logger.debug(`Client ${host}: ${error.message}`));
    socket.once('close', () => {
      timer.dispose();
      this.clients.delete(socket);
    });
    socket.on('data', collect);
    socket.once('end', () => {
      if (socket.writable) settle(decodeCommand(received));
    });
  }
}

function quoted(name: string): string {
  return JSON.stringify(name);
}

function describe(servers: readonly ServerAddress[]): string {
  return servers.map(([host, port]) => describeEndpoint(host, port)).join(', ');
}
