/** TCP servers that are not what a client of RPyC hopes for. */
import { type Server, type Socket, createServer } from 'node:net';

export interface BadServer extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  /** Clients that are connected now. */
  readonly clients: ReadonlySet<Socket>;
  /** Clients that have come so far. */
  readonly visits: () => number;
}

/**
 * @param greet what happens to a client that connects
 * @param hear what happens to what it says
 */
export async function badServer(
  greet: (socket: Socket) => void = () => undefined,
  hear: (socket: Socket, data: Buffer) => void = () => undefined,
): Promise<BadServer> {
  const clients = new Set<Socket>();
  let visits = 0;
  const server = createServer((socket) => {
    visits += 1;
    clients.add(socket);
    socket.on('close', () => clients.delete(socket));
    // Clients of a bad server leave without ceremony.
    socket.on('error', () => undefined);
    socket.on('data', (data) => hear(socket, data));
    greet(socket);
  });
  await listening(server);
  const address = server.address();
  if (address === null || typeof address === 'string') {
    throw new Error('The server has no port');
  }
  return {
    host: '127.0.0.1',
    port: address.port,
    clients,
    visits: () => visits,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        for (const socket of clients) {
          socket.destroy();
        }
        server.close(() => resolve());
      }),
  };
}

/** A port on which nothing listens: one that was free a moment ago. */
export async function closedPort(): Promise<number> {
  const server = await badServer();
  await server[Symbol.asyncDispose]();
  return server.port;
}

function listening(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
}
