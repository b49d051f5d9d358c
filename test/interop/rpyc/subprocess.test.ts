/** Pipes and child processes: Python's own classic server on standard streams, and programs that are none. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';

import {
  Channel,
  classic,
  type ClassicConnection,
  connectChannel,
  connectPipes,
  connectStream,
  connectSubproc,
  type ConnectError,
  ErrorCode,
  namedPipePath,
  NamedPipeStream,
  PipeStream,
  Service,
  type Stream,
  type SubprocConnection,
  SubprocessStream,
} from '../../../server/src/rpyc/index';
import { TestProcess } from '../../support/childProcess';
import { eventually } from '../../support/poll';
import { CLASSIC_PROGRAM, pythonEnv, runPython, type RpycVersion } from '../../support/pythonPeer';
import { forEachVersion } from '../../support/rpycPeers';
import { dialectOfVersion } from '../../support/versions';

/** A custom service on standard streams, which waits for us to speak first. */
const PASSIVE_PROGRAM = `
import rpyc
class Doubler(rpyc.Service):
    def exposed_double(self, value):
        return 2 * value
rpyc.connect_stdpipes(Doubler).serve_all()
`;

function isAlive(pid: number | undefined): boolean {
  try {
    return pid !== undefined && process.kill(pid, 0);
  } catch {
    return false;
  }
}

function command(version: RpycVersion, ...args: readonly string[]): [string[], { env: NodeJS.ProcessEnv }] {
  const { python, env } = pythonEnv(version);
  return [[python, '-u', ...args], { env }];
}

async function startStdio(version: RpycVersion): Promise<SubprocConnection<ClassicConnection>> {
  const [args, options] = command(version, '-c', CLASSIC_PROGRAM, '-q', '-m', 'stdio');
  return await classic.connectSubproc(args, options);
}

forEachVersion('A classic server on standard streams', (version) => {
  it('is listened to first, started once, and ends with the connection', async () => {
    const connection = await startStdio(version);
    assert.equal(connection.dialect, dialectOfVersion(version));
    assert.equal(await connection.eval('__import__("os").getpid()'), connection.proc.pid);
    await connection.execute('print("this goes nowhere")');
    assert.equal(await connection.eval('len("x" * 3_000_000)'), 3_000_000);
    await connection.ping(new Uint8Array(3_000_000), 20);
    await connection.close();
    assert.equal(connection.proc.signalCode, null, 'it ended by itself');
    assert.equal(isAlive(connection.proc.pid), false);
  });

  it('is killed where it does not end', async () => {
    const [args, options] = command(version, '-c', CLASSIC_PROGRAM, '-q', '-m', 'stdio');
    const connection = await classic.connectSubproc(args, { ...options, killAfter: 0.1 });
    await connection.execute('import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)');
    const hung = Promise.resolve(connection.eval('__import__("time").sleep(600)'));
    const ended = assert.rejects(hung, { code: ErrorCode.closed });
    await eventually('the request is on its way', () => connection.openRequests > 0);
    await connection.close();
    await ended;
    assert.equal(connection.proc.signalCode, 'SIGKILL');
  });

  it('is gone when it dies', async () => {
    const connection = await startStdio(version);
    connection.proc.kill('SIGKILL');
    await eventually('the connection is closed', () => connection.closed);
  });
});

forEachVersion('A program that waits for us to speak first', (version) => {
  it('is found out by starting it again where the first guess was wrong', async () => {
    const [args, options] = command(version, '-c', PASSIVE_PROGRAM);
    await using connection = await connectSubproc(args, { ...options, listenFirst: false });
    assert.equal(await connection.root['double']?.(21), 42);
    assert.equal(connection.dialect, dialectOfVersion(version));
    await using given = await connectSubproc(args, { ...options, dialect: dialectOfVersion(version) });
    assert.equal(await given.root['double']?.(4), 8);
  });

  it('is reached by pipes, a stream or a channel that somebody else made', async () => {
    const [[program, ...rest], options] = command(version, '-c', PASSIVE_PROGRAM);
    for (const kind of ['pipes', 'stream', 'channel']) {
      const child = spawn(program ?? '', rest, { ...options, stdio: ['pipe', 'pipe', 'inherit'] });
      const exited = once(child, 'exit');
      const dialect = dialectOfVersion(version);
      const stream = (): PipeStream => new PipeStream(child.stdout, child.stdin);
      const connection = await (kind === 'pipes'
        ? connectPipes(child.stdout, child.stdin, { dialect })
        : kind === 'stream'
          ? connectStream(stream(), { dialect })
          : connectChannel(new Channel(stream()), { dialect }));
      assert.equal(await connection.root['double']?.(5), 10, kind);
      await connection.close();
      const [, signal] = (await exited) as [number | null, NodeJS.Signals | null];
      assert.equal(signal, null, 'it ended by itself, since its input has ended');
    }
  });
});

