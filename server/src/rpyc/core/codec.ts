/*
 * Payloads to messages and back, in one connection's dialect. A side that does not choose, as a server does, takes the
 * dialect of the first payload that arrives. Upstream has no such file: its versions do not negotiate.
 */

import type { Limits } from './config';
import type { MessageType } from './consts';
import { type Dialect, type DialectName, dialectOf, guessFor, refineByReference } from './dialect';
import { refineByRequest } from './dialectEvidence';
import { type Envelope, sniffEnvelope } from './envelope';
import { ErrorCode, ProtocolError } from './errors';
import type { BrineValue } from './pyTypes';
import { THREAD_PREFIX_BYTES, ThreadBinding } from './threadBinding';

/** A message of the peer's. */
export interface IncomingMessage {
  readonly type: MessageType;
  readonly seq: BrineValue;
  readonly body: BrineValue;
  /** Bytes of the payload. */
  readonly size: number;
  /** The peer's thread, where threads are bound. */
  readonly sender: Uint8Array | undefined;
}

/** What the first payload of a peer tells about its dialect. */
export interface SeenDialect {
  readonly envelope: Envelope;
  readonly bindThreads: boolean;
}

/** The peer answers in another dialect than it was spoken to. */
export class DialectMismatch extends ProtocolError {
  constructor(readonly seen: SeenDialect) {
    const version = seen.envelope === 'old' ? '5.3 or older' : '6.0 or newer';
    const threads = seen.bindThreads ? ' with bound threads' : '';
    super(`The peer speaks the dialect of rpyc ${version}${threads}`, ErrorCode.dialect);
  }
}

export interface CodecOptions {
  /** `auto` takes the dialect of the first payload; `old` is A, B or C, whichever the peer shows. */
  readonly dialect: DialectName | 'auto' | 'old';
  readonly bindThreads: boolean;
  readonly limits: Limits;
}

export class MessageCodec {
  private known: Dialect | undefined;
  private binding: ThreadBinding | undefined;
  private isFirst = true;
  private readonly limits: Limits;

  constructor({ dialect, bindThreads, limits }: CodecOptions) {
    this.limits = limits;
    if (dialect !== 'auto') this.known = dialect === 'old' ? guessFor('old') : dialectOf(dialect);
    if (bindThreads) this.binding = new ThreadBinding();
  }

  /** Undefined until the peer has shown it. */
  get dialect(): Dialect | undefined {
    return this.known;
  }

  /**
   * A request, or the answer to `answered`.
   *
   * @throws ProtocolError where the dialect is not known yet; TypeError or RangeError for what cannot be encoded
   */
  encode(type: MessageType, seq: BrineValue, body: BrineValue, answered?: IncomingMessage): Uint8Array {
    if (this.known === undefined) {
      throw new ProtocolError('The peer has not shown its dialect yet', ErrorCode.dialect);
    }
    const payload = this.known.encode(type, seq, body);
    return this.binding === undefined ? payload : this.binding.wrap(payload, answered?.sender);
  }

  /**
   * @throws DialectMismatch where the first payload is of another dialect
   * @throws ProtocolError where the payload is no message
   */
  decode(payload: Uint8Array): IncomingMessage {
    if (this.isFirst) {
      this.isFirst = false;
      this.recognise(payload);
    }
    const bound = this.binding?.unwrap(payload);
    const dialect = this.known;
    if (dialect === undefined) throw new ProtocolError('The peer sent a frame that holds no message');
    const { type, seq, body } = dialect.decode(bound?.payload ?? payload, this.limits);
    return { type, seq, body, size: payload.length, sender: bound?.sender };
  }

  /** Runs `fn` so that requests it makes are meant for the thread that sent `message`. */
  serve<T>(message: IncomingMessage, fn: () => T): T {
    if (this.binding === undefined || message.sender === undefined) return fn();
    return this.binding.serve(message.sender, fn);
  }

  /** The peer referred to an object by a number, or by an id pack. */
  sawReference(isOid: boolean): void {
    if (this.known?.isGuess === true) this.known = refineByReference(this.known, isOid);
  }

  /** The peer asked for something, which shows its dialect where a target object is named. */
  sawRequest(handler: BrineValue, boxedArgs: BrineValue, holds: (key: string) => boolean): void {
    if (this.known?.isGuess === true) this.known = refineByRequest(this.known, handler, boxedArgs, holds);
  }

  /** The peer was found to speak this dialect of those that it may. */
  settle(name: DialectName): void {
    if (this.known?.isGuess === true) this.known = dialectOf(name);
  }

  private recognise(payload: Uint8Array): void {
    const seen = recogniseDialect(payload);
    if (seen === undefined) return;
    if (this.known === undefined) {
      this.known = guessFor(seen.envelope);
      if (seen.bindThreads) this.binding ??= new ThreadBinding();
      return;
    }
    if (seen.envelope !== this.known.envelope || seen.bindThreads !== (this.binding !== undefined)) {
      throw new DialectMismatch(seen);
    }
  }
}

/** What a peer's first payload tells, or undefined where it tells nothing. */
export function recogniseDialect(payload: Uint8Array): SeenDialect | undefined {
  const plain = sniffEnvelope(payload);
  if (plain !== undefined) return { envelope: plain, bindThreads: false };
  const bound = sniffEnvelope(payload, THREAD_PREFIX_BYTES);
  return bound && { envelope: bound, bindThreads: true };
}
