/** The entries of `rpyc.core.stream`: bytes to and from Python's own streams. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect as connectSocket, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';

import {
  type ClassicConnection,
  DuplexStream,
  namedPipePath,
  NamedPipeStream,
  PipeStream,
  SocketStream,
  SshMachine,
  type Stream,
  TunneledSocketStream,
} from '../../../server/src/rpyc/index';
import { type ApiPeer, describeApi } from '../../support/apiEntry';
import { TestAuthority } from '../../support/certificates';
import { eventually } from '../../support/poll';
import { runPython } from '../../support/pythonPeer';
import { type Sshd, startSshd } from '../../support/sshd';

const PROGRAM = path.resolve(__dirname, '../../support/stdioProgram.js');

/** Python that listens: `meet` accepts one client, whose stream is `theirs` then. */
const LISTEN = `
import socket, ssl
from rpyc.core.stream import SocketStream
def listen(family, address, files=None):
    global listener, context
    listener, context = socket.socket(family), None
    listener.bind(address)
    listener.listen(1)
    listener.settimeout(20)
    if files:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*files)
def meet():
    global theirs
    sock = listener.accept()[0]
    theirs = SocketStream(context.wrap_socket(sock, server_side=True) if context else sock)
`;

/** Our end and Python's, whose name there is `theirs`. */
interface Ends<T> {
  readonly ours: T;
  readonly theirs: (text: string) => Promise<unknown>;
}

interface Listening {
  readonly python: ClassicConnection;
  readonly port: number;
  readonly path: string;
}

/** A stream of ours that `open` makes, to a stream of Python's that is there when it connects. */
async function joined<T extends Stream>(
  { python }: Listening,
  open: () => Promise<T>,
  body: (ends: Ends<T>) => Promise<void>,
): Promise<void> {
  const [ours] = await Promise.all([open(), python.execute('meet()')]);
  try {
    await body({ ours, theirs: async (text) => await python.eval(text) });
  } finally {
    ours.destroy();
  }
}

async function overTcp(peer: ApiPeer, body: (listening: Listening) => Promise<void>): Promise<void> {
  const python = await peer.connect();
  await python.execute(`${LISTEN}\nlisten(socket.AF_INET, ("127.0.0.1", 0))`);
  const port = await python.eval<number>('listener.getsockname()[1]');
  await body({ python, port, path: '' });
}

async function overUnix(peer: ApiPeer, body: (listening: Listening) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(path.join(tmpdir(), 'rpyc-api-'));
  const file = path.join(folder, 'socket');
  try {
    const python = await peer.connect();
    await python.execute(`${LISTEN}\nlisten(socket.AF_UNIX, ${JSON.stringify(file)})`);
    await body({ python, port: 0, path: file });
  } finally {
    await rm(folder, { recursive: true });
  }
}

function socketTo(target: { readonly port: number } | { readonly path: string }): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connectSocket({ host: '127.0.0.1', ...target }, () => resolve(socket));
    socket.once('error', reject);
  });
}

/** Runs `body` with a stream of the class over TCP. */
async function withStream<T extends Stream>(
  peer: ApiPeer,
  make: (socket: Socket) => T,
  body: (ends: Ends<T>) => Promise<void>,
): Promise<void> {
  await overTcp(peer, async (listening) => {
    await joined(listening, async () => make(await socketTo({ port: listening.port })), body);
  });
}

const duplex = (socket: Socket): DuplexStream => new DuplexStream(socket, 'a socket');
const overSocket = (socket: Socket): SocketStream => new SocketStream(socket);
const overPipes = (socket: Socket): PipeStream => new PipeStream(socket, socket);
const tunneled = (socket: Socket): TunneledSocketStream => new TunneledSocketStream(socket, 'a tunnel');
const named = (socket: Socket): NamedPipeStream => new NamedPipeStream(socket);

