/** The entries of `rpyc.utils.factory`: every way to connect, to real servers. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';

import {
  Channel,
  connect,
  connectByService,
  connectChannel,
  Connection,
  connectMultiprocess,
  connectPipes,
  connectStream,
  connectSubproc,
  connectThread,
  discover,
  DiscoveryError,
  Handler,
  type Netref,
  RpycError,
  SocketStream,
  sshConnect,
  sslConnect,
  type RegistryClient,
  type_,
  unixConnect,
} from '../../../server/src/rpyc/index';
import { type ApiPeer, describeApi } from '../../support/apiEntry';
import { eventually } from '../../support/poll';
import { type PythonPeer, runPython, startPeer, startRegistry } from '../../support/pythonPeer';
import { registryClient } from '../../support/registries';
import { dialectOfVersion } from '../../support/versions';
import { WayPeers } from '../../support/wayPeers';

const PROGRAM = path.resolve(__dirname, '../../support/stdioProgram.js');
const COUNTER = {
  module: path.resolve(__dirname, '../../support/hostedServices.js'),
  export: 'CounterService',
  options: { start: 1 },
};

/** Asks the peer for its root object, and closes. */
async function reaches(connection: Connection): Promise<void> {
  try {
    assert.ok(connection instanceof Connection);
    const root = (await connection.root) as Netref;
    assert.match(type_(root).name, /^(Slave|Classic)Service$/);
    assert.match(String(await connection.syncRequest(Handler.str, root)), /(Slave|Classic)Service/);
  } finally {
    await connection.close();
  }
}

/** Uses a service of ours elsewhere: it calls a function of Python's that this side has given it. */
async function counts(connection: Connection, peer: ApiPeer): Promise<number> {
  try {
    const python = await peer.connect();
    const double = await python.eval<Netref>('lambda value: 2 * value');
    assert.equal(await connection.root['add']?.(40), 41);
    assert.equal(await connection.root['use']?.(double, 21), 42);
    return (await connection.root['pid']?.()) as number;
  } finally {
    await connection.close();
  }
}

/** A registry of Python's that knows a server of Python's. */
async function withRegistered(
  peer: ApiPeer,
  body: (registrar: RegistryClient, server: PythonPeer) => Promise<void>,
): Promise<void> {
  await using registry = await startRegistry(peer.version, 'TCP');
  const args = ['TCP', '127.0.0.1', String(registry.port)];
  await using server = await startPeer(peer.version, 'registered_service.py', args);
  const registrar = registryClient('TCP', registry.port);
  const isKnown = async (): Promise<boolean> => (await registrar.discover('greeter')).length > 0;
  await eventually('the server is registered', isKnown);
  await body(registrar, server);
}

describeApi('rpyc.utils.factory', (entry, version) => {
  const peers = new WayPeers(version);
  const dialect = dialectOfVersion(version);

  entry('connect', async (peer) => {
    await reaches(await connect(peer.host, peer.port));
  });

  entry('connect_channel', async (peer) => {
    const channel = new Channel(await SocketStream.connect(peer.host, peer.port));
    await reaches(await connectChannel(channel, { dialect }));
  });

  entry('connect_stream', async (peer) => {
    const stream = await SocketStream.connect(peer.host, peer.port);
    await reaches(await connectStream(stream, { dialect }));
  });

  entry('unix_connect', async () => {
    await reaches(await unixConnect(peers.unix.path));
  });

  entry('ssl_connect', async (peer) => {
    const { port, ca } = peers.tls;
    await assert.rejects(sslConnect(peer.host, port), { code: 'ERR_TLS_UNTRUSTED' });
    await reaches(await sslConnect(peer.host, port, { ca }));
  });

  entry('ssh_connect', async (peer) => {
    await reaches(await sshConnect(peers.machine, peer.port, { remoteHost: peer.host }));
  });

  entry('connect_pipes', async () => {
    const { args, env } = peers.stdio;
    const child = spawn(args[0] ?? '', args.slice(1), { env, stdio: ['pipe', 'pipe', 'inherit'] });
    try {
      const exited = once(child, 'exit');
      await reaches(await connectPipes(child.stdout, child.stdin, { listenFirst: true }));
      await exited;
    } finally {
      child.kill();
    }
  });

  entry('connect_subproc', async () => {
    const { args, env } = peers.stdio;
    const connection = await connectSubproc(args, { env });
    const { proc } = connection;
    assert.equal(typeof proc.pid, 'number');
    await reaches(connection);
    assert.equal(proc.signalCode, null, 'it ended by itself');
    assert.notEqual(proc.exitCode, null);
  });

  entry('connect_stdpipes', async () => {
    const code = `
import sys, rpyc
conn = rpyc.connect_subproc(sys.argv[1:])
print(conn.root.double(21))
conn.close()
conn.proc.stdin.close()
print(conn.proc.wait(20))
`;
    const { stdout, stderr } = await runPython(version, code, [process.execPath, PROGRAM, 'serve']);
    assert.equal(stdout, '42\n0\n', stderr);
  });

  entry('connect_thread', async (peer) => {
    assert.equal(await counts(await connectThread(COUNTER), peer), process.pid);
  });

  entry('connect_multiprocess', async (peer) => {
    assert.notEqual(await counts(await connectMultiprocess(COUNTER), peer), process.pid);
  });

  entry('discover', (peer) =>
    withRegistered(peer, async (registrar, server) => {
      assert.deepEqual(await discover('welcome', { registrar }), [['127.0.0.1', server.port]]);
    }),
  );

  entry('connect_by_service', (peer) =>
    withRegistered(peer, async (registrar) => {
      await using connection = await connectByService('welcome', { registrar });
      assert.equal(await connection.root['greet']?.('Ada'), 'Hello, Ada');
    }),
  );

  entry('DiscoveryError', async (peer) => {
    await using registry = await startRegistry(peer.version, 'TCP');
    const attempt = discover('nothing', { registrar: registryClient('TCP', registry.port) });
    await assert.rejects(attempt, (error: DiscoveryError) => {
      assert.ok(error instanceof RpycError && error instanceof DiscoveryError);
      assert.deepEqual([error.name, error.code], ['DiscoveryError', 'ERR_DISCOVERY']);
      return true;
    });
  });
});
