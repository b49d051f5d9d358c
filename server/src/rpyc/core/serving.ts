/*
 * Serving the peer's requests: unbox, run the handler, answer. The `_dispatch_request` of rpyc/core/protocol.py.
 * Differs on purpose: what waits and what is in service at once is bounded, and a result that cannot be sent is still
 * answered.
 */

import { isThenable } from '../lib/deferred';
import { errorText } from '../lib/errorText';
import { type Logger, plainLine } from '../lib/logger';
import { box, type BoxingHost, unbox, type UnboxingHost, unregister } from './boxing';
import type { IncomingMessage, MessageCodec } from './codec';
import type { Limits } from './config';
import { Handler, MessageType } from './consts';
import { ErrorCode, ProtocolError, PythonError } from './errors';
import { memoryOf } from './footprint';
import { type HandlerContext, serve } from './handlers';
import type { BrineValue } from './pyTypes';
import { withTargetObject } from './targets';
import { dump as dumpException } from './vinegar';

/** Serves one request. Gives a promise, which never rejects, where the answer has to wait for one. */
export type ServeRequest = () => Promise<void> | undefined;

/** Where requests of a connection wait for their turn, as on a server with a pool of threads. */
export interface RequestLane {
  /** @param isNested a request of ours waits for the peer, so that the peer must not wait for us */
  submit(request: ServeRequest, isNested: boolean): void;
  /** Serves all that waits, since a request of ours waits for the peer from now on. */
  serveNested(): void;
}

export interface ServingHost {
  readonly codec: MessageCodec;
  readonly context: HandlerContext;
  readonly limits: Limits;
  readonly logger: Logger;
  /** Where it is left out, requests are served as they come. */
  readonly lane?: RequestLane | undefined;
  /** Requests of ours whose replies are still to come. */
  readonly openRequests: () => number;
  readonly boxing: () => BoxingHost & UnboxingHost;
  /** As far as it has shown. */
  readonly peerPython: () => 2 | 3 | undefined;
  readonly isClosed: () => boolean;
  readonly send: (payload: Uint8Array) => void;
  /** Bytes that were sent and have not left. */
  readonly bufferedAmount: () => number;
  readonly drained: () => Promise<void>;
  /** Ends the connection. */
  readonly fail: (error: Error) => void;
}

/**
 * With more bytes than this waiting to leave, further requests wait: a peer that asks has to read as well. A peer whose
 * only thread is busy reads nothing for as long as that lasts: there is room for some 400,000 replies of None here, and
 * for 131,072 small requests that wait behind them (`maxInflatedBytes` by `LEAST_COST`) before the connection ends.
 */
const HIGH_WATER = 8 * 1024 * 1024;

/** What a request takes in memory, in bytes, however short it is on the wire. */
const LEAST_COST = 512;

interface WaitingRequest {
  readonly message: IncomingMessage;
  readonly handler: BrineValue;
  readonly args: unknown;
  /** What it takes in memory, once somebody has asked. */
  cost?: number;
}

export class Serving {
  /** Requests whose results are still to come. */
  private inService = 0;
  private isRunning = false;
  /** Requests that are not served before there is room for their replies. A set, since it is emptied from its start. */
  private readonly waiting = new Set<WaitingRequest>();
  /** The cost of all requests that wait or are in service. */
  private heldBytes = 0;

  constructor(private readonly host: ServingHost) {}

  /**
   * Serves one request. Its failure is the peer's to know.
   *
   * @throws ProtocolError where the message is no request, or one too many
   */
  accept(message: IncomingMessage): void {
    const [handler, boxedArgs] = requestBody(message.body);
    let args: unknown;
    try {
      args = this.readArguments(handler, boxedArgs);
    } catch (error) {
      if (!(error instanceof PythonError)) throw error;
      this.answerError(message, error);
      return;
    }
    const request = { message, handler, args };
    this.checkBytes(request);
    if (handler !== Handler.close && (this.waiting.size > 0 || this.isFull())) this.defer(request);
    else this.runTracked(request);
  }

  private readArguments(handler: BrineValue, boxedArgs: BrineValue): unknown {
    const { codec } = this.host;
    const boxing = this.host.boxing();
    if (boxing.dialect.isGuess) {
      codec.sawRequest(handler, boxedArgs, (key) => boxing.refs.get(key) !== undefined);
    }
    const args = unbox(boxedArgs, boxing);
    const dialect = codec.dialect;
    if (dialect?.targetByValue !== true || !Array.isArray(args)) return args;
    return withTargetObject(handler, args, dialect, boxing.refs);
  }

  private isFull(): boolean {
    return this.host.bufferedAmount() > HIGH_WATER;
  }

  private checkBytes(request: WaitingRequest): void {
    const { maxInflatedBytes } = this.host.limits;
    if (this.heldBytes > 0 && this.heldBytes + costOf(request) > maxInflatedBytes) {
      throw new ProtocolError(
        `The open requests of the peer take more than ${maxInflatedBytes} bytes`,
        ErrorCode.limit,
      );
    }
  }

  private defer(request: WaitingRequest): void {
    this.waiting.add(request);
    this.heldBytes += costOf(request);
    if (this.waiting.size === 1) this.serveWaiting().catch((error: unknown) => this.fail(error));
  }

