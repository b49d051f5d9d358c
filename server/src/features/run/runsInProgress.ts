import type { InterruptResult } from '../../api/model';
import { AsyncResultTimeout, type Disposable } from '../../rpyc/index';
import type { Agent, EmitOutput } from '../agent';
import { ShapeError, asCount, asLine, asText, asTuple } from '../inspect/rows';
import { asError, linkSignals, onAbort } from '../pool/abort';
import type { Lease } from '../pool/lease';
import { ProblemError, cancelled, notClassic, uninterruptible } from '../problem';
import { type AskUser, RunInput } from './runInput';
import type { AwayRun } from './otherThread';

export interface RunsInProgressOptions {
  /** A connection beside the one that the run is on. */
  readonly lendBeside: (profileId: string, signal: AbortSignal) => Promise<Lease>;
  readonly label: (profileId: string) => string;
  /** For a line that a run reads. */
  readonly askUser: AskUser;
}

export interface InterruptRequest {
  readonly profileId: string;
  readonly runId: string;
  readonly insist: boolean;
}

/** How long a run may take on its way to the peer. When it has ended there, its result comes sooner, and ends the wait. */
const BEGIN_MS = 3000;

/** How long an insistent interrupt goes on, and how long it leaves the run between two exceptions. */
const INSIST_MS = 3000;
const AGAIN_MS = 100;

/** The peer answers this at once, or is kept from it by a call that holds the interpreter. */
const ANSWER_SECONDS = 5;

const FRAME_LIMIT = { file: 1000, name: 200 } as const;

/** One run or call, from the wish for it to its end. */
export class RunInProgress implements Disposable {
  private readonly controller = new AbortController();
  private lease: Lease | undefined;
  private away: AwayRun | undefined;

  constructor(
    readonly runId: string,
    /** What it reads. */
    readonly input: RunInput,
    private readonly label: (profileId: string) => string,
    private readonly end: () => void,
  ) {}

  /** Aborted where it is stopped before it has begun. */
  get waiting(): AbortSignal {
    return this.controller.signal;
  }

  /** Aborted when it is over. */
  readonly over = new AbortController();

  get lent(): Lease | undefined {
    return this.lease;
  }

  /** What goes on in another thread than the one that serves its connection. */
  get elsewhere(): AwayRun | undefined {
    return this.away;
  }

  /**
   * Has the helper do what runs the user's code, in the thread that the profile names, for as long as it takes.
   *
   * @param emit for what is to be told of it before it has begun
   */
  async perform(agent: Agent, method: string, args: readonly unknown[], emit: EmitOutput): Promise<unknown> {
    const { lease } = this;
    const runOn = lease?.runOn;
    if (lease === undefined || runOn === undefined) {
      return agent.ask(method, args, { timeoutSeconds: null });
    }
    const { connection, profileId } = lease;
    const { AwayRun: Away } = await import(/* webpackChunkName: "thread" */ './otherThread.js');
    const { runId } = this;
    this.away = new Away({ connection, agent, runOn, runId, emit, label: this.label(profileId) });
    return this.away.perform(method, args);
  }

  /** It goes on with this connection. */
  begin(lease: Lease): void {
    this.lease = lease;
  }

  giveUp(): void {
    this.controller.abort(new ProblemError(cancelled()));
  }

  dispose(): void {
    this.over.abort();
    this.input.dispose();
    this.end();
  }
}

/**
 * What runs now, by id, and the way to stop it. In a process with threads the exception is raised from another
 * connection; a forked process gets a signal from a sibling. Who waits for the user is told so with the answer.
 */
export class RunsInProgress {
  private readonly runs = new Map<string, RunInProgress>();

  constructor(private readonly options: RunsInProgressOptions) {}

  /** @param runId of a run or a call; dispose what is returned when it is over */
  add(runId: string): RunInProgress {
    const { askUser, label } = this.options;
    const run = new RunInProgress(runId, new RunInput(runId, askUser), label, () => {
      if (this.runs.get(runId) === run) {
        this.runs.delete(runId);
      }
    });
    this.runs.set(runId, run);
    return run;
  }

