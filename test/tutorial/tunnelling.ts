/**
 * How to use what another machine reaches: its network, its files.
 *
 * | Lines of the how-tos | Here                         |
 * | -------------------- | ---------------------------- |
 * | 1140–1152            | `tunnelling`                 |
 * | 1160–1166            | `patchedNetwork`             |
 * | 1170–1177            | `patchedSystem`              |
 */
import * as rpyc from '../../server/src/rpyc/index';
import { greeter } from './greeter';
import type { Print } from './print';

/** A machine on a network. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** This runs on machine A, which reaches C only. C reaches B, where a server echoes what it is sent. */
export async function tunnelling(c: Address, b: Address, print: Print): Promise<void> {
  const machineC = await rpyc.classic.connect(c.host, c.port);
  const sock = await machineC.modules.socket.socket<rpyc.Netref>();
  await sock.connect([b.host, b.port]);

  await sock.send(Buffer.from('hello'));
  const answer = await sock.recv<Uint8Array>(1024);
  print(Buffer.from(answer).toString());

  print(await sock.getsockname()); // an address of machine C
  await sock.close();
  await machineC.close();
}

/** Gives a module that knows nothing of RPyC the network of machine C. */
export async function patchedNetwork(c: Address, b: Address, print: Print): Promise<void> {
  const machineC = await rpyc.classic.connect(c.host, c.port);
  greeter.connect = async (host, port) => {
    const sock = await machineC.modules.socket.create_connection<rpyc.Netref>([host, port]);
    return {
      send: (data) => sock.sendall(data),
      receive: () => sock.recv<Uint8Array>(1024),
      close: () => sock.close<null>(),
    };
  };
  print(await greeter.greet(b.host, b.port));
  await machineC.close();
}

/** The same with parts of the operating system. */
export async function patchedSystem(
  conn: rpyc.ClassicConnection,
  fileName: string,
  print: Print,
): Promise<void> {
  greeter.pid = conn.modules.os.getpid;
  greeter.readFile = async (name) => {
    const f = await conn.builtins.open<rpyc.Netref>(name);
    return await f.read<string>();
  };
  print(await greeter.describe(fileName));
}
