/** A registry that answers whatever a test wants, and writes down what it was asked. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';

import type { RegistryMode } from './registries';

const HOST = '127.0.0.1';

export interface RawRegistry extends AsyncDisposable {
  readonly port: number;
  /** What it was asked, each datagram or each connection's first piece. */
  readonly asked: Uint8Array[];
}

/** The answers to a request, each sent by itself: none is silence. */
export type Answers = (request: Uint8Array) => readonly Uint8Array[];

export async function rawRegistry(mode: RegistryMode, answers: Answers): Promise<RawRegistry> {
  return mode === 'UDP' ? await rawUdp(answers) : await rawTcp(answers);
}

async function rawUdp(answers: Answers): Promise<RawRegistry> {
  const asked: Uint8Array[] = [];
  const socket = createSocket('udp4');
  socket.on('message', (request, { address, port }) => {
    asked.push(request);
    // The asker may have gone.
    for (const answer of answers(request)) socket.send(answer, port, address, () => undefined);
  });
  socket.bind(0, HOST);
  await once(socket, 'listening');
  return {
    port: socket.address().port,
    asked,
    [Symbol.asyncDispose]: () => new Promise((resolve) => socket.close(resolve)),
  };
}

/** As upstream it leaves a connection open where it has no answer. */
async function rawTcp(answers: Answers): Promise<RawRegistry> {
  const asked: Uint8Array[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => undefined);
    socket.once('data', (request) => {
      asked.push(request);
      const all = answers(request);
      for (const answer of all) socket.write(answer);
      if (all.length > 0) socket.end();
    });
  });
  server.listen(0, HOST);
  await once(server, 'listening');
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('The registry has no port');
  return {
    port: address.port,
    asked,
    [Symbol.asyncDispose]: () => {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
