import type { DebugProtocol } from '@vscode/debugprotocol';

import type { ConnectionState } from '../api/model';
import { ClassicConsole, type ClassicConsoleOptions } from '../features/console/classicConsole';
import { ServiceConsole } from '../features/console/serviceConsole';
import {
  type ConsoleOutcome,
  type ConsoleOutput,
  type ConsoleValue,
  type FramePlace,
  type RemoteConsole,
} from '../features/console/remoteConsole';
import type { ObjectTree } from '../features/inspect/objectTree';
import type { LiveFeatures } from '../features/live/liveFeatures';
import type { ConnectionPool } from '../features/pool/connectionPool';
import { ProblemCode, ProblemError, cancelled, notConnected } from '../features/problem';
import type { Failures } from '../features/run/failures';
import type { RunsInProgress } from '../features/run/runsInProgress';
import { Dispatcher, type Handler, type Reply, ShownError } from './dispatcher';
import { Sources } from './sources';
import { Stacks, THREAD } from './stacks';
import { type StandingParts, standAtFailure, standAtThreads } from './standing';
import { CONSOLE_GROUP, Variables } from './variables';
import {
  NOT_KEPT,
  completionType,
  errorText,
  greeting,
  mappingsOf,
  nothingStopped,
  unverified,
} from './words';

/** The parts of the process that a session works with. */
export interface DebugSessionParts {
  readonly pool: ConnectionPool;
  readonly tree: ObjectTree;
  readonly runs: RunsInProgress;
  readonly failures: Failures;
  /** What completes a text from live objects. */
  readonly live: () => Promise<LiveFeatures>;
  readonly lentTo?: ClassicConsoleOptions['lentTo'];
}

/** What the attach request holds beside what the protocol has. */
export interface AttachArguments extends DebugProtocol.AttachRequestArguments {
  /** Id of the profile. It is connected. */
  readonly connection?: unknown;
  /** Where the files of the peer are here. */
  readonly pathMappings?: unknown;
}

/** Something that runs for longer is shown as running, so that it can be paused. */
const RUNNING_MS = 500;

/** A request of our own: shows the frames of an error, or of all threads. */
const SNAPSHOT_REQUEST = 'rpycSnapshot';

interface SnapshotArguments {
  readonly kind?: unknown;
  /** Name of the error; the last one where there is none. */
  readonly failure?: unknown;
}

const CAPABILITIES: DebugProtocol.Capabilities = {
  supportsConfigurationDoneRequest: true,
  supportsEvaluateForHovers: true,
  supportsSetVariable: true,
  supportsSetExpression: true,
  supportsClipboardContext: true,
  supportsCompletionsRequest: true,
  completionTriggerCharacters: ['.', '[', '"', "'"],
  supportsANSIStyling: true,
  supportsCancelRequest: true,
  supportsExceptionInfoRequest: true,
  supportsDelayedStackTraceLoading: true,
};

interface Attached extends StandingParts {
  readonly sources: Sources;
  readonly stacks: Stacks;
}

/**
 * One debug session of the editor on one connection: what is typed in the Debug Console runs there, and the views show
 * its namespace. The program at the other end is never stopped.
 */
export class DebugSession {
  private readonly dispatcher: Dispatcher;
  private readonly variables: Variables;
  private readonly listener: { dispose(): void };
  private attached: Attached | undefined;
  private running = 0;
  private runningShown = false;
  private closed = false;

  /** @param send takes messages to the editor */
  constructor(
    private readonly parts: DebugSessionParts,
    send: (message: DebugProtocol.ProtocolMessage) => void,
  ) {
    this.variables = new Variables(parts.tree);
    this.dispatcher = new Dispatcher(this.handlers(), send);
    this.listener = parts.pool.onDidChangeState((state) => this.onState(state));
  }

  /** Takes one message of the editor. */
  handle(message: unknown): void {
    this.dispatcher.handle(message);
  }

  /** Lets go of everything that the session held at the peer; the connection stays as it is. */
  dispose(): void {
    if (!this.closed) {
      this.listener.dispose();
      if (this.attached !== undefined) {
        this.dropSnapshot();
        this.attached.console.dispose();
      }
      this.closed = true;
      this.dispatcher.abort(new ProblemError(cancelled()));
      this.variables.clear();
    }
  }

