/*
 * Servers that serve all their clients by the event loop: `ThreadedServer` and `OneShotServer` of rpyc/utils/server.py.
 * Differs on purpose: Node has one thread for JavaScript, and the dialect is each client's own.
 */

import type { Socket } from 'node:net';

import type { Connection } from '../core/protocol';
import { aliasesOf } from '../core/service';
import type { RequestLane } from '../core/serving';
import { Server } from './baseServer';
import { ClientHandler } from './clientHandler';
import type { ServerOptions } from './serverOptions';

/** Serves every client that connects, all of them by the event loop. */
export class ThreadedServer extends Server {
  private readonly handler: ClientHandler;

  /** @throws TypeError for options that exclude each other */
  constructor(protected readonly options: ServerOptions) {
    super(options);
    this.handler = new ClientHandler({ ...options, createLane: () => this.createLane() });
  }

  override get clients(): ReadonlySet<Connection> {
    return this.handler.connections;
  }

  /** Makes the turns of one connection, where its requests have to wait for those of others. */
  protected createLane(): RequestLane | undefined {
    return undefined;
  }

  protected override serveClient(socket: Socket): Promise<void> {
    return this.handler.handle(socket);
  }

  protected override endClients(): Promise<void> {
    return this.handler.close();
  }

  protected override aliases(): readonly string[] {
    return aliasesOf(this.options.service);
  }
}

/**
 * Serves the first client that connects, whatever becomes of it, and ends: see `ended`. Any connection counts, also one
 * that is turned away.
 */
export class OneShotServer extends ThreadedServer {
  private hasClient = false;

  constructor(options: ServerOptions) {
    super({ ...options, maxClients: 1 });
  }

  protected override async serveClient(socket: Socket): Promise<void> {
    if (this.hasClient) {
      socket.destroy();
      return;
    }
    this.hasClient = true;
    await super.serveClient(socket);
    await this.close();
  }
}
