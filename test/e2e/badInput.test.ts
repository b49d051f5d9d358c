import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { type BadServer, badServer, closedPort } from '../support/badServers';
import { eventually } from '../support/poll';
import { type PythonPeer, RPYC_VERSIONS } from '../support/pythonPeer';
import { command, connect, listConnections, row, rowsUnder, state, waitForStatus } from './editor';
import { type Address, profileTo } from './profiles';
import { startJourneyPeer } from './secondClient';

const HOST = '127.0.0.1';
const GOOD = 'Good';
const BAD = 'Bad';
const [VERSION = '5.3.0'] = RPYC_VERSIONS;

describe('a connection to the wrong place', () => {
  let good: PythonPeer;

  before(async () => {
    good = await startJourneyPeer(VERSION);
  });

  after(async () => {
    await listConnections([]);
    await good[Symbol.asyncDispose]();
  });

  /** Connecting fails with this sentence under the connection, and the editor goes on. */
  async function failsWith(address: Address, sentence: RegExp): Promise<void> {
    await listConnections([profileTo(good, GOOD), profileTo(address, BAD)]);
    await command('rpyc.connect', BAD);
    const { problem, openConnections } = await waitForStatus(BAD, 'failed');
    assert.match(problem?.message ?? '', sentence);
    assert.equal(openConnections, 0);
    assert.match(row([BAD]).description, /^cannot connect · /);
    assert.deepEqual(
      rowsUnder([BAD]).map(({ label }) => label),
      [problem?.message],
    );
    await connect(GOOD);
    await command('rpyc.disconnect', GOOD);
    await command('notifications.clearAll');
  }

  async function isLeft(server: BadServer): Promise<void> {
    await eventually('no client is left', () => server.clients.size === 0);
  }

  it('a closed port', async () => {
    await failsWith({ host: HOST, port: await closedPort() }, /Nothing listens on .*: start the RPyC server/);
  });

  it('a host that is not known', async () => {
    await failsWith({ host: 'no-such-host.invalid', port: 18812 }, /no-such-host\.invalid.*correct its name/);
  });

  it('a web server', async () => {
    const server = createServer((_request, response) => response.end('hello'));
    server.listen(0, HOST);
    await once(server, 'listening');
    try {
      const { port } = server.address() as AddressInfo;
      await failsWith({ host: HOST, port }, /web server \(HTTP\).*not an RPyC server: correct the port/);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });

  it('a peer that talks nonsense', async () => {
    await using server = await badServer((socket) => socket.write(Buffer.alloc(64, 0x7f)));
    await failsWith(server, /correct the port|check that it is the right server/);
    await isLeft(server);
  });

  it('a frame of four gigabytes', async () => {
    await using server = await badServer((socket) => socket.write(Buffer.from('ffffffff00', 'hex')));
    await failsWith(server, /more than is safe/);
    await isLeft(server);
  });

  it('a server that never answers', async () => {
    await using server = await badServer();
    await failsWith(server, /accepts connections but stays silent/);
    await isLeft(server);
  });

  it('a server that never answers, and a user who does not wait', async () => {
    await using server = await badServer();
    await listConnections([profileTo(good, GOOD), profileTo(server, BAD)]);
    const connecting = command('rpyc.connect', BAD);
    await eventually('the server is called', () => server.clients.size > 0);
    assert.match(row([BAD]).description, /…$/);
    await command('rpyc.cancelConnecting', BAD);
    await connecting;
    assert.equal(state(BAD).status, 'disconnected');
    await isLeft(server);
  });

  it('an entry of the settings that is none', async () => {
    const profile = {
      ...profileTo(good, BAD),
      transport: { kind: 'tcp', host: HOST, port: 99_999 } as const,
    };
    await listConnections([profileTo(good, GOOD)]);
    const { workspace, ConfigurationTarget } = await import('vscode');
    await workspace
      .getConfiguration()
      .update('rpyc.profiles', [profileTo(good, GOOD), profile], ConfigurationTarget.Global);
    await eventually('the wrong entry is told', () => {
      return row(['Connection 2 in the settings has a wrong "transport.port": correct it there.']);
    });
    await connect(GOOD);
  });
});
