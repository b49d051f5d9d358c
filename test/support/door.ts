/** A way in to a server that can be shut: who is inside stays, and who comes is refused, or let in and not served. */
import { once } from 'node:events';
import { type AddressInfo, type Server, type Socket, connect, createServer } from 'node:net';

import type { Address } from './pool';

export class Door implements AsyncDisposable {
  readonly host = '127.0.0.1';
  private readonly sockets = new Set<Socket>();
  private server: Server | undefined;
  private portNow = 0;

  private constructor(private readonly target: Address) {}

  static async to(target: Address): Promise<Door> {
    const door = new Door(target);
    await door.open();
    return door;
  }

  get port(): number {
    return this.portNow;
  }

  /** Clients that are inside. */
  get clients(): number {
    return this.sockets.size;
  }

  /** Lets clients in from now on, where it did before; a silent door leads nowhere. */
  async open(leads: 'through' | 'nowhere' = 'through'): Promise<void> {
    const server = createServer((client) => {
      this.keep(client);
      if (leads === 'through') {
        const inside = connect(this.target.port, this.target.host);
        inside.on('error', () => client.destroy());
        client.on('close', () => inside.destroy());
        inside.on('close', () => client.destroy());
        client.pipe(inside).pipe(client);
      }
    });
    server.listen(this.portNow, this.host);
    await once(server, 'listening');
    this.portNow = (server.address() as AddressInfo).port;
    this.server = server;
  }

  /** Refuses clients from now on. */
  shut(): void {
    this.server?.close();
    this.server = undefined;
  }

  /** Throws out everybody who is inside. */
  clear(): void {
    for (const socket of this.sockets) {
      socket.destroy();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { server } = this;
    this.shut();
    this.clear();
    if (server !== undefined) {
      await once(server, 'close');
    }
  }

  private keep(client: Socket): void {
    this.sockets.add(client);
    client.on('close', () => this.sockets.delete(client));
    client.on('error', () => undefined);
    client.resume();
  }
}
