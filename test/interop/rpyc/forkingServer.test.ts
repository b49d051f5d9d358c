/** Servers of ours that give each client a process, used by real Python clients. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';

import {
  ForkingServer,
  type ForkingServerOptions,
  type ModuleExport,
  type Registrar,
  Service,
  SSLAuthenticator,
} from '../../../server/src/rpyc/index';
import { loadAuthenticator, loadService } from '../../../server/src/rpyc/utils/serviceModule';
import { TestAuthority } from '../../support/certificates';
import { TestProcess } from '../../support/childProcess';
import { eventually } from '../../support/poll';
import { runClient } from '../../support/pythonClient';
import { forEachVersion } from '../../support/rpycPeers';
import { LogLines } from '../../support/logLines';

const SERVICES = path.join(__dirname, '../../support/forkedServices.js');

function named(exported: string, options?: unknown): ModuleExport {
  return { module: SERVICES, export: exported, ...(options === undefined ? {} : { options }) };
}

function isAlive(pid: unknown): boolean {
  try {
    return process.kill(Number(pid), 0);
  } catch {
    return false;
  }
}

forEachVersion('A Python client of a forking server', (version) => {
  it('has a process of its own, whose end is its own as well', async () => {
    const log = new LogLines();
    await using server = new ForkingServer({ service: named('ProcessService', { a: 1 }), logger: log });
    await server.start();
    const code = `
a, b, c = [rpyc.connect('127.0.0.1', port) for _ in range(3)]
pids = [x.root.pid() for x in (a, b, c)]
result = [pids, a.root.calls(), a.root.calls(), b.root.calls(), b.root.text(), refused(c.root.crash)[0], a.root.calls()]
a.close()
result.append(b.root.calls())
`;
    const result = (await runClient(version, server.port, code)) as readonly unknown[];
    const [pids, ...others] = result;
    assert.ok(Array.isArray(pids));
    assert.equal(new Set([...(pids as unknown[]), process.pid]).size, 4);
    assert.deepEqual(others, [1, 2, 1, '{"options":{"a":1},"credentials":null}', 'EOFError', 3, 2]);
    await eventually('no child is left', () => server.childPids.length === 0);
    assert.ok(!(pids as unknown[]).some(isAlive));
    assert.match(log.lines.join('\n'), /welcome 127[^]*ended with SIGKILL/);
    assert.match(log.lines.join('\n'), /goodbye 127/);
  });

  it('is authenticated by its own process, over TLS or by a word', async () => {
    await using authority = await TestAuthority.create();
    const ours = await authority.issue('server');
    const authenticator = new SSLAuthenticator({ keyfile: ours.key, certfile: ours.cert });
    await using tls = new ForkingServer({ service: named('ProcessService'), authenticator });
    await using word = new ForkingServer({
      service: named('sharedService', { name: 'shared' }),
      authenticator: named('WordAuthenticator', { word: 'sesame' }),
    });
    await tls.start();
    await word.start();
    const code = `
import socket
from rpyc.core.stream import SocketStream
def attempt(word):
    s = socket.create_connection(('127.0.0.1', port))
    s.sendall(word)
    if s.recv(2) != b'ok': raise EOFError('turned away')
    return rpyc.connect_stream(SocketStream(s)).root.text()
result = [attempt(b'sesame'), refused(attempt, b'wrong')[0], rpyc.ssl_connect('127.0.0.1', ${tls.port}).root.text()]
`;
    const shared = '{"options":"shared","credentials":{"word":"sesame"}}';
    const result = await runClient(version, word.port, code);
    assert.deepEqual(result, [shared, 'EOFError', '{"options":null,"credentials":null}']);
  });

  it('is told that the server closes', async () => {
    const log = new LogLines();
    const server = new ForkingServer({ service: named('ProcessService'), logger: log });
    await server.start();
    const code = `
import time
c = rpyc.connect('127.0.0.1', port)
end = time.time() + 20
result = 'still open'
try:
    while time.time() < end: c.root.calls()
except EOFError:
    result = 'closed'
`;
    const ended = runClient(version, server.port, code);
    await eventually('the client is welcome', () => log.lines.some((line) => line.startsWith('welcome')));
    const pids = server.childPids;
    assert.equal(pids.length, 1);
    await server.close();
    assert.equal(await ended, 'closed');
    assert.ok(!pids.some(isAlive));
  });

  it('is served on a Unix socket as well', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'rpyc-unix-'));
    try {
      const socketPath = path.join(folder, 'socket');
      await using server = new ForkingServer({ service: named('ProcessService'), socketPath });
      await server.start();
      const code = `result = rpyc.utils.factory.unix_connect(target).root.calls()`;
      assert.equal(await runClient(version, socketPath, code), 1);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

describe('A forking server', () => {
  it('says what cannot be handed to another process', () => {
    const options = (changes: object): ForkingServerOptions => ({
      service: named('ProcessService'),
      ...changes,
    });
    const notNamed = { service: Service } as unknown as ForkingServerOptions;
    assert.throws(() => new ForkingServer(notNamed), /name of the service/);
    assert.throws(
      () => new ForkingServer(options({ authenticator: () => null })),
      /name of the authenticator/,
    );
    assert.throws(
      () => new ForkingServer(options({ protocolConfig: { before_closed: () => null } })),
      /cannot be handed/,
    );
  });

  it('says why a child does not serve, and goes on', async () => {
    const log = new LogLines();
    await using server = new ForkingServer({ service: named('notAService'), logger: log });
    await server.start();
    const socket = connect(server.port, '127.0.0.1');
    socket.on('error', () => undefined);
    await new Promise((resolve) => socket.once('close', resolve));
    await eventually('it is said', () =>
      log.lines.some((line) => /is not a service of this library/.test(line)),
    );
    assert.equal(server.active, true);
  });

  it('logs what its children say as lines that do nothing to a terminal', async () => {
    const log = new LogLines();
    const authenticator = named('boastfulAuthenticator');
    await using server = new ForkingServer({ service: named('ProcessService'), authenticator, logger: log });
    await server.start();
    const socket = connect(server.port, '127.0.0.1');
    socket.on('error', () => undefined).resume();
    await eventually('it is said', () => log.lines.some((line) => /server has terminated/.test(line)));
    assert.doesNotMatch(log.lines.join(''), /\p{Cc}/u);
    socket.destroy();
  });

  it('registers the names of the service that it does not hold itself', async () => {
    const calls: unknown[] = [];
    const registrar: Registrar = {
      register: (aliases) => Promise.resolve(calls.push(aliases)),
      unregister: () => Promise.resolve(),
    };
    await using server = new ForkingServer({ service: named('ProcessService'), registrar });
    await server.start();
    assert.deepEqual(calls, [['PROCESS']]);
  });

  it('loads services and authenticators of modules of either kind, and says what is none', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'rpyc-module-'));
    try {
      const module = path.join(folder, 'auth.mjs');
      await writeFile(
        module,
        'export default () => 5; export const make = (n) => () => n; export const no = 1;',
      );
      assert.equal(typeof (await loadAuthenticator({ module })), 'function');
      const made = await loadAuthenticator({ module, export: 'make', options: 7 });
      assert.ok(typeof made === 'function');
      assert.equal((made as () => unknown)(), 7);
      await assert.rejects(loadAuthenticator({ module, export: 'no' }), TypeError);
      await assert.rejects(loadService({ module, export: 'missing' }), /no export 'missing'/);
      await assert.rejects(loadService({ module: '/no/such/module' }), { code: 'MODULE_NOT_FOUND' });
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('takes its processes with it when it is killed, however busy they are', async () => {
    await using parent = new TestProcess(process.execPath, [
      path.join(__dirname, '../../support/forkingParent.js'),
    ]);
    const { port } = await eventually('the server is ready', () => {
      const end = parent.stdout.indexOf('\n');
      return end < 0 ? undefined : (JSON.parse(parent.stdout.slice(0, end)) as { port: number });
    });
    const code = `
import os, signal
idle, busy = [rpyc.connect('127.0.0.1', port) for _ in range(2)]
pids = [x.root.pid() for x in (idle, busy)]
call = rpyc.async_(busy.root.hang)()
os.kill(${parent.pid}, signal.SIGKILL)
refused(lambda: idle.serve(20))
result = pids
`;
    const pids = (await runClient('6.0.2', port, code)) as readonly number[];
    assert.equal(pids.length, 2);
    await eventually('both are gone', () => !pids.some(isAlive), { timeoutMs: 20_000 });
  });
});
