/**
 * A module that knows nothing of RPyC: it greets a server over a socket and describes files. What it needs of the machine
 * stands in properties, so that it can be patched: see `tunnelling.ts`.
 */
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';

/** The little that the module needs of a socket. */
export interface Line {
  send(data: Uint8Array): PromiseLike<unknown>;
  receive(): PromiseLike<Uint8Array>;
  close(): PromiseLike<unknown>;
}

export interface Greeter {
  connect: (host: string, port: number) => PromiseLike<Line>;
  pid: () => PromiseLike<number>;
  readFile: (name: string) => PromiseLike<string>;
  greet(host: string, port: number): Promise<string>;
  describe(fileName: string): Promise<string>;
}

/** As the machine has it. */
export function createGreeter(): Greeter {
  return {
    async connect(host, port) {
      const socket = connect(port, host);
      await once(socket, 'connect');
      return {
        send: (data) => new Promise<void>((resolve) => socket.write(data, () => resolve())),
        receive: async () => ((await once(socket, 'data')) as [Uint8Array])[0],
        close: () => new Promise<void>((resolve) => socket.end(() => resolve())),
      };
    },

    pid: () => Promise.resolve(process.pid),

    readFile: (name) => readFile(name, 'utf8'),

    async greet(host, port) {
      const line = await this.connect(host, port);
      await line.send(Buffer.from('hello'));
      const answer = Buffer.from(await line.receive()).toString();
      await line.close();
      return answer;
    },

    async describe(fileName) {
      return `process ${await this.pid()} reads: ${await this.readFile(fileName)}`;
    },
  };
}

export const greeter = createGreeter();
