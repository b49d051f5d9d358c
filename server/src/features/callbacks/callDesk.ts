import {
  type CallAnswer,
  type CallNews,
  type CallQuestion,
  type CallRecord,
  type CallState,
  isCallbackName,
} from '../../api/callbacks';
import { AttributeError, type Logger, PythonError } from '../../rpyc/index';
import { linkSignals, newSession, onAbort, untilAborted } from '../pool/abort';
import { CallBatches } from './callBatches';
import { CallRate } from './callRate';
import type { CallAnswerer, CallSource } from './callSource';
import { answerOf, answerText, readCall } from './callTable';
import { line, shownArguments } from './callValues';

/** Has the editor ask its user. */
export type AskEditor = (question: CallQuestion, signal: AbortSignal) => Promise<CallAnswer>;

export interface CallDeskOptions {
  readonly ask: AskEditor;
  readonly tell: (news: CallNews) => void;
  readonly logger: Logger;
  readonly limits?: Partial<CallDeskLimits>;
}

export interface CallDeskLimits {
  /** Calls of one peer in a second, and at once. Who is faster waits longer for the answers. */
  readonly callsPerSecond: number;
  readonly callsAtOnce: number;
  /** Calls of one peer that wait. */
  readonly waitingCalls: number;
  /** Of them, those that wait for the user. */
  readonly waitingQuestions: number;
}

const LIMITS: CallDeskLimits = {
  callsPerSecond: 200,
  callsAtOnce: 500,
  waitingCalls: 100,
  waitingQuestions: 3,
};

/** What is kept of one connection while it lasts. */
interface Caller {
  readonly rate: CallRate;
  waiting: number;
  questions: number;
}

const STOPPED =
  'The user of the editor has stopped answering calls: they can be resumed in the view Incoming Calls';

/** Answers the calls of peers, and tells of them. */
export class CallDesk implements CallAnswerer {
  private readonly callers = new WeakMap<CallSource, Caller>();
  private readonly batches: CallBatches;
  private readonly limits: CallDeskLimits;
  /** Aborted by the stop button; another one when calls are answered again. */
  private stop = newSession();
  /** Grows also from one process to the next: the editor keeps what an earlier one has told. */
  private lastId = Date.now();
  private called: () => void = () => undefined;

  constructor(private readonly options: CallDeskOptions) {
    this.limits = { ...LIMITS, ...options.limits };
    this.batches = new CallBatches(options.tell);
  }

  get isPaused(): boolean {
    return this.stop.signal.aborted;
  }

  /** Told at each call. */
  set onDidCall(listener: () => void) {
    this.called = listener;
  }

  /** Stops answering: what waits fails at once, and so does each new call. Or goes on. */
  setPaused(paused: boolean): void {
    if (paused) {
      this.stop.abort(new PythonError('RuntimeError', [STOPPED]));
    } else if (this.isPaused) {
      this.stop = newSession();
    }
  }

  async call(source: CallSource, name: string, args: readonly unknown[]): Promise<unknown> {
    if (!isCallbackName(name) || !source.allows(name)) {
      throw new AttributeError(`cannot access '${name}'`);
    }
    this.called();
    const record: Omit<CallRecord, 'state' | 'answer'> = {
      id: ++this.lastId,
      peer: line(source.label),
      name,
      args: shownArguments(args),
      at: Date.now(),
    };
    const tell = (state: CallState, answer = ''): void => this.batches.note({ ...record, state, answer });
    const caller = this.callerOf(source);
    const either = linkSignals(source.gone, this.stop.signal);
    try {
      either.signal.throwIfAborted();
      if (caller.waiting >= this.limits.waitingCalls) {
        throw new PythonError('RuntimeError', [
          'Too many calls at once: wait for the answers of earlier ones',
        ]);
      }
      caller.waiting += 1;
      try {
        const answer = await this.perform(caller, record, args, either.signal, () => tell('waiting'));
        tell('answered', answerText(answer));
        return answer;
      } finally {
        caller.waiting -= 1;
      }
    } catch (error) {
      tell(...this.failure(source, error));
      throw this.isPaused ? (this.stop.signal.reason as Error) : error;
    } finally {
      either.dispose();
    }
  }

  dispose(): void {
    this.setPaused(true);
    this.batches.dispose();
  }

  private async perform(
    caller: Caller,
    { name, peer }: Pick<CallRecord, 'name' | 'peer'>,
    args: readonly unknown[],
    signal: AbortSignal,
    waiting: () => void,
  ): Promise<string | boolean | null> {
    await caller.rate.turn(signal);
    const outcome = readCall(name, args);
    if ('effect' in outcome) {
      this.batches.add({ peer, ...outcome.effect });
    }
    if (!('question' in outcome)) {
      return null;
    }
    if (caller.questions >= this.limits.waitingQuestions) {
      throw new PythonError('RuntimeError', [
        'Too many questions at once: wait for the answers of earlier ones',
      ]);
    }
    caller.questions += 1;
    waiting();
    try {
      const question = { peer, ...outcome.question };
      return answerOf(outcome, await untilAborted(this.options.ask(question, signal), signal));
    } finally {
      caller.questions -= 1;
    }
  }

  private failure(source: CallSource, error: unknown): [CallState, string] {
    if (source.gone.aborted) {
      return ['ended', ''];
    }
    const text = error instanceof PythonError ? `${error.typeName}: ${String(error.args[0])}` : String(error);
    if (!(error instanceof PythonError)) {
      this.options.logger.warn(`A call of a peer failed: ${line(text)}`);
    }
    const isRefusal = this.isPaused || (error instanceof PythonError && error.typeName === 'RuntimeError');
    return [isRefusal ? 'refused' : 'failed', this.isPaused ? line(STOPPED) : line(text)];
  }

  private callerOf(source: CallSource): Caller {
    const known = this.callers.get(source);
    if (known !== undefined) {
      return known;
    }
    const { callsPerSecond, callsAtOnce } = this.limits;
    const caller = { rate: new CallRate(callsPerSecond, callsAtOnce), waiting: 0, questions: 0 };
    this.callers.set(source, caller);
    onAbort(source.gone, () => this.batches.add({ kind: 'gone', peer: line(source.label) }));
    return caller;
  }
}
