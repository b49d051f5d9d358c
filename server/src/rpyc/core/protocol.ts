/*
 * The connection: joins channel, codec, boxing, references and handlers, after rpyc/core/protocol.py. Differs on
 * purpose: nothing blocks, so there is no `serve` loop to run; late replies give their references back; every way to
 * the end goes through one `cleanup`.
 */

import { type Disposable, DisposableStore } from '../lib/disposable';
import { errorText } from '../lib/errorText';
import { Emitter } from '../lib/events';
import { type Logger, plainLine, silentLogger } from '../lib/logger';
import { AsyncResult } from './asyncResult';
import { Boxings } from './boxings';
import { dump, dumpable } from './brine';
import { CallTurns } from './callTurns';
import type { Channel } from './channel';
import { DialectMismatch, type IncomingMessage, MessageCodec } from './codec';
import { type Config, type Limits, loggerOf, mergeConfig, mergeLimits } from './config';
import type { ConnectionCounters, ConnectionOptions, ConnectionService } from './connectionOptions';
import { connectionHost } from './connectionHost';
import { closedError, runBeforeClosed, streamEnd, tellOfEnd } from './connectionEnd';
import { connectionText, ShownAsText } from './connectionText';
import { Handler, MessageType } from './consts';
import type { DialectName } from './dialect';
import { EOFError, PingError, ProtocolError } from './errors';
import { localTypeOf } from './exposure';
import { Housekeeping } from './housekeeping';
import { type HeldObject, NetrefCache } from './netref';
import { createPath, needsResolving, type Path, resolvePaths } from './path';
import type { BrineValue } from './pyTypes';
import type { ReferenceForm, ReferenceHost, RequestDetails, RequestOptions } from './reference';
import { LocalRefs } from './refs';
import { Requesting } from './requesting';
import { askForRoot, provoke } from './rootRequest';
import { ServeLoop } from './serveLoop';
import { type RequestLane, Serving } from './serving';

const PING_TIMEOUT_SECONDS = 3;
const PING_DATA = 'abcdefghijklmnopqrstuvwxyz'.repeat(20);

/** Names connections that have no name: `conn1` and so on, as in Python. */
let connections = 0;

/** A connection to a peer, both sides of it (`rpyc.core.protocol.Connection`). Times are seconds. */
export class Connection extends ShownAsText implements Disposable, AsyncDisposable {
  #config: Config;
  readonly #channel: Channel;
  readonly #service: ConnectionService;
  readonly #logger: Logger;
  readonly #limits: Limits;
  readonly #codec: MessageCodec;
  readonly #refs: LocalRefs;
  readonly #requesting: Requesting;
  readonly #host: ReferenceHost;
  readonly #netrefs: NetrefCache;
  readonly #housekeeping: Housekeeping;
  readonly #serving: Serving;
  readonly #serveLoop = new ServeLoop();
  readonly #turns: CallTurns | undefined;
  readonly #held = new DisposableStore();
  readonly #didClose = new Emitter<Error | undefined>();
  #closing: 'open' | 'closing' | 'closed' = 'open';
  #closedBecause: Error | undefined;
  #serviceStarted = false;
  #root: Promise<unknown> | undefined;
  #lastWords: ReturnType<typeof runBeforeClosed> | undefined;
  #peerPython: 2 | 3 | undefined;
  readonly #boxings: Boxings;

  /** Fires once, when the connection is gone: with the error that ended it, or without one where we closed it. */
  readonly onDidClose = this.#didClose.event;
  /** The peer's root object, asked for once, when it is first needed. */
  readonly root: Path;

