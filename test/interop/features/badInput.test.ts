import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execFileSync } from 'node:child_process';
import { deflateSync } from 'node:zlib';

import type { ConnectionState, Problem, Profile } from '../../../server/src/api/model';
import { type BadServer, badServer, closedPort } from '../../support/badServers';
import { TestProcess } from '../../support/childProcess';
import { eventually } from '../../support/poll';
import { type Address, TestPool, profileTo } from '../../support/pool';
import { startClassic } from '../../support/pythonPeer';

const HOST = '127.0.0.1';
const SSHD = '/usr/sbin/sshd';

/** Connecting must fail within five seconds, with a state that tells the same problem, and leave nothing open. */
async function failure(address: Address, more: Partial<Profile> = {}): Promise<Problem> {
  await using test = new TestPool([profileTo(address, more)]);
  const began = performance.now();
  const error: unknown = await test.pool.connect('p').then(
    (state: ConnectionState) => assert.fail(`Connected: ${JSON.stringify(state)}`),
    (reason: unknown) => reason,
  );
  const took = performance.now() - began;
  assert.ok(took < 5500, `It took ${Math.round(took)} ms to say so`);
  const state = test.pool.state('p');
  assert.equal(state.status, 'failed');
  assert.equal(state.openConnections, 0);
  assert.deepEqual([...test.pool.openConnections.values()].filter(Boolean), []);
  const { problem } = error as { readonly problem: Problem };
  assert.deepEqual(state.problem, problem);
  assert.doesNotMatch(problem.message, /EOFError|ECONN|\n|undefined/);
  return problem;
}

async function noClientLeft(server: BadServer): Promise<void> {
  await eventually('no client is left', () => server.clients.size === 0);
}

function frame(payload: Uint8Array, flag: number, length = payload.length): Buffer {
  const header = Buffer.alloc(5);
  header.writeUInt32BE(length, 0);
  header[4] = flag;
  return Buffer.concat([header, payload, Buffer.from('\n')]);
}