  /**
   * Asks a run to stop; its own result tells when it has.
   *
   * @param signal stops asking
   * @throws ProblemError where its server has no second way in, or its Python cannot
   */
  async interrupt(
    { profileId, runId, insist }: InterruptRequest,
    signal?: AbortSignal,
  ): Promise<InterruptResult> {
    const run = this.runs.get(runId);
    if (run === undefined) {
      return { outcome: 'ended' };
    }
    const { lent } = run;
    if (lent === undefined) {
      run.giveUp();
      return { outcome: 'waiting' };
    }
    const label = this.options.label(profileId);
    if (lent.agent === undefined) {
      throw new ProblemError(notClassic(label));
    }
    if (run.input.interrupt()) {
      return { outcome: 'asked' };
    }
    const either = linkSignals(signal, run.over.signal);
    try {
      if (run.elsewhere?.isAway === true) {
        // The connection of the run has its thread to itself.
        return (await run.elsewhere.takeBack())
          ? { outcome: 'waiting' }
          : await this.ask(lent, undefined, { runId, insist, label }, either.signal);
      }
      const beside = await this.options.lendBeside(profileId, either.signal);
      try {
        return await this.ask(beside, lent.agent, { runId, insist, label }, either.signal);
      } finally {
        beside.dispose();
      }
    } catch (error) {
      if (run.over.signal.aborted) {
        return { outcome: 'ended' };
      }
      if (error instanceof AsyncResultTimeout) {
        throw new ProblemError(uninterruptible(label, 'stuck'), { cause: error });
      }
      throw error;
    } finally {
      either.dispose();
    }
  }

  private async ask(
    beside: Lease,
    running: Agent | undefined,
    { runId, insist, label }: { readonly runId: string; readonly insist: boolean; readonly label: string },
    signal: AbortSignal,
  ): Promise<InterruptResult> {
    let result = await raise(beside, running, runId, label, signal);
    // On another connection than the run, the question may come there before the run does.
    const begun = performance.now() + BEGIN_MS;
    while (result.outcome === 'ended' && performance.now() < begun) {
      await pause(AGAIN_MS, signal);
      result = await raise(beside, running, runId, label, signal);
    }
    const until = performance.now() + (insist ? INSIST_MS : 0);
    while (result.outcome === 'asked' && performance.now() < until) {
      await pause(AGAIN_MS, signal);
      result = await raise(beside, running, runId, label, signal);
    }
    return result;
  }
}

/**
 * Raises the exception once.
 *
 * @param running the helper in whose process the run is the main thread's, where it is another process
 */
async function raise(
  { agent }: Lease,
  running: Agent | undefined,
  runId: string,
  label: string,
  signal: AbortSignal,
): Promise<InterruptResult> {
  if (agent === undefined) {
    throw new ProblemError(notClassic(label));
  }
  const options = { signal, timeoutSeconds: ANSWER_SECONDS };
  if (running?.info.stopsAtSignal === true) {
    const [status, sent] = asTuple(await agent.ask('signal', [running.info.pid], options), 'answer');
    if (status !== 'ok' || sent !== true) {
      throw new ProblemError(uninterruptible(label, 'elsewhere'));
    }
    return { outcome: 'asked' };
  }
  const [status, going, place] = asTuple(await agent.ask('interrupt', [runId], options), 'answer');
  if (status !== 'ok') {
    throw new ProblemError(uninterruptible(label, 'python'));
  }
  if (going !== true) {
    return { outcome: 'ended' };
  }
  return { outcome: 'asked', ...(place === null ? {} : { place: readPlace(place) }) };
}

function readPlace(value: unknown): NonNullable<InterruptResult['place']> {
  const [file, line, name] = asTuple(value, 'frame');
  if (name === undefined) {
    throw new ShapeError('frame');
  }
  return {
    file: asText(file, 'file').slice(0, FRAME_LIMIT.file),
    line: asCount(line, 'line'),
    name: asLine(name, FRAME_LIMIT.name),
  };
}

/** @throws the signal's reason */
function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      listener.dispose();
      resolve();
    }, milliseconds);
    const listener = onAbort(signal, (reason) => {
      clearTimeout(timer);
      reject(asError(reason));
    });
  });
}