  /** @param channel becomes the connection's own */
  constructor(channel: Channel, options: ConnectionOptions) {
    super();
    this.#channel = channel;
    this.#service = options.service;
    this.#config = mergeConfig({
      ...options.config,
      connid: options.config?.connid ?? `conn${++connections}`,
    });
    this.#limits = mergeLimits(options.limits);
    this.#logger = options.logger ?? loggerOf(this.#config) ?? silentLogger;
    this.#codec = new MessageCodec({
      dialect: options.dialect,
      bindThreads: this.#config.bind_threads,
      limits: this.#limits,
    });
    this.#refs = new LocalRefs(this.#limits.maxPeerRefs, localTypeOf);
    this.#turns = options.serialCalls === true ? new CallTurns() : undefined;
    this.#host = this.#createHost();
    this.#requesting = this.#createRequesting();
    this.#netrefs = new NetrefCache(this.#host, this.#limits.maxHeldRefs);
    this.#boxings = new Boxings({
      codec: this.#codec,
      refs: this.#refs,
      netrefs: this.#netrefs,
      referenceHost: this.#host,
      sawNames: (areBytes) => {
        this.#peerPython ??= areBytes ? 2 : 3;
      },
    });
    this.#housekeeping = this.#held.add(this.#createHousekeeping());
    this.#serving = this.#createServing(options.lane);
    this.root = createPath({ host: this.#host, get: () => this.fetchRoot(), text: 'root' });
    this.#held.add(channel.onDidReceive((payload) => this.#receive(payload)));
    this.#held.add(channel.onDidClose((error) => this.#cleanup(streamEnd(error))));
  }

  /** Begins to receive, and tells the service. Called once, by whoever made the connection. */
  async start(): Promise<void> {
    this.#channel.start();
    this.#serviceStarted = true;
    await this.#service.onConnect(this);
  }

  /** As `<Connection 127.0.0.1:18812 (C, 5.3.0)>`: what is known, without a request. */
  override toString(): string {
    return connectionText(this, this.#channel.stream.description);
  }

  /** True from the moment that closing begins. */
  get closed(): boolean {
    return this.#closing !== 'open';
  }

  /** What holds for this connection; `configure` changes it. */
  get config(): Config {
    return this.#config;
  }

  /** What paths that start on this connection ask. */
  protected get referenceHost(): ReferenceHost {
    return this.#host;
  }

  /** The peer's dialect; undefined while a peer that has to show it is silent. */
  get dialect(): DialectName | undefined {
    return this.#codec.dialect?.name;
  }

  /** The version of the peer's rpyc, as far as it has told: see `fetchRemoteVersion`. */
  get remoteVersion(): string | undefined {
    return this.#requesting.remoteVersion;
  }

  /** The major version of the peer's Python; undefined until an object of the peer was seen. */
  get peerPython(): 2 | 3 | undefined {
    return this.#peerPython;
  }

  /** The traffic so far. */
  get counters(): ConnectionCounters {
    const { bytesSent, bytesReceived, framesSent, framesReceived } = this.#channel;
    return { requestsSent: this.#requesting.count, bytesSent, bytesReceived, framesSent, framesReceived };
  }

  /** Requests of ours that somebody waits for. */
  get openRequests(): number {
    return this.#requesting.open;
  }

  /** Objects of the peer that we hold. */
  get heldReferences(): number {
    return this.#netrefs.size;
  }

  /** The same, one by one. */
  get heldObjects(): readonly HeldObject[] {
    return this.#netrefs.objects;
  }

  /** Objects of ours that the peer holds. */
  get lentReferences(): number {
    return this.#refs.size;
  }

  /** Changes the configuration of this connection, as a service does that allows more or less than others. */
  configure(changes: Partial<Config>): void {
    this.#config = mergeConfig({ ...this.#config, ...changes });
  }

  /**
   * Sends a request and waits for its reply, no longer than `sync_request_timeout` says.
   *
   * @throws RemoteError, AsyncResultTimeout, EOFError, ProtocolError; TypeError for arguments that cannot be sent
   */
  syncRequest(handler: number, ...args: readonly unknown[]): Promise<unknown> {
    return this.request(handler, args);
  }

  /** Sends a request whose reply has all the time that it wants. */
  asyncRequest(handler: number, ...args: readonly unknown[]): AsyncResult {
    return new AsyncResult(this.request(handler, args, { timeoutSeconds: null }));
  }

  /** As `syncRequest`, with a time limit and a signal of its own. */
  request(handler: number, args: readonly unknown[], options: RequestOptions = {}): Promise<unknown> {
    if (!needsResolving(args)) return this.#host.request(handler, args, options);
    return resolvePaths(args).then((ready) =>
      this.#host.request(handler, ready as readonly unknown[], options),
    );
  }

  /**
   * Asks the peer to send back `data`.
   *
   * @param timeoutSeconds how long it may take
   * @throws PingError where something else comes back
   */
  async ping(
    data: BrineValue = PING_DATA,
    timeoutSeconds: number | null = PING_TIMEOUT_SECONDS,
  ): Promise<void> {
    const echo = await this.request(Handler.ping, [data], { timeoutSeconds });
    if (!dumpable(echo) || Buffer.compare(dump(echo), dump(data)) !== 0) throw new PingError();
  }

  /** The peer's root object, asked for once; the options are those of the first call. */
  fetchRoot(options?: RequestOptions): Promise<unknown> {
    const request: ReferenceHost['request'] = (handler, args) => this.request(handler, args, options);
    this.#root ??= askForRoot(this.#codec, request).catch((error: unknown) => {
      this.#root = undefined;
      throw error;
    });
    return this.#root;
  }

  /** Sends an empty frame, which every version skips: for the sake of what lies between the two sides. */
  keepalive(): void {
    if (!this.closed && !this.#channel.closed) this.#channel.sendKeepalive();
  }

  /** The version of the peer's rpyc, asked for by one request unless it is known; undefined where it is not told. */
  async fetchRemoteVersion(options?: RequestOptions): Promise<string | undefined> {
    if (this.remoteVersion === undefined) await provoke((handler) => this.request(handler, [], options));
    return this.remoteVersion;
  }

  /**
   * Waits for the next message of the peer. Serving needs no loop here: messages are served as they arrive.
   *
   * @param timeoutSeconds how long; `null` for ever
   * @returns whether there was one
   * @throws EOFError where the connection is closed
   */
  async serve(timeoutSeconds: number | null = 1): Promise<boolean> {
    if (this.#closing === 'closed') throw this.#closedError();
    const isServed = await this.#serveLoop.next(timeoutSeconds);
    if (this.#isGone()) throw this.#closedError();
    return isServed;
  }

  /** As `serve`; by default for what has arrived already. */
  poll(timeoutSeconds = 0): Promise<boolean> {
    return this.serve(timeoutSeconds);
  }

  /** Waits until the time is over. Gives whether a message was served; ends early, without an error, with the connection. */
  pollAll(timeoutSeconds = 0): Promise<boolean> {
    return this.#serveLoop.all(timeoutSeconds, () => this.#isGone());
  }

  /** As `serveAll`: one event loop does what Python takes several threads for. */
  serveThreaded(): Promise<void> {
    return this.serveAll();
  }

  /** Sends long payloads as they are until the result is disposed: for bytes that do not get shorter. */
  withoutCompression(): Disposable {
    return this.#channel.withoutCompression();
  }

  /** Resolves when the connection is closed. */
  serveAll(): Promise<void> {
    if (this.#closing === 'closed') return Promise.resolve();
    return new Promise((resolve) => {
      this.onDidClose(() => resolve());
    });
  }

  /**
   * Tells the peer, ends the stream, and resolves once it is gone. May be called again.
   *
   * @throws what `before_closed` threw, once the connection is gone, unless `close_catchall` is set
   */
  async close(): Promise<void> {
    const closed = this.serveAll();
    if (this.#closing === 'open' && this.#config.before_closed !== null) {
      await (this.#lastWords ??= runBeforeClosed(this.#config, this.root));
    }
    if (this.#closing === 'open') {
      this.#closing = 'closing';
      this.#sayGoodbye();
      this.#channel.close();
    }
    await closed;
    const failure = await this.#lastWords;
    if (failure && !this.#config.close_catchall) throw failure.error;
  }

  /** Ends the connection at once, without a word to the peer. */
  dispose(): void {
    this.#cleanup(undefined);
    this.#channel.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #sayGoodbye(): void {
    try {
      if (this.#codec.dialect !== undefined) this.#requesting.sendClose();
    } catch (error) {
      this.#logger.debug(`Closing: ${errorText(error)}`);
    }
    // The peer answers nothing from here on.
    const error = new EOFError('The connection was closed here');
    this.#requesting.failAll(error);
    this.#turns?.failAll(error);
  }

  #receive(payload: Uint8Array): void {
    // What was on its way when we closed.
    if (this.#closing !== 'open') return;
    const { framesSent } = this.#channel;
    try {
      this.#dispatch(this.#codec.decode(payload));
      this.#housekeeping.received(framesSent);
      this.#serveLoop.served();
    } catch (error) {
      this.#fail(error instanceof Error ? error : new ProtocolError(String(error)));
    }
  }

  #dispatch(message: IncomingMessage): void {
    switch (message.type) {
      case MessageType.request:
        this.#serving.accept(message);
        break;
      case MessageType.reply:
        this.#requesting.takeReply(message);
        break;
      case MessageType.exception:
        this.#requesting.takeException(message);
        break;
    }
  }

  #createHost(): ReferenceHost {
    return connectionHost({
      config: () => this.#config,
      dialect: () => this.#codec.dialect,
      peerPython: () => this.#peerPython,
      request: (handler, args, options, form = 'netref') => {
        // What the peer asks of us may be what its answer to an earlier request waits for.
        const isFree = this.#turns === undefined || this.#serving.isServing || handler === Handler.ping;
        if (isFree) return this.#ask(handler, args, options, form);
        return this.#turns.take((site) => this.#ask(handler, args, options, form, site), options);
      },
      giveBack: (reference) => {
        this.#netrefs.forget(reference);
        this.#housekeeping.release(reference);
      },
    });
  }

  #ask(
    handler: number,
    args: readonly unknown[],
    options: RequestDetails | undefined,
    form: ReferenceForm,
    site = options?.site,
  ): Promise<unknown> {
    if (this.#closing !== 'open') return Promise.reject(this.#closedError());
    const timeoutSeconds = options?.timeoutSeconds;
    const reply = this.#requesting.request({
      handler,
      args,
      timeoutSeconds: timeoutSeconds === undefined ? this.#config.sync_request_timeout : timeoutSeconds,
      signal: options?.signal,
      form,
      site,
    });
    this.#serving.requestSent();
    return reply;
  }

  #createHousekeeping(): Housekeeping {
    const requesting = this.#requesting;
    const channel = this.#channel;
    return new Housekeeping({
      limit: 2 * this.#limits.maxHeldRefs,
      fail: (error) => this.#fail(error),
      get releasesDue() {
        return requesting.due - requesting.open;
      },
      get due() {
        return requesting.due;
      },
      get framesSent() {
        return channel.framesSent;
      },
      sendKeepalive: () => this.keepalive(),
      sendRelease: (reference) => {
        if (!this.closed && !this.#channel.closed) this.#requesting.sendRelease(reference);
      },
    });
  }

  #createRequesting(): Requesting {
    return new Requesting({
      codec: this.#codec,
      refs: this.#refs,
      logger: this.#logger,
      boxing: (form) => this.#boxings.of(form),
      send: (payload) => this.#channel.send(payload),
    });
  }

  #createServing(lane: RequestLane | undefined): Serving {
    const config = (): Config => this.#config;
    const dialect = (): DialectName | undefined => this.dialect;
    return new Serving({
      codec: this.#codec,
      lane,
      openRequests: () => this.#requesting.open,
      limits: this.#limits,
      logger: this.#logger,
      boxing: () => this.#boxings.of('netref'),
      peerPython: () => this.#peerPython,
      isClosed: () => this.closed || this.#channel.closed,
      send: (payload) => this.#channel.send(payload),
      bufferedAmount: () => this.#channel.stream.bufferedAmount,
      drained: () => this.#channel.stream.drained(),
      fail: (error) => this.#fail(error),
      context: {
        get config() {
          return config();
        },
        get prefersExposed() {
          return dialect() === 'A';
        },
        root: this.#service,
        closeForPeer: () => this.#closeForPeer(),
        idOf: (object) => this.#refs.idOf(object),
        release: (object, count) => this.#refs.release(object, count),
        sawByteName: () => {
          this.#peerPython ??= 2;
        },
        objectOf: (key) => this.#refs.get(this.#codec.dialect?.keyOf(key) ?? ''),
      },
    });
  }

  /** The peer sent CLOSE: no version waits for an answer. */
  #closeForPeer(): void {
    this.#cleanup(new EOFError('The peer closed the connection'));
    this.#channel.close();
  }

  /** The wire is wrong, or a limit was met. */
  #fail(error: Error): void {
    // A wrong guess of the dialect is put right by whoever made it.
    const level = error instanceof DialectMismatch ? 'debug' : 'warn';
    this.#logger[level](
      `Connection to ${this.#channel.stream.description} ends: ${plainLine(errorText(error))}`,
    );
    this.#cleanup(error);
    this.#channel.destroy(error);
  }

  /** The one way out. Settles every open request and frees what is held; runs once. */
  #cleanup(reason: Error | undefined): void {
    if (this.#closing === 'closed') return;
    const wasClosing = this.#closing === 'closing';
    this.#closing = 'closed';
    this.#closedBecause = wasClosing ? undefined : reason;
    this.#held.dispose();
    this.#serveLoop.served();
    this.#requesting.failAll(this.#closedError());
    this.#turns?.failAll(this.#closedError());
    this.#netrefs.clear();
    this.#refs.clear();
    if (this.#serviceStarted) tellOfEnd(this.#logger, () => this.#service.onDisconnect(this));
    tellOfEnd(this.#logger, () => this.#didClose.fire(this.#closedBecause));
    this.#didClose.dispose();
  }

  #isGone(): boolean {
    return this.#closing === 'closed';
  }

  #closedError(): Error {
    return closedError(this.#closedBecause);
  }
}
