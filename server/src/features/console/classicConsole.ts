import { randomUUID } from 'node:crypto';

import { CONSOLE_RUN } from '../../api/debugging';
import type { InterruptResult, ObjectNode } from '../../api/model';
import { type Connection, RemoteError, RequestAborted, RpycError } from '../../rpyc/index';
import type { Agent, EmitOutput } from '../agent';
import type { LentEditor } from '../callbacks/editorRoot';
import { accepted, inTime } from '../inspect/agentSource';
import { rootFacts } from '../inspect/handleTable';
import type { ObjectTree } from '../inspect/objectTree';
import { TextLimit, printedInColours } from '../inspect/preview';
import { ShapeError, asCount, asLine, asLines, asText, asTuple, readRow } from '../inspect/rows';
import { lostMeanwhile } from '../inspect/treeProblems';
import { askedAt } from '../live/cursor';
import type { LiveFeatures } from '../live/liveFeatures';
import type { Lease, LeasePurpose } from '../pool/lease';
import { ProblemError, badAnswer, notClassic } from '../problem';
import type { Failures } from '../run/failures';
import { readError, readFrames } from '../run/runError';
import type { AskInput } from '../run/runInput';
import { outputsOf } from '../run/runOutput';
import type { RunsInProgress } from '../run/runsInProgress';
import { notAPathError, pathEndsError, watchedOnProductionError } from './consoleProblems';
import { PYTHON_KEYWORDS } from './keywords';
import { type NameStep, readNamePath } from './namePath';
import {
  type Completions,
  type ConsoleOutcome,
  type ConsoleOutput,
  type ConsoleScope,
  type ConsoleValue,
  type FramePlace,
  NO_COMPLETIONS,
  type RemoteConsole,
  type Snapshot,
  type SnapshotKind,
  type SnapshotSource,
} from './remoteConsole';

export interface ClassicConsoleOptions {
  readonly profileId: string;
  /** What the user calls the connection. */
  readonly label: string;
  readonly lend: (profileId: string, purpose: LeasePurpose, signal?: AbortSignal) => Promise<Lease>;
  readonly tree: ObjectTree;
  readonly runs: RunsInProgress;
  readonly failures: Failures;
  /** What completes a text from live objects. */
  readonly live: () => Promise<LiveFeatures>;
  /** What runs there matters: nothing runs by itself. */
  readonly isProduction: () => boolean;
  /** What of the editor the code may call; nothing unless told. */
  readonly lentTo?: ((connection: Connection) => LentEditor | undefined) | undefined;
}

/** Characters of a result, and of a text that is copied. */
const RESULT_LIMIT = 100_000;
const COPY_LIMIT = 10_000_000;
const ENDLESS = { timeoutSeconds: null } as const;
const MAX_SOURCE = 10_000_000;
const MAX_THREADS = 500;
const MAX_FRAMES = 1000;
const MAX_TRACEBACK = 64_000;
const MAX_FILES = 200;
const MAX_FILE = 10_000_000;

/** The method of the helper that does something, and its arguments. */
type Work = (
  emit: EmitOutput,
  runId: string,
  ask: AskInput,
  editor: LentEditor | null,
) => readonly [string, readonly unknown[]];

/** The console of a classic peer: Python in the namespace of the connection, as snippets run it. */
export class ClassicConsole implements RemoteConsole {
  /** What was begun and has not ended, oldest first, and how often it was asked to stop. */
  private readonly running = new Map<string, number>();
  private inputs = 0;

  readonly snapshots: SnapshotSource = {
    take: (kind, failure) => this.told(() => this.take(kind, failure)),
    frames: ({ number }, thread, start, count) =>
      this.told(async () =>
        readFrames((await this.question('frames', [number, thread, start, count]))[0][0]),
      ),
    fileStates: (files) => this.told(() => this.fileStates(files)),
    release: ({ number }) => this.giveBack([number]),
    fileText: (path) => this.told(() => this.fileText(path)),
  };

  constructor(private readonly options: ClassicConsoleOptions) {}

