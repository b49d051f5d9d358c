/*
 * From a stream to a connection: finds out which dialect the peer speaks, with as few streams as can be. Upstream has
 * no such file, since it speaks one dialect only.
 */

import { Channel } from '../core/channel';
import { type SeenDialect, DialectMismatch } from '../core/codec';
import { DEFAULT_CONFIG, mergeLimits } from '../core/config';
import { aborted } from '../core/connectErrors';
import {
  AsyncResultTimeout,
  ConnectError,
  EOFError,
  ErrorCode,
  ProtocolError,
  RemoteError,
  RequestAborted,
} from '../core/errors';
import type { ConnectionOptions } from '../core/connectionOptions';
import type { Connection } from '../core/protocol';
import { serviceFor, VoidService } from '../core/service';
import type { Stream } from '../core/stream';
import { after, deferred, onAbort, withTimeout } from '../lib/deferred';
import { type ConnectOptions, DEFAULT_TIMEOUT_SECONDS } from './connectOptions';

/** Makes the connection object: one of a kind of its own where the service wants that. */
export type ConnectionMaker<T extends Connection> = (channel: Channel, options: ConnectionOptions) => T;

/** What is said of the peer before it has said anything. */
export interface EstablishOptions {
  /** The peer speaks first, as a classic server on standard streams does: its first frame is waited for. */
  readonly listenFirst?: boolean | undefined;
  /** The peer uses us when it likes, as a parent process does: its dialect shows then, and nothing is waited for. */
  readonly passive?: boolean | undefined;
}

interface Attempt {
  /** `old` is A, B or C, as the root's reference tells; `auto` waits for the peer's first frame. */
  readonly dialect: ConnectionOptions['dialect'];
  readonly bindThreads: boolean;
  /** How long the peer has to answer. */
  readonly seconds: number;
}

/**
 * Opens streams until one of them speaks a dialect of ours: one, or two where the first guess was wrong.
 *
 * @param where names the endpoint in messages and in the dialect memory
 * @param open opens one stream to the peer; called again where the first guess was wrong
 */
export async function establish<T extends Connection>(
  where: string,
  open: () => Promise<Stream | Channel>,
  options: ConnectOptions,
  make: ConnectionMaker<T>,
  { listenFirst = false, passive = false }: EstablishOptions = {},
): Promise<T> {
  const {
    dialect = 'auto',
    dialectMemory,
    oneShot = false,
    timeout: seconds = DEFAULT_TIMEOUT_SECONDS,
  } = options;
  const remembered = dialectMemory?.get(where);
  const bindThreads = options.config?.bind_threads ?? DEFAULT_CONFIG.bind_threads;
  if (dialect !== 'auto') {
    return await attempt(await open(), options, make, { dialect, bindThreads, seconds }, false);
  }
  if (listenFirst || passive) {
    // Nobody knows when a peer begins that speaks when it likes.
    const patience = listenFirst ? seconds : Infinity;
    const first: Attempt = { dialect: 'auto', bindThreads, seconds: patience };
    return await attempt(await open(), options, make, first, listenFirst);
  }
  if (oneShot && remembered === undefined) {
    throw new ConnectError(
      `${where} takes one connection only, so its dialect cannot be tried out and has to be given`,
      ErrorCode.dialectRequired,
    );
  }
  // Servers of the old envelope close at once on a wrong guess, those of the new one linger: the old one goes first.
  // Thread pools of the new one stay silent: a mere guess gets half of the time, the other dialect the rest.
  const first: Attempt =
    remembered === undefined
      ? { dialect: 'old', bindThreads, seconds: seconds / 2 }
      : { dialect: remembered === 'D' ? 'D' : 'old', bindThreads, seconds };
  const connection = await attemptTwice(where, open, options, make, first);
  if (connection.dialect !== undefined) dialectMemory?.set(where, connection.dialect);
  return connection;
}

async function attemptTwice<T extends Connection>(
  where: string,
  open: () => Promise<Stream | Channel>,
  options: ConnectOptions,
  make: ConnectionMaker<T>,
  first: Attempt,
): Promise<T> {
  let second: Attempt;
  try {
    return await attempt(await open(), options, make, first, true);
  } catch (error) {
    const next = otherAttempt(error, first, options.timeout ?? DEFAULT_TIMEOUT_SECONDS);
    if (next === undefined || options.oneShot === true) throw error;
    options.logger?.debug(`${where}: ${(error as Error).message}; trying the other envelope`);
    second = next;
  }
  try {
    return await attempt(await open(), options, make, second, true);
  } catch (error) {
    if (error instanceof SilentEnd) throw error.asNotRpyc(where);
    throw error;
  }
}

/** The peer took the request and gave no sign of life in time. */
class SilentPeer extends ConnectError {}

/** The peer ended the stream without a single frame. */
class SilentEnd extends EOFError {
  asNotRpyc(where: string): ProtocolError {
    return new ProtocolError(
      `${where} closes the connection without an answer: it is no RPyC server, or wants TLS or a password`,
      ErrorCode.notRpyc,
      { cause: this },
    );
  }
}

