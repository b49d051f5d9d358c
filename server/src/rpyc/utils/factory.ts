/*
 * Making connections, after rpyc/utils/factory.py. Differs on purpose: the peer's dialect is found out, every stage has
 * a time limit, and a failure says at which stage it happened and what answered.
 */

import { Channel } from '../core/channel';
import { type SeenDialect, DialectMismatch } from '../core/codec';
import { type Config, type Limits, mergeLimits } from '../core/config';
import { DEFAULT_PORT } from '../core/consts';
import { dialectForEnvelope, type DialectName } from '../core/dialect';
import { AsyncResultTimeout, ConnectError, EOFError, ErrorCode, ProtocolError } from '../core/errors';
import { Connection, type ConnectionOptions } from '../core/protocol';
import { RequestAborted } from '../core/requesting';
import { type Service, type ServiceClass, serviceFor, VoidService } from '../core/service';
import { connectTcp, describeEndpoint, type Stream } from '../core/stream';
import { after } from '../lib/deferred';
import type { Logger } from '../lib/logger';

export type ConnectStage = 'resolve' | 'connect' | 'handshake' | 'root';

/** What is remembered of peers: which dialect was right at `host:port`. Owned by the caller. */
export type DialectMemory = Pick<Map<string, DialectName>, 'get' | 'set'>;

/** The traffic of a connection, as it travels. */
export type TraceFrame = (direction: 'in' | 'out', payload: Uint8Array) => void;

/** Options of every connect. */
export interface ConnectOptions {
  /** What we offer the peer: nothing, by default. */
  readonly service?: ServiceClass | Service;
  /** RPyC's configuration, with its keys as in Python. */
  readonly config?: Partial<Config>;
  /** `auto`, the default, asks for the root object to find out; any other spares that and waits for nothing. */
  readonly dialect?: DialectName | 'auto';
  /** The server takes one connection in its life: it is never probed. */
  readonly oneShot?: boolean;
  /** Seconds that each stage may take: reaching the host, and its first answer. 10 by default. */
  readonly timeout?: number;
  readonly signal?: AbortSignal;
  readonly keepalive?: boolean;
  readonly ipv6?: boolean;
  readonly limits?: Partial<Limits>;
  readonly logger?: Logger;
  readonly trace?: TraceFrame;
  /** Whether long frames are compressed; true by default. */
  readonly compress?: boolean;
  /** Told as each stage begins. */
  readonly onStage?: (stage: ConnectStage) => void;
  readonly dialectMemory?: DialectMemory;
}

/** Makes the connection object: one of a kind of its own where the service wants that. */
export type ConnectionMaker<T extends Connection> = (channel: Channel, options: ConnectionOptions) => T;

const DEFAULT_TIMEOUT_SECONDS = 10;

/**
 * Connects to an RPyC server over TCP.
 *
 * @throws ConnectError, ProtocolError or EOFError; the code says what went wrong: `ERR_REFUSED`, `ERR_DNS`, `ERR_TIMEOUT`,
 *   `ERR_UNREACHABLE`, `ERR_NOT_RPYC`, `ERR_DIALECT`, `ERR_DIALECT_REQUIRED`, `ERR_CLOSED`, `ERR_LIMIT`, `ERR_ABORTED`
 */
export async function connect(
  host: string,
  port: number = DEFAULT_PORT,
  options: ConnectOptions = {},
): Promise<Connection> {
  return await connectWith(host, port, options, (channel, made) => new Connection(channel, made));
}

/** As `connect`, for connections of any kind. */
export async function connectWith<T extends Connection>(
  host: string,
  port: number,
  options: ConnectOptions,
  make: ConnectionMaker<T>,
): Promise<T> {
  const { timeout = DEFAULT_TIMEOUT_SECONDS, signal, keepalive, ipv6, onStage } = options;
  const where = describeEndpoint(host, port);
  const open = (): Promise<Stream> => connectTcp({ host, port, timeout, signal, keepalive, ipv6, onStage });
  return await establish(where, open, options, make);
}

interface Attempt {
  readonly dialect: DialectName;
  readonly bindThreads: boolean;
  /** How long the peer has to answer. */
  readonly seconds: number;
}

/** Opens streams until one of them speaks a dialect of ours: one, or two where the first guess was wrong. */
async function establish<T extends Connection>(
  where: string,
  open: () => Promise<Stream>,
  options: ConnectOptions,
  make: ConnectionMaker<T>,
): Promise<T> {
  const {
    dialect = 'auto',
    dialectMemory,
    oneShot = false,
    timeout: seconds = DEFAULT_TIMEOUT_SECONDS,
  } = options;
  const remembered = dialectMemory?.get(where);
  const bindThreads = options.config?.bind_threads ?? false;
  if (dialect !== 'auto') {
    return await attempt(await open(), options, make, { dialect, bindThreads, seconds }, false);
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
      ? { dialect: 'C', bindThreads, seconds: seconds / 2 }
      : { dialect: remembered, bindThreads, seconds };
  const connection = await attemptTwice(where, open, options, make, first);
  if (connection.dialect !== undefined) dialectMemory?.set(where, connection.dialect);
  return connection;
}

async function attemptTwice<T extends Connection>(
  where: string,
  open: () => Promise<Stream>,
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
    options.logger?.debug(`${where}: ${(error as Error).message}; trying dialect ${next.dialect}`);
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
  const other = tried.dialect === 'D' ? 'C' : 'D';
  if (error instanceof SilentEnd) return { ...tried, dialect: other, seconds };
  if (error instanceof SilentPeer && tried.seconds < seconds) {
    return { ...tried, dialect: other, seconds: seconds - tried.seconds };
  }
  return undefined;
}

function attemptFor({ envelope, bindThreads }: SeenDialect, seconds: number): Attempt {
  return { dialect: dialectForEnvelope(envelope), bindThreads, seconds };
}

async function attempt<T extends Connection>(
  stream: Stream,
  options: ConnectOptions,
  make: ConnectionMaker<T>,
  { dialect, bindThreads, seconds }: Attempt,
  probe: boolean,
): Promise<T> {
  options.onStage?.('handshake');
  const channel = new Channel(stream, {
    limits: mergeLimits(options.limits),
    compress: options.compress,
    trace: options.trace,
  });
  let connection: T;
  try {
    connection = make(channel, {
      service: serviceFor(options.service ?? VoidService),
      config: { ...options.config, bind_threads: bindThreads },
      dialect,
      limits: options.limits,
      logger: options.logger,
    });
  } catch (error) {
    channel.destroy();
    throw error;
  }
  try {
    const started = connection.start();
    started.catch(() => undefined);
    if (probe) {
      options.onStage?.('root');
      await askForRoot(connection, stream, seconds, options);
    }
    await started;
    return connection;
  } catch (error) {
    connection.dispose();
    throw error;
  }
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
  if (error instanceof RequestAborted) {
    return new ConnectError(`Connecting was cancelled: ${where}`, ErrorCode.aborted, options);
  }
  return error;
}