  async scopes(place?: FramePlace): Promise<readonly ConsoleScope[]> {
    const { tree, profileId } = this.options;
    if (place !== undefined) {
      return this.told(() => this.frameScopes(place));
    }
    const scope = async (
      root: 'namespace' | 'modules' | 'builtins',
      expensive: boolean,
    ): Promise<ConsoleScope> => {
      const node = await tree.resolve(profileId, [{ kind: 'root', name: root }]);
      return { name: node.name, node, expensive };
    };
    return Promise.all([scope('namespace', false), scope('modules', true), scope('builtins', true)]);
  }

  run(source: string, output: ConsoleOutput, place?: FramePlace): Promise<ConsoleOutcome> {
    return this.told(() => this.execute(source, output, place));
  }

  watch(expression: string, output: ConsoleOutput, place?: FramePlace): Promise<ConsoleOutcome> {
    return this.told(() => this.evaluate(expression, output, place));
  }

  look(path: string, signal?: AbortSignal, place?: FramePlace): Promise<ConsoleValue> {
    return this.told(async () => {
      try {
        return await this.find(path, signal, place);
      } catch (error) {
        throw shownAsPath(error);
      }
    });
  }

  text(expression: string, output: ConsoleOutput, place?: FramePlace): Promise<string> {
    return this.told(() => this.wholeText(expression, output, place));
  }

  complete(textBefore: string, signal?: AbortSignal, place?: FramePlace): Promise<Completions> {
    return this.told(() => this.completions(textBefore, signal, place));
  }

  async assign(
    target: string,
    source: string,
    output: ConsoleOutput,
    place?: FramePlace,
  ): Promise<ConsoleOutcome> {
    const outcome = await this.run(`${target} = (${source}\n)`, output, place);
    return outcome.status === 'done' ? this.watch(target, output, place) : outcome;
  }

  async interrupt(): Promise<InterruptResult | undefined> {
    const [oldest] = this.running;
    if (oldest === undefined) {
      return undefined;
    }
    const [runId, asked] = oldest;
    this.running.set(runId, asked + 1);
    return this.options.runs.interrupt({
      profileId: this.options.profileId,
      runId,
      insist: asked > 0,
    });
  }

  /** What runs is asked to stop, and nothing that waits for its turn begins. */
  dispose(): void {
    for (const runId of this.running.keys()) {
      this.options.runs
        .interrupt({ profileId: this.options.profileId, runId, insist: false })
        .catch(() => undefined);
    }
  }

  private async execute(
    source: string,
    output: ConsoleOutput,
    place: FramePlace | undefined,
  ): Promise<ConsoleOutcome> {
    if (source.length > MAX_SOURCE) {
      throw new ProblemError({ code: 'ERR_RUN', message: 'This is too long to be typed: run it as a file.' });
    }
    const { failures } = this.options;
    this.inputs += 1;
    const fileName = `<console ${this.inputs}>`;
    const [answer, lease] = await this.perform(output, (emit, runId, ask, editor) => [
      'console',
      [source, fileName, emit, runId, ask, RESULT_LIMIT, wirePlace(place), editor],
    ]);
    const [status, kept, , error] = asTuple(answer, 'result');
    if (status === 'error' || status === 'interrupted') {
      return { status, error: failures.keep(lease, readError(error)) };
    }
    if (status !== 'done') {
      accepted(answer);
      throw new ShapeError('status');
    }
    return kept === ''
      ? { status }
      : { status, value: this.adopt(lease, asTuple(kept, 'value'), pathText(source)) };
  }

  private async evaluate(
    expression: string,
    output: ConsoleOutput,
    place: FramePlace | undefined,
  ): Promise<ConsoleOutcome> {
    if (readNamePath(expression) !== undefined) {
      try {
        return { status: 'done', value: await this.find(expression, undefined, place) };
      } catch (error) {
        // A property was asked for by its name.
        if (!isUnread(error) || this.options.isProduction()) {
          throw shownAsPath(error);
        }
      }
    }
    if (this.options.isProduction()) {
      throw watchedOnProductionError();
    }
    const [answer, lease] = await this.perform(output, (emit, runId) => [
      'evaluate',
      [expression, emit, runId, wirePlace(place)],
    ]);
    const [kept, error] = accepted(answer);
    return kept === null
      ? { status: 'error', error: readError(error) }
      : { status: 'done', value: this.adopt(lease, asTuple(kept, 'value'), pathText(expression)) };
  }

