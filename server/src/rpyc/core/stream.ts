/*
 * Bytes in and out, after rpyc/core/stream.py. Unlike upstream a stream tells what arrives by events, and TCP is used
 * without Nagle's delay.
 */

import { connect, isIP, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { after, type Deferred, deferred, onAbort } from '../lib/deferred';
import { DisposableStore } from '../lib/disposable';
import { Emitter, type Event } from '../lib/events';
import { ConnectError, EOFError, ErrorCode } from './errors';

/** A two-way flow of bytes: a TCP or TLS socket, a Unix socket, a pair of pipes. */
export interface Stream {
  /** No more is sent or received: `close`, `destroy` or the other side ended it. */
  readonly closed: boolean;
  /** Where it leads, for people. */
  readonly description: string;
  /** Bytes that were written but have not left yet. */
  readonly bufferedAmount: number;
  /** Each piece of what arrives, once `start` was called. The bytes are the listener's to keep. */
  readonly onDidReceive: Event<Uint8Array>;
  /** Fires once, when the stream is gone, with the error that ended it if there was one. */
  readonly onDidClose: Event<Error | undefined>;
  /** Begins to deliver what arrives; before this it waits. */
  start(): void;
  /**
   * Sends all chunks in one go.
   *
   * @throws EOFError where the stream is closed
   */
  write(chunks: readonly Uint8Array[]): void;
  /** Resolves once the stream takes more without growing its buffer; rejects if it closes first. */
  drained(): Promise<void>;
  /** Ends the stream after what was written, waits a moment for the other side to end too, then destroys it. */
  close(): void;
  /** Ends the stream at once. */
  destroy(error?: Error): void;
}

/** How long the other side has to end the stream once all that was written has left. */
const LINGER_SECONDS = 0.1;
/** How long that may take altogether, for a peer that reads slowly or not at all. */
const LONGEST_CLOSE_SECONDS = 4;

/** A stream over any of Node's duplex streams, of which it becomes the owner. */
export class DuplexStream implements Stream {
  private readonly received = new Emitter<Uint8Array>();
  private readonly didClose = new Emitter<Error | undefined>();
  private readonly held = new DisposableStore();
  private failure: Error | undefined;
  private ended = false;
  private drain: Deferred<undefined> | undefined;

  readonly onDidReceive = this.received.event;
  readonly onDidClose = this.didClose.event;

  constructor(
    private readonly duplex: Duplex,
    readonly description: string,
  ) {
    duplex.on('error', (error) => {
      this.failure ??= error;
    });
    duplex.on('drain', () => {
      this.drain?.resolve(undefined);
      this.drain = undefined;
    });
    duplex.once('end', () => this.close());
    duplex.once('close', () => this.finish());
    if (duplex.destroyed) queueMicrotask(() => this.finish());
  }

  get closed(): boolean {
    return this.ended || this.duplex.destroyed;
  }

  get bufferedAmount(): number {
    return this.duplex.writableLength;
  }

  start(): void {
    if (this.duplex.destroyed) return;
    this.duplex.on('data', (chunk: Uint8Array) => {
      if (!this.ended) this.received.fire(chunk);
    });
  }

  write(chunks: readonly Uint8Array[]): void {
    if (this.closed) throw new EOFError('Stream is closed', ErrorCode.closed, { cause: this.failure });
    if (chunks.length === 1 && chunks[0] !== undefined) {
      this.duplex.write(chunks[0]);
      return;
    }
    this.duplex.cork();
    for (const chunk of chunks) this.duplex.write(chunk);
    this.duplex.uncork();
  }

  drained(): Promise<void> {
    if (this.closed) return Promise.reject(new EOFError('Stream is closed'));
    if (!this.duplex.writableNeedDrain) return Promise.resolve();
    this.drain ??= deferred<undefined>();
    return this.drain.promise;
  }

  close(): void {
    if (this.ended) return;
    this.ended = true;
    this.duplex.once('finish', () => this.destroyAfter(LINGER_SECONDS));
    this.duplex.end();
    // What still arrives is read and dropped, for unread bytes would turn our end into a reset.
    this.duplex.resume();
    this.destroyAfter(LONGEST_CLOSE_SECONDS);
  }

  destroy(error?: Error): void {
    this.ended = true;
    this.failure ??= error;
    this.duplex.destroy();
  }

  private destroyAfter(seconds: number): void {
    this.held.add(after(seconds, () => this.duplex.destroy()));
  }

  private finish(): void {
    this.ended = true;
    this.held.dispose();
    this.drain?.reject(new EOFError('Stream is closed', ErrorCode.closed, { cause: this.failure }));
    this.drain = undefined;
    this.didClose.fire(this.failure);
    this.didClose.dispose();
    this.received.dispose();
  }
}

/** A stream over a TCP socket, or over anything that Node presents as one. */
export class SocketStream extends DuplexStream {
  constructor(socket: Socket, description?: string) {
    socket.setNoDelay(true);
    super(socket, description ?? `${socket.remoteAddress ?? 'unknown'}:${socket.remotePort ?? 0}`);
  }
}

export interface ConnectTcpOptions {
  readonly host: string;
  readonly port: number;
  /** Seconds for the name and the connection together. */
  readonly timeout?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Lets the system probe a silent connection. */
  readonly keepalive?: boolean | undefined;
  /** Uses IPv6 only; otherwise whichever address of the host answers. */
  readonly ipv6?: boolean | undefined;
  /** Our own address, which decides on the interface; any by default. */
  readonly localAddress?: string | undefined;
  readonly onStage?: ((stage: 'resolve' | 'connect') => void) | undefined;
}

/** Time for each address of a host that has several, before the next one is tried. */
const ADDRESS_TIMEOUT_MS = 2000;

/**
 * Opens a TCP connection.
 *
 * @throws ConnectError with the code of what went wrong: `ERR_DNS`, `ERR_REFUSED`, `ERR_UNREACHABLE`, `ERR_TIMEOUT`,
 *   `ERR_ABORTED`; RangeError for a port that cannot be
 */
export async function connectTcp(options: ConnectTcpOptions): Promise<SocketStream> {
  const { host, port, timeout, signal, onStage } = options;
  const where = describeEndpoint(host, port);
  if (!Number.isInteger(port) || port < 1 || port > 65535)
    throw new RangeError(`Port ${port} is out of range`);
  if (signal?.aborted === true) throw aborted(where, signal.reason);

  const result = deferred<SocketStream>();
  onStage?.('resolve');
  const socket = connect({
    host,
    port,
    family: options.ipv6 === true ? 6 : 0,
    keepAlive: options.keepalive === true,
    ...(options.localAddress !== undefined && { localAddress: options.localAddress }),
    autoSelectFamilyAttemptTimeout: ADDRESS_TIMEOUT_MS,
  });
  const held = new DisposableStore();
  const onError = (error: Error): void => result.reject(connectError(error, where));
  let stage: 'resolve' | 'connect' = 'resolve';
  const onLookup = (error: Error | null): void => {
    if (error !== null || stage === 'connect') return;
    stage = 'connect';
    onStage?.('connect');
  };
  socket.on('error', onError);
  socket.on('lookup', onLookup);
  if (isIP(host) !== 0) onLookup(null);
  socket.once('connect', () => {
    socket.off('error', onError);
    result.resolve(new SocketStream(socket, where));
  });
  held.add(after(timeout, () => result.reject(timedOut(where, stage, timeout))));
  held.add(onAbort(signal, (reason) => result.reject(aborted(where, reason))));
  try {
    return await result.promise;
  } catch (error) {
    socket.destroy();
    throw error;
  } finally {
    socket.off('lookup', onLookup);
    held.dispose();
  }
}

/** `host:port`, with brackets around an IPv6 address. */
export function describeEndpoint(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

const connectCodes: ReadonlyMap<string, readonly [code: ErrorCode, text: string]> = new Map([
  ['ECONNREFUSED', [ErrorCode.refused, 'Connection refused']],
  ['ENOTFOUND', [ErrorCode.dns, 'Host name is not known']],
  ['ENODATA', [ErrorCode.dns, 'Host name has no address']],
  ['EAI_AGAIN', [ErrorCode.dns, 'Host name cannot be looked up now']],
  ['EAI_FAIL', [ErrorCode.dns, 'Host name cannot be looked up']],
  ['EAI_NODATA', [ErrorCode.dns, 'Host name has no address']],
  ['EAI_NONAME', [ErrorCode.dns, 'Host name is not known']],
  ['EHOSTUNREACH', [ErrorCode.unreachable, 'Host cannot be reached']],
  ['ENETUNREACH', [ErrorCode.unreachable, 'Network cannot be reached']],
  ['EHOSTDOWN', [ErrorCode.unreachable, 'Host is down']],
  ['ENETDOWN', [ErrorCode.unreachable, 'Network is down']],
  ['EADDRNOTAVAIL', [ErrorCode.unreachable, 'Address cannot be used']],
  ['EAFNOSUPPORT', [ErrorCode.unreachable, 'Address family is not supported']],
  ['ETIMEDOUT', [ErrorCode.timeout, 'Connection timed out']],
  ['ECONNRESET', [ErrorCode.closed, 'Connection was reset']],
] satisfies [string, [ErrorCode, string]][]);

/** What the system says about a connection that could not be made, with our code for it. */
export function connectError(error: Error, where: string): ConnectError {
  const [code, text] = connectCodes.get(systemCode(error)) ?? [ErrorCode.unreachable, 'Connection failed'];
  return new ConnectError(`${text}: ${where}`, code, { cause: error });
}

function systemCode(error: Error): string {
  if ('code' in error && typeof error.code === 'string') return error.code;
  // Each address of the host failed in its own way.
  const first: unknown = error instanceof AggregateError ? error.errors[0] : undefined;
  return first instanceof Error ? systemCode(first) : '';
}

function timedOut(where: string, stage: 'resolve' | 'connect', seconds: number | undefined): ConnectError {
  const what = stage === 'resolve' ? 'Host name was not found' : 'No connection';
  return new ConnectError(`${what} within ${seconds ?? 0} seconds: ${where}`, ErrorCode.timeout);
}

function aborted(where: string, reason: unknown): ConnectError {
  return new ConnectError(`Connecting was cancelled: ${where}`, ErrorCode.aborted, { cause: reason });
}
