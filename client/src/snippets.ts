import * as vscode from 'vscode';
import { CONSOLE_RUN } from '../../server/src/api/debugging';
import { ForgetFailures, Run, RunInputWanted } from '../../server/src/api/messages';
import type { Problem, RunError, RunOutput, RunResult } from '../../server/src/api/model';
import type { Backend } from './backend';
import type { ConnectionPicker } from './connectionPicker';
import type { Connections } from './connections';
import { showInformation } from './messageBoxes';
import { BACKEND_LOST, isCancelled, problemOf, showProblem } from './problems';
import type { ProductionGuard } from './productionGuard';
import type { PastRun, RunHistory } from './runHistory';
import { RunChannel } from './runOutput';
import type { InlineResults, InlineRun } from './inlineResults';
import { RunValues } from './runValues';
import type { RunValue } from './runValues';
import { partToRun } from './runUnits';
import type { RunPart, RunUnit } from './runUnits';

const BOUND_KEY = 'connectionByDocument';
const BOUND_LIMIT = 200;
/** It waited for a connection, and somebody stopped it. */
export const CANCELLED = 'ERR_CANCELLED';

/** Code, where it stands, and the connection that it is for. */
export type RunnableCode = Pick<PastRun, 'profileId' | 'source' | 'fileName' | 'line'>;

/** A run that has not ended. */
interface OpenRun {
  readonly profileId: string;
  readonly channel: RunChannel;
  /** As `performance.now()` tells it. */
  readonly since: number;
  readonly printed?: ((output: RunOutput) => void) | undefined;
}

/** What becomes of one run, told to who started it. */
export interface RunTold {
  /** It is about to be sent. */
  readonly begun?: (runId: string) => void;
  readonly printed?: (output: RunOutput) => void;
  /** With what is held of its value, for as long as it is used; without a result it was lost. */
  readonly ended?: (runId: string, result: RunResult | undefined, value?: RunValue) => Promise<void>;
  /** Who started it tells this: no message does, and the output does not come up by itself. */
  readonly lost?: (problem: Problem) => void;
}

/** Runs Python from an editor on a connection, and shows what it prints while it prints it. */
export class Snippets implements vscode.Disposable {
  private readonly channels = new Map<string, RunChannel>();
  private readonly runs = new Map<string, OpenRun>();
  private readonly runsChanged = new vscode.EventEmitter<void>();
  private readonly lensesChanged = new vscode.EventEmitter<void>();
  private readonly runEnded = new vscode.EventEmitter<string>();
  private readonly valueGiven = new vscode.EventEmitter<RunValue>();
  private readonly listeners: vscode.Disposable;
  private lastRun = 0;
  private inputs = 0;
  private loadedInline: Promise<InlineResults> | undefined;

  readonly onDidChangeRuns = this.runsChanged.event;
  /** A run on this profile ended. */
  readonly onDidEndRun = this.runEnded.event;
  /** A run gave something that is held as long as somebody uses it, from then on. */
  readonly onDidGiveValue = this.valueGiven.event;
  /** What is held of the values of runs. */
  readonly values: RunValues;

  constructor(
    private readonly backend: Backend,
    private readonly connections: Connections,
    private readonly picker: ConnectionPicker,
    private readonly memory: vscode.Memento,
    private readonly production: ProductionGuard,
    readonly history: RunHistory,
  ) {
    this.values = new RunValues(backend);
    backend.answer(RunInputWanted, async (question, token) => {
      const run = this.runs.get(question.runId);
      const { askForLine } = await import(/* webpackChunkName: "runInput" */ './runInput.js');
      const isTyped = run === undefined && question.runId.startsWith(CONSOLE_RUN);
      const label = isTyped ? vscode.l10n.t('Debug Console') : connections.label(run?.profileId ?? '');
      if (run === undefined && !isTyped) {
        return null;
      }
      this.inputs += 1;
      this.runsChanged.fire();
      try {
        return await askForLine(question, label, token);
      } finally {
        this.inputs -= 1;
        this.runsChanged.fire();
      }
    });
    this.listeners = vscode.Disposable.from(
      backend.onDidProduceOutput((output) => this.produced(output)),
      connections.onDidChangeProfiles((gone) => this.dropChannels(gone)),
      vscode.languages.registerCodeLensProvider(
        { language: 'python' },
        {
          onDidChangeCodeLenses: this.lensesChanged.event,
          provideCodeLenses: (document) => this.lenses(document),
        },
      ),
    );
  }