  private async find(
    path: string,
    signal: AbortSignal | undefined,
    place: FramePlace | undefined,
  ): Promise<ConsoleValue> {
    const steps = readNamePath(path);
    if (steps === undefined) {
      throw notAPathError();
    }
    const [answer, lease] = await this.question('look', [steps, wirePlace(place)], signal, ([number]) => [
      number,
    ]);
    return this.adopt(lease, answer, pathText(path));
  }

  private async wholeText(
    expression: string,
    output: ConsoleOutput,
    place: FramePlace | undefined,
  ): Promise<string> {
    if (this.options.isProduction() && readNamePath(expression) === undefined) {
      throw watchedOnProductionError();
    }
    const [answer] = await this.perform(output, (emit, runId) => [
      'text_of',
      [expression, emit, runId, COPY_LIMIT, wirePlace(place)],
    ]);
    const [text, error] = accepted(answer);
    if (error !== null) {
      const { typeName, message } = readError(error);
      throw new ProblemError({ code: 'ERR_REMOTE', message: `${typeName}: ${message}` });
    }
    return asLines(text, COPY_LIMIT);
  }

  private async completions(
    textBefore: string,
    signal: AbortSignal | undefined,
    place: FramePlace | undefined,
  ): Promise<Completions> {
    const asked = askedAt(textBefore);
    if (asked === undefined) {
      return NO_COMPLETIONS;
    }
    const live = await this.options.live();
    const { profileId } = this.options;
    const suggested = await live.complete({ profileId, before: textBefore, after: '' }, signal, {
      builtins: true,
      place: wirePlace(place),
    });
    const found = (suggested?.found ?? []).map(({ name, kind, text }) => ({
      name,
      kind,
      ...(asked.what === 'keys' ? { text: `${text}]` } : {}),
    }));
    const keywords =
      asked.what === 'names' && asked.prefix !== ''
        ? PYTHON_KEYWORDS.filter((word) => word.startsWith(asked.prefix))
        : [];
    return {
      typed: asked.prefix.length,
      found: [...found, ...keywords.map((name) => ({ name, kind: 'keyword' as const }))],
    };
  }

  private async take(kind: SnapshotKind, failure = 0): Promise<Snapshot> {
    const [[number, threads]] = await this.question('snapshot', [kind, failure], undefined, ([held]) => [
      held,
    ]).catch((error: unknown) => {
      throw shownAsPath(error);
    });
    return {
      number: asCount(number, 'number'),
      threads: asTuple(threads, 'list of threads')
        .slice(0, MAX_THREADS)
        .map((thread) => {
          const [name, count, told] = asTuple(thread, 'thread');
          return {
            name: asLine(name, TextLimit.name),
            count: Math.min(asCount(count, 'count'), MAX_FRAMES),
            told: asLines(told, MAX_TRACEBACK),
          };
        }),
    };
  }

  private async frameScopes(place: FramePlace): Promise<readonly ConsoleScope[]> {
    const [[locals, globals], lease] = await this.question(
      'frame_names',
      [wirePlace(place)],
      undefined,
      (numbers) => numbers,
    );
    const scope = (name: string, held: unknown, expensive: boolean): ConsoleScope => {
      const facts = rootFacts('console', 'namespace', { name, typeName: '', value: '' });
      const node = this.options.tree.adopt(lease, {
        facts,
        held: { kind: 'number', number: asCount(held, 'number') },
      });
      return { name, node, expensive };
    };
    return [scope('Locals', locals, false), scope('Globals', globals, true)];
  }

  private async fileStates(files: readonly string[]): Promise<readonly string[]> {
    const asked = files.slice(0, MAX_FILES);
    const [[states]] = await this.question('file_states', [asked]);
    return asTuple(states, 'list of files').map((state) => asText(state, 'file').slice(0, TextLimit.name));
  }

  private async fileText(path: string): Promise<string> {
    const [[, , text]] = await this.question('file_text', [path]);
    return asLines(text, MAX_FILE);
  }

  /** Tells the helper something of which nothing is answered. */
  private async ask(method: string, args: readonly unknown[]): Promise<void> {
    const lease = await this.options.lend(this.options.profileId, 'explore');
    try {
      await this.agentOf(lease).ask(method, args);
    } finally {
      lease.dispose();
    }
  }