/** Bytes go both ways: by `read` first, and by events from then on. */
async function carries({ ours, theirs }: Ends<DuplexStream>): Promise<void> {
  ours.write([Buffer.from('pi'), Buffer.from('ng')]);
  assert.equal(Buffer.from((await theirs('theirs.read(4)')) as Uint8Array).toString(), 'ping');
  await theirs('theirs.write(b"pong")');
  assert.equal(Buffer.from(await ours.read(4)).toString(), 'pong');
  let size = 0;
  ours.onDidReceive((chunk) => (size += chunk.length));
  ours.start();
  await theirs('theirs.write(b"x" * 200000)');
  await eventually('all of it arrives', () => size === 200_000);
}

async function writes({ ours, theirs }: Ends<Stream>): Promise<void> {
  for (const size of [1, 64_000, 500_000]) {
    ours.write([Buffer.alloc(size, 'a'), Buffer.alloc(size, 'b')]);
    assert.equal(await theirs(`theirs.read(${2 * size}) == b"a" * ${size} + b"b" * ${size}`), true);
  }
}

async function reads({ ours, theirs }: Ends<DuplexStream>): Promise<void> {
  await theirs('theirs.write(b"one" + b"x" * 100000)');
  assert.equal(Buffer.from(await ours.read(3)).toString(), 'one');
  assert.ok(Buffer.alloc(100_000, 'x').equals(await ours.read(100_000)));
  await theirs('theirs.write(b"rest")');
  await theirs('theirs.close()');
  await assert.rejects(ours.read(5), { name: 'EOFError', code: 'ERR_CLOSED' });
}

/** What was written arrives, and then Python reads the end. */
async function closes({ ours, theirs }: Ends<Stream>): Promise<void> {
  ours.write([Buffer.from('last')]);
  ours.close();
  assert.equal(ours.closed, true);
  assert.equal(Buffer.from((await theirs('theirs.read(4)')) as Uint8Array).toString(), 'last');
  await assert.rejects(theirs('theirs.read(1)'), { name: 'RemoteError', typeName: 'EOFError' });
}

