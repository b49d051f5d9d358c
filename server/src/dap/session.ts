import type { DebugProtocol } from '@vscode/debugprotocol';

import type { ConnectionState, PeerInfo, RunError } from '../api/model';
import { ClassicConsole } from '../features/console/classicConsole';
import { ServiceConsole } from '../features/console/serviceConsole';
import {
  type Completion,
  type ConsoleOutcome,
  type ConsoleOutput,
  type ConsoleValue,
  type FramePlace,
  type RemoteConsole,
} from '../features/console/remoteConsole';
import type { ObjectTree } from '../features/inspect/objectTree';
import type { ConnectionPool } from '../features/pool/connectionPool';
import { ProblemCode, ProblemError, cancelled, notClassic, notConnected } from '../features/problem';
import type { RunsInProgress } from '../features/run/runsInProgress';
import { Dispatcher, type Handler, type Reply, ShownError } from './dispatcher';
import { Stacks, THREAD } from './stacks';
import { CONSOLE_GROUP, Variables } from './variables';

/** The parts of the process that a session works with. */
export interface DebugSessionParts {
  readonly pool: ConnectionPool;
  readonly tree: ObjectTree;
  readonly runs: RunsInProgress;
}

/** What the attach request holds beside what the protocol has. */
export interface AttachArguments extends DebugProtocol.AttachRequestArguments {
  /** Id of the profile. It is connected. */
  readonly connection?: unknown;
}

/** Something that runs for longer is shown as running, so that it can be paused. */
const RUNNING_MS = 500;

/** A request of our own: shows the frames of the last error, or of all threads. */
const SNAPSHOT_REQUEST = 'rpycSnapshot';

interface SnapshotArguments {
  readonly kind?: unknown;
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
};

interface Attached {
  readonly profileId: string;
  readonly label: string;
  readonly generation: number;
  readonly console: RemoteConsole;
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
    const goOn: Handler = () => ({ after: () => this.leaveSnapshot() });
    const nothing: Handler = () => ({ body: { breakpoints: [] } });
    return new Map<string, Handler>([
      ['initialize', () => ({ body: CAPABILITIES })],
      ['attach', (args: AttachArguments) => this.attach(args)],
      ['configurationDone', stopAgain],
      ['threads', () => ({ body: { threads: this.target.stacks.threads() } })],
      [
        'stackTrace',
        (args: DebugProtocol.StackTraceArguments) => ({ body: this.target.stacks.frames(args) }),
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
      ['continue', goOn],
      ['next', stopAgain],
      ['stepIn', stopAgain],
      ['stepOut', stopAgain],
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

  private attach({ connection }: AttachArguments): Reply {
    const { pool, tree, runs } = this.parts;
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
      tree,
      runs,
      isProduction: () => pool.profile(connection).production === true,
    };
    const console = peer.service === 'classic' ? new ClassicConsole(options) : new ServiceConsole(options);
    this.attached = { profileId: connection, label, generation, console, stacks: new Stacks(label) };
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
    const scopes = await console.scopes(stacks.placeOf(frameId));
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
    const { console, stacks } = this.target;
    const place = stacks.placeOf(frameId);
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
    const { console, stacks } = this.target;
    const assigned = console.assign(expression, value, this.output, stacks.placeOf(frameId));
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
    const { console, stacks } = this.target;
    const { typed, found } = await console.complete(before, signal, stacks.placeOf(frameId));
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
  private async takeSnapshot({ kind }: SnapshotArguments): Promise<Reply> {
    const { console, stacks, label } = this.target;
    if (console.snapshots === undefined) {
      throw new ProblemError(notClassic(label));
    }
    const snapshot = await console.snapshots.take(kind === 'stacks' ? 'stacks' : 'failure');
    if (this.closed) {
      console.snapshots.release(snapshot);
    } else {
      this.dropSnapshot();
      stacks.snapshot = snapshot;
    }
    return { after: () => this.tellStopped() };
  }

  private leaveSnapshot(): void {
    this.dropSnapshot();
    this.tellStopped();
  }

  private dropSnapshot(): void {
    const { console, stacks } = this.target;
    if (stacks.snapshot !== undefined) {
      console.snapshots?.release(stacks.snapshot);
      stacks.snapshot = undefined;
    }
  }

  private async source({ source, sourceReference }: DebugProtocol.SourceArguments): Promise<Reply> {
    const { console, stacks } = this.target;
    const file = stacks.fileOf(source?.sourceReference ?? sourceReference);
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
    const snapshot = this.attached?.stacks.snapshot;
    const [only, ...others] = snapshot?.threads ?? [];
    const isFailure = only !== undefined && others.length === 0;
    this.dispatcher.event('stopped', {
      reason: isFailure ? 'exception' : 'pause',
      description: isFailure ? only.name : snapshot === undefined ? 'Connected' : 'Shown as it stood',
      ...(isFailure ? { text: only.name } : {}),
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

/** What a console says before anything is typed in it. */
function greeting({ service, pythonVersion }: PeerInfo, label: string): string {
  if (service !== 'classic') {
    return `“${label}”: expressions over root, its root service, such as root.name or row = root.table(3)[0].`;
  }
  const python = pythonVersion === undefined ? 'Python' : `Python ${pythonVersion}`;
  return `${python} of “${label}”: what you type runs in its namespace.`;
}

function errorText({ traceback, typeName, message }: RunError): string {
  return traceback === '' ? `${typeName}: ${message}` : traceback.trimEnd();
}

function unverified({ breakpoints = [] }: DebugProtocol.SetBreakpointsArguments): Reply {
  const message = 'A debug console stops nowhere';
  return { body: { breakpoints: breakpoints.map(({ line }) => ({ verified: false, line, message })) } };
}

function completionType(kind: Completion['kind']): DebugProtocol.CompletionItemType {
  switch (kind) {
    case 'keyword':
    case 'module':
    case 'class':
    case 'function':
    case 'method':
    case 'property':
      return kind;
    case 'exception':
      return 'class';
    default:
      return 'variable';
  }
}
