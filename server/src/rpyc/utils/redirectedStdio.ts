/*
 * The peer's standard streams here, after `redirected_stdio` of rpyc/utils/classic.py. Differs on purpose: the peer puts
 * its own streams back also when the connection is gone, input may take longer than a request, and threads of the peer
 * that print do not wait for us.
 */

import type { Readable, Writable } from 'node:stream';

import { callattr, release } from '../core/builtins';
import type { Netref } from '../core/netref';
import { withTarget } from '../core/path';
import type { Connection } from '../core/protocol';
import type { Disposable } from '../lib/disposable';
import { peerCode } from './peerCode';
import { TextInput, writeTo } from './standardStreams';

/**
 * The object that we hold restores when it is dropped, which is also when the connection ends. Redirections of several
 * connections lie above each other: one that ends below others is skipped by them.
 */
const REDIRECTION = `
import io, sys, threading
import rpyc
asynchronous = getattr(rpyc, 'async_', None) or getattr(rpyc, 'async')

class Stream(object):
    encoding, errors, newlines, softspace, closed = 'utf-8', 'replace', None, 0, False

    def __init__(self, ask, below):
        self.ask, self.rpyc_below, self.rpyc_ended = asynchronous(ask), below, False
        self.thread = threading.current_thread()

    def __getattr__(self, name):
        if name.startswith('__') or name.startswith('rpyc_'):
            raise AttributeError(name)
        return getattr(self.rpyc_below, name)

    def fileno(self):
        raise io.UnsupportedOperation('fileno')

    def isatty(self):
        return False

    def close(self):
        pass

    def flush(self):
        if self.rpyc_ended:
            self.rpyc_below.flush()

class Output(Stream):
    def write(self, data):
        if not self.rpyc_ended:
            try:
                result = self.ask(data)
                # Another thread could wait for a reply that this one takes.
                if threading.current_thread() is self.thread:
                    result.value
                return len(data)
            except EOFError:
                self.rpyc_ended = True
        if isinstance(data, bytes) and bytes is not str:
            data = data.decode('utf-8', 'replace')
        return self.rpyc_below.write(data)

    def writelines(self, lines):
        for line in lines:
            self.write(line)

    def readable(self):
        return False

    def writable(self):
        return True

    @property
    def buffer(self):
        return self

class Input(Stream):
    def take(self, size, line):
        if not self.rpyc_ended:
            try:
                return self.ask(-1 if size is None else size, line).value
            except EOFError:
                self.rpyc_ended = True
        return ''

    def read(self, size=-1):
        return self.take(size, False)

    def readline(self, size=-1):
        return self.take(size, True)

    def readlines(self, hint=-1):
        return list(self)

    def __iter__(self):
        return iter(self.readline, '')

    def readable(self):
        return True

    def writable(self):
        return False

class Redirection(object):
    def __init__(self, asked):
        self.streams = []
        for name, ask in asked:
            stream = (Input if name == 'stdin' else Output)(ask, getattr(sys, name))
            self.streams.append((name, stream))
            setattr(sys, name, stream)

    def restore(self):
        while self.streams:
            name, stream = self.streams.pop()
            stream.rpyc_ended = True
            now = getattr(sys, name)
            while getattr(now, 'rpyc_ended', False):
                now = now.rpyc_below
            setattr(sys, name, now)

    __del__ = restore

def main(asked):
    return Redirection([(str(name), ask) for name, ask in asked])
`;

/** The streams of this side: those of the process unless told, `null` leaves the peer's own in place. */
export interface StandardStreams {
  readonly stdin?: Readable | null | undefined;
  readonly stdout?: Writable | null | undefined;
  readonly stderr?: Writable | null | undefined;
}

const RESTORE_SECONDS = 10;

/** Standard streams that are redirected until `restore`, the end of an `await using` block, or of the connection. */
export class Redirection implements AsyncDisposable {
  private state: 'redirected' | 'restored' = 'redirected';

  private constructor(
    private readonly conn: Connection,
    private readonly remote: Netref,
    private readonly input: TextInput | undefined,
    private readonly onClose: Disposable,
  ) {}

  /** @throws AttributeError where the peer serves no classic mode */
  static async start(conn: Connection, io: StandardStreams): Promise<Redirection> {
    const { stdin = process.stdin, stdout = process.stdout, stderr = process.stderr } = io;
    const input = stdin === null ? undefined : new TextInput(stdin);
    const asked: [string, unknown][] = [];
    if (input !== undefined) {
      asked.push(['stdin', (size: unknown, line: unknown) => input.read(Number(size), line === true)]);
    }
    if (stdout !== null) asked.push(['stdout', (data: unknown) => writeTo(stdout, data)]);
    if (stderr !== null) asked.push(['stderr', (data: unknown) => writeTo(stderr, data)]);
    const remote = await withTarget(conn.root, async (host) => {
      const redirect = await peerCode(host, REDIRECTION);
      return (await callattr(redirect, '__call__', [asked])) as Netref;
    });
    const onClose = conn.onDidClose(() => input?.release());
    return new Redirection(conn, remote, input, onClose);
  }

  /** Puts the peer's own streams back. May be called again, and after the end of the connection. */
  async restore(): Promise<void> {
    if (this.state === 'restored') return;
    this.state = 'restored';
    this.onClose.dispose();
    // Who waits for input gets its end, else the peer might not get to what follows.
    this.input?.release();
    const isGone = (): boolean => this.conn.closed;
    if (isGone()) return;
    try {
      await callattr(this.remote, 'restore', [], undefined, { timeoutSeconds: RESTORE_SECONDS });
    } catch (error) {
      // A connection that is gone has restored.
      if (!isGone()) throw error;
    } finally {
      await release(this.remote);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.restore();
  }
}

/**
 * Lets what the peer prints and reads happen here: `await using streams = await redirectedStdio(conn)`, or with a body.
 * The redirection is the whole peer process's, as with upstream. Each print of the thread that serves us waits until it
 * has been written here. Upstream: `rpyc.classic.redirected_stdio`.
 *
 * @param io which streams; those of this process unless told
 * @param body runs while they are redirected; they are put back however it ends
 * @returns the redirection, or what the body gives
 */
export async function redirectedStdio(conn: Connection, io?: StandardStreams): Promise<Redirection>;
export async function redirectedStdio<T>(
  conn: Connection,
  io: StandardStreams | undefined,
  body: () => T | Promise<T>,
): Promise<T>;
export async function redirectedStdio<T>(
  conn: Connection,
  io: StandardStreams = {},
  body?: () => T | Promise<T>,
): Promise<Redirection | T> {
  const redirection = await Redirection.start(conn, io);
  if (body === undefined) return redirection;
  try {
    return await body();
  } finally {
    await redirection.restore();
  }
}