describe('connecting to what is no RPyC server', function () {
  this.timeout(30_000);

  it('a host that does not exist', async () => {
    const problem = await failure({ host: 'no-such-host.invalid', port: 18812 });
    assert.ok(['ERR_DNS', 'ERR_TIMEOUT'].includes(problem.code), problem.code);
    assert.match(problem.message, /no-such-host\.invalid.*correct its name/);
  });

  it('a port on which nothing listens', async () => {
    const problem = await failure({ host: HOST, port: await closedPort() });
    assert.equal(problem.code, 'ERR_REFUSED');
    assert.match(problem.message, /Nothing listens on 127\.0\.0\.1:\d+: start the RPyC server/);
  });

  it('a real HTTP server', async () => {
    const server = createHttpServer((_request, response) => response.end('hello'));
    server.listen(0, HOST);
    await once(server, 'listening');
    try {
      const problem = await failure({ host: HOST, port: (server.address() as AddressInfo).port });
      assert.equal(problem.code, 'ERR_NOT_RPYC');
      assert.match(problem.message, /web server \(HTTP\).*correct the port/);
    } finally {
      server.close();
      server.closeAllConnections();
    }
  });

  it('a real SSH server', async () => {
    assert.ok(existsSync(SSHD), 'No sshd: install openssh-server');
    const folder = mkdtempSync(path.join(tmpdir(), 'sshd-'));
    try {
      const key = path.join(folder, 'key');
      execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key]);
      const port = await closedPort();
      const config = path.join(folder, 'config');
      writeFileSync(
        config,
        `ListenAddress ${HOST}\nPort ${port}\nHostKey ${key}\nPidFile none\nUsePAM no\nLogLevel QUIET\n`,
      );
      if (process.getuid?.() === 0) {
        execFileSync('mkdir', ['-p', '/run/sshd']);
      }
      await using sshd = new TestProcess(SSHD, ['-D', '-e', '-f', config]);
      await eventually('sshd listens', async () => {
        assert.ok(!sshd.hasEnded, sshd.stderr);
        return listens(port);
      });
      const problem = await failure({ host: HOST, port });
      assert.equal(problem.code, 'ERR_NOT_RPYC');
      assert.match(problem.message, /SSH server.*correct the port/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('a server that takes TLS only', async () => {
    // What a TLS server says to a client that does not begin a handshake: a fatal alert.
    await using server = await badServer(
      () => undefined,
      (socket) => socket.end(Buffer.from('15030300020246', 'hex')),
    );
    const problem = await failure(server);
    assert.equal(problem.code, 'ERR_NOT_RPYC');
    assert.match(problem.message, /TLS/);
  });

  it('a server that accepts and says nothing', async () => {
    await using server = await badServer();
    const problem = await failure(server);
    assert.equal(problem.code, 'ERR_TIMEOUT');
    assert.match(problem.message, /stays silent.*close its other client, or check/);
    await noClientLeft(server);
  });

  it('a server that hangs up at once', async () => {
    await using server = await badServer((socket) => socket.end());
    const problem = await failure(server);
    assert.match(problem.message, /hung up|not an RPyC server/);
    assert.ok(server.visits() <= 3, 'It is tried once in the other dialect, and once with TLS');
  });

  it('a peer that sends garbage', async () => {
    const garbage = Buffer.from('00000010009e8d7c6b5a493827160504132231400aff', 'hex');
    await using server = await badServer((socket) => socket.write(garbage));
    const problem = await failure(server);
    assert.ok(['ERR_NOT_RPYC', 'ERR_PROTOCOL'].includes(problem.code), problem.code);
    assert.match(problem.message, /correct the port/);
    await noClientLeft(server);
  });

  it('a frame length of four gigabytes', async () => {
    await using server = await badServer((socket) => socket.write(Buffer.from('ffffffff00', 'hex')));
    const before = process.memoryUsage().rss;
    const problem = await failure(server);
    assert.equal(problem.code, 'ERR_LIMIT');
    assert.match(problem.message, /more than is safe/);
    assert.ok(process.memoryUsage().rss - before < 100 * 1024 * 1024);
    await noClientLeft(server);
  });

  it('a compression bomb', async () => {
    const bomb = frame(deflateSync(Buffer.alloc(256 * 1024 * 1024)), 1);
    await using server = await badServer((socket) => socket.write(bomb));
    const problem = await failure(server);
    assert.equal(problem.code, 'ERR_LIMIT');
    await noClientLeft(server);
  });

  it('values nested without end', async () => {
    const nested = Buffer.concat([Buffer.from('125251', 'hex'), Buffer.alloc(100_000, 0x11)]);
    await using server = await badServer((socket) => socket.write(frame(nested, 0)));
    const problem = await failure(server);
    assert.ok(['ERR_LIMIT', 'ERR_PROTOCOL', 'ERR_NOT_RPYC'].includes(problem.code), problem.code);
    await noClientLeft(server);
  });

  it('a one-shot server whose dialect is not set is not even knocked at', async () => {
    await using server = await badServer();
    const problem = await failure(server, { oneShot: true });
    assert.equal(problem.code, 'ERR_DIALECT_REQUIRED');
    assert.match(problem.message, /set the dialect/);
    assert.equal(server.visits(), 0);
  });

  it('a peer of another dialect than the one that is set', async () => {
    await using server = await startClassic('6.0.2');
    const problem = await failure(server, { dialect: 'C' });
    assert.equal(problem.code, 'ERR_DIALECT');
    assert.match(problem.message, /set the dialect of the connection to auto/);
  });

  it('a real server stays usable beside all this', async () => {
    await using server = await startClassic('5.3.0');
    await using test = new TestPool([profileTo(server)]);
    await assert.rejects(failure(server), /Connected/);
    const { status, peer } = await test.pool.connect('p');
    assert.equal(status, 'connected');
    assert.equal(peer?.service, 'classic');
  });
});

async function listens(port: number): Promise<boolean> {
  const { connect } = await import('node:net');
  return new Promise((resolve) => {
    const socket = connect(port, HOST);
    socket.once('connect', () => resolve(true));
    socket.once('error', () => resolve(false));
    socket.on('close', () => undefined);
    socket.once('connect', () => socket.destroy());
  });
}
