import type {
  CallSignature,
  ObjectCallParams,
  ObjectCallResult,
  ObjectChange,
  ObjectSetParams,
  ObjectTakeParams,
  ObjectTakeResult,
  ObjectUndoResult,
} from '../../api/changes';
import type { Handle, ObjectNode, RunError, RunOutput } from '../../api/model';
import { Emitter, type Event, RemoteError, RequestAborted, RpycError } from '../../rpyc/index';
import type { EmitOutput } from '../agent';
import { linkSignals, untilAborted } from '../pool/abort';
import type { Lease, LeasePurpose } from '../pool/lease';
import { ProblemError, badAnswer, staleHandle } from '../problem';
import type { FailurePlace, Failures } from '../run/failures';
import type { PeerError } from '../run/runError';
import { outputsOf } from '../run/runOutput';
import type { RunsInProgress } from '../run/runsInProgress';
import type { Entry, HandleTable } from './handleTable';
import type { Changed, ObjectChanger, Outcome, RunTies } from './objectChanger';
import { type RowFacts, ShapeError } from './rows';
import { fixedError, lostMeanwhile } from './treeProblems';
import { UndoHistory } from './undoHistory';

const MAX_SOURCE = 1_000_000;
const MAX_TAKEN = 100;

export interface ObjectChangesOptions {
  readonly table: HandleTable;
  readonly lend: (profileId: string, purpose: LeasePurpose, signal?: AbortSignal) => Promise<Lease>;
  readonly label: (profileId: string) => string;
  readonly runs: RunsInProgress;
  readonly failures: Failures;
  readonly changerOf: (lease: Lease) => ObjectChanger;
  /** A number of the helper's is not needed any more. */
  readonly letGo: (profileId: string, generation: number, number: number) => void;
  /** More or less is kept for undoing. */
  readonly onDidChangeHeld: (profileId: string) => void;
  /** The row of a call's result. */
  readonly showResult: (profileId: string, facts: RowFacts) => ObjectNode;
}

/** What goes with something that runs as a run does. */
interface RunWay extends RunTies {
  readonly elapsed: () => number;
}

/**
 * Changes remote objects and calls them. Code of the objects runs, for as long as it takes: whoever stops waiting does
 * not end it, and nothing is ever done twice.
 */
export class ObjectChanges {
  private readonly output = new Emitter<RunOutput>();
  /** What undoes the changes. */
  readonly history: UndoHistory;

  /** What calls have printed, in order. */
  readonly onDidProduceOutput: Event<RunOutput> = this.output.event;

  constructor(private readonly options: ObjectChangesOptions) {
    this.history = new UndoHistory(options.letGo, options.onDidChangeHeld);
  }

  /**
   * Gives the row's place another value. One request on classic peers; on services two, since the old value is read.
   *
   * @param signal stops waiting
   * @throws ProblemError also where a service's policy refuses
   */
  async set({ handle, source }: ObjectSetParams, signal?: AbortSignal): Promise<ObjectChange> {
    checkSource(source);
    const entry = this.changeable(handle);
    return this.perform(entry, 'change', signal, async (changer) =>
      this.changed(entry, await changer.set(entry, source)),
    );
  }

  /** Takes the row's place away. As `set`. */
  async delete(handle: Handle, signal?: AbortSignal): Promise<ObjectChange> {
    const entry = this.changeable(handle);
    return this.perform(entry, 'change', signal, async (changer) =>
      this.changed(entry, await changer.delete(entry)),
    );
  }

  /** Puts back what a change took away. @throws ProblemError `ERR_UNDONE` where it is not kept any more */
  async undo(id: number, signal?: AbortSignal): Promise<ObjectUndoResult> {
    const kept = this.history.find(id);
    return this.perform(kept, 'change', signal, async (changer) => {
      const outcome = await changer.undo(kept.undo);
      if ('error' in outcome) {
        return this.failed(kept, outcome.error);
      }
      this.history.done(kept);
      return { status: 'done' };
    });
  }

  /** What an object takes when it is called. One request on classic peers, none on services. */
  async signature(handle: Handle, signal?: AbortSignal): Promise<CallSignature> {
    const entry = this.options.table.find(handle);
    return this.perform(entry, 'explore', signal, (changer) => changer.signature(entry));
  }

  /** Calls an object. Its result is kept, and shown under Results. @param signal stops waiting */
  async call({ handle, callId, source }: ObjectCallParams, signal?: AbortSignal): Promise<ObjectCallResult> {
    checkSource(source);
    const entry = this.options.table.find(handle);
    return this.asRun(
      entry,
      callId,
      signal,
      async (changer, { elapsed, ...way }): Promise<ObjectCallResult> => {
        const outcome = await changer.call(entry, source, way);
        const elapsedMs = elapsed();
        if ('error' in outcome) {
          return { ...this.failed(entry, outcome.error), elapsedMs };
        }
        const { value } = outcome;
        return value === undefined
          ? { status: 'done', elapsedMs }
          : { status: 'done', node: this.options.showResult(entry.profileId, value), elapsedMs };
      },
    );
  }

