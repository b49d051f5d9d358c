/** What the children of a forking server load by name. */
import type { Socket } from 'node:net';

import { AuthenticationError, type Connection, Service } from '../../server/src/rpyc/index';

/** Tells about its process, and brings it into trouble. */
export class ProcessService extends Service {
  static override readonly aliases = ['process'];
  #credentials: unknown;
  #calls = 0;

  constructor(private readonly options: unknown = null) {
    super();
  }

  override onConnect(connection: Connection): void {
    this.#credentials = connection.config.credentials;
  }

  exposed_pid(): number {
    return process.pid;
  }

  exposed_calls(): number {
    return ++this.#calls;
  }

  exposed_text(): string {
    return JSON.stringify({ options: this.options, credentials: this.#credentials });
  }

  exposed_crash(): void {
    process.kill(process.pid, 'SIGKILL');
  }

  exposed_hang(): never {
    for (;;);
  }
}

export function sharedService(options: { readonly name: string }): Service {
  return new ProcessService(options.name);
}

export const notAService = { any: 'thing' };

/** Takes one word from the client, and no more. */
export class WordAuthenticator {
  constructor(private readonly options: { readonly word: string }) {}

  async authenticate(socket: Socket): Promise<{ readonly word: string }> {
    const word = await new Promise<string>((resolve) => {
      socket.once('data', (data: Buffer) => {
        socket.pause();
        resolve(data.toString());
      });
    });
    if (word !== this.options.word) throw new AuthenticationError('wrong word');
    socket.write('ok');
    return { word };
  }
}

/** What a child of the server says of a client goes into the server's log. */
export function boastfulAuthenticator(): never {
  throw new AuthenticationError('no\n\u001b[2Jserver has terminated');
}
