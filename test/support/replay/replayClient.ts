/**
 * A client of the library that does what Python's client does: the same calls in the same order, and with them the
 * requests that Python makes by itself and the library does without.
 */
import assert from 'node:assert/strict';
import {
  call,
  callattr,
  getattr,
  inspectMethods,
  isNetref,
  next,
  release,
  type_,
} from '../../../server/src/rpyc/core/builtins';
import { Channel } from '../../../server/src/rpyc/core/channel';
import type { Config } from '../../../server/src/rpyc/core/config';
import { Handler } from '../../../server/src/rpyc/core/consts';
import { RemoteError } from '../../../server/src/rpyc/core/errors';
import type { Netref } from '../../../server/src/rpyc/core/netref';
import { Connection } from '../../../server/src/rpyc/core/protocol';
import { referenceOf } from '../../../server/src/rpyc/core/reference';
import { VoidService } from '../../../server/src/rpyc/core/service';
import { eventually } from '../poll';
import { asText } from '../versions';
import { SlaveStandIn } from './pythonObjects';
import { Replay, type ReplayOptions } from './replay';
import { isPython2, type Recording } from './recording';

type Named = Readonly<Record<string, unknown>>;

export class ReplayClient {
  /** Classes whose methods a client of 4.0 or before knows: it learns them once and not with each object. */
  private readonly knownClasses = new Set<string>();
  /** Netrefs live as long as the replay unless they are dropped: nothing is left to the garbage collector. */
  private readonly held = new Set<unknown>();

  constructor(
    readonly recording: Recording,
    readonly connection: Connection,
    private readonly replay: Replay,
  ) {}

  /** What follows was recorded in this step. */
  step(name: string): void {
    this.replay.step(name);
  }

  /** The object that a request gives. */
  async object(result: Promise<unknown>): Promise<Netref> {
    const value = await result;
    assert.ok(isNetref(value), 'the peer gives an object');
    this.held.add(value);
    return value;
  }

  getattr(ref: Netref, name: string): Promise<Netref> {
    return this.object(getattr(ref, name));
  }

  /** Whether both sides ran Python 2. */
  get isPython2(): boolean {
    return isPython2(this.recording);
  }

  /** Whether the recorded version is 4.0 or before. */
  get isOld(): boolean {
    return this.recording.dialect === 'A' || this.recording.dialect === 'B';
  }

  /** Python's client learns the methods of each object of a class that it does not know. */
  async inspect(ref: Netref): Promise<Netref> {
    if (this.isOld && this.knows(ref)) return ref;
    assert.ok((await inspectMethods(ref)).size > 0);
    return ref;
  }

  /** The default of the recorded Python. */
  get pickleProtocol(): number {
    if (this.isPython2) return 0;
    return this.recording.python.startsWith('3.6.') ? 3 : 4;
  }

  /** Python 2 gives back bytes for the text that it is sent as bytes here. */
  async ping(data: string): Promise<void> {
    assert.equal(asText(await this.request(Handler.ping, data)), data);
  }

  private knows(ref: Netref): boolean {
    const { module, name } = type_(ref);
    if (name === 'P' || name === 'Q' || !['builtins', '__builtin__'].includes(module)) {
      const known = this.knownClasses.has(`${module}.${name}`);
      this.knownClasses.add(`${module}.${name}`);
      return known;
    }
    return true;
  }

  async inspected(result: Promise<unknown>): Promise<Netref> {
    return await this.inspect(await this.object(result));
  }

  request(handler: Handler, ...args: readonly unknown[]): Promise<unknown> {
    return this.connection.syncRequest(handler, ...args);
  }

  /** `ref.name(...)`: Python reads the method, calls it, and lets it go. */
  async method(
    ref: Netref,
    name: string,
    args: readonly unknown[] = [],
    named: Named = {},
  ): Promise<unknown> {
    return await this.temporary(await this.getattr(ref, name), (method) => call(method, args, named));
  }

  /** Uses an object and lets it go, also where that fails. */
  async temporary<T>(ref: Netref, use: (ref: Netref) => Promise<T>): Promise<T> {
    let result: T;
    try {
      result = await use(ref);
      if (isNetref(result)) this.held.add(result);
    } finally {
      await this.drop(ref);
    }
    return result;
  }

  /** As `temporary`, for a result whose methods Python learns before it lets the other object go. */
  async temporaryInspected(ref: Netref, use: (ref: Netref) => Promise<unknown>): Promise<Netref> {
    return await this.temporary(ref, (object) => this.inspected(use(object)));
  }

  /** Gives an object back, and waits until the peer has been told. */
  async drop(ref: Netref): Promise<void> {
    const sent = this.connection.counters.framesSent;
    this.replay.expectRelease(referenceOf(ref)?.count ?? 1);
    await release(ref);
    this.held.delete(ref);
    const isSent = (): boolean => this.connection.counters.framesSent > sent || this.connection.closed;
    await eventually('the object is given back', isSent, { intervalMs: 1 });
  }

  item(ref: Netref, key: unknown): Promise<unknown> {
    return callattr(ref, '__getitem__', [key]);
  }

  async itemObject(ref: Netref, key: unknown): Promise<Netref> {
    return await this.object(this.item(ref, key));
  }

  /** A request that the peer answers with this exception. */
  async fails(result: Promise<unknown>, name: string, ...args: readonly unknown[]): Promise<RemoteError> {
    const error = await result.then(
      () => assert.fail(`${name} is raised`),
      (reason: unknown) => reason,
    );
    assert.ok(error instanceof RemoteError, String(error));
    assert.ok(error.isInstance(name), error.message);
    if (args.length > 0) assert.deepEqual(asText(error.args), args);
    return error;
  }

  /** Reading an attribute that is not there: Python's client asks a second time through its fallback. */
  async missing(ref: Netref, name: string, message: string): Promise<void> {
    await this.fails(getattr(ref, name), 'builtins.AttributeError', message);
    await this.fails(getattr(ref, name), 'builtins.AttributeError', message);
  }

  /** One step of an iteration that is over. */
  async stops(iterator: Netref): Promise<void> {
    await this.fails(next(iterator), 'builtins.StopIteration');
  }

  async close(): Promise<void> {
    await this.connection.close();
  }
}

/** What a test does with a client of a recording. */
export type Scenario = (client: ReplayClient) => Promise<void>;

const openPolicy: Partial<Config> = { allow_all_attrs: true, sync_request_timeout: 5 };

/**
 * Plays the client of a recording.
 *
 * @throws what was wrong first
 */
export async function replayClient(
  recording: Recording,
  scenario: Scenario,
  options: Pick<ReplayOptions, 'byteByByte'>,
): Promise<void> {
  const { dialect } = recording;
  // The methods of our objects are listed as Python 3.11 and rpyc 4.1 do.
  const freeInspect = dialect === 'A' || dialect === 'B';
  const replay = new Replay(recording, { side: 'client', freeInspect, ...options });
  const connection = new Connection(new Channel(replay), {
    // A client of 3.x is a slave as well.
    service: dialect === 'A' ? new SlaveStandIn() : new VoidService(),
    dialect,
    config: { ...openPolicy, bind_threads: recording.bindThreads },
  });
  try {
    await connection.start();
    await scenario(new ReplayClient(recording, connection, replay));
  } catch (error) {
    throw replay.failure ?? error;
  } finally {
    connection.dispose();
  }
  replay.finish();
}
