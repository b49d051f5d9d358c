/*
 * The ways to reach a peer: each opens streams to it. What all of them have in common, from the stream to the
 * connection, is `connectWith`. Upstream's rpyc/utils/factory.py goes from each way straight to a connection.
 */

import type { ChildProcess } from 'node:child_process';

import { Channel } from '../core/channel';
import { AuthenticationError, ConnectError, EOFError, ErrorCode, ProtocolError } from '../core/errors';
import { PipeStream } from '../core/pipeStream';
import { Connection } from '../core/protocol';
import { connectTcp, describeEndpoint, SocketStream, type Stream } from '../core/stream';
import { SubprocessStream } from '../core/subprocessStream';
import { withTimeout } from '../lib/deferred';
import {
  type ConnectOptions,
  DEFAULT_TIMEOUT_SECONDS,
  type MultiprocessConnectOptions,
  type SslConnectOptions,
  type SubprocConnectOptions,
  type ThreadConnectOptions,
} from './connectOptions';
import { type ConnectionMaker, establish } from './dialectDiscovery';
import { type HostedService, openProcess, openThread } from './hostedService';
import { runPreHandshake } from './preHandshake';

/** How streams to one peer are opened. */
export interface Way {
  /** Names the peer, in messages and in the dialect memory. */
  readonly where: string;
  /** Opens one stream; called again where the first guess of the dialect was wrong. */
  readonly open: () => Promise<Stream | Channel>;
  /** There already, and the connection's own: it ends where there is none. */
  readonly given?: Stream | Channel | undefined;
  /** There is one stream only, so that nothing can be tried out. */
  readonly once?: boolean | undefined;
  /** Whether the peer speaks first, where the caller does not say. */
  readonly listenFirst?: boolean | undefined;
  /** The peer uses us when it likes: its dialect shows then. */
  readonly passive?: boolean | undefined;
  /** What a peer may mean that ends a stream without a word. */
  readonly silentEnd?: ((cause: unknown) => Error) | undefined;
}

/** How long a stream that is not of this library is waited for once it was ended. */
const LONGEST_END_SECONDS = 2;

/** The stream that was opened last, and what became of it. */
class LastStream {
  /** Why it has closed. */
  reason: Error | undefined;
  private closed: Promise<void> | undefined;

  watch(opened: Stream | Channel): Stream {
    const stream = opened instanceof Channel ? opened.stream : opened;
    // One that is closed already tells nobody any more.
    if (stream.closed) return stream;
    this.closed = new Promise((resolve) => {
      stream.onDidClose((error) => {
        this.reason = error;
        resolve();
      });
    });
    return stream;
  }

  /** Resolves once it has closed, child processes included. */
  async gone(seconds?: number): Promise<void> {
    if (this.closed === undefined) return;
    await withTimeout(this.closed, seconds, () => new Error('It does not close')).catch(() => undefined);
  }
}

/** Opens streams, runs the pre-handshake on each, and makes a connection of the one whose dialect is right. */
export async function connectWith<T extends Connection>(
  way: Way,
  options: ConnectOptions,
  make: ConnectionMaker<T>,
): Promise<T> {
  const { preHandshake, signal, limits, timeout = DEFAULT_TIMEOUT_SECONDS } = options;
  const last = new LastStream();
  if (way.given !== undefined) last.watch(way.given);
  const open = async (): Promise<Stream | Channel> => {
    // Whatever has a code of its own is no matter of dialects.
    if (last.reason instanceof ConnectError) throw last.reason;
    const opened = await way.open();
    const stream = last.watch(opened);
    if (preHandshake !== undefined) {
      options.onStage?.('authenticate');
      await runPreHandshake(stream, preHandshake, { timeout, signal, limits });
    }
    return opened;
  };
  try {
    return await establish(
      way.where,
      open,
      way.once === true ? { ...options, oneShot: true } : options,
      make,
      {
        listenFirst: options.listenFirst ?? way.listenFirst ?? false,
        passive: way.passive ?? false,
      },
    );
  } catch (error) {
    // Nothing of a connect that failed is left.
    way.given?.destroy();
    await last.gone(way.given && LONGEST_END_SECONDS);
    if (last.reason instanceof ConnectError) throw last.reason;
    if (!isSilentEnd(error)) throw error;
    if (preHandshake !== undefined) {
      const text = `${way.where} ends the connection after the pre-handshake, and may have refused it`;
      throw new AuthenticationError(text, { cause: error });
    }
    throw way.silentEnd?.(error) ?? error;
  }
}

/** Makes connections without members of their own. */
export const makeConnection: ConnectionMaker<Connection> = (channel, options) =>
  new Connection(channel, options);