forEachVersion('A Python program', (version) => {
  it('starts a program of ours and uses it over its standard streams, whatever that prints', async () => {
    const program = path.resolve(__dirname, '../../support/hostedServices.js');
    const code = `
import rpyc, sys
conn = rpyc.connect_subproc([sys.argv[1], sys.argv[2], 'serve-parent'])
conn.root.print('noise')
print(conn.root.add(40), conn.root.add(2), conn.root.pid() == conn.proc.pid)
conn.close()
conn.proc.stdin.close()
print(conn.proc.wait(20))
`;
    const { stdout, stderr, code: exitCode } = await runPython(version, code, [process.execPath, program]);
    assert.equal(exitCode, 0, stderr);
    assert.equal(stdout, '40 42 True\n0\n', stderr);
    assert.match(stderr, /noise/);
    assert.match(stderr, /served/);
  });
});

describe('A child process', () => {
  const attempt = async (args: readonly string[], timeout = 20): Promise<ConnectError> => {
    try {
      const connection = await connectSubproc(args, { timeout });
      await connection.close();
    } catch (error) {
      return error as ConnectError;
    }
    throw new Error('It connected');
  };
  const node = (code: string): readonly string[] => [process.execPath, '-e', code];

  it('that cannot be started is told as such', async () => {
    const error = await attempt(['/no/such/program', '--password=x']);
    assert.equal(error.code, ErrorCode.subprocess);
    assert.match(error.message, /cannot be started.*no\/such\/program/);
    assert.doesNotMatch(error.message, /password/);
    await assert.rejects(connectSubproc([]), TypeError);
  });

  it('that ends before it speaks is told with its exit code and its last words', async () => {
    const error = await attempt(node("console.error('no rpyc here'); process.exitCode = 7"));
    assert.equal(error.code, ErrorCode.subprocess);
    assert.match(error.message, /exit code 7.*no rpyc here/);
  });

  it('for which there are no file descriptors left is an error, and not the end of this process', async () => {
    const program = path.resolve(__dirname, '../../support/withoutDescriptors.js');
    const command = 'ulimit -n 64 && exec "$0" "$1"';
    await using parent = new TestProcess('/bin/sh', ['-c', command, process.execPath, program]);
    assert.equal(await parent.exited, 0, parent.stderr);
    const { said, ...result } = JSON.parse(parent.stdout) as { readonly said: readonly string[] };
    assert.deepEqual(result, {
      failures: ['ConnectError ERR_SUBPROCESS EMFILE', 'ConnectError ERR_SSH EMFILE'],
      sum: 42,
      active: true,
    });
    assert.match(said.join(), /no child can be started: .*EMFILE/);
  });

  it('prints to its own output again once its connection to us has failed', async () => {
    const library = path.resolve(__dirname, '../../../server/src/rpyc/index.js');
    const code = `const { connectStdpipes, Service } = require(process.argv[1]);
      class Slow extends Service { onConnect() { console.log('hidden'); return new Promise(() => 0); } }
      connectStdpipes({ service: Slow, dialect: 'D', timeout: 0.1 }).catch((error) => console.log(error.code));`;
    await using child = new TestProcess(process.execPath, ['-e', code, library]);
    assert.equal(await child.exited, 0, child.stderr);
    assert.deepEqual([child.stdout, child.stderr], [`${ErrorCode.timeout}\n`, 'hidden\n']);
  });

  it('that left a process behind with its standard error is not held by that', async () => {
    const sleeper =
      "require('node:child_process').spawn(process.execPath, ['-e', 'setInterval(() => 0, 1000)'], options)";
    const code = `const options = { stdio: ['ignore', 'ignore', 2] };
      process.stderr.write(${sleeper}.pid + ' ', () => process.exit(0))`;
    let said = '';
    const stream = await SubprocessStream.open(node(code), { onStderr: (text) => (said += text) });
    try {
      const { stderr } = stream.process;
      await eventually('it has ended', () => stream.process.exitCode === 0 && said.endsWith(' '));
      assert.ok(stderr !== null && !stderr.destroyed);
      stream.destroy();
      await eventually('it is let go', () => stream.closed && stderr.destroyed);
      assert.ok(isAlive(Number(said)));
    } finally {
      process.kill(Number(said), 'SIGKILL');
    }
  });

  it('that speaks something else, or nothing, is ended', async () => {
    const pids: number[] = [];
    const program = (rest: string): readonly string[] =>
      node(`process.stderr.write('pid ' + process.pid + ' ');${rest};setInterval(() => 0, 1000)`);
    for (const [rest, code] of [
      ["console.log('hello, world')", ErrorCode.notRpyc],
      ['', ErrorCode.timeout],
    ] as const) {
      const attempted = connectSubproc(program(rest), {
        timeout: code === ErrorCode.timeout ? 1 : 20,
        onStderr: (text) => pids.push(Number(/pid (\d+)/.exec(text)?.[1])),
      });
      await assert.rejects(attempted, { code });
    }
    assert.equal(pids.length, 2);
    assert.deepEqual(pids.map(isAlive), [false, false]);
  });
});

