/*
 * Our requests and their replies: `_async_request`, `sync_request` and `_seq_request_callback` of
 * rpyc/core/protocol.py. Differs on purpose: a reply that nobody waits for any more still gives its references back.
 */

import { type CallSite, callSite } from '../lib/callSite';
import { Deadlines } from '../lib/deadlines';
import { onAbort } from '../lib/deferred';
import type { Disposable } from '../lib/disposable';
import type { Logger } from '../lib/logger';
import { box, type BoxingHost, unbox, type UnboxingHost, unregister } from './boxing';
import type { IncomingMessage, MessageCodec } from './codec';
import { Handler, Label, MessageType } from './consts';
import { AsyncResultTimeout, EOFError, ProtocolError, PythonError, RequestAborted } from './errors';
import { type OpenRequest, PendingRequests } from './pending';
import type { BrineValue } from './pyTypes';
import { type ReferenceForm, RemoteReference } from './reference';
import type { Reference } from './references';
import { nameText } from './references';
import type { LocalRefs } from './refs';
import { withPlainTarget } from './targets';
import { load as loadException } from './vinegar';

export interface RequestingHost {
  readonly codec: MessageCodec;
  readonly refs: LocalRefs;
  readonly logger: Logger;
  readonly boxing: (form: ReferenceForm) => BoxingHost & UnboxingHost;
  readonly send: (payload: Uint8Array) => void;
}

export interface SentRequest {
  readonly handler: number;
  readonly args: readonly unknown[];
  /** Seconds; `null` waits for ever. */
  readonly timeoutSeconds: number | null;
  readonly signal: AbortSignal | undefined;
  readonly form: ReferenceForm;
  /** Who asks, where that was taken down already. */
  readonly site: CallSite | undefined;
}

/** A request that its caller waits for. */
class WaitingRequest implements OpenRequest {
  readonly isHousekeeping = false;
  deadline: Disposable | undefined;
  abort: Disposable | undefined;

  constructor(
    private readonly host: RequestingHost,
    private readonly form: ReferenceForm,
    private readonly site: CallSite,
    private readonly resolve: (value: unknown) => void,
    private readonly reject: (error: Error) => void,
  ) {}

  succeed(boxed: BrineValue): void {
    this.settled();
    try {
      this.resolve(unbox(boxed, this.host.boxing(this.form)));
    } catch (error) {
      this.reject(asError(error));
      // Bad bytes end the connection; a key of an object that the peer does not hold ends this request only.
      if (error instanceof ProtocolError) throw error;
    }
  }

  fail(error: Error): void {
    this.settled();
    this.reject(withSite(error, this.site));
  }

  private settled(): void {
    this.deadline?.dispose();
    this.abort?.dispose();
  }
}

const ignore = (): void => undefined;
/** One for all: nobody waits for any of them. */
const RELEASE: OpenRequest = { succeed: ignore, fail: ignore, isHousekeeping: true };

export class Requesting {
  private readonly pending = new PendingRequests();
  private readonly deadlines = new Deadlines();
  private sent = 0;
  private version: string | undefined;

  constructor(private readonly host: RequestingHost) {}

  /** Requests that somebody waits for. */
  get open(): number {
    return this.pending.size;
  }

  /** Replies that the peer owes. */
  get due(): number {
    return this.pending.due;
  }

  get count(): number {
    return this.sent;
  }

  /** The peer's version, once an exception of its has told it. */
  get remoteVersion(): string | undefined {
    return this.version;
  }

