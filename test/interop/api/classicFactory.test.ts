/** The ways to connect of `rpyc.utils.classic`, each to a real classic server; see `classicUtilities.test.ts` for the rest. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';

import {
  Channel,
  classic,
  ClassicConnection,
  type Netref,
  SocketStream,
} from '../../../server/src/rpyc/index';
import { describeApi } from '../../support/apiEntry';
import { runPython } from '../../support/pythonPeer';
import { dialectOfVersion } from '../../support/versions';
import { WayPeers } from '../../support/wayPeers';

const PROGRAM = path.resolve(__dirname, '../../support/stdioProgram.js');

/** Drives the peer, and closes. */
async function drives(connection: ClassicConnection, pid?: number): Promise<void> {
  try {
    assert.ok(connection instanceof ClassicConnection);
    assert.equal(await connection.modules['os']?.['path']?.['join']?.('a', 'b'), 'a/b');
    if (pid !== undefined) assert.equal(await connection.modules['os']?.['getpid']?.(), pid);
  } finally {
    await connection.close();
  }
}

/** Drives a Node process or thread: it calls a function of Python's that this side has given it. */
async function drivesNode(node: ClassicConnection, python: ClassicConnection): Promise<void> {
  try {
    assert.equal(await node.modules['node:path']?.['join']?.('a', 'b'), 'a/b');
    const double = await python.eval<Netref>('lambda value: 2 * value');
    const apply = await node.eval<(call: unknown, value: number) => Promise<unknown>>(
      '(call, value) => call(value)',
    );
    assert.equal(await apply(double, 21), 42);
  } finally {
    await node.close();
  }
}

describeApi('rpyc.utils.classic', (entry, version) => {
  const peers = new WayPeers(version);
  const dialect = dialectOfVersion(version);

  entry('connect', async (peer) => {
    await drives(await classic.connect(peer.host, peer.port));
  });

  entry('connect_channel', async (peer) => {
    const channel = new Channel(await SocketStream.connect(peer.host, peer.port));
    await drives(await classic.connectChannel(channel, { dialect }));
  });

  entry('connect_stream', async (peer) => {
    const stream = await SocketStream.connect(peer.host, peer.port);
    await drives(await classic.connectStream(stream, { dialect }));
  });

  entry('unix_connect', async () => {
    await drives(await classic.unixConnect(peers.unix.path), peers.unix.pid);
  });

  entry('ssl_connect', async (peer) => {
    const { port, pid, ca } = peers.tls;
    await drives(await classic.sslConnect(peer.host, port, { ca }), pid);
  });

  entry('ssh_connect', async (peer) => {
    await drives(await classic.sshConnect(peers.machine, peer.port, { remoteHost: peer.host }));
  });

  entry('connect_pipes', async () => {
    const { args, env } = peers.stdio;
    const child = spawn(args[0] ?? '', args.slice(1), { env, stdio: ['pipe', 'pipe', 'inherit'] });
    try {
      const exited = once(child, 'exit');
      await drives(await classic.connectPipes(child.stdout, child.stdin, { listenFirst: true }), child.pid);
      await exited;
    } finally {
      child.kill();
    }
  });

  entry('connect_subproc', async () => {
    const { args, env } = peers.stdio;
    const connection = await classic.connectSubproc(args, { env });
    await drives(connection, connection.proc.pid);
    assert.equal(connection.proc.signalCode, null, 'it ended by itself');
    assert.notEqual(connection.proc.exitCode, null);
  });

  entry('connect_stdpipes', async () => {
    const code = `
import subprocess, sys, rpyc
child = subprocess.Popen(sys.argv[1:], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
conn = rpyc.connect_pipes(child.stdout, child.stdin, service=rpyc.SlaveService)
print(child.pid, flush=True)
conn.serve_all()
print(child.wait(20))
`;
    const { stdout, stderr } = await runPython(version, code, [process.execPath, PROGRAM, 'use', dialect]);
    const [, pid] = /^(\d+)\n/.exec(stdout) ?? [];
    assert.equal(stdout, `${pid}\ndriven by ${pid}\n0\n`, stderr);
  });

  entry('connect_thread', async (peer) => {
    await drivesNode(await classic.connectThread(), await peer.connect());
  });

  entry('connect_multiprocess', async (peer) => {
    const child = await classic.connectMultiprocess();
    assert.notEqual(await child.eval('process.pid'), process.pid);
    await drivesNode(child, await peer.connect());
  });
});