  /** The connections on which something runs now. */
  get running(): readonly string[] {
    return [...new Set([...this.runs.values()].map((run) => run.profileId))];
  }

  /** Something waits for a line that the user types. */
  get waitsForInput(): boolean {
    return this.inputs > 0;
  }

  /** Whole seconds that the oldest run of all takes so far; 0 where none runs. */
  get seconds(): number {
    const now = performance.now();
    return Math.floor(Math.max(0, ...[...this.runs.values()].map(({ since }) => now - since)) / 1000);
  }

  /** What was started first on this profile and has not ended: a run, or a call of an object. */
  runOn(profileId: string): string | undefined {
    return [...this.runs].find(([, run]) => run.profileId === profileId)?.[0];
  }

  isOpen(runId: string): boolean {
    return this.runs.has(runId);
  }

  /** The end of each output channel, by profile. */
  get tails(): Readonly<Record<string, string>> {
    return Object.fromEntries([...this.channels].map(([profileId, channel]) => [profileId, channel.tail]));
  }

  /** Only above documents that have run on a connection: others are left to the editor's other extensions. */
  private async lenses(document: vscode.TextDocument): Promise<vscode.CodeLens[]> {
    const profileId = this.boundTo(document);
    const wanted = vscode.workspace.getConfiguration('rpyc').get<boolean>('run.codeLens', true);
    if (profileId === undefined || !wanted) {
      return [];
    }
    const { lensesOf } = await import(/* webpackChunkName: "cellLenses" */ './cellLenses.js');
    return lensesOf(document, this.connections.label(profileId));
  }

  /** Something was run on this profile, and its output is still there. */
  hasOutput(profileId: string): boolean {
    return this.channels.has(profileId);
  }

  /** The connection that a document has run on last, if it is still listed. */
  boundTo(document: vscode.TextDocument): string | undefined {
    const profileId: string | undefined = this.bound()[document.uri.toString()];
    return profileId === undefined || this.connections.entry(profileId) === undefined ? undefined : profileId;
  }

  /** The connections that texts have run on. */
  boundProfiles(): readonly string[] {
    return Object.values(this.bound());
  }

  /** The connection that a document would run on without a question; undefined where one would be asked. */
  targetOf(document: vscode.TextDocument): string | undefined {
    const bound = this.boundTo(document);
    if (bound !== undefined) {
      return bound;
    }
    const usable = this.picker.connectedForRuns();
    return usable.length === 1 ? usable[0] : undefined;
  }

  /**
   * Runs a part of the active document: the selection or the line of its cursor, the cell around it, or all of it.
   *
   * @param moveOn puts the cursor behind what is run
   * @param at zero-based line to take instead of the cursor's
   */
  async runPart(unit: RunUnit, moveOn: boolean, at?: number): Promise<void> {
    const taken = this.takePart(unit, at);
    if (taken === undefined) {
      return;
    }
    const { editor, part } = taken;
    const { document } = editor;
    const profileId = await this.connectionFor(document);
    if (profileId === undefined || !(await this.production.agrees(profileId, 'run', part.source))) {
      return;
    }
    if (moveOn && part.next !== undefined) {
      const cursor = new vscode.Position(part.next, 0);
      editor.selection = new vscode.Selection(cursor, cursor);
      editor.revealRange(new vscode.Range(cursor, cursor));
    }
    await this.runInEditor(profileId, document, part);
  }

  /** The part of the active document that is to run; without one the user is told why. */
  takePart(
    unit: RunUnit,
    at?: number,
  ): { readonly editor: vscode.TextEditor; readonly part: RunPart } | undefined {
    const editor = vscode.window.activeTextEditor;
    if (editor === undefined) {
      void showInformation(vscode.l10n.t('Open a Python file and put the cursor on the line to run.'));
      return undefined;
    }
    const { document, selection } = editor;
    const part = partToRun(
      document.getText().split(/\r\n|\r|\n/),
      {
        startLine: selection.start.line,
        startCharacter: selection.start.character,
        endLine: at ?? selection.end.line,
        endCharacter: selection.end.character,
      },
      unit,
    );
    if (part === undefined) {
      void showInformation(vscode.l10n.t('There is nothing to run on this line.'));
      return undefined;
    }
    return { editor, part };
  }