  private handlers(): ReadonlyMap<string, Handler> {
    const stopAgain: Handler = () => ({ after: () => this.tellStopped() });
    const nothing: Handler = () => ({ body: { breakpoints: [] } });
    return new Map<string, Handler>([
      ['initialize', () => ({ body: CAPABILITIES })],
      ['attach', (args: AttachArguments) => this.attach(args)],
      ['configurationDone', stopAgain],
      ['threads', () => ({ body: { threads: this.target.stacks.threads() } })],
      [
        'stackTrace',
        async (args: DebugProtocol.StackTraceArguments) => ({ body: await this.target.stacks.frames(args) }),
      ],
      ['scopes', (args: DebugProtocol.ScopesArguments) => this.scopes(args)],
      ['source', (args: DebugProtocol.SourceArguments) => this.source(args)],
      [SNAPSHOT_REQUEST, (args: SnapshotArguments) => this.takeSnapshot(args)],
      [
        'variables',
        async (args: DebugProtocol.VariablesArguments, signal) => ({
          body: { variables: await this.variables.parts(args, signal) },
        }),
      ],
      [
        'setVariable',
        async (args: DebugProtocol.SetVariableArguments, signal) => ({
          body: await this.variables.set(args, signal),
        }),
      ],
      ['setExpression', (args: DebugProtocol.SetExpressionArguments) => this.setExpression(args)],
      ['evaluate', (args: DebugProtocol.EvaluateArguments, signal) => this.evaluate(args, signal)],
      ['completions', (args: DebugProtocol.CompletionsArguments, signal) => this.complete(args, signal)],
      ['pause', () => this.pause()],
      ['exceptionInfo', () => this.exceptionInfo()],
      ['continue', () => this.goOn()],
      ['next', () => this.refuseStep()],
      ['stepIn', () => this.refuseStep()],
      ['stepOut', () => this.refuseStep()],
      ['setBreakpoints', (args: DebugProtocol.SetBreakpointsArguments) => unverified(args)],
      ['setFunctionBreakpoints', nothing],
      ['setExceptionBreakpoints', nothing],
      [
        'disconnect',
        () => {
          this.dispose();
          return {};
        },
      ],
    ]);
  }

  private get target(): Attached {
    if (this.attached === undefined || this.closed) {
      throw new ShownError('The session is not attached to a connection');
    }
    return this.attached;
  }

  private attach({ connection, pathMappings }: AttachArguments): Reply {
    const { pool, tree, runs, failures, live, lentTo } = this.parts;
    if (typeof connection !== 'string') {
      throw new ShownError('The attribute “connection” is missing: it is the id of a connection');
    }
    const { label } = pool.profile(connection);
    const { status, peer, generation } = pool.state(connection);
    if (status !== 'connected' || peer === undefined) {
      throw new ProblemError(notConnected(label));
    }
    const options = {
      profileId: connection,
      generation,
      label,
      lend: pool.lend.bind(pool),
      ...{ tree, runs, failures, live, lentTo },
      isProduction: () => pool.profile(connection).production === true,
    };
    const console: RemoteConsole =
      peer.service === 'classic' ? new ClassicConsole(options) : new ServiceConsole(options);
    const { snapshots } = console;
    const sources = new Sources({
      label,
      mappings: mappingsOf(pathMappings),
      states: (files) => snapshots?.fileStates(files) ?? Promise.resolve([]),
    });
    const stacks = new Stacks({
      label,
      sources,
      frames: (snapshot, thread, start, count) =>
        snapshots?.frames(snapshot, thread, start, count) ?? Promise.resolve([]),
    });
    this.attached = { profileId: connection, label, generation, console, failures, sources, stacks };
    return {
      after: () => {
        this.dispatcher.event('initialized');
        // The category `console` would have the colour of a warning.
        this.dispatcher.event('output', { category: 'stdout', output: `${greeting(peer, label)}\n` });
      },
    };
  }

  private async scopes({ frameId }: DebugProtocol.ScopesArguments): Promise<Reply> {
    const { console, stacks } = this.target;
    const place = stacks.placeOf(frameId);
    if (place === 'told') {
      this.variables.renew();
      return {
        body: { scopes: [{ name: 'Variables', expensive: false, ...this.variables.openNote(NOT_KEPT) }] },
      };
    }
    const scopes = await console.scopes(place);
    this.variables.renew();
    return {
      body: {
        scopes: scopes.map(({ name, node, parts, expensive }) => ({
          name,
          expensive,
          ...(node === undefined
            ? this.variables.openList(parts ?? [], this.variables.viewGroup)
            : this.variables.open(node, this.variables.viewGroup)),
        })),
      },
    };
  }