  /** Sends a request and waits for its reply. */
  request(request: SentRequest): Promise<unknown> {
    const { handler, args, timeoutSeconds, signal, form } = request;
    const site = request.site ?? callSite(this, 'request');
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) throw new RequestAborted(signal.reason);
      const waiting = new WaitingRequest(this.host, form, site, resolve, reject);
      const seq = this.send(handler, args, waiting);
      if (timeoutSeconds !== null) {
        waiting.deadline = this.deadlines.add(timeoutSeconds, () =>
          this.giveUp(seq, new AsyncResultTimeout()),
        );
      }
      if (signal !== undefined) {
        waiting.abort = onAbort(signal, (reason) => this.giveUp(seq, new RequestAborted(reason)));
      }
    });
  }

  /** Gives a reference back. What the peer answers is of no interest. */
  sendRelease({ target, count }: RemoteReference): void {
    if (this.host.codec.dialect?.releaseTakesCount === false) {
      // Up to 3.4.3 DEL takes no count, and 3.4.4 ignores it.
      for (let left = count; left > 0; left--) this.sendDel([Label.value, [target.echo]]);
      return;
    }
    this.sendDel([
      Label.tuple,
      [
        [Label.localRef, target.echo],
        [Label.value, count],
      ],
    ]);
  }

  private sendDel(boxed: BrineValue): void {
    this.host.send(this.host.codec.encode(MessageType.request, this.pending.nextSeq, [Handler.del, boxed]));
    this.pending.add(RELEASE);
  }

  /** Tells the peer that the connection ends. No version answers. */
  sendClose(): void {
    const body = [Handler.close, [Label.value, []]];
    this.host.send(this.host.codec.encode(MessageType.request, this.pending.nextSeq, body));
  }

  /** @throws ProtocolError where the reply is malformed */
  takeReply({ seq, body }: IncomingMessage): void {
    const request = this.pending.take(seq);
    if (request === undefined) this.dropReply(body);
    else request.succeed(body);
  }

  /** @throws ProtocolError where the exception is malformed */
  takeException({ seq, body }: IncomingMessage): void {
    const error = loadException(body);
    const told = error.attributes.get('_remote_version');
    const version = told instanceof Uint8Array ? nameText(told) : told;
    if (typeof version === 'string' && /^\d/.test(version)) this.version = version;
    this.pending.take(seq)?.fail(error);
  }

  /** Gives back what comes in a reply that nobody waits for, whatever else is wrong with it. */
  private dropReply(body: BrineValue): void {
    const received: RemoteReference[] = [];
    const boxing = this.host.boxing('bare');
    const acquire = (target: Reference): unknown => {
      const reference = boxing.acquire(target);
      if (reference instanceof RemoteReference) received.push(reference);
      return reference;
    };
    try {
      unbox(body, { ...boxing, acquire });
    } catch (error) {
      // It names an object of ours that the peer does not hold: nobody is there to be told.
      if (!(error instanceof PythonError)) throw error;
    } finally {
      for (const reference of received) reference.release();
    }
  }

  failAll(error: Error): void {
    this.pending.failAll(error);
    this.deadlines.dispose();
  }

  private giveUp(seq: number, error: Error): void {
    this.pending.take(seq)?.fail(error);
  }

  /** Sends one request frame. Nothing is registered or counted where that fails. */
  private send(handler: number, args: readonly unknown[], request: OpenRequest): number {
    const { codec, refs } = this.host;
    const boxing = this.host.boxing('netref');
    const sent = boxing.dialect.targetByValue ? withPlainTarget(handler, args, boxing.referenceHost) : args;
    const { boxed, registered } = box(sent, boxing);
    try {
      this.host.send(codec.encode(MessageType.request, this.pending.nextSeq, [handler, boxed]));
    } catch (error) {
      unregister(registered, refs);
      throw error;
    }
    this.sent++;
    return this.pending.add(request);
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

function withSite(error: Error, site: CallSite): Error {
  // A ProtocolError ended the connection: it is one for all requests, and has its own place.
  if (error instanceof ProtocolError) return error;
  // The end of the connection is one error too, and every request has its own place.
  const own = error instanceof EOFError ? error.again() : error;
  const frames = site.stack?.split('\n').slice(1).join('\n') ?? '';
  own.stack = `${own.name}: ${own.message}\n${frames}`;
  return own;
}