  /** Something that runs the user's code: on the connection for runs, with its output told, and to be interrupted. */
  private async perform(output: ConsoleOutput, work: Work): Promise<readonly [unknown, Lease]> {
    const { profileId, lend, runs } = this.options;
    const runId = CONSOLE_RUN + randomUUID();
    const progress = runs.add(runId);
    this.running.set(runId, 0);
    let over = false;
    const emit: EmitOutput = (pieces, dropped) => {
      for (const printed of over ? [] : outputsOf(runId, pieces, dropped, printedInColours)) {
        output(printed);
      }
    };
    try {
      const lease = await lend(profileId, 'run', progress.waiting);
      try {
        progress.begin(lease);
        const editor = this.options.lentTo?.(lease.connection) ?? null;
        const [method, args] = work(emit, runId, progress.input.ask, editor);
        return [await progress.perform(this.agentOf(lease), method, args, emit), lease];
      } finally {
        lease.dispose();
      }
    } finally {
      over = true;
      this.running.delete(runId);
      progress.dispose();
    }
  }

  /**
   * Asks the helper, and waits for it no longer than the signal lets.
   *
   * @param held numbers in the parts of the answer under which objects are held: they go where nobody waits for them
   */
  private async question(
    method: string,
    args: readonly unknown[],
    signal?: AbortSignal,
    held: (parts: readonly unknown[]) => readonly unknown[] = () => [],
  ): Promise<readonly [readonly unknown[], Lease]> {
    const { profileId, lend } = this.options;
    const lease = await lend(profileId, 'explore', signal);
    try {
      // Taken in even when it is late: what it holds would stay else.
      const answer = this.agentOf(lease).ask(method, args, ENDLESS).then(accepted);
      try {
        return [await inTime(answer, signal), lease];
      } catch (error) {
        answer.then(
          (late) => this.giveBack(held(late)),
          () => undefined,
        );
        throw error;
      }
    } finally {
      lease.dispose();
    }
  }

  private giveBack(numbers: readonly unknown[]): void {
    const known = numbers.filter((number) => typeof number === 'number' && number > 0);
    if (known.length > 0) {
      this.ask('release', [known]).catch(() => undefined);
    }
  }

  /** A wrong answer and the loss of the connection become sentences. */
  private async told<T>(work: () => Promise<T>): Promise<T> {
    const { label } = this.options;
    try {
      return await work();
    } catch (error) {
      if (error instanceof ShapeError) {
        throw new ProblemError(badAnswer(label, error.message), { cause: error });
      }
      const isLoss =
        error instanceof RpycError && !(error instanceof RemoteError) && !(error instanceof RequestAborted);
      throw isLoss ? lostMeanwhile(label, `${error.code}: ${error.message}`) : error;
    }
  }

  private agentOf({ agent }: Lease): Agent {
    if (agent === undefined) {
      throw new ProblemError(notClassic(this.options.label));
    }
    return agent;
  }

  /** `(number or 0, row, text)` of the helper as a row that can be opened. */
  private adopt(lease: Lease, kept: readonly unknown[], expression: string | undefined): ConsoleValue {
    const [number, row, text] = kept;
    const facts = readRow(row);
    const held = asCount(number, 'number');
    const node: ObjectNode = this.options.tree.adopt(
      lease,
      { facts, ...(held === 0 ? {} : { held: { kind: 'number', number: held } }) },
      expression,
    );
    const shown = asLines(text, RESULT_LIMIT);
    return { node, text: shown === '' ? facts.value : facts.kind === 'none' ? '' : shown };
  }
}

/** A frame as it travels to the helper. */
function wirePlace(place: FramePlace | undefined): readonly number[] | null {
  return place === undefined ? null : [place.snapshot, place.thread, place.frame];
}

/** What was typed, where going there again runs nothing. */
function pathText(source: string): string | undefined {
  const steps: readonly NameStep[] | undefined = readNamePath(source);
  return steps === undefined ? undefined : source.trim();
}

function isUnread(error: unknown): boolean {
  return error instanceof ProblemError && error.problem.code === 'ERR_UNREAD';
}

/** Where a path ended early, what the helper says of it is more to the point than what holds for rows of the tree. */
function shownAsPath(error: unknown): unknown {
  const isEarly = error instanceof ProblemError && ['ERR_GONE', 'ERR_UNREAD'].includes(error.problem.code);
  return isEarly && error.problem.detail !== undefined ? pathEndsError(error.problem) : error;
}