describeApi('rpyc.core.stream', (entry) => {
  let sshd: Sshd;
  let authority: TestAuthority;

  before(async () => {
    sshd = await startSshd();
    authority = await TestAuthority.create();
  });

  after(async () => {
    await authority[Symbol.asyncDispose]();
    await sshd[Symbol.asyncDispose]();
  });

  entry('Stream', (peer) => withStream(peer, duplex, carries));
  entry('Stream.close', (peer) => withStream(peer, duplex, closes));
  entry('Stream.read', (peer) => withStream(peer, duplex, reads));
  entry('Stream.write', (peer) => withStream(peer, duplex, writes));

  entry('Stream.closed', (peer) =>
    withStream(peer, duplex, async ({ ours, theirs }) => {
      assert.equal(ours.closed, false);
      ours.start();
      await theirs('theirs.close()');
      await eventually('the stream is closed', () => ours.closed);
      assert.throws(() => ours.write([Buffer.from('late')]), { name: 'EOFError' });
    }),
  );

  entry('Stream.poll', (peer) =>
    withStream(peer, duplex, async ({ ours, theirs }) => {
      assert.equal(await ours.poll(0.01), false);
      await theirs('theirs.write(b"here")');
      assert.equal(await ours.poll(20), true);
      assert.equal(Buffer.from(await ours.read(4)).toString(), 'here');
      assert.equal(await ours.poll(), false);
    }),
  );

  entry('SocketStream', (peer) => withStream(peer, overSocket, carries));
  entry('SocketStream.close', (peer) => withStream(peer, overSocket, closes));
  entry('SocketStream.read', (peer) => withStream(peer, overSocket, reads));
  entry('SocketStream.write', (peer) => withStream(peer, overSocket, writes));

  entry('SocketStream.connect', (peer) =>
    overTcp(peer, (listening) =>
      joined(listening, () => SocketStream.connect('127.0.0.1', listening.port), carries),
    ),
  );

  entry('SocketStream.unix_connect', (peer) =>
    overUnix(peer, (listening) => joined(listening, () => SocketStream.unixConnect(listening.path), carries)),
  );

  entry('SocketStream.ssl_connect', async (peer) => {
    const { cert, key } = await authority.issue('server');
    const python = await peer.connect();
    const files = JSON.stringify([cert, key]);
    await python.execute(`${LISTEN}\nlisten(socket.AF_INET, ("127.0.0.1", 0), ${files})`);
    const port = await python.eval<number>('listener.getsockname()[1]');
    const open = (): Promise<SocketStream> =>
      SocketStream.sslConnect('127.0.0.1', port, { ca: authority.ca });
    await joined({ python, port, path: '' }, open, async (ends) => {
      await carries(ends);
      assert.match(String(await ends.theirs('theirs.sock.version()')), /^TLSv1\.[23]$/);
    });
  });

  entry('TunneledSocketStream', async (peer) => {
    await using machine = new SshMachine(sshd.machine);
    await overTcp(peer, async (listening) => {
      const open = async (): Promise<TunneledSocketStream> =>
        new TunneledSocketStream(await machine.tunnel('127.0.0.1', listening.port), 'a tunnel');
      await joined(listening, open, carries);
    });
  });

  entry('TunneledSocketStream.close', (peer) => withStream(peer, tunneled, closes));

  entry('NamedPipeStream', (peer) =>
    overUnix(peer, (listening) =>
      joined(listening, async () => named(await socketTo({ path: listening.path })), carries),
    ),
  );

  entry('NamedPipeStream.close', (peer) =>
    overUnix(peer, (listening) =>
      joined(listening, async () => named(await socketTo({ path: listening.path })), closes),
    ),
  );

  for (const [python, open] of [
    ['create_server', () => NamedPipeStream.createServer('demo')],
    ['create_client', () => NamedPipeStream.createClient('demo')],
  ] as const) {
    entry(`NamedPipeStream.${python}`, async (peer) => {
      const code = 'from rpyc.core.stream import NamedPipeStream as N\nprint(N.NAMED_PIPE_PREFIX + "demo")';
      const { stdout } = await runPython(peer.version, code);
      assert.equal(namedPipePath('demo'), stdout.trim());
      await assert.rejects(open(), { code: 'ERR_UNREACHABLE', message: /Windows.*rpyc_demo/ });
    });
  }

  entry('PipeStream', async (peer) => {
    await withStream(peer, overPipes, carries);
  });
  entry('PipeStream.close', (peer) => withStream(peer, overPipes, closes));
  entry('PipeStream.read', (peer) => withStream(peer, overPipes, reads));
  entry('PipeStream.write', (peer) => withStream(peer, overPipes, writes));

  entry('PipeStream.from_std', async (peer) => {
    const code = `
import subprocess, sys
from rpyc.core.stream import PipeStream
child = subprocess.Popen(sys.argv[1:], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
theirs = PipeStream(child.stdout, child.stdin)
theirs.write(b"ping")
print(theirs.read(4).decode())
theirs.close()
print(child.wait(20))
`;
    const args = [process.execPath, PROGRAM, 'echo'];
    const { stdout, stderr } = await runPython(peer.version, code, args);
    assert.equal(stdout, 'PING\n0\n', stderr);
    assert.match(stderr, /what is printed/);
  });

  entry('PipeStream.create_pair', async (peer) => {
    const python = await peer.connect();
    await python.execute('from rpyc.core.stream import PipeStream\nfirst, second = PipeStream.create_pair()');
    const theirs = await python.eval(
      '(first.write(b"ping"), second.read(4), first.close(), second.close())[1]',
    );
    const [first, second] = PipeStream.createPair();
    first.write([Buffer.from('ping')]);
    assert.deepEqual(new Uint8Array(await second.read(4)), new Uint8Array(theirs as Uint8Array));
    second.write([Buffer.from('pong')]);
    assert.equal(Buffer.from(await first.read(4)).toString(), 'pong');
    first.close();
    await eventually('both are closed', () => first.closed && second.closed);
  });
});