export function tcpWay(host: string, port: number, options: ConnectOptions): Way {
  const { signal, keepalive, ipv6, onStage, timeout = DEFAULT_TIMEOUT_SECONDS } = options;
  return {
    where: describeEndpoint(host, port),
    open: () => connectTcp({ host, port, timeout, signal, keepalive, ipv6, onStage }),
  };
}

export function unixWay(path: string, options: ConnectOptions): Way {
  const { signal, onStage, timeout = DEFAULT_TIMEOUT_SECONDS } = options;
  return { where: path, open: () => SocketStream.unixConnect(path, { signal, onStage, timeout }) };
}

/** Over a stream or a channel that is there already, and becomes the connection's own. */
export function givenWay(opened: Stream | Channel): Way {
  const { description } = opened instanceof Channel ? opened.stream : opened;
  return { where: description, open: () => Promise.resolve(opened), given: opened, once: true };
}

/** The parent of this process is the one who asks, as a rule. */
export function stdWay(): Way {
  return {
    where: 'standard input and output',
    open: () => Promise.resolve(PipeStream.fromStd()),
    once: true,
    passive: true,
  };
}

export function subprocessWay(
  args: readonly string[],
  options: SubprocConnectOptions,
): Way & { readonly child: () => ChildProcess } {
  let last: SubprocessStream | undefined;
  return {
    where: args[0] ?? '',
    listenFirst: true,
    open: async () => (last = await SubprocessStream.open(args, options)),
    silentEnd: (cause) => last?.explainEnd(cause) ?? (cause as Error),
    child: () => {
      if (last === undefined) throw new Error('No child was started');
      return last.process;
    },
  };
}

export function threadWay(service: HostedService, options: ThreadConnectOptions): Way {
  const { remoteConfig: config, killAfter, signal, timeout = DEFAULT_TIMEOUT_SECONDS } = options;
  return {
    where: 'thread',
    once: true,
    open: () => openThread({ service, config, killAfter, signal, timeout }),
  };
}

export function processWay(service: HostedService, options: MultiprocessConnectOptions): Way {
  const {
    remoteConfig: config,
    env,
    execArgv,
    killAfter,
    signal,
    timeout = DEFAULT_TIMEOUT_SECONDS,
  } = options;
  return {
    where: 'child process',
    once: true,
    open: () => openProcess({ service, config, env, execArgv, killAfter, signal, timeout }),
  };
}

export function tlsWay(host: string, port: number, options: SslConnectOptions): Way {
  const where = describeEndpoint(host, port);
  return {
    where,
    open: () => openTls(host, port, options),
    silentEnd: (cause) => {
      const text = `${where} ends the connection after the TLS handshake: it may want a client certificate (cert and key), or is no RPyC server`;
      return new ConnectError(text, ErrorCode.tlsClientCertificate, { cause });
    },
  };
}

/** How long a server that is silent about TLS has to show that it speaks RPyC without it. */
const PLAIN_PROBE_SECONDS = 2;

async function openTls(host: string, port: number, options: SslConnectOptions): Promise<Stream> {
  const { onStage, timeout = DEFAULT_TIMEOUT_SECONDS } = options;
  const reached = { tls: false };
  try {
    return await SocketStream.sslConnect(host, port, {
      ...options,
      timeout,
      onStage: (stage) => {
        reached.tls = stage === 'tls';
        onStage?.(stage);
      },
    });
  } catch (error) {
    const isSilent = reached.tls && error instanceof ConnectError && error.code === ErrorCode.timeout;
    if (!isSilent || options.oneShot === true || !(await isPlainRpyc(host, port, options))) throw error;
    const text = `${describeEndpoint(host, port)} is an RPyC server without TLS: connect without it`;
    throw new ConnectError(text, ErrorCode.notTls, { cause: error });
  }
}

/** A plain RPyC server takes TLS's first bytes for a long frame and waits for the rest of it. */
async function isPlainRpyc(host: string, port: number, { signal, ipv6 }: ConnectOptions): Promise<boolean> {
  const options: ConnectOptions = {
    timeout: PLAIN_PROBE_SECONDS,
    ...(signal && { signal }),
    ...(ipv6 !== undefined && { ipv6 }),
  };
  try {
    const way = tcpWay(host, port, options);
    const connection = await establish(way.where, way.open, options, makeConnection);
    connection.dispose();
    return true;
  } catch {
    return false;
  }
}

function isSilentEnd(error: unknown): boolean {
  if (error instanceof EOFError) return true;
  return (
    error instanceof ProtocolError && error.code === ErrorCode.notRpyc && error.cause instanceof EOFError
  );
}