  private async evaluate(
    { expression, context, frameId }: DebugProtocol.EvaluateArguments,
    signal: AbortSignal,
  ): Promise<Reply> {
    const { console } = this.target;
    const place = this.placeOf(frameId);
    switch (context) {
      case 'hover':
        return this.shown(await console.look(expression, signal, place), this.variables.viewGroup);
      case 'clipboard':
        return { body: { result: await this.wholeText(expression, signal, place), variablesReference: 0 } };
      case 'watch':
      case 'variables':
        return this.outcome(await console.watch(expression, this.output, place), this.variables.viewGroup);
      default:
        return this.outcome(
          await this.whileRunning(console.run(expression, this.output, place)),
          CONSOLE_GROUP,
        );
    }
  }

  private async setExpression({
    expression,
    value,
    frameId,
  }: DebugProtocol.SetExpressionArguments): Promise<Reply> {
    const assigned = this.target.console.assign(expression, value, this.output, this.placeOf(frameId));
    const { body } = this.outcome(await this.whileRunning(assigned), this.variables.viewGroup);
    const { result, ...rest } = body as DebugProtocol.EvaluateResponse['body'];
    return { body: { value: result, ...rest } };
  }

  /** The row that is shown knows its object; what is not shown is evaluated, since it was asked for. */
  private async wholeText(
    expression: string,
    signal: AbortSignal,
    place: FramePlace | undefined,
  ): Promise<string> {
    const handle = this.variables.shownFor(expression);
    if (handle !== undefined) {
      try {
        return (await this.parts.tree.text(handle, Number.MAX_SAFE_INTEGER, signal)).text;
      } catch (error) {
        if (!(error instanceof ProblemError) || error.problem.code !== ProblemCode.stale) {
          throw error;
        }
      }
    }
    return this.target.console.text(expression, this.output, place);
  }

  private async complete(
    { text, column, line = 1, frameId }: DebugProtocol.CompletionsArguments,
    signal: AbortSignal,
  ): Promise<Reply> {
    const before = (text.split('\n')[line - 1] ?? text).slice(0, Math.max(column - 1, 0));
    const { typed, found } = await this.target.console.complete(before, signal, this.placeOf(frameId));
    const targets = found.map((completion, index) => ({
      label: completion.name,
      // Else the editor sorts by the label, and special names come before what is looked for.
      sortText: String(index).padStart(5, '0'),
      type: completionType(completion.kind),
      start: column - typed,
      length: typed,
      ...(completion.text === undefined ? {} : { text: completion.text }),
    }));
    return { body: { targets } };
  }

  /** Shows frames that stand still, until the user goes on. */
  private async takeSnapshot({ kind, failure }: SnapshotArguments): Promise<Reply> {
    const { target } = this;
    const name = typeof failure === 'string' ? failure : undefined;
    const { standing, note } =
      kind === 'stacks'
        ? { standing: await standAtThreads(target), note: undefined }
        : await standAtFailure(target, name);
    if (this.closed) {
      if (standing.snapshot !== undefined) {
        target.console.snapshots?.release(standing.snapshot);
      }
      throw new ProblemError(cancelled());
    }
    this.dropSnapshot();
    target.sources.renew();
    target.stacks.standing = standing;
    return {
      after: () => {
        if (note !== undefined) {
          this.dispatcher.event('output', { category: 'console', output: `${note}\n` });
        }
        this.tellStopped();
      },
    };
  }

  private goOn(): Reply {
    const { stacks, label } = this.target;
    if (stacks.standing === undefined) {
      throw new ShownError(nothingStopped(label));
    }
    return {
      after: () => {
        this.dropSnapshot();
        this.tellStopped();
      },
    };
  }

  private refuseStep(): never {
    const { stacks, label } = this.target;
    throw new ShownError(
      stacks.standing === undefined
        ? nothingStopped(label)
        : 'What is shown has ended or goes on by itself: choose a frame in the Call Stack, or press Continue to go back to the console.',
    );
  }

  private dropSnapshot(): void {
    const { console, stacks } = this.target;
    const snapshot = stacks.standing?.snapshot;
    stacks.standing = undefined;
    if (snapshot !== undefined) {
      console.snapshots?.release(snapshot);
    }
  }

