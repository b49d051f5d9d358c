import type { Problem, RunOutput, RunRequest, RunResult } from '../../api/model';
import {
  type Connection,
  Emitter,
  type Event,
  type Logger,
  RemoteError,
  RequestAborted,
  RpycError,
} from '../../rpyc/index';
import type { EmitOutput } from '../agent';
import type { LentEditor } from '../callbacks/editorRoot';
import { ShapeError, asLine, asLines, asTuple } from '../inspect/rows';
import { linkSignals, untilAborted } from '../pool/abort';
import type { Lease, LeasePurpose } from '../pool/lease';
import { ProblemCode, ProblemError, badAnswer, notClassic } from '../problem';
import { TextLimit, singleLine } from '../inspect/preview';
import type { Failures } from './failures';
import type { Adopt } from './heldValue';
import { errorOf, readError } from './runError';
import { outputsOf } from './runOutput';
import type { RunInProgress, RunsInProgress } from './runsInProgress';

export interface SnippetRunnerOptions {
  readonly lend: (profileId: string, purpose: LeasePurpose, signal?: AbortSignal) => Promise<Lease>;
  readonly runs: RunsInProgress;
  /** What the user calls the connection. */
  readonly label: (profileId: string) => string;
  readonly failures: Failures;
  /** Without it nothing is held of values. */
  readonly adopt?: Adopt;
  readonly logger: Logger;
  /** What of the editor the code may call; nothing unless told. */
  readonly lentTo?: (connection: Connection) => LentEditor | undefined;
}

/** Characters of what a run's result shows. */
const ResultLimit = { value: 10_000, type: 200 } as const;

/** Longer sources are files, and run better as such. */
const MAX_SOURCE = 10_000_000;
/** By what the helper stops a run. */
const STOPS = ['builtins.KeyboardInterrupt', 'builtins.RunTerminated'];

const MAX_LINE_OFFSET = 10_000_000;

/**
 * Runs pieces of Python on classic connections. What they print is told while they run; how they end is the result,
 * also when they raise or when the connection dies. Nothing is ever run twice.
 */
export class SnippetRunner {
  private readonly output = new Emitter<RunOutput>();

  /** What a run has printed, in order. */
  readonly onDidProduceOutput: Event<RunOutput> = this.output.event;

  constructor(private readonly options: SnippetRunnerOptions) {}

  /**
   * Runs a snippet in the namespace that the connection's tree shows, and waits for as long as it takes.
   *
   * @param signal stops waiting; the snippet itself goes on, and what it prints is still told
   * @throws ProblemError where it could not be started
   */
  async run(request: RunRequest, signal?: AbortSignal): Promise<RunResult> {
    checkRequest(request);
    const progress = this.options.runs.add(request.runId);
    const lease = await this.lease(request.profileId, progress, signal);
    // Whoever stops waiting does not end the run: the connection stays lent until it is over.
    const run = this.runOn(lease, request, progress).finally(() => {
      progress.dispose();
      lease.dispose();
    });
    run.then(
      ({ status, elapsedMs }) =>
        this.options.logger.debug(`Run ${request.runId}: ${status} after ${elapsedMs} ms`),
      (error: unknown) => this.options.logger.warn(`Run ${request.runId}: ${String(error)}`),
    );
    return untilAborted(run, signal);
  }

  private async lease(
    profileId: string,
    progress: RunInProgress,
    signal: AbortSignal | undefined,
  ): Promise<Lease> {
    const either = linkSignals(signal, progress.waiting);
    try {
      const lease = await this.options.lend(profileId, 'run', either.signal);
      progress.begin(lease);
      return lease;
    } catch (error) {
      progress.dispose();
      // A connection that was being opened for it tells only that it is closed.
      progress.waiting.throwIfAborted();
      throw error;
    } finally {
      either.dispose();
    }
  }

