/** One connection under fire: what is fed to it, what it says, and what must be true of it at any time and at the end. */
import assert from 'node:assert/strict';

import { Channel, encodeFrame, FrameDecoder } from '../../server/src/rpyc/core/channel';
import { type Config, DEFAULT_LIMITS, type Limits } from '../../server/src/rpyc/core/config';
import { MessageType } from '../../server/src/rpyc/core/consts';
import { type Dialect, type DialectName, dialectOf } from '../../server/src/rpyc/core/dialect';
import type { Message } from '../../server/src/rpyc/core/envelope';
import { RpycError } from '../../server/src/rpyc/core/errors';
import { Connection } from '../../server/src/rpyc/core/protocol';
import type { BrineValue } from '../../server/src/rpyc/core/pyTypes';
import type { Service } from '../../server/src/rpyc/core/service';
import { touched } from './canary';
import { FuzzStream } from './fuzzStream';

export const LIMITS: Limits = {
  ...DEFAULT_LIMITS,
  maxFrameBytes: 1 << 20,
  maxInflatedBytes: 1 << 20,
  maxItems: 100_000,
  maxPeerRequests: 100,
  maxPeerRefs: 200,
  maxHeldRefs: 300,
};

export interface SessionOptions {
  /** What the fuzzer speaks. */
  readonly dialect: DialectName;
  /** The connection has to find that out. */
  readonly isAuto?: boolean;
  readonly service: Service;
  readonly config?: Partial<Config>;
}

/** How many turns of the event loop an answer may take. */
const TURNS = 50;

export class FuzzSession {
  readonly connection: Connection;
  /** Keys of objects that the connection has lent us. */
  readonly keys: BrineValue[] = [];
  /** Sequence numbers of the connection's requests that nobody has answered. */
  readonly openSeqs: BrineValue[] = [];
  private readonly stream = new FuzzStream();
  private readonly decoder = new FrameDecoder();
  readonly dialect: Dialect;
  private readonly promises: { readonly what: string; state: 'open' | 'settled' }[] = [];
  private readonly problems: string[] = [];

  constructor({ dialect, isAuto = false, service, config }: SessionOptions) {
    this.dialect = dialectOf(dialect);
    this.connection = new Connection(new Channel(this.stream, { limits: LIMITS, compress: false }), {
      service,
      dialect: isAuto ? 'auto' : dialect,
      limits: LIMITS,
      ...(config && { config }),
    });
    this.connection.onDidClose((error) => {
      if (error !== undefined && !(error instanceof RpycError)) {
        this.problems.push(`the connection ends with ${error.stack ?? String(error)}`);
      }
    });
    void this.connection.start();
  }

  /** A payload in one frame. */
  feed(payload: Uint8Array): void {
    this.feedRaw(Buffer.concat(encodeFrame(payload, { compress: false })));
  }

  feedRaw(bytes: Uint8Array): void {
    this.stream.feed(bytes);
    this.listen();
  }

  encode(type: MessageType, seq: BrineValue, body: BrineValue): Uint8Array {
    return this.dialect.encode(type, seq, body);
  }

  /** Watches a promise that the library made. It has to settle, and with an error of the family if with any. */
  watch(what: string, promise: PromiseLike<unknown>): void {
    const entry: { readonly what: string; state: 'open' | 'settled' } = { what, state: 'open' };
    this.promises.push(entry);
    promise.then(
      () => {
        entry.state = 'settled';
      },
      (error: unknown) => {
        entry.state = 'settled';
        if (!isFamily(error)) this.problems.push(`${what} rejects with ${textOf(error)}`);
      },
    );
    this.listen();
  }

  /**
   * Ends the session and looks at what is left of it.
   *
   * @throws AssertionError where anything is wrong
   */
  async finish(): Promise<void> {
    for (let turn = 0; turn < 3; turn++) await nextTurn();
    this.listen();
    this.connection.dispose();
    const isOpen = (): boolean => this.promises.some(({ state }) => state === 'open');
    for (let turn = 0; turn < TURNS && isOpen(); turn++) await nextTurn();
    const open = this.promises.filter(({ state }) => state === 'open').map(({ what }) => what);
    assert.deepEqual(open, [], 'every promise settles');
    assert.equal(this.connection.heldReferences, 0, 'no reference is held by a closed connection');
    assert.equal(this.connection.lentReferences, 0, 'no object is lent by a closed connection');
    assert.equal(this.connection.openRequests, 0, 'no request is open on a closed connection');
    this.check();
  }

  /** @throws AssertionError where something went wrong so far */
  check(): void {
    assert.deepEqual(this.problems, []);
    assert.deepEqual(touched.splice(0), [], 'nothing that is protected was reached');
    assert.ok(this.connection.heldReferences <= LIMITS.maxHeldRefs, 'references are bounded');
    assert.ok(this.connection.lentReferences <= LIMITS.maxPeerRefs, 'lent objects are bounded');
  }

  /** Reads what the connection says: all of it has to be well-formed. */
  private listen(): void {
    for (const chunk of this.stream.take()) {
      this.decoder.push(chunk, (payload) => this.note(this.dialect.decode(payload, DEFAULT_LIMITS)));
    }
  }

  private note({ type, seq, body }: Message): void {
    if (type === MessageType.request) this.openSeqs.push(seq);
    if (type === MessageType.reply) this.collectKeys(body, 0);
  }

  /** What a peer asks for an object by: in A and B the number alone. */
  private keyOf(pack: BrineValue): BrineValue {
    const isNumber = this.dialect.name === 'A' || this.dialect.name === 'B';
    return isNumber && Array.isArray(pack) ? (pack as readonly BrineValue[])[0] : pack;
  }

  private collectKeys(boxed: BrineValue, depth: number): void {
    if (!Array.isArray(boxed) || boxed.length !== 2 || depth > 3 || this.keys.length > 50) return;
    const [label, payload] = boxed as readonly BrineValue[];
    if (label === 4) this.keys.push(this.keyOf(payload));
    if (label === 2 && Array.isArray(payload)) {
      for (const item of payload as readonly BrineValue[]) this.collectKeys(item, depth + 1);
    }
  }
}

/** What a caller may be told that is no error of the family: that of arguments which cannot be sent, for instance. */
const ARGUMENT_ERRORS: ReadonlySet<string> = new Set([
  'The value is not iterable',
  // The peer's own value, sent back to it.
  'Array is cyclic or nested deeper than 200 levels',
  'A peer of rpyc 3.x works on objects of its own only, not on values or objects of ours',
]);

function isFamily(error: unknown): boolean {
  if (error instanceof RpycError) return typeof error.code === 'string';
  return error instanceof TypeError && ARGUMENT_ERRORS.has(error.message);
}

function textOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
