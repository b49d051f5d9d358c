/*
 * Streams over pipes, after PipeStream and NamedPipeStream of rpyc/core/stream.py. Differs on purpose: a pair is made in
 * memory, a named pipe's server side is there once its client is, and one class serves for every system.
 */

import { createServer } from 'node:net';
import { Duplex, type Readable, Writable } from 'node:stream';

import { after, deferred, onAbort } from '../lib/deferred';
import { DisposableStore } from '../lib/disposable';
import { aborted, connectError, timedOut } from './connectErrors';
import { ConnectError, ErrorCode } from './errors';
import { JoinedDuplex } from './joinedDuplex';
import { duplexPair } from './memoryDuplex';
import { DuplexStream, type OpenOptions, SocketStream } from './stream';

/** A stream over two simplex pipes, or whatever Node presents as such, of which it becomes the owner. */
export class PipeStream extends DuplexStream {
  constructor(incoming: Readable, outgoing: Writable, description = 'pipes') {
    super(
      incoming instanceof Duplex && Object.is(incoming, outgoing)
        ? incoming
        : new JoinedDuplex(incoming, outgoing),
      description,
    );
  }

  /**
   * Over this process's standard input and output. What the program prints from then on goes to standard error, so
   * that it does not disturb the stream, until that has ended; upstream drops it.
   */
  static fromStd(): PipeStream {
    const { stdin, stdout, stderr } = process;
    const write = Reflect.get<typeof stdout, 'write'>(stdout, 'write');
    const print = write.bind(stdout) as (chunk: Uint8Array, done: () => void) => boolean;
    const redirected = stderr.write.bind(stderr);
    const outgoing = new Writable({
      write: (chunk: Uint8Array, _encoding, done) => void print(chunk, done),
      destroy: (error, done) => {
        // Whoever has put something else there keeps it.
        if (stdout.write === redirected) stdout.write = write;
        done(error);
      },
    });
    // A parent that is gone must not end this process.
    stdout.on('error', (error: Error) => outgoing.destroy(error));
    stdout.write = redirected;
    return new PipeStream(stdin, outgoing, 'standard input and output');
  }

  /**
   * Two streams, each of which receives what is written to the other. They do not keep the process alive.
   *
   * @param description names both, for people; `pipe a` and `pipe b` by default
   */
  static createPair(description?: string): [PipeStream, PipeStream] {
    const [first, second] = duplexPair();
    return [
      new PipeStream(first, first, description ?? 'pipe a'),
      new PipeStream(second, second, description ?? 'pipe b'),
    ];
  }
}

/** What upstream puts before the name of a pipe. */
const NAMED_PIPE_PREFIX = '\\\\.\\pipe\\rpyc_';

/** The path of a pipe: a name that begins with `\\.` is one already. */
export function namedPipePath(name: string): string {
  return name.startsWith('\\\\.') ? name : NAMED_PIPE_PREFIX + name;
}

/** A stream over a named pipe of Windows. Upstream's `connect_server` is part of `createServer`. */
export class NamedPipeStream extends SocketStream {
  /**
   * Makes a pipe and resolves once a client has connected to it; the pipe takes no further one.
   *
   * @param name begins with `\\.`, or is put behind `\\.\pipe\rpyc_`
   * @throws ConnectError `ERR_UNREACHABLE` on other systems, or where the pipe cannot be made
   */
  static async createServer(name: string, options: OpenOptions = {}): Promise<NamedPipeStream> {
    const path = pipePathHere(name);
    const { timeout, signal } = options;
    if (signal?.aborted === true) throw aborted(path, signal.reason);
    const held = new DisposableStore();
    const result = deferred<NamedPipeStream>();
    const server = createServer((socket) => result.resolve(new NamedPipeStream(socket, path)));
    server.maxConnections = 1;
    server.on('error', (error) => result.reject(connectError(error, path)));
    held.add(after(timeout, () => result.reject(timedOut(path, 'connect', timeout))));
    held.add(onAbort(signal, (reason) => result.reject(aborted(path, reason))));
    server.listen(path);
    try {
      return await result.promise;
    } finally {
      held.dispose();
      server.close();
    }
  }

  /**
   * Connects to a pipe that is there.
   *
   * @param name as that of `createServer`
   * @throws ConnectError `ERR_UNREACHABLE` on other systems, `ERR_REFUSED` where there is no such pipe
   */
  static async createClient(name: string, options: OpenOptions = {}): Promise<SocketStream> {
    return await SocketStream.unixConnect(pipePathHere(name), options);
  }
}

function pipePathHere(name: string): string {
  const path = namedPipePath(name);
  // Elsewhere this would be the name of a file in the current folder.
  if (process.platform === 'win32') return path;
  throw new ConnectError(
    `There are named pipes on Windows only, use a Unix socket: ${path}`,
    ErrorCode.unreachable,
  );
}
