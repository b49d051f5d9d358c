/** The ways to reach a peer by a socket: addresses of IPv6, keepalive, Unix sockets. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import {
  Channel,
  classic,
  connect,
  ErrorCode,
  SocketStream,
  unixConnect,
} from '../../../server/src/rpyc/index';
import { badServer } from '../../support/badServers';
import { startClassic, startPeer } from '../../support/pythonPeer';
import { forEachVersion } from '../../support/rpycPeers';

let folder: string;

before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'rpyc-sockets-'));
});

after(async () => {
  await rm(folder, { recursive: true, force: true });
});

forEachVersion('A server behind a Unix socket', (version) => {
  it('is reached by the path of the socket', async () => {
    const file = path.join(folder, `${version}.sock`);
    await using peer = await startPeer(version, 'guarded_service.py', ['unix', file]);
    await using connection = await unixConnect(file);
    assert.equal(await connection.root['double']?.(21), 42);
    await connection.close();
    await using stream = await classic.unixConnect(file, { dialect: version.startsWith('6') ? 'D' : 'C' });
    await stream.ping();
    assert.ok(peer.pid > 0);
  });
});

describe('A Unix socket', () => {
  it('that is not there is told as refused', async () => {
    const missing = path.join(folder, 'missing.sock');
    await assert.rejects(unixConnect(missing), { code: ErrorCode.refused, message: /missing\.sock/ });
  });
});

forEachVersion('A server of IPv6', (version) => {
  it('is reached by its address, in brackets and with an interface too', async () => {
    await using peer = await startPeer(version, 'guarded_service.py', ['ipv6']);
    for (const host of ['::1', '[::1]', '[::1%lo]']) {
      await using connection = await connect(host, peer.port, { ipv6: true });
      assert.equal(await connection.root['double']?.(3), 6, host);
    }
    await assert.rejects(connect('[::1]', 1), { message: /\[::1\]:1/ });
  });
});

forEachVersion('Keepalive', (version) => {
  it('is set to the seconds that are asked for', async () => {
    await using peer = await startClassic(version);
    for (const [keepalive, shown] of [
      [7, 'keepalive,(6|7)'],
      [true, 'keepalive,(59|1min|60)'],
    ] as const) {
      await using connection = await classic.connect(peer.host, peer.port, { keepalive });
      await connection.ping();
      assert.match(timersOf(peer.port), new RegExp(shown));
    }
    await using connection = await classic.connect(peer.host, peer.port);
    await connection.ping();
    assert.doesNotMatch(timersOf(peer.port), /keepalive/);
    await assert.rejects(classic.connect(peer.host, peer.port, { keepalive: 0.5 }), RangeError);
  });
});

/** What the system says about connections to this port. */
function timersOf(port: number): string {
  return execFileSync('ss', ['-tno', 'dport', '=', `:${port}`], { encoding: 'utf8' });
}

describe('A stream that is not started', () => {
  it('is read from and polled, as in Python', async () => {
    await using server = await badServer(undefined, (socket, data) => socket.write(data));
    const stream = await SocketStream.connect(server.host, server.port);
    assert.equal(await stream.poll(0.05), false);
    stream.write([Buffer.from('hello')]);
    assert.equal(await stream.poll(5), true);
    assert.equal(Buffer.from(await stream.read(2)).toString(), 'he');
    assert.equal(Buffer.from(await stream.read(3)).toString(), 'llo');
    const pending = stream.read(1);
    for (const client of server.clients) client.end();
    await assert.rejects(pending, { code: ErrorCode.closed });
    assert.equal(stream.closed, true);
  });

  it('carries single frames over a channel', async () => {
    await using server = await badServer(undefined, (socket, data) => socket.write(data));
    const channel = new Channel(await SocketStream.connect(server.host, server.port));
    for (const size of [1, 5000, 100_000]) {
      channel.send(Buffer.alloc(size, 'x'));
      assert.equal(await channel.poll(5), true);
      assert.equal((await channel.recv()).length, size);
    }
    channel.close();
    assert.equal(channel.closed, true);
    await assert.rejects(channel.recv(), { code: ErrorCode.closed });
  });
});
