/*
 * Servers, after rpyc/utils/server.py. Differs on purpose: one thread serves all clients, the number of clients is
 * bounded, and the dialect is each client's own.
 */

import { createServer, type Server as NetServer, type Socket } from 'node:net';

import { Channel } from '../core/channel';
import { type Config, type Limits, mergeLimits } from '../core/config';
import type { DialectName } from '../core/dialect';
import type { Connection } from '../core/protocol';
import { type Service, type ServiceClass, serviceFor } from '../core/service';
import { describeEndpoint, SocketStream } from '../core/stream';
import { type Logger, silentLogger } from '../lib/logger';

/**
 * Runs on the accepted socket, before any byte of RPyC. Whatever it gives becomes the connection's `credentials`; it
 * throws `AuthenticationError` to turn the client away. It may read from the socket what belongs to it, and no more.
 */
export type Authenticator = (socket: Socket) => unknown;

export interface ServerOptions {
  /** A class gives each client a service object of its own, an object is shared by all. */
  readonly service: ServiceClass | Service;
  /** The address to listen on; this machine only, by default. */
  readonly hostname?: string;
  /** 0, the default, takes a free one: see `port`. */
  readonly port?: number;
  readonly ipv6?: boolean;
  readonly backlog?: number;
  readonly authenticator?: Authenticator;
  /** Seconds that an authenticator may take. */
  readonly authenticationTimeout?: number;
  readonly protocolConfig?: Partial<Config>;
  /** By default each client shows its own. */
  readonly dialect?: DialectName | 'auto';
  readonly limits?: Partial<Limits>;
  /** Clients at a time; further ones are turned away. */
  readonly maxClients?: number;
  readonly logger?: Logger;
}

const DEFAULT_BACKLOG = 128;
const DEFAULT_MAX_CLIENTS = 1000;
const DEFAULT_AUTHENTICATION_SECONDS = 10;

/** Serves every client that connects, all of them by the event loop. */
export class ThreadedServer implements AsyncDisposable {
  private readonly logger: Logger;
  private readonly listener: NetServer;
  private readonly connections = new Set<Connection>();
  /** Accepted and not yet connections. */
  private readonly sockets = new Set<Socket>();
  private state: 'new' | 'listening' | 'closed' = 'new';

  constructor(private readonly options: ServerOptions) {
    this.logger = options.logger ?? silentLogger;
    this.listener = createServer((socket) => {
      void this.accept(socket);
    });
    this.listener.maxConnections = options.maxClients ?? DEFAULT_MAX_CLIENTS;
  }

  /** Where the server listens; 0 before it does. */
  get port(): number {
    const address = this.listener.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  /** The clients that are being served. */
  get clients(): ReadonlySet<Connection> {
    return this.connections;
  }

  /** Resolves once the server listens; rejects where it cannot. */
  async start(): Promise<void> {
    if (this.state !== 'new') throw new Error('A server can be started once');
    this.state = 'listening';
    const { port = 0, hostname, ipv6 = false, backlog = DEFAULT_BACKLOG } = this.options;
    const host = hostname ?? (ipv6 ? '::1' : '127.0.0.1');
    await new Promise<void>((resolve, reject) => {
      this.listener.once('error', reject);
      this.listener.listen({ port, host, backlog, ipv6Only: ipv6 }, () => {
        this.listener.off('error', reject);
        this.listener.on('error', (error) => this.logger.error(`Listening: ${error.message}`));
        resolve();
      });
    });
    this.logger.info(`Server started on ${describeEndpoint(host, this.port)}`);
  }

  /** Stops listening and closes all clients. May be called again. */
  async close(): Promise<void> {
    const wasListening = this.listener.listening;
    this.state = 'closed';
    const stopped = new Promise<void>((resolve) => {
      if (wasListening) this.listener.close(() => resolve());
      else resolve();
    });
    for (const socket of this.sockets) socket.destroy();
    await Promise.all([...this.connections].map((connection) => connection.close()));
    await stopped;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  private async accept(socket: Socket): Promise<void> {
    const client = describeEndpoint(socket.remoteAddress ?? 'unknown', socket.remotePort ?? 0);
    this.sockets.add(socket);
    socket.once('close', () => this.sockets.delete(socket));
    const ignore = (): void => undefined;
    socket.on('error', ignore);
    this.logger.debug(`Accepted ${client}`);
    try {
      const credentials = await this.authenticate(socket);
      if (socket.destroyed || this.state === 'closed') throw new Error('The client is gone');
      await this.serve(socket, client, credentials);
    } catch (error) {
      this.logger.warn(
        `Client ${client} was turned away: ${error instanceof Error ? error.message : String(error)}`,
      );
      socket.destroy();
    }
  }

  private async authenticate(socket: Socket): Promise<unknown> {
    const { authenticator, authenticationTimeout = DEFAULT_AUTHENTICATION_SECONDS } = this.options;
    if (authenticator === undefined) return null;
    const timer = setTimeout(() => socket.destroy(), authenticationTimeout * 1000);
    try {
      return await authenticator(socket);
    } finally {
      clearTimeout(timer);
    }
  }

  private async serve(socket: Socket, client: string, credentials: unknown): Promise<void> {
    const { service, protocolConfig, dialect = 'auto', limits } = this.options;
    const channel = new Channel(new SocketStream(socket, client), { limits: mergeLimits(limits) });
    const object = serviceFor(service);
    const connection = object.createConnection(channel, {
      service: object,
      config: { ...protocolConfig, credentials, endpoints: [this.listener.address(), client] },
      dialect,
      limits,
      logger: this.logger,
    });
    this.connections.add(connection);
    // From here on the socket is the connection's to end, with a word to the client.
    this.sockets.delete(socket);
    connection.onDidClose(() => {
      this.connections.delete(connection);
      this.logger.debug(`Goodbye ${client}`);
    });
    try {
      const started = connection.start();
      // An authenticator may have stopped the socket at the end of what belongs to it.
      socket.resume();
      await started;
    } catch (error) {
      connection.dispose();
      throw error;
    }
  }
}
