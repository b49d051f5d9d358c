/*
 * What all servers have in common: the class `Server` of rpyc/utils/server.py. Differs on purpose: it listens on this
 * machine only unless told, the number of clients is bounded, and `start` resolves as soon as clients can come.
 */

import { createServer, isIP, type Server as NetServer, type ServerOpts, type Socket } from 'node:net';
import { setImmediate } from 'node:timers/promises';

import { listenError } from '../core/connectErrors';
import { ConnectError, ErrorCode } from '../core/errors';
import type { Connection } from '../core/protocol';
import { describeEndpoint } from '../core/stream';
import { deferred } from '../lib/deferred';
import { type Logger, silentLogger } from '../lib/logger';
import { describeClient } from './clientHandler';
import { Registration } from './registration';
import { UDPRegistryClient } from './registryClient';
import type { ClientOptions, ListenOptions, Registrar } from './serverOptions';

const DEFAULT_BACKLOG = 4096;
const ANY_ADDRESS: ReadonlySet<string> = new Set(['0.0.0.0', '::']);
const DEFAULT_MAX_CLIENTS = 1000;

export type BaseOptions = ListenOptions & Pick<ClientOptions, 'logger'>;

/** Listens, makes itself known, and ends; how a client is served is up to the classes that extend it. */
export abstract class Server implements AsyncDisposable {
  protected readonly logger: Logger;
  private readonly listener: NetServer;
  private readonly ending = deferred<undefined>();
  private registration: Registration | undefined;
  private state: 'new' | 'listening' | 'closed' = 'new';
  private closing: Promise<void> | undefined;

  /** Resolves when the server has ended, by `close` or by itself. Python's `start` blocks until then. */
  readonly ended: Promise<void> = this.ending.promise;

  /** @throws TypeError for options that exclude each other */
  protected constructor(
    private readonly listenOptions: BaseOptions,
    netOptions: ServerOpts = {},
  ) {
    this.logger = listenOptions.logger ?? silentLogger;
    const { hostname, port, ipv6, socketPath, autoRegister, registrar, maxClients } = listenOptions;
    if (socketPath !== undefined && (hostname !== undefined || (port ?? 0) !== 0 || ipv6 === true)) {
      throw new TypeError('socketPath excludes hostname, port and ipv6');
    }
    if (socketPath !== undefined && (autoRegister ?? registrar !== undefined)) {
      throw new TypeError('A registry knows servers by their port: a Unix socket cannot be registered');
    }
    this.listener = createServer(netOptions, (socket) => this.accepted(socket));
    this.listener.maxConnections = maxClients ?? DEFAULT_MAX_CLIENTS;
    this.listener.on('drop', () => this.logger.warn('the server is full: a client is turned away'));
  }

  /** The port on which the server listens; 0 before it does, and for a Unix socket. */
  get port(): number {
    const address = this.listener.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  /** The address on which the server listens; empty for a Unix socket. */
  get host(): string {
    const { hostname, ipv6 = false, socketPath } = this.listenOptions;
    if (socketPath !== undefined) return '';
    if (hostname === '') return ipv6 ? '::' : '0.0.0.0';
    return hostname ?? (ipv6 ? '::1' : '127.0.0.1');
  }

  /** Whether clients are accepted. */
  get active(): boolean {
    return this.state === 'listening' && this.listener.listening;
  }

  /** The connections that this process serves. */
  abstract get clients(): ReadonlySet<Connection>;

  /** Serves a client that has connected. Never rejects. */
  protected abstract serveClient(socket: Socket): Promise<void>;

  /** Ends all clients. Never rejects. */
  protected abstract endClients(): Promise<void>;

  /** The names under which the server is registered. */
  protected abstract aliases(): readonly string[] | Promise<readonly string[]>;

  /**
   * Resolves once the server listens. Where it cannot, it is at its end.
   *
   * @throws ListenError `ERR_LISTEN` where it cannot, with the system's error as its cause: `EADDRINUSE`, `EACCES`,
   *   `EADDRNOTAVAIL`; ConnectError `ERR_CLOSED` where it is closed meanwhile
   */
  async start(): Promise<void> {
    if (this.state !== 'new') throw new Error('A server can be started once');
    this.state = 'listening';
    const { socketPath, registrar, autoRegister = registrar !== undefined } = this.listenOptions;
    try {
      await this.listen();
      this.logger.info(`server started on ${socketPath ?? `[${this.host}]:${this.port}`}`);
      if (autoRegister) await this.register(registrar ?? new UDPRegistryClient({ logger: this.logger }));
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  /** Stops listening, ends all clients, and unregisters. May be called again. */
  close(): Promise<void> {
    this.closing ??= this.end();
    return this.closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  private listen(): Promise<void> {
    const { port = 0, ipv6 = false, backlog = DEFAULT_BACKLOG, socketPath } = this.listenOptions;
    const where = socketPath === undefined ? { port, host: this.host, ipv6Only: ipv6 } : { path: socketPath };
    return new Promise((resolve, reject) => {
      void this.ended.then(() => reject(closedError()));
      const name = socketPath ?? describeEndpoint(this.host, port);
      const fail = (error: Error): void => reject(listenError(error, name));
      this.listener.once('error', fail);
      this.listener.listen({ ...where, backlog }, () => {
        this.listener.off('error', fail);
        this.listener.on('error', (error) => this.logger.error(`Listening: ${error.message}`));
        // The name of the host was looked up meanwhile, and what does not listen yet cannot be closed.
        if (this.state === 'closed') this.listener.close();
        else resolve();
      });
    });
  }

  private async register(registrar: Registrar): Promise<void> {
    // A registry knows a server by the address that asks: that has to be the one on which it listens.
    const host = isIP(this.host) === 0 || ANY_ADDRESS.has(this.host) ? '' : this.host;
    const aliases = await this.aliases();
    if (this.state === 'closed') throw closedError();
    const server = { aliases, port: this.port, host };
    this.registration = new Registration(registrar, server, this.logger);
    this.registration.start();
  }

  private accepted(socket: Socket): void {
    this.logger.info(`accepted ${describeClient(socket)}`);
    if (this.state === 'closed') socket.destroy();
    else void this.serveClient(socket);
  }

  private async end(): Promise<void> {
    const wasListening = this.listener.listening;
    this.state = 'closed';
    // Its callback is not waited for: Node never calls it once sockets were handed to processes that are gone.
    if (wasListening) this.listener.close();
    await Promise.all([this.registration?.end(), this.endClients()]);
    // The system has the port back when the handles of this turn are closed.
    await setImmediate();
    if (wasListening) this.logger.info('server has terminated');
    this.ending.resolve(undefined);
  }
}

function closedError(): ConnectError {
  return new ConnectError('Server was closed before it had started', ErrorCode.closed);
}
