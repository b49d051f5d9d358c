/** Every recorded registry session, with the library in the place of either side, byte by byte over real sockets. */
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';

import {
  type RegistryClient,
  type RegistryServer,
  TCPRegistryClient,
  TCPRegistryServer,
  UDPRegistryClient,
  UDPRegistryServer,
} from '../../../../server/src/rpyc/index';
import {
  CommandProblem,
  decodeCommand,
  decodeNames,
  decodeServers,
  type RegistryCommand,
} from '../../../../server/src/rpyc/utils/registryMessages';
import { readSession } from '../../../support/replay/recording';
import { fromHex, toHex } from '../../../support/typedJson';
import { registrySessions } from './sessions';

const HOST = '127.0.0.1';

/** A command and its answer, in hexadecimal. */
interface Turn {
  readonly step: string;
  readonly request: string;
  readonly reply: string;
}

function turnsOf(session: string): readonly Turn[] {
  const frames = readSession(session).frames.filter(({ hex }) => hex !== undefined);
  const turns = frames.flatMap(({ from, hex = '', step }, index): Turn[] => {
    if (from !== 'client') return [];
    const answer = frames[index + 1];
    assert.equal(answer?.from, 'server', `${session}: each command has its answer`);
    return [{ step, request: hex, reply: answer.hex ?? '' }];
  });
  assert.equal(frames.length, 2 * turns.length);
  assert.ok(turns.length >= 7);
  return turns;
}

function commandOf(turn: Turn): RegistryCommand {
  const received = decodeCommand(fromHex(turn.request));
  assert.ok(!(received instanceof CommandProblem), turn.step);
  return received.command;
}

/** Sends a datagram and gives the answer. */
async function askUdp(port: number, request: Uint8Array): Promise<Uint8Array> {
  const socket = createSocket('udp4');
  try {
    socket.send(request, port, HOST);
    const [answer] = (await once(socket, 'message')) as [Buffer];
    return answer;
  } finally {
    socket.close();
  }
}

/** Sends bytes on a connection of their own and gives what comes until its end. */
async function askTcp(port: number, request: Uint8Array): Promise<Uint8Array> {
  const socket = connect(port, HOST);
  // In pieces, as a network may bring it.
  for (const byte of request) socket.write(new Uint8Array([byte]));
  const pieces: Buffer[] = [];
  socket.on('data', (piece) => pieces.push(piece));
  await once(socket, 'end');
  socket.destroy();
  return Buffer.concat(pieces);
}

/** Plays the registry: answers each command as recorded, and writes down what came in its place. */
async function recordedRegistry(
  isTcp: boolean,
  turns: readonly Turn[],
): Promise<{ port: number; seen: string[]; close(): void }> {
  const seen: string[] = [];
  const answer = (request: Uint8Array): Uint8Array => {
    const reply = fromHex(turns[seen.length]?.reply ?? '');
    seen.push(toHex(request));
    return reply;
  };
  if (isTcp) {
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', (request) => socket.end(answer(request)));
    });
    server.listen(0, HOST);
    await once(server, 'listening');
    const address = server.address();
    assert.ok(typeof address === 'object' && address !== null);
    return { port: address.port, seen, close: () => server.close() };
  }
  const socket = createSocket('udp4');
  socket.on('message', (request, { port, address }) => socket.send(answer(request), port, address));
  socket.bind(0, HOST);
  await once(socket, 'listening');
  return { port: socket.address().port, seen, close: () => socket.close() };
}

/** Does what the recorded client did, and checks what the library makes of the answer. */
async function take(client: RegistryClient, turn: Turn): Promise<void> {
  const command = commandOf(turn);
  const reply = fromHex(turn.reply);
  switch (command.command) {
    case 'REGISTER':
      assert.equal(await client.register(command.aliases, command.port), true, turn.step);
      break;
    case 'UNREGISTER':
      await client.unregister(command.port);
      break;
    case 'QUERY':
      assert.deepEqual(await client.discover(command.name), decodeServers(reply), turn.step);
      break;
    case 'LIST':
      assert.deepEqual(await client.list(command.filterHost), decodeNames(reply), turn.step);
  }
}

describe('recorded registry sessions, replayed', () => {
  for (const session of registrySessions) {
    const isTcp = session.startsWith('registry-tcp');
    const stringKind = session.endsWith('py27') ? 'bytes' : 'text';

    it(`${session}: the registry`, async () => {
      const options = { host: HOST, port: 0, allowListing: true };
      await using server: RegistryServer = isTcp
        ? new TCPRegistryServer(options)
        : new UDPRegistryServer(options);
      await server.start();
      const ask = isTcp ? askTcp : askUdp;
      for (const { step, request, reply } of turnsOf(session)) {
        assert.equal(toHex(await ask(server.port, fromHex(request))), reply, step);
      }
    });

    it(`${session}: the client`, async () => {
      const turns = turnsOf(session);
      const registry = await recordedRegistry(isTcp, turns);
      try {
        const options = { ip: HOST, port: registry.port, timeout: 10, stringKind } as const;
        const client = isTcp ? new TCPRegistryClient(options) : new UDPRegistryClient(options);
        for (const turn of turns) {
          const before = registry.seen.length;
          await take(client, turn);
          // A datagram that unregisters is on its way when the client goes on.
          while (registry.seen.length === before) await new Promise(setImmediate);
        }
        assert.deepEqual(
          registry.seen,
          turns.map(({ request }) => request),
        );
      } finally {
        registry.close();
      }
    });
  }
});