  /** The frame whose names are used. @throws ShownError where it is known by a text only */
  private placeOf(frameId: number | undefined): FramePlace | undefined {
    const place = this.target.stacks.placeOf(frameId);
    if (place === 'told') {
      throw new ShownError(NOT_KEPT);
    }
    return place;
  }

  private exceptionInfo(): Reply {
    const { error } = this.target.stacks.standing ?? {};
    if (error === undefined) {
      throw new ShownError('No error is shown');
    }
    const { typeName, message, traceback } = error;
    return {
      body: {
        exceptionId: typeName.replace(/^(?:builtins|exceptions)\./, ''),
        description: message,
        breakMode: 'unhandled',
        details: { message, fullTypeName: typeName, stackTrace: traceback },
      },
    };
  }

  private async source({ source, sourceReference }: DebugProtocol.SourceArguments): Promise<Reply> {
    const { console, sources } = this.target;
    const file = sources.fileOf(source?.sourceReference ?? sourceReference);
    if (file === undefined || console.snapshots === undefined) {
      throw new ShownError('There is no such source');
    }
    return { body: { content: await console.snapshots.fileText(file), mimeType: 'text/x-python' } };
  }

  private async pause(): Promise<Reply> {
    const result = await this.target.console.interrupt();
    const place = result?.place;
    if (place !== undefined) {
      const text = `Asked to stop in ${place.name}, ${place.file}:${place.line}\n`;
      this.dispatcher.event('output', { category: 'console', output: text });
    }
    return result === undefined ? { after: () => this.tellStopped() } : {};
  }

  private readonly output: ConsoleOutput = ({ stream, text, dropped }) => {
    if (this.closed) {
      return;
    }
    if (dropped > 0) {
      const lost = `… ${dropped} characters were left out …\n`;
      this.dispatcher.event('output', { category: 'console', output: lost });
    }
    this.dispatcher.event('output', { category: stream, output: text });
  };

  /** While it takes longer the editor shows that something runs, and offers to pause it. */
  private async whileRunning<T>(work: Promise<T>): Promise<T> {
    this.running += 1;
    const timer = setTimeout(() => {
      if (!this.closed && !this.runningShown) {
        this.runningShown = true;
        this.dispatcher.event('continued', { threadId: THREAD, allThreadsContinued: true });
      }
    }, RUNNING_MS);
    try {
      return await work;
    } finally {
      clearTimeout(timer);
      this.running -= 1;
      if (this.running === 0 && this.runningShown) {
        this.tellStopped();
      }
    }
  }

  /** The editor shows variables of what stands still only. */
  private tellStopped(): void {
    if (this.closed || this.running > 0) {
      return;
    }
    this.runningShown = false;
    const standing = this.attached?.stacks.standing;
    const isFailure = standing?.kind === 'failure';
    const name = standing?.stacks[0]?.name ?? '';
    this.dispatcher.event('stopped', {
      reason: isFailure ? 'exception' : 'pause',
      description: isFailure ? name : standing === undefined ? 'Connected' : 'Shown as it stood',
      ...(isFailure ? { text: name } : {}),
      threadId: THREAD,
      allThreadsStopped: true,
    });
  }

  private outcome(outcome: ConsoleOutcome, group: number): Reply {
    if (outcome.status !== 'done') {
      throw new ShownError(errorText(outcome.error));
    }
    return outcome.value === undefined
      ? { body: { result: '', variablesReference: 0 } }
      : this.shown(outcome.value, group);
  }

  private shown({ text, node }: ConsoleValue, group: number): Reply {
    if (this.closed) {
      this.parts.tree.release([node.handle]);
      throw new ProblemError(cancelled());
    }
    return { body: { result: text, type: node.typeName, ...this.variables.open(node, group) } };
  }

  private onState({ profileId, generation, status, problem }: ConnectionState): void {
    const { attached } = this;
    const isOurs = attached?.profileId === profileId;
    if (!isOurs || this.closed || (status === 'connected' && generation === attached.generation)) {
      return;
    }
    const sentence = problem?.message ?? `“${attached.label}” was disconnected.`;
    this.dispatcher.event('output', { category: 'important', output: `${sentence}\n` });
    this.dispose();
    this.dispatcher.event('terminated');
  }
}