  private async runOn(lease: Lease, request: RunRequest, progress: RunInProgress): Promise<RunResult> {
    const { runId, profileId, source, fileName, lineOffset } = request;
    const { agent } = lease;
    // The profile may be gone when the run ends.
    const label = this.options.label(profileId);
    if (agent === undefined) {
      throw new ProblemError(notClassic(label));
    }
    const started = performance.now();
    const elapsedMs = (): number => Math.round(performance.now() - started);
    let over = false;
    const emit: EmitOutput = (pieces, dropped) => {
      for (const output of over ? [] : outputsOf(runId, pieces, dropped)) {
        this.output.fire(output);
      }
    };
    try {
      const editor = this.options.lentTo?.(lease.connection) ?? null;
      const args = [source, fileName, lineOffset, emit, runId, progress.input.ask, editor];
      const answer = await progress.perform(agent, 'run', args, emit);
      return {
        runId,
        ...this.readResult(answer, lease),
        elapsedMs: elapsedMs(),
        ...(await this.hold(lease, answer, nameOf(request))),
      };
    } catch (error) {
      if (error instanceof ShapeError) {
        throw new ProblemError(badAnswer(label, error.message), { cause: error });
      }
      if (isLoss(error)) {
        return { runId, status: 'lost', problem: runLost(label, error), elapsedMs: elapsedMs() };
      }
      if (error instanceof RemoteError && STOPS.some((name) => error.isInstance(name))) {
        // It was asked to stop at its very end, when the helper had let it go.
        return { runId, status: 'interrupted', error: errorOf(error), elapsedMs: elapsedMs() };
      }
      throw error;
    } finally {
      over = true;
    }
  }

  /** `('done', value, type, None)` or `('error', '', '', error)` of the helper, or `'interrupted'` for `'error'`. */
  private readResult(answer: unknown, lease: Lease): Omit<RunResult, 'runId' | 'elapsedMs'> {
    const [status, value, valueType, error] = asTuple(answer, 'result');
    if (status === 'error' || status === 'interrupted') {
      return { status, error: this.options.failures.keep(lease, readError(error)) };
    }
    if (status !== 'done') {
      throw new ShapeError('status');
    }
    const type = asLine(valueType, ResultLimit.type);
    return type === '' ? { status } : { status, value: asLines(value, ResultLimit.value), valueType: type };
  }

  /** What is held of the value: its code is loaded with the first one that is more than a number or a text. */
  private async hold(lease: Lease, answer: unknown, name: string): Promise<Pick<RunResult, 'held'>> {
    const [, , , , told] = asTuple(answer, 'result');
    const { adopt } = this.options;
    if (told === undefined || adopt === undefined) {
      return {};
    }
    const { heldValue } = await import(/* webpackChunkName: "pictures" */ './heldValue.js');
    const held = heldValue(adopt, lease, told, name);
    return held === undefined ? {} : { held };
  }
}

/** What the value of a run is called where it is listed. */
function nameOf({ fileName, lineOffset }: RunRequest): string {
  const file = fileName.split(/[\\/]/).at(-1) ?? '';
  return `${singleLine(file, TextLimit.name)}:${lineOffset + 1}`;
}

/** The connection ended; neither the peer nor the caller refused. */
function isLoss(error: unknown): error is RpycError {
  return error instanceof RpycError && !(error instanceof RemoteError) && !(error instanceof RequestAborted);
}

function runLost(label: string, error: RpycError): Problem {
  return {
    code: ProblemCode.lost,
    message: `The connection to “${label}” was lost while this ran: connect again, and check what it has done before you repeat it.`,
    detail: `${error.code}: ${error.message}`,
  };
}

function checkRequest({ source, fileName, lineOffset }: RunRequest): void {
  const isValid =
    typeof source === 'string' &&
    source.length <= MAX_SOURCE &&
    typeof fileName === 'string' &&
    Number.isInteger(lineOffset) &&
    lineOffset >= 0 &&
    lineOffset <= MAX_LINE_OFFSET;
  if (!isValid) {
    throw new ProblemError({
      code: 'ERR_RUN',
      message: 'This selection is too long to be run as a snippet: run its file on the server.',
    });
  }
}
