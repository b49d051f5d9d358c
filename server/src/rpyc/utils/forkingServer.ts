/*
 * `ForkingServer` of rpyc/utils/server.py. Differs on purpose: Node cannot fork, so each client gets a fresh process,
 * which loads the service by its name.
 */

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import type { Socket } from 'node:net';

import type { Connection } from '../core/protocol';
import { aliasesOf } from '../core/service';
import { after } from '../lib/deferred';
import { errorText } from '../lib/errorText';
import { type Logger, plainLine } from '../lib/logger';
import { startedChild } from '../lib/startedChild';
import { SSLAuthenticator } from './authenticators';
import { Server } from './baseServer';
import { describeClient } from './clientHandler';
import {
  CHILD_PROGRAM,
  FORKED_CHILD,
  type LogLevel,
  type NamedAuthenticator,
  type Order,
  type ServeOrder,
} from './forkingChild';
import type { ClientOptions, ListenOptions } from './serverOptions';
import { isModuleExport, loadService, type ModuleExport } from './serviceModule';

/** What a `ForkingServer` can be told. */
export interface ForkingServerOptions extends ListenOptions, Omit<ClientOptions, 'authenticator'> {
  /** Names the service, since a class cannot be handed to another process. Each client has a service of its own. */
  readonly service: ModuleExport;
  /** Runs in the child: by its name, or an `SSLAuthenticator`. */
  readonly authenticator?: ModuleExport | SSLAuthenticator | undefined;
}

const DEFAULT_MAX_CLIENTS = 1000;
/** After this a child that does not end is ended; its own limit is shorter. */
const LONGEST_END_SECONDS = 5;
const NO_CLIENTS: ReadonlySet<Connection> = new Set();

/** Serves each client by a process of its own, which ends with the client and with this process. */
export class ForkingServer extends Server {
  private readonly children = new Set<ChildProcess>();
  private readonly order: ServeOrder;
  private readonly maxClients: number;

  /** @throws TypeError for options that exclude each other, or that cannot be handed to another process */
  constructor(private readonly options: ForkingServerOptions) {
    super(options, { pauseOnConnect: true });
    this.maxClients = options.maxClients ?? DEFAULT_MAX_CLIENTS;
    this.order = makeOrder(options);
  }

  /** Always empty: the connections are those of the children. */
  override get clients(): ReadonlySet<Connection> {
    return NO_CLIENTS;
  }

  /** The process ids of the children that serve a client now. */
  get childPids(): readonly number[] {
    return [...this.children].map(({ pid }) => pid ?? 0);
  }

  protected override async serveClient(socket: Socket): Promise<void> {
    const client = describeClient(socket);
    socket.on('error', (error) => this.logger.debug(`${client}: ${error.message}`));
    if (this.children.size >= this.maxClients) {
      this.logger.warn('the server is full: a client is turned away');
      socket.destroy();
      return;
    }
    try {
      await this.serveByChild(socket, client);
    } catch (error) {
      this.logger.warn(`${client} is turned away, since no child can be started: ${errorText(error)}`);
      socket.destroy();
    }
  }

  protected override async endClients(): Promise<void> {
    await Promise.all([...this.children].map(endChild));
  }

  protected override async aliases(): Promise<readonly string[]> {
    return aliasesOf(await loadService(this.options.service));
  }

  private async serveByChild(socket: Socket, client: string): Promise<void> {
    const child = fork(CHILD_PROGRAM, [FORKED_CHILD], {
      serialization: 'advanced',
      execArgv: process.execArgv.filter((argument) => !argument.startsWith('--inspect')),
      // The last one tells the child that this process is gone.
      stdio: ['ignore', 'inherit', 'inherit', 'ipc', 'pipe'],
    });
    this.children.add(child);
    try {
      await startedChild(child);
      child.on('message', (message) => log(this.logger, message));
      child.stdio[4]?.on('error', () => undefined);
      const ended = once(child, 'exit') as Promise<[code: number | null, signal: string | null]>;
      child.send(this.order, socket, (error) => {
        // A socket that was sent is none of ours any more: to destroy it would count the client twice.
        if (error !== null) socket.destroy(error);
      });
      const [code, signal] = await ended;
      if (code !== 0)
        this.logger.error(`The child of ${client} ended with ${signal ?? `code ${code ?? '?'}`}`);
    } finally {
      this.children.delete(child);
      // One that was not started may have no pipes at all.
      (child.stdio as ChildProcess['stdio'] | undefined)?.[4]?.destroy();
    }
  }
}

function makeOrder(options: ForkingServerOptions): ServeOrder {
  const { service, authenticator, authenticationTimeout, protocolConfig, dialect, limits } = options;
  if (!isModuleExport(service)) {
    throw new TypeError('Another process needs the name of the service: { module, export, options }');
  }
  const order: ServeOrder = {
    kind: 'serve',
    service,
    authenticator: authenticator === undefined ? undefined : nameOf(authenticator),
    authenticationTimeout,
    protocolConfig,
    dialect,
    limits,
  };
  try {
    structuredClone(order);
  } catch (error) {
    const text = `The options cannot be handed to another process: ${errorText(error)}`;
    throw new TypeError(text, { cause: error });
  }
  return order;
}

function nameOf(authenticator: ModuleExport | SSLAuthenticator): NamedAuthenticator {
  if (authenticator instanceof SSLAuthenticator) return { tls: authenticator.options };
  if (isModuleExport(authenticator)) return { named: authenticator };
  throw new TypeError('Another process needs the name of the authenticator: { module, export, options }');
}

async function endChild(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  const timer = after(LONGEST_END_SECONDS, () => child.kill('SIGKILL'));
  try {
    if (child.connected) child.send({ kind: 'close' } satisfies Order, () => undefined);
    await exited;
  } finally {
    timer.dispose();
  }
}

const LEVELS: ReadonlySet<unknown> = new Set<LogLevel>(['debug', 'info', 'warn', 'error']);

/** A classic client can make its child say anything. */
function log(logger: Logger, said: unknown): void {
  if (typeof said !== 'object' || said === null || !('level' in said) || !('message' in said)) return;
  const { level, message } = said;
  if (!LEVELS.has(level) || typeof message !== 'string') return;
  logger[level as LogLevel](plainLine(message));
}
