/*
 * Bytes in and out, after rpyc/core/stream.py. Differs on purpose: a stream tells what arrives by events once it is
 * started, and can be read from before that only; nothing blocks, so there is no `fileno` to poll; TCP is used without
 * Nagle's delay.
 */

import { connect, isIP, type NetConnectOpts, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { after, type Deferred, deferred, onAbort } from '../lib/deferred';
import { DisposableStore } from '../lib/disposable';
import { Emitter, type Event } from '../lib/events';
import { aborted, connectError, timedOut } from './connectErrors';
import { EOFError, ErrorCode } from './errors';
import { explainTlsEnd, prepareTls, startTls, type TlsOptions } from './tls';

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
   * Sends all chunks, in one go with whatever else is written before the running code comes to its end. The bytes must
   * not be changed after it.
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

const ARRIVALS = ['readable', 'end', 'close'] as const;

/** With more bytes than this nothing is gained by gathering more. */
const MOST_GATHERED = 64 * 1024;

/** A stream over any of Node's duplex streams, of which it becomes the owner. */
export class DuplexStream implements Stream {
  private readonly received = new Emitter<Uint8Array>();
  private readonly didClose = new Emitter<Error | undefined>();
  private readonly held = new DisposableStore();
  private failure: Error | undefined;
  private ended = false;
  private started = false;
  private drain: Deferred<undefined> | undefined;
  /** What was written in this turn of the event loop, for the system to take at once. */
  private unsent: Uint8Array[] = [];
  private unsentBytes = 0;
  private isFlushing = false;
  private readonly flushLater = (): void => {
    this.isFlushing = false;
    if (!this.closed) this.flush();
  };

  readonly onDidReceive = this.received.event;
  readonly onDidClose = this.didClose.event;

  constructor(
    private readonly duplex: Duplex,
    readonly description: string,
    explain: (error: Error) => Error = (error) => error,
  ) {
    duplex.on('error', (error) => {
      this.failure ??= explain(error);
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
    return this.unsentBytes + this.duplex.writableLength;
  }

  /**
   * Waits for exactly `count` bytes and takes no more than those. Before `start` only.
   *
   * @throws EOFError where the stream ends first
   */
  async read(count: number): Promise<Uint8Array> {
    if (this.started) throw new Error('A stream that was started delivers by events');
    while (count > 0) {
      // The last part of a stream is given whatever was asked for.
      const bytes = this.duplex.read(count) as Uint8Array | null;
      if (bytes?.length === count) return bytes;
      if (bytes !== null || this.closed) throw this.endError();
      await this.arrival();
    }
    return new Uint8Array(0);
  }

  /** Whether something can be read, once it can or after `seconds`. Before `start` only. */
  async poll(seconds = 0): Promise<boolean> {
    if (this.duplex.readableLength === 0 && !this.closed) await this.arrival(seconds);
    return this.duplex.readableLength > 0;
  }

  start(): void {
    this.started = true;
    if (this.duplex.destroyed) return;
    this.duplex.on('data', (chunk: Uint8Array) => {
      if (!this.ended) this.received.fire(chunk);
    });
  }

  write(chunks: readonly Uint8Array[]): void {
    if (this.closed) throw this.endError();
    for (const chunk of chunks) {
      this.unsent.push(chunk);
      this.unsentBytes += chunk.length;
    }
    if (this.unsentBytes > MOST_GATHERED) {
      this.flush();
    } else if (!this.isFlushing) {
      this.isFlushing = true;
      process.nextTick(this.flushLater);
    }
  }

  drained(): Promise<void> {
    if (this.closed) return Promise.reject(new EOFError('Stream is closed'));
    this.flush();
    if (!this.duplex.writableNeedDrain) return Promise.resolve();
    this.drain ??= deferred<undefined>();
    return this.drain.promise;
  }

  close(): void {
    if (this.ended) return;
    this.flush();
    this.ended = true;
    this.duplex.once('finish', () => this.destroyAfter(LINGER_SECONDS));
    this.duplex.end();
    // What still arrives is read and dropped, for unread bytes would turn our end into a reset.
    this.duplex.resume();
    this.destroyAfter(LONGEST_CLOSE_SECONDS);
  }

  destroy(error?: Error): void {
    if (!this.closed && error === undefined) this.flush();
    this.ended = true;
    this.failure ??= error;
    this.duplex.destroy();
  }

  private endError(): EOFError {
    return new EOFError('Stream is closed', ErrorCode.closed, { cause: this.failure });
  }

  /** Resolves when there may be something to read, or never will be, or the time is over. */
  private async arrival(seconds?: number): Promise<void> {
    const news = deferred<undefined>();
    const tell = (): void => news.resolve(undefined);
    const timer = after(seconds, tell);
    for (const name of ARRIVALS) this.duplex.on(name, tell);
    try {
      await news.promise;
    } finally {
      timer.dispose();
      for (const name of ARRIVALS) this.duplex.off(name, tell);
    }
  }

  /** Hands over what was gathered, in one piece where that is small: each piece costs a call into the system. */
  private flush(): void {
    const { unsent, unsentBytes } = this;
    const [first] = unsent;
    if (first === undefined || this.duplex.destroyed) return;
    this.unsent = [];
    this.unsentBytes = 0;
    if (unsent.length === 1) {
      this.duplex.write(first);
    } else if (unsentBytes <= MOST_GATHERED) {
      this.duplex.write(Buffer.concat(unsent, unsentBytes));
    } else {
      this.duplex.cork();
      for (const chunk of unsent) this.duplex.write(chunk);
      this.duplex.uncork();
    }
  }

  private destroyAfter(seconds: number): void {
    this.held.add(after(seconds, () => this.duplex.destroy()));
  }

  private finish(): void {
    this.ended = true;
    this.held.dispose();
    this.drain?.reject(this.endError());
    this.drain = undefined;
    this.didClose.fire(this.failure);
    this.didClose.dispose();
    this.received.dispose();
  }
}

/** A stream over a TCP, TLS or Unix socket, or over anything that Node presents as a socket. */
export class SocketStream extends DuplexStream {
  constructor(socket: Socket, description?: string, explain?: (error: Error) => Error) {
    socket.setNoDelay(true);
    super(
      socket,
      description ?? describeEndpoint(socket.remoteAddress ?? 'unknown', socket.remotePort ?? 0),
      explain,
    );
  }

  /** Connects over TCP; options and errors are those of `connectTcp`. */
  static async connect(
    host: string,
    port: number,
    options: Omit<ConnectTcpOptions, 'host' | 'port'> = {},
  ): Promise<SocketStream> {
    return await connectTcp({ ...options, host, port });
  }

  /** Connects to a Unix socket, or to a named pipe of Windows, which is a path as well. */
  static async unixConnect(path: string, options: OpenOptions = {}): Promise<SocketStream> {
    const socket = await openSocket({ path }, path, options);
    return new SocketStream(socket, path);
  }

  /** Connects over TLS; the peer has to prove who it is unless `options` say otherwise. */
  static async sslConnect(
    host: string,
    port: number,
    options: Omit<ConnectTlsOptions, 'host' | 'port'> = {},
  ): Promise<SocketStream> {
    const { timeout, signal } = options;
    const where = describeEndpoint(host, port);
    const client = prepareTls(options);
    const plain = await openTcp({ ...options, host, port });
    options.onStage?.('tls');
    const socket = await startTls(plain, { where, host: bareHost(host), timeout, signal }, client);
    return new SocketStream(socket, where, (error) => explainTlsEnd(error, where));
  }
}

/** What opening any kind of socket can be told. */
export interface OpenOptions {
  /** Seconds for each of: the name and the connection together, and the TLS handshake. */
  readonly timeout?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onStage?: ((stage: 'resolve' | 'connect' | 'tls') => void) | undefined;
}

/** How a TCP connection is opened. */
export interface ConnectTcpOptions extends OpenOptions {
  /** A name or an address; one of IPv6 may stand in brackets and name its interface: `[fe80::1%eth0]`. */
  readonly host: string;
  readonly port: number;
  /** Lets the system probe a connection that was silent for so many seconds; true is a minute. */
  readonly keepalive?: boolean | number | undefined;
  /** Uses IPv6 only; otherwise whichever address of the host answers. */
  readonly ipv6?: boolean | undefined;
  /** Our own address, which decides on the interface; any by default. */
  readonly localAddress?: string | undefined;
}

/** How a connection over TLS is opened. */
export interface ConnectTlsOptions extends ConnectTcpOptions, TlsOptions {}

/** Time for each address of a host that has several, before the next one is tried. */
const ADDRESS_TIMEOUT_MS = 2000;
const DEFAULT_KEEPALIVE_SECONDS = 60;

/**
 * Opens a TCP connection.
 *
 * @throws ConnectError with the code of what went wrong: `ERR_DNS`, `ERR_REFUSED`, `ERR_UNREACHABLE`, `ERR_TIMEOUT`,
 *   `ERR_ABORTED`; RangeError for a port or keepalive that cannot be
 */
export async function connectTcp(options: ConnectTcpOptions): Promise<SocketStream> {
  return new SocketStream(await openTcp(options), describeEndpoint(options.host, options.port));
}

/** @throws RangeError for a port that nobody can listen on */
export function checkPort(port: number): void {
  if (Number.isInteger(port) && port >= 1 && port <= 65535) return;
  throw new RangeError(`Port ${port} is out of range`);
}

async function openTcp(options: ConnectTcpOptions): Promise<Socket> {
  const { host, port, keepalive = false } = options;
  checkPort(port);
  const keepaliveSeconds = keepalive === true ? DEFAULT_KEEPALIVE_SECONDS : Number(keepalive);
  if (keepalive !== false && !(keepaliveSeconds >= 1)) {
    throw new RangeError('Keepalive takes a second or more');
  }
  const target = {
    host: bareHost(host),
    port,
    family: options.ipv6 === true ? 6 : 0,
    keepAlive: keepalive !== false,
    keepAliveInitialDelay: keepaliveSeconds * 1000,
    ...(options.localAddress !== undefined && { localAddress: options.localAddress }),
    autoSelectFamilyAttemptTimeout: ADDRESS_TIMEOUT_MS,
  };
  return await openSocket(target, describeEndpoint(host, port), options);
}

async function openSocket(target: NetConnectOpts, where: string, options: OpenOptions): Promise<Socket> {
  const { timeout, signal, onStage } = options;
  if (signal?.aborted === true) throw aborted(where, signal.reason);
  const result = deferred<Socket>();
  const isNamed = 'host' in target && isIP(target.host ?? '') === 0;
  let stage: 'resolve' | 'connect' = 'resolve';
  if ('host' in target) onStage?.('resolve');
  const socket = connect(target);
  const held = new DisposableStore();
  const onLookup = (error: Error | null): void => {
    if (error !== null || stage === 'connect') return;
    stage = 'connect';
    onStage?.('connect');
  };
  socket.on('error', (error) => result.reject(connectError(error, where)));
  socket.on('lookup', onLookup);
  if (!isNamed) onLookup(null);
  socket.once('connect', () => result.resolve(socket));
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

function bareHost(host: string): string {
  return /^\[(.*)\]$/.exec(host)?.[1] ?? host;
}

/** `host:port`, with brackets around an IPv6 address. */
export function describeEndpoint(host: string, port: number): string {
  const bare = bareHost(host);
  return bare.includes(':') ? `[${bare}]:${port}` : `${bare}:${port}`;
}