  /** Serves what waits, in order, as there is room; what comes meanwhile waits behind it. */
  private async serveWaiting(): Promise<void> {
    for (const request of this.waiting) {
      if (this.isFull() && !(await this.isDrained())) {
        this.waiting.clear();
        return;
      }
      this.heldBytes -= costOf(request);
      this.runTracked(request);
      this.waiting.delete(request);
    }
  }

  /** False where the connection closes instead. */
  private async isDrained(): Promise<boolean> {
    try {
      await this.host.drained();
    } catch {
      return false;
    }
    return !this.host.isClosed();
  }

  /** Whether a request of the peer is in service, right now or for longer. */
  get isServing(): boolean {
    return this.isRunning || this.inService > 0;
  }

  /** To be called when a request of ours was sent. */
  requestSent(): void {
    if (this.inService > 0) this.host.lane?.serveNested();
  }

  private runTracked(request: WaitingRequest): void {
    const { message, handler, args } = request;
    const { lane, limits } = this.host;
    const { maxPeerRequests } = limits;
    if (this.inService >= maxPeerRequests) {
      throw new ProtocolError(
        `The peer has more than ${maxPeerRequests} requests in service`,
        ErrorCode.limit,
      );
    }
    if (lane !== undefined && handler !== Handler.close) {
      this.takeTurn(lane, request);
      return;
    }
    const pending = this.run(message, handler, args);
    if (pending === undefined) return;
    const done = this.track(request);
    pending.then(done, (error: unknown) => {
      done();
      this.fail(error);
    });
  }

  private takeTurn(lane: RequestLane, request: WaitingRequest): void {
    const { message, handler, args } = request;
    const isNested = this.inService > 0 && this.host.openRequests() > 0;
    const done = this.track(request);
    const failed = (error: unknown): void => {
      done();
      this.fail(error);
    };
    const serveNow = (): Promise<void> | undefined => {
      try {
        const pending = this.host.isClosed() ? undefined : this.run(message, handler, args);
        if (pending !== undefined) return pending.then(done, failed);
        done();
      } catch (error) {
        failed(error);
      }
      return undefined;
    };
    lane.submit(serveNow, isNested);
  }

  /** Counts a request whose result is still to come. Gives the function that ends that. */
  private track(request: WaitingRequest): () => void {
    const cost = costOf(request);
    this.inService++;
    this.heldBytes += cost;
    return () => {
      this.inService--;
      this.heldBytes -= cost;
    };
  }

  private fail(error: unknown): void {
    this.host.fail(error instanceof Error ? error : new ProtocolError(String(error)));
  }

  /** Gives a promise only where the answer has to wait for one. */
  private run(message: IncomingMessage, handler: BrineValue, args: unknown): Promise<void> | undefined {
    const { context, codec } = this.host;
    try {
      if (!Array.isArray(args)) throw new TypeError('The arguments must be a tuple');
      this.isRunning = true;
      const result = codec.serve(message, () => serve(context, handler, args as readonly unknown[]));
      if (isThenable(result)) return this.answerLater(message, handler, result);
      this.answer(message, handler, result);
    } catch (error) {
      this.answerError(message, error);
    } finally {
      this.isRunning = false;
    }
    return undefined;
  }

  private async answerLater(
    message: IncomingMessage,
    handler: BrineValue,
    result: PromiseLike<unknown>,
  ): Promise<void> {
    let value: unknown;
    try {
      value = await result;
    } catch (error) {
      this.answerError(message, error);
      return;
    }
    this.answer(message, handler, value);
  }

  private answer(message: IncomingMessage, handler: BrineValue, value: unknown): void {
    // CLOSE has closed everything, and no version answers it.
    if (handler === Handler.close || this.host.isClosed()) return;
    const boxing = this.host.boxing();
    let payload: Uint8Array;
    let registered: readonly object[] = [];
    try {
      const result = box(value, boxing);
      ({ registered } = result);
      payload = this.host.codec.encode(MessageType.reply, message.seq, result.boxed, message);
    } catch (error) {
      unregister(registered, boxing.refs);
      this.answerError(message, error);
      return;
    }
    this.host.send(payload);
  }

  private answerError(message: IncomingMessage, error: unknown): void {
    if (this.host.isClosed()) return;
    const { codec, context, logger } = this.host;
    if (context.config.log_exceptions) {
      const text = errorText(error);
      logger.debug(`A request of the peer failed: ${plainLine(text)}`);
    }
    const options = {
      includeTraceback: context.config.include_local_traceback,
      includeVersion: context.config.include_local_version,
      localVersion: codec.dialect?.toldVersion,
      forPython2: this.host.peerPython() === 2,
    };
    const encode = (raised: unknown): Uint8Array =>
      codec.encode(MessageType.exception, message.seq, dumpException(raised, options), message);
    let payload: Uint8Array;
    try {
      payload = encode(error);
    } catch {
      // What travels by itself may be nested too deep inside of a message.
      payload = encode(new PythonError('Exception', ['The exception cannot be sent']));
    }
    this.host.send(payload);
  }
}

/** Of a value that takes many times its size on the wire, what it takes. */
function costOf(request: WaitingRequest): number {
  const { size, seq, body } = request.message;
  request.cost ??= Math.max(size, LEAST_COST, memoryOf(seq) + memoryOf(body));
  return request.cost;
}

function requestBody(body: BrineValue): readonly [handler: BrineValue, boxedArgs: BrineValue] {
  if (Array.isArray(body) && body.length === 2) return body as unknown as readonly [BrineValue, BrineValue];
  throw new ProtocolError('The peer sent a request without handler and arguments');
}
