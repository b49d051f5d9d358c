/** 200 connections that end in every way there is: no handle is left behind, and no promise open. */
import assert from 'node:assert/strict';

import {
  connect,
  type Connection,
  connectTcp,
  Handler,
  RpycError,
  Service,
  ThreadedServer,
} from '../../../server/src/rpyc/index';
import { frameOf } from '../../support/hostile/payloads';
import { eventually } from '../../support/poll';

const CONNECTIONS = 200;

/** Methods that are still at work when the connection goes. */
class Busy extends Service {
  readonly #waiting: (() => void)[] = [];

  exposed_wait(): Promise<null> {
    return new Promise((resolve) => this.#waiting.push(() => resolve(null)));
  }

  exposed_callBack(callback: () => unknown): unknown {
    return callback();
  }

  override onDisconnect(): void {
    for (const finish of this.#waiting.splice(0)) finish();
  }
}

/** How a connection may end, while requests are open in both directions. */
const ENDS: readonly ((connection: Connection, server: ThreadedServer) => Promise<void> | void)[] = [
  (connection) => connection.close(),
  (connection) => connection.dispose(),
  async (connection) => {
    await Promise.all([connection.close(), connection.close()]);
    connection.dispose();
  },
  (_connection, server) => [...server.clients].at(-1)?.dispose(),
  (_connection, server) => [...server.clients].at(-1)?.close(),
  (connection) => void connection.asyncRequest(Handler.close),
  async (connection, server) => {
    // A frame that is never finished, and the end of the stream.
    const stream = await connectTcp({ host: '127.0.0.1', port: server.port });
    stream.write([frameOf(Buffer.alloc(10), false, 1000)]);
    stream.close();
    await connection.close();
  },
  async (connection, server) => {
    const stream = await connectTcp({ host: '127.0.0.1', port: server.port });
    stream.write([frameOf(Buffer.from('garbage'))]);
    await new Promise((resolve) => stream.onDidClose(resolve));
    await connection.close();
  },
];

describe('Connections that end in every way', () => {
  it(`leave nothing behind, ${CONNECTIONS} of them`, async () => {
    const before = resources();
    const server = new ThreadedServer({ service: Busy });
    await server.start();
    let settled = 0;
    let made = 0;
    const watch = (promise: PromiseLike<unknown>): void => {
      made++;
      promise.then(
        () => settled++,
        (error: unknown) => {
          assert.ok(error instanceof RpycError, String(error));
          settled++;
        },
      );
    };
    const endOne = async (number: number): Promise<void> => {
      const dialect = number % 2 === 0 ? 'C' : 'D';
      const connection = await connect('127.0.0.1', server.port, { dialect });
      watch(connection.serveAll());
      watch(connection.root['wait']?.() as PromiseLike<unknown>);
      watch(connection.root['callBack']?.(() => new Promise(() => undefined)) as PromiseLike<unknown>);
      watch(connection.asyncRequest(Handler.ping, number).value);
      if (number % 3 === 0) await connection.ping();
      await ENDS[number % ENDS.length]?.(connection, server);
      await connection.serveAll();
      assert.equal(connection.heldReferences + connection.lentReferences + connection.openRequests, 0);
    };
    for (let number = 0; number < CONNECTIONS; number += ENDS.length) {
      // One after the other where the server picks its newest client.
      for (let way = 0; way < ENDS.length; way++) await endOne(number + way);
    }
    await eventually('every promise is settled', () => settled === made);
    assert.equal(made, 4 * CONNECTIONS);
    await eventually('the server has no client', () => server.clients.size === 0);
    await server.close();
    await eventually('no handle is left', () => {
      assert.deepEqual(resources(), before);
      return true;
    });
  });
});

/** What keeps a process alive, but for the timer of the one who asks. */
function resources(): readonly string[] {
  return process
    .getActiveResourcesInfo()
    .filter((name) => /Socket|Server|Pipe|TLS|Process|Worker/.test(name))
    .sort();
}
