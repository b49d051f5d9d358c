/** The entries of `rpyc.utils.server`: our servers, used by real Python clients. */
import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import path from 'node:path';

import {
  type Connection,
  connectStream,
  ForkingServer,
  OneShotServer,
  Server,
  Service,
  SocketStream,
  ThreadedServer,
  ThreadPoolServer,
} from '../../../server/src/rpyc/index';
import { deferred } from '../../../server/src/rpyc/lib/deferred';
import { type ApiPeer, describeApi } from '../../support/apiEntry';
import { eventually } from '../../support/poll';
import { runClient } from '../../support/pythonClient';

class EchoService extends Service {
  exposed_echo(value: unknown): unknown {
    return value;
  }
}

/** Its calls last until so many of them are in service at once. */
class MeetingService extends Service {
  most = 0;
  #inService = 0;
  readonly #met = deferred<undefined>();

  constructor(private readonly size: number) {
    super();
  }

  async exposed_meet(): Promise<number> {
    this.most = Math.max(this.most, ++this.#inService);
    if (this.#inService >= this.size) this.#met.resolve(undefined);
    await this.#met.promise;
    // Whoever could be in service besides is, by now.
    await new Promise((resolve) => setImmediate(resolve));
    this.#inService--;
    return this.most;
  }
}

const FORKED = {
  module: path.resolve(__dirname, '../../support/forkedServices.js'),
  export: 'ProcessService',
};

const ECHO = `
c = rpyc.connect('127.0.0.1', port)
result = c.root.echo(42)
c.close()
`;

/** Two clients of a service that echoes, at the same time. */
const TWO = `
first, second = rpyc.connect('127.0.0.1', port), rpyc.connect('127.0.0.1', port)
result = [second.root.echo(1), first.root.echo(2), second.root.echo(3)]
`;

/** Is served until the server ends it, and comes again. */
const STAY = `
c = rpyc.connect('127.0.0.1', port)
c.serve_all()
result = [c.closed, refused(rpyc.connect, '127.0.0.1', port)[0]]
`;

async function closes(peer: ApiPeer, server: Server, clients: () => number): Promise<void> {
  await server.start();
  const outcome = runClient(peer.version, server.port, STAY);
  await eventually('the client is served', () => clients() === 1);
  await server.close();
  assert.deepEqual(await outcome, [true, 'ConnectionRefusedError']);
  assert.deepEqual([server.active, server.port, clients()], [false, 0, 0]);
  await server.ended;
}

describeApi('rpyc.utils.server', (entry) => {
  entry('Server', async (peer) => {
    // A server of one's own, which decides how each client is served.
    class Own extends Server {
      readonly clients = new Set<Connection>();

      constructor() {
        super({});
      }

      protected override async serveClient(socket: Socket): Promise<void> {
        const options = { service: EchoService, listenFirst: true };
        this.clients.add(await connectStream(new SocketStream(socket), options));
      }

      protected override async endClients(): Promise<void> {
        await Promise.all([...this.clients].map((client) => client.close()));
      }

      protected override aliases(): readonly string[] {
        return ['OWN'];
      }
    }
    await using server = new Own();
    await server.start();
    assert.equal(await runClient(peer.version, server.port, ECHO), 42);
    assert.equal(server.clients.size, 1);
    assert.ok(new ThreadedServer({ service: EchoService }) instanceof Server);
  });

  entry('Server.start', async (peer) => {
    await using server = new ThreadedServer({ service: EchoService });
    assert.deepEqual([server.active, server.port], [false, 0]);
    await server.start();
    assert.equal(server.active, true);
    assert.equal(await runClient(peer.version, server.port, ECHO), 42);
  });

  entry('Server.close', async (peer) => {
    const server = new ThreadedServer({ service: EchoService });
    await closes(peer, server, () => server.clients.size);
  });

  entry('OneShotServer', async (peer) => {
    await using server = new OneShotServer({ service: EchoService });
    await server.start();
    const code = `${ECHO}\nresult = [result, refused(lambda: rpyc.connect('127.0.0.1', port).root.echo(1))[0]]`;
    const [first, second] = (await runClient(peer.version, server.port, code)) as readonly unknown[];
    assert.equal(first, 42);
    // The server is closed, or is about to be.
    assert.match(String(second), /^(ConnectionRefusedError|ConnectionResetError|EOFError)$/);
    await server.ended;
    assert.equal(server.active, false);
  });

  entry('ThreadedServer', async (peer) => {
    await using server = new ThreadedServer({ service: EchoService });
    await server.start();
    assert.deepEqual(await runClient(peer.version, server.port, TWO), [1, 2, 3]);
    await eventually('both clients are gone', () => server.clients.size === 0);
    assert.equal(server.active, true);
  });

  entry('ThreadPoolServer', async (peer) => {
    const service = new MeetingService(2);
    await using server = new ThreadPoolServer({ service, nbThreads: 2 });
    await server.start();
    const code = `
calls = [rpyc.async_(rpyc.connect('127.0.0.1', port).root.meet) for _ in range(3)]
results = [call() for _ in range(4) for call in calls]
result = max(r.value for r in results)
`;
    assert.equal(await runClient(peer.version, server.port, code), 2);
    assert.equal(service.most, 2, 'no more than two are served at once');
  });

  entry('ThreadPoolServer.close', async (peer) => {
    const server = new ThreadPoolServer({ service: EchoService });
    await closes(peer, server, () => server.clients.size);
  });

  entry('ForkingServer', async (peer) => {
    await using server = new ForkingServer({ service: FORKED });
    await server.start();
    const code = `
first, second = rpyc.connect('127.0.0.1', port), rpyc.connect('127.0.0.1', port)
result = [first.root.pid(), second.root.pid()]
`;
    const pids = (await runClient(peer.version, server.port, code)) as readonly number[];
    assert.equal(new Set([...pids, process.pid]).size, 3);
    await eventually('no child is left', () => server.childPids.length === 0);
  });

  entry('ForkingServer.close', async (peer) => {
    const server = new ForkingServer({ service: FORKED });
    await closes(peer, server, () => server.childPids.length);
  });
});