  /** Takes the next items of an iterator, which are kept as a call's result is. @param signal stops waiting */
  async take({ handle, callId, count }: ObjectTakeParams, signal?: AbortSignal): Promise<ObjectTakeResult> {
    const entry = this.options.table.find(handle);
    const most = Number.isSafeInteger(count) ? Math.min(Math.max(count, 1), MAX_TAKEN) : MAX_TAKEN;
    return this.asRun(entry, callId, signal, async (changer, { elapsed, ...way }) => {
      const { facts, error, ...taken } = await changer.take(entry, most, way);
      return {
        ...taken,
        elapsedMs: elapsed(),
        ...(error === undefined ? {} : { error: this.failed(entry, error).error }),
        ...(facts === undefined ? {} : { node: this.options.showResult(entry.profileId, facts) }),
      };
    });
  }

  /** Does something that runs the user's code as a run: it can be interrupted, and what it prints is told. */
  async asRun<T>(
    entry: Entry,
    callId: string,
    signal: AbortSignal | undefined,
    act: (changer: ObjectChanger, way: RunWay, lease: Lease) => Promise<T>,
  ): Promise<T> {
    const progress = this.options.runs.add(callId);
    const either = linkSignals(signal, progress.waiting);
    const work = async (changer: ObjectChanger, lease: Lease): Promise<T> => {
      progress.begin(lease);
      const started = performance.now();
      let over = false;
      const emit: EmitOutput = (pieces, dropped) => {
        for (const output of over ? [] : outputsOf(callId, pieces, dropped)) {
          this.output.fire(output);
        }
      };
      try {
        const elapsed = (): number => Math.round(performance.now() - started);
        const { ask } = progress.input;
        const perform: RunTies['perform'] = (agent, method, args) =>
          progress.perform(agent, method, args, emit);
        return await act(changer, { emit, callId, ask, perform, elapsed }, lease);
      } finally {
        over = true;
        progress.dispose();
      }
    };
    try {
      return await this.perform(entry, 'call', either.signal, work);
    } finally {
      either.dispose();
      if (progress.lent === undefined) {
        progress.dispose();
      }
    }
  }

  /** The profile that an undo belongs to, while it is kept. */
  profileOfUndo(id: number): string | undefined {
    return this.history.profileOf(id);
  }

  /** The row is closed: what undoes changes under it goes, unless a refresh has only put another in its place. */
  close(entry: Entry): void {
    this.history.close(entry, () => this.options.table.openTwin(entry));
  }

  /** The connection is gone. */
  forget(profileId: string): void {
    this.history.forget(profileId);
  }

  private changeable(handle: Handle): Entry {
    const entry = this.options.table.find(handle);
    if (entry.parent === undefined) {
      throw fixedError('A root of the tree is no value');
    }
    return entry;
  }

  private changed(entry: Entry, outcome: Outcome<Changed>): ObjectChange {
    if ('error' in outcome) {
      return this.failed(entry, outcome.error);
    }
    const { before, after, undo } = outcome.value;
    return {
      status: 'done',
      before,
      after,
      ...(undo === undefined ? {} : { undo: this.history.add(entry, undo) }),
    };
  }

  private failed(
    place: FailurePlace,
    error: PeerError,
  ): { readonly status: 'error'; readonly error: RunError } {
    return { status: 'error', error: this.options.failures.keep(place, error) };
  }

  /** Borrows the connection until the work is over, also where nobody waits for it any more. */
  private async perform<T>(
    { profileId, generation }: { readonly profileId: string; readonly generation: number },
    purpose: LeasePurpose,
    signal: AbortSignal | undefined,
    work: (changer: ObjectChanger, lease: Lease) => Promise<T>,
  ): Promise<T> {
    const label = this.options.label(profileId);
    const lease = await this.options.lend(profileId, purpose, signal);
    const working = (async () => {
      try {
        if (lease.generation !== generation) {
          throw new ProblemError(staleHandle());
        }
        return await work(this.options.changerOf(lease), lease);
      } catch (error) {
        throw translated(error, label);
      } finally {
        lease.dispose();
      }
    })();
    return untilAborted(working, signal);
  }
}

function translated(error: unknown, label: string): unknown {
  if (error instanceof ShapeError) {
    return new ProblemError(badAnswer(label, error.message), { cause: error });
  }
  const isLoss =
    error instanceof RpycError && !(error instanceof RemoteError) && !(error instanceof RequestAborted);
  return isLoss ? lostMeanwhile(label, `${error.code}: ${error.message}`) : error;
}

function checkSource(source: unknown): void {
  if (typeof source !== 'string' || source.length > MAX_SOURCE) {
    throw fixedError('The text is too long');
  }
}