class Doubler extends Service {
  exposed_double(value: number): number {
    return 2 * value;
  }
}

class Slow extends Service {
  override onConnect(): Promise<void> {
    return new Promise(() => undefined);
  }
}

describe('A pair of pipes in memory', () => {
  it('joins two connections of this process', async () => {
    const [left, right] = PipeStream.createPair();
    const server = await connectStream(right, { service: Doubler, dialect: 'D' });
    const client = await connectStream(left, { dialect: 'D' });
    assert.equal(await client.root['double']?.(21), 42);
    await client.ping(new Uint8Array(2_000_000), 20);
    await client.close();
    await eventually('the other end is closed', () => server.closed);
  });

  it('holds up a writer whose reader is slow, and loses nothing', async () => {
    const [left, right] = PipeStream.createPair();
    const chunk = Buffer.alloc(100_000, 'z');
    for (let count = 0; count < 20; count++) left.write([chunk]);
    assert.ok(left.bufferedAmount > 1_000_000);
    const drained = left.drained();
    let received = 0;
    right.onDidReceive((bytes) => (received += bytes.length));
    right.start();
    await drained;
    left.close();
    await eventually('all of it arrives', () => received === 2_000_000);
    await eventually('both ends are closed', () => left.closed && right.closed);
  });

  it('that is closed makes no connection', async () => {
    const [left, right] = PipeStream.createPair();
    left.destroy();
    await eventually('both ends are closed', () => left.closed && right.closed);
    const connection = connectStream(left, { listenFirst: true, timeout: 0.2 });
    await assert.rejects(connection);
  });

  it('needs to be told the dialect, since nothing can be tried out', async () => {
    const [left, right] = PipeStream.createPair();
    await assert.rejects(connectStream(left), { code: ErrorCode.dialectRequired });
    assert.ok(left.closed, 'it was the connection to be');
    await eventually('the other end is closed', () => right.closed);
    const [other] = PipeStream.createPair();
    await assert.rejects(connectChannel(new Channel(other)), { code: ErrorCode.dialectRequired });
    assert.ok(other.closed);
  });

  it('is given up in time where a stream never says that it has closed', async () => {
    const [left, right] = PipeStream.createPair();
    const stream: Stream = {
      description: 'mute',
      closed: false,
      bufferedAmount: 0,
      onDidReceive: left.onDidReceive,
      onDidClose: () => ({ dispose: () => undefined }),
      start: () => left.start(),
      write: (chunks) => left.write(chunks),
      drained: () => left.drained(),
      close: () => left.close(),
      destroy: () => left.destroy(),
    };
    const options = { service: Slow, dialect: 'D', timeout: 0.05 } as const;
    await assert.rejects(connectStream(stream, options), { code: ErrorCode.timeout });
    await eventually('both ends are closed', () => left.closed && right.closed);
  });

  it('waits for our own service as long as it may, and no longer', async () => {
    const cases = [
      [{ timeout: 0.05 }, ErrorCode.timeout],
      [{ signal: AbortSignal.timeout(50) }, ErrorCode.aborted],
    ] as const;
    for (const [options, code] of cases) {
      const [left, right] = PipeStream.createPair();
      await assert.rejects(connectStream(left, { service: Slow, dialect: 'D', ...options }), { code });
      await eventually('both ends are closed', () => left.closed && right.closed);
    }
  });
});

describe('A named pipe', () => {
  it('has the name that Python gives it', () => {
    assert.equal(namedPipePath('demo'), '\\\\.\\pipe\\rpyc_demo');
    assert.equal(namedPipePath('\\\\.\\pipe\\other'), '\\\\.\\pipe\\other');
  });

  it('is refused where there are none', async () => {
    for (const attempt of [NamedPipeStream.createServer('demo'), NamedPipeStream.createClient('demo')]) {
      await assert.rejects(attempt, { code: ErrorCode.unreachable, message: /Windows.*rpyc_demo/ });
    }
  });
});
