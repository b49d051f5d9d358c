/*
 * Serving clients that have been accepted: authentication, then a connection. The `_authenticate_and_serve_client` of
 * rpyc/utils/server.py. Differs on purpose: authentication has a time limit, and credentials are not logged.
 */

import { Socket } from 'node:net';
import { Duplex } from 'node:stream';

import { Channel } from '../core/channel';
import { mergeLimits } from '../core/config';
import { AuthenticationError } from '../core/errors';
import type { Connection } from '../core/protocol';
import { type Service, type ServiceClass, serviceFor } from '../core/service';
import type { RequestLane } from '../core/serving';
import { describeEndpoint, DuplexStream, SocketStream, type Stream } from '../core/stream';
import { after } from '../lib/deferred';
import { DisposableStore, toDisposable } from '../lib/disposable';
import { errorText } from '../lib/errorText';
import { type Logger, plainLine, silentLogger } from '../lib/logger';
import type { Authenticated, Authenticator, ClientOptions } from './serverOptions';

const DEFAULT_AUTHENTICATION_SECONDS = 10;

export interface HandlerOptions extends ClientOptions {
  readonly service: ServiceClass | Service;
  /** For connections that take turns with others. */
  readonly createLane?: () => RequestLane | undefined;
}

/** Turns sockets into connections, and owns both. */
export class ClientHandler {
  readonly connections = new Set<Connection>();
  private readonly logger: Logger;
  /** Accepted and not yet connections. */
  private readonly sockets = new Set<Socket>();
  private isClosed = false;

  constructor(private readonly options: HandlerOptions) {
    this.logger = options.logger ?? silentLogger;
  }

  /** Serves one client. Resolves when it is gone, or turned away; never rejects. */
  async handle(socket: Socket): Promise<void> {
    const client = describeClient(socket);
    this.sockets.add(socket);
    socket.once('close', () => this.sockets.delete(socket));
    socket.on('error', (error) => this.logger.debug(`${client}: ${plainLine(error.message)}`));
    try {
      const { socket: stream, credentials } = await this.authenticate(socket, client);
      if (stream.destroyed || this.isClosed) throw new Error('the client is gone');
      await this.serve(socket, stream, client, credentials);
    } catch (error) {
      this.logger.warn(`${client} is turned away: ${plainLine(errorText(error))}`);
      socket.destroy();
    }
  }

  /** Ends all clients. May be called again. */
  async close(): Promise<void> {
    this.isClosed = true;
    for (const socket of this.sockets) socket.destroy();
    const closing = [...this.connections].map((connection) => connection.close());
    for (const result of await Promise.allSettled(closing)) {
      if (result.status === 'rejected')
        this.logger.warn(`Closing a client: ${plainLine(String(result.reason))}`);
    }
  }

  private async authenticate(socket: Socket, client: string): Promise<Authenticated> {
    const { authenticator, authenticationTimeout = DEFAULT_AUTHENTICATION_SECONDS } = this.options;
    if (authenticator === undefined) return { socket, credentials: null };
    const held = new DisposableStore();
    try {
      const ended = new Promise<never>((_resolve, reject) => {
        const fail = (text: string): void => reject(new AuthenticationError(text));
        const onClose = (): void => fail('it left before it was authenticated');
        socket.once('close', onClose);
        held.add(toDisposable(() => socket.off('close', onClose)));
        held.add(
          after(authenticationTimeout, () =>
            fail(`not authenticated within ${authenticationTimeout} seconds`),
          ),
        );
      });
      const result = await Promise.race([runAuthenticator(authenticator, socket), ended]);
      this.logger.info(`${client} authenticated successfully`);
      return readResult(result, socket);
    } finally {
      held.dispose();
    }
  }

  private async serve(socket: Socket, stream: Duplex, client: string, credentials: unknown): Promise<void> {
    const { service, protocolConfig, dialect = 'auto', limits, createLane } = this.options;
    const channel = new Channel(streamOver(stream, client), { limits: mergeLimits(limits) });
    const object = serviceFor(service);
    const connection = object.createConnection(channel, {
      service: object,
      config: {
        logger: this.logger,
        ...protocolConfig,
        credentials,
        endpoints: [
          [socket.localAddress ?? '', socket.localPort ?? 0],
          [socket.remoteAddress ?? '', socket.remotePort ?? 0],
        ],
      },
      dialect,
      limits,
      logger: this.logger,
      lane: createLane?.(),
    });
    this.logger.info(`welcome ${client}`);
    this.connections.add(connection);
    // From here on the socket is the connection's to end, with a word to the client.
    this.sockets.delete(socket);
    connection.onDidClose(() => {
      this.connections.delete(connection);
      this.logger.info(`goodbye ${client}`);
    });
    const ended = connection.serveAll();
    try {
      const started = connection.start();
      // An authenticator may have stopped the socket at the end of what belongs to it.
      stream.resume();
      await started;
    } catch (error) {
      connection.dispose();
      throw error;
    }
    await ended;
  }
}

function runAuthenticator(authenticator: Authenticator, socket: Socket): Promise<unknown> {
  const run =
    typeof authenticator === 'function' ? authenticator : authenticator.authenticate.bind(authenticator);
  return Promise.resolve().then(() => run(socket));
}

/** Tells a socket that replaces the first one from mere credentials. */
function readResult(result: unknown, socket: Socket): Authenticated {
  if (Array.isArray(result) && result.length === 2 && result[0] instanceof Duplex) {
    return { socket: result[0], credentials: result[1] as unknown };
  }
  if (
    typeof result === 'object' &&
    result !== null &&
    'socket' in result &&
    result.socket instanceof Duplex
  ) {
    return { socket: result.socket, credentials: 'credentials' in result ? result.credentials : null };
  }
  return { socket, credentials: result };
}

function streamOver(stream: Duplex, client: string): Stream {
  return stream instanceof Socket ? new SocketStream(stream, client) : new DuplexStream(stream, client);
}

/** Where a client comes from; a Unix socket has no address. */
export function describeClient({ remoteAddress, remotePort }: Socket): string {
  return remoteAddress === undefined ? 'a local client' : describeEndpoint(remoteAddress, remotePort ?? 0);
}