  /** Results in the text. Their code is loaded with the first run. */
  get inline(): Promise<InlineResults> | undefined {
    return this.loadedInline;
  }

  /** Lets the user choose on which connection the active document runs. */
  async chooseConnection(): Promise<void> {
    const document = vscode.window.activeTextEditor?.document;
    if (document === undefined) {
      void showInformation(vscode.l10n.t('Open the file first that is to run.'));
      return;
    }
    const profileId = await this.picker.pickForRuns();
    if (profileId !== undefined) {
      await this.bind(document, profileId);
    }
  }

  showOutput(profileId: string): void {
    this.channelOf(profileId).show();
  }

  /** An object is called: what it prints goes where runs print. @returns where its end is told */
  beginCall(profileId: string, callId: string, what: string): RunChannel {
    const channel = this.channelOf(profileId);
    channel.begin(what);
    this.runs.set(callId, { profileId, channel, since: performance.now() });
    this.runsChanged.fire();
    return channel;
  }

  /** The call is over, or nobody waits for it any more. */
  endCall(callId: string): void {
    const profileId = this.runs.get(callId)?.profileId;
    this.runs.delete(callId);
    this.runsChanged.fire();
    if (profileId !== undefined) {
      this.runEnded.fire(profileId);
    }
  }

  /** Writes what a change raised. */
  noteError(profileId: string, what: string, error: RunError): void {
    const channel = this.channelOf(profileId);
    channel.begin(what);
    channel.traceback(error);
    this.runsChanged.fire();
  }

  dispose(): void {
    this.listeners.dispose();
    void this.loadedInline?.then((inline) => inline.dispose());
    this.runsChanged.dispose();
    this.lensesChanged.dispose();
    this.runEnded.dispose();
    this.valueGiven.dispose();
    for (const channel of this.channels.values()) {
      channel.dispose();
    }
  }

  /** Runs what the history holds; its end is told where runs print. */
  async runAgain({ profileId, source, fileName, line }: PastRun): Promise<void> {
    await this.run({ profileId, source, fileName, line });
  }

  private async runInEditor(
    profileId: string,
    document: vscode.TextDocument,
    { source, line, lastLine }: RunPart,
  ): Promise<void> {
    const fileName = fileNameOf(document);
    const label = this.connections.label(profileId);
    const lines = { startLine: line, lastLine };
    let shown: ReturnType<Snippets['beginInText']> | undefined;
    const begun = (runId: string): void => {
      shown = this.beginInText({ runId, profileId, label, uri: document.uri, fileName, lines });
    };
    const ended: RunTold['ended'] = async (_runId, result, value) => shown?.(result, undefined, value);
    await this.run({ profileId, source, fileName, line }, { begun, ended });
  }

  /** Shows in the text that it runs. @returns shows how it ended; in words of its own, where there are any */
  beginInText(
    run: InlineRun,
  ): (result: RunResult | undefined, text?: string, value?: RunValue) => Promise<void> {
    const inline = this.loadInline();
    const begun = inline.then((one) => one.begin(run));
    return async (result, text, value) => {
      await begun.catch(() => undefined);
      (await inline).end(run.runId, result, text, value);
    };
  }

  /** Runs a source, writes what it prints to the output of its connection, and keeps it in the history. */
  async run(code: RunnableCode, told: RunTold = {}): Promise<void> {
    const { profileId, source, fileName, line } = code;
    const runId = `${Date.now()}-${++this.lastRun}`;
    const channel = this.channelOf(profileId);
    // It is on its way before anything of it is drawn.
    const answer = this.backend.request(Run, { profileId, runId, source, fileName, lineOffset: line });
    if (told.lost === undefined) {
      channel.show();
    }
    const title = `${vscode.workspace.asRelativePath(fileName.replace(/^untitled:/, ''))}:${line + 1}`;
    channel.begin(title);
    this.runs.set(runId, { profileId, channel, since: performance.now(), printed: told.printed });
    this.runsChanged.fire();
    told.begun?.(runId);
    const label = this.connections.label(profileId);
    let result: RunResult | undefined;
    try {
      result = await answer;
    } catch (error) {
      const problem = problemOf(error);
      const message = messageOfLost(problem, isCancelled(error));
      channel.lost(message);
      if (told.lost !== undefined) {
        told.lost({ ...problem, message });
      } else if (problem.code !== CANCELLED) {
        // Not awaited: the run is over, whenever the message is closed.
        void showProblem({ ...problem, message });
      }
    }
    try {
      // What the user waits for comes first.
      await (result === undefined
        ? told.ended?.(runId, result)
        : this.tell({ runId, profileId, title }, result, told));
      if (result !== undefined) {
        channel.end(result);
        await this.history.add(pastRun(code, label, result));
      }
    } finally {
      this.runs.delete(runId);
      this.runsChanged.fire();
      this.runEnded.fire(profileId);
    }
  }