/** What to try after a failure; undefined where another dialect does not help. */
function otherAttempt(error: unknown, tried: Attempt, seconds: number): Attempt | undefined {
  if (error instanceof DialectMismatch) return attemptFor(error.seen, seconds);
  const other = tried.dialect === 'D' ? 'old' : 'D';
  if (error instanceof SilentEnd) return { ...tried, dialect: other, seconds };
  if (error instanceof SilentPeer && tried.seconds < seconds) {
    return { ...tried, dialect: other, seconds: seconds - tried.seconds };
  }
  return undefined;
}

function attemptFor({ envelope, bindThreads }: SeenDialect, seconds: number): Attempt {
  return { dialect: envelope === 'old' ? 'old' : 'D', bindThreads, seconds };
}

async function attempt<T extends Connection>(
  opened: Stream | Channel,
  options: ConnectOptions,
  make: ConnectionMaker<T>,
  { dialect, bindThreads, seconds }: Attempt,
  probe: boolean,
): Promise<T> {
  options.onStage?.('handshake');
  const channel = opened instanceof Channel ? opened : channelOver(opened, options);
  const { stream } = channel;
  let connection: T;
  try {
    connection = make(channel, {
      service: serviceFor(options.service ?? VoidService),
      config: { ...options.config, bind_threads: bindThreads },
      dialect,
      limits: options.limits,
      logger: options.logger,
      serialCalls: options.serialCalls,
    });
  } catch (error) {
    channel.destroy();
    throw error;
  }
  try {
    const firstWord = heard(channel);
    const started = connection.start();
    started.catch(() => undefined);
    if (probe) {
      if (dialect === 'auto') await listen(firstWord, stream.description, seconds, options.signal);
      options.onStage?.('root');
      await askForRoot(connection, stream, seconds, options);
    }
    const patience = Math.max(seconds, options.timeout ?? DEFAULT_TIMEOUT_SECONDS);
    await limited(started, stream.description, patience, options.signal, () => slowService(stream, patience));
    return connection;
  } catch (error) {
    connection.dispose();
    throw error;
  }
}

function channelOver(stream: Stream, { limits, compress, trace }: ConnectOptions): Channel {
  return new Channel(stream, { limits: mergeLimits(limits), compress, trace });
}

/** Resolves when the first frame arrives, or never will. */
function heard(channel: Channel): Promise<void> {
  return new Promise((resolve) => {
    channel.onDidReceive(() => resolve());
    channel.onDidClose(() => resolve());
  });
}

/** @throws ConnectError where the peer says nothing in time, or the signal fires first */
async function listen(
  firstWord: Promise<void>,
  where: string,
  seconds: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  await limited(firstWord, where, seconds, signal, () => silentPeer(where, seconds, undefined));
}

/** @throws ConnectError where the signal fires first, `late` after so many seconds */
async function limited(
  done: Promise<void>,
  where: string,
  seconds: number,
  signal: AbortSignal | undefined,
  late: () => ConnectError,
): Promise<void> {
  const cancelled = deferred<never>();
  const abort = onAbort(signal, (reason) => cancelled.reject(aborted(where, reason)));
  try {
    await withTimeout(Promise.race([done, cancelled.promise]), seconds, late);
  } finally {
    abort.dispose();
  }
}

function slowService({ description }: Stream, seconds: number): ConnectError {
  return new ConnectError(
    `The service's onConnect did not end within ${seconds} seconds: ${description}`,
    ErrorCode.timeout,
  );
}

/** GETROOT, which is needed anyway, tells the dialect. */
async function askForRoot(
  connection: Connection,
  stream: Stream,
  seconds: number,
  { signal, timeout = DEFAULT_TIMEOUT_SECONDS }: ConnectOptions,
): Promise<void> {
  const peer = { isSilent: false };
  // A peer that has begun to answer keeps the whole time: its dialect shows in the answer.
  const patience = after(seconds, () => {
    peer.isSilent = connection.counters.bytesReceived === 0;
    if (peer.isSilent) connection.dispose();
  });
  try {
    await connection.fetchRoot({ timeoutSeconds: timeout, ...(signal && { signal }) });
  } catch (error) {
    if (peer.isSilent) throw silentPeer(stream.description, timeout, error);
    throw probeError(error, connection, stream.description, timeout);
  } finally {
    patience.dispose();
  }
}

function silentPeer(where: string, seconds: number, cause: unknown): SilentPeer {
  return new SilentPeer(
    `${where} gave no RPyC answer within ${seconds} seconds: it is no RPyC server, wants TLS, or is busy`,
    ErrorCode.timeout,
    { cause },
  );
}

function probeError(error: unknown, connection: Connection, where: string, seconds: number): unknown {
  const options = { cause: error };
  if (error instanceof EOFError && connection.counters.framesReceived === 0) {
    return new SilentEnd(error.message, error.code, options);
  }
  if (error instanceof AsyncResultTimeout && connection.counters.bytesReceived > 0) {
    return new ProtocolError(`${where} answers with something that is no RPyC`, ErrorCode.notRpyc, options);
  }
  if (error instanceof AsyncResultTimeout) return silentPeer(where, seconds, error);
  if (error instanceof RequestAborted) return aborted(where, error);
  if (error instanceof RemoteError && connection.remoteVersion?.startsWith('7.') === true) {
    const message = `${where} runs the fork rpyc-ng ${connection.remoteVersion}, which cannot talk to RPyC`;
    return new ProtocolError(message, ErrorCode.dialect, options);
  }
  return error;
}