  /** Tells the result, and holds its value at least until all who want it have it. */
  private async tell(
    run: Pick<RunValue, 'runId' | 'profileId' | 'title'>,
    result: RunResult,
    { ended, lost }: RunTold,
  ): Promise<void> {
    const { held } = result;
    const value = held && this.values.add({ ...run, held });
    const use = value?.use();
    try {
      await ended?.(run.runId, result, value);
      // Who shows several runs shows their values, too.
      if (value !== undefined && lost === undefined) {
        this.valueGiven.fire(value);
      }
    } finally {
      use?.dispose();
    }
  }

  private loadInline(): Promise<InlineResults> {
    this.loadedInline ??= import(/* webpackChunkName: "inlineResults" */ './inlineResults.js').then(
      ({ InlineResults: Loaded }) =>
        new Loaded((failures) => this.backend.notify(ForgetFailures, { failures })),
    );
    return this.loadedInline;
  }

  /** The connection that the document ran on last, else the only one there is, else the one the user picks. */
  private async connectionFor(document: vscode.TextDocument): Promise<string | undefined> {
    const profileId = this.targetOf(document) ?? (await this.picker.pickForRuns());
    if (profileId === undefined || !(await this.picker.connect(profileId))) {
      return undefined;
    }
    await this.bind(document, profileId);
    return profileId;
  }

  private bound(): Readonly<Record<string, string>> {
    return this.memory.get<Record<string, string>>(BOUND_KEY) ?? {};
  }

  /** Has the document run on this connection from now on. */
  async bind(document: vscode.TextDocument, profileId: string): Promise<void> {
    const uri = document.uri.toString();
    if (this.bound()[uri] === profileId) {
      return;
    }
    const others = Object.entries(this.bound()).filter(([known]) => known !== uri);
    const kept = [...others, [uri, profileId] as const].slice(-BOUND_LIMIT);
    await this.memory.update(BOUND_KEY, Object.fromEntries(kept));
    this.runsChanged.fire();
    this.lensesChanged.fire();
  }

  private produced(output: RunOutput): void {
    const run = this.runs.get(output.runId);
    run?.channel.print(output);
    run?.printed?.(output);
  }

  private channelOf(profileId: string): RunChannel {
    const label = this.connections.label(profileId);
    let channel = this.channels.get(profileId);
    const isOld = channel?.label !== label;
    // A run that goes on keeps its channel, whatever the connection is called by now.
    if (channel === undefined || (isOld && !this.isInUse(channel))) {
      channel?.dispose();
      channel = new RunChannel(label);
      this.channels.set(profileId, channel);
    }
    return channel;
  }

  private isInUse(channel: RunChannel): boolean {
    return [...this.runs.values()].some((run) => run.channel === channel);
  }

  private dropChannels(profileIds: readonly string[]): void {
    for (const profileId of profileIds) {
      this.channels.get(profileId)?.dispose();
      this.channels.delete(profileId);
    }
    this.runsChanged.fire();
    this.lensesChanged.fire();
  }
}

function messageOfLost({ code, message }: Problem, cancelled: boolean): string {
  if (code === CANCELLED) {
    return vscode.l10n.t('It was stopped before it had begun.');
  }
  return code === BACKEND_LOST || cancelled
    ? vscode.l10n.t('The run was lost with the background process. It is not repeated by itself.')
    : message;
}

/** As tracebacks name it. */
export function fileNameOf({ uri }: vscode.TextDocument): string {
  return uri.scheme === 'file' ? uri.fsPath : uri.toString(true);
}

function pastRun(code: RunnableCode, label: string, result: RunResult): PastRun {
  const { runId, status, value = '', error, elapsedMs } = result;
  const outcome = status === 'done' ? value : (error?.typeName ?? status);
  return { ...code, id: runId, label, at: Date.now(), elapsedMs, status, outcome };
}
