import * as vscode from 'vscode';
import type { RunError, RunResult } from '../../server/src/api/model';
import { codeBlock, lineText, plainMarkdown } from './displayText';
import { moved } from './resultMarks';
import type { MarkedLines } from './resultMarks';
import { shortType } from './runOutput';
import type { RunValue } from './runValues';

const TEXT_LIMIT = 200;
const MESSAGE_LIMIT = 1000;
const TICK_MS = 1000;
/** A run that is shorter shows its result only: nothing that is drawn before delays it. */
const PENDING_MS = 100;
/** Links of our own stand in a hover of their own: only there are commands allowed, and nothing of a peer's is in it. */
const LINKS = [
  'rpyc.showLastError',
  'rpyc.showResult',
  'rpyc.exploreResult',
  'rpyc.copyResult',
  'rpyc.showOutput',
  'rpyc.clearResults',
  'rpyc.interruptRun',
  'rpyc.showSeveral',
  'rpyc.interruptSeveral',
];

/** Of these, those that are given the run and not its connection. */
const OF_RUN: ReadonlySet<string> = new Set(['rpyc.showResult', 'rpyc.exploreResult']);

/** What runs, and where in its document its result is to stand. */
export interface InlineRun {
  readonly runId: string;
  /** Undefined where it runs on several connections, which have a table. */
  readonly profileId: string | undefined;
  /** What the connection is called. */
  readonly label: string;
  readonly uri: vscode.Uri;
  /** As tracebacks name the document. */
  readonly fileName: string;
  readonly lines: MarkedLines;
}

type MarkKind = 'pending' | 'value' | 'error';

interface Mark {
  readonly run: InlineRun;
  readonly kind: MarkKind;
  lines: MarkedLines;
  readonly text: string;
  /** The whole value, or the whole traceback. */
  readonly full: string;
  readonly since: number;
  /** The lines through which the exception came, innermost last; each goes its own way when the text changes. */
  failed: readonly (MarkedLines | undefined)[];
  readonly message: string;
  /** Names the error for the debugger. */
  readonly failure?: string;
  /** What is held of the value while it is shown here. */
  readonly value?: RunValue;
  readonly use?: { dispose(): void };
}

/**
 * Results at the end of the code that gave them. They move with their lines, and go when these change; errors mark the
 * lines through which they came, and are listed among the problems.
 */
export class InlineResults implements vscode.Disposable {
  private readonly marks = new Map<string, readonly Mark[]>();
  private readonly styles: Readonly<Record<MarkKind, vscode.TextEditorDecorationType>>;
  private readonly failedLine: vscode.TextEditorDecorationType;
  private readonly problems = vscode.languages.createDiagnosticCollection('rpyc');
  private readonly listeners: vscode.Disposable;
  private ticking: ReturnType<typeof setInterval> | undefined;
  private readonly delays = new Set<ReturnType<typeof setTimeout>>();
  private toldKey: boolean | undefined;

  /** @param forget told of errors to which nobody can go back from here */
  constructor(private readonly forget: (failures: readonly string[]) => void) {
    this.styles = {
      pending: styleOf('rpyc.runningForeground'),
      value: styleOf('rpyc.resultForeground'),
      error: styleOf('rpyc.errorForeground'),
    };
    this.failedLine = vscode.window.createTextEditorDecorationType({
      isWholeLine: true,
      backgroundColor: new vscode.ThemeColor('rpyc.failedLineBackground'),
      // Themes of high contrast tell by borders what others tell by backgrounds.
      borderStyle: 'dashed',
      borderWidth: '1px',
      borderColor: new vscode.ThemeColor('rpyc.failedLineBorder'),
      overviewRulerColor: new vscode.ThemeColor('rpyc.errorForeground'),
      overviewRulerLane: vscode.OverviewRulerLane.Right,
    });
    this.listeners = vscode.Disposable.from(
      vscode.languages.registerCodeActionsProvider(
        { language: 'python' },
        { provideCodeActions: ({ uri }, { start, end }) => this.actions(uri, start.line, end.line) },
        { providedCodeActionKinds: [vscode.CodeActionKind.QuickFix] },
      ),
      vscode.workspace.onDidChangeTextDocument((event) => this.edited(event)),
      vscode.workspace.onDidCloseTextDocument(({ uri }) => this.clear(uri)),
      vscode.window.onDidChangeVisibleTextEditors((editors) => editors.forEach((one) => this.draw(one))),
      vscode.window.onDidChangeActiveTextEditor(() => this.tellKey()),
    );
  }

  /** A run begins: what its lines showed goes, and its time is shown. */
  begin(run: InlineRun): void {
    const before = this.of(run.uri);
    const others = before.filter(({ lines }) => !overlap(lines, run.lines));
    this.forgetAll(before.filter((mark) => !others.includes(mark)));
    const mark = { run, lines: run.lines, since: Date.now(), failed: [], message: '', full: '', text: '' };
    this.marks.set(run.uri.toString(), [...others, { ...mark, kind: 'pending' }]);
    this.ticking ??= setInterval(() => this.tick(), TICK_MS);
    const delay = setTimeout(() => {
      this.delays.delete(delay);
      this.set(run.uri, this.of(run.uri));
    }, PENDING_MS);
    this.delays.add(delay);
  }

  /**
   * The run is over. Without a result it was lost, and its output says so.
   *
   * @param text stands there in place of the value or the exception
   */
  end(runId: string, result: RunResult | undefined, text?: string, value?: RunValue): void {
    for (const [key, marks] of this.marks) {
      const pending = marks.find(({ run, kind }) => run.runId === runId && kind === 'pending');
      if (pending !== undefined) {
        const others = marks.filter((mark) => mark !== pending);
        const mark = result === undefined ? undefined : finished(pending, result, text);
        const held = mark === undefined || value === undefined ? {} : { value, use: value.use() };
        this.set(
          vscode.Uri.parse(key, true),
          mark === undefined ? others : [...others, { ...mark, ...held }],
        );
      }
    }
  }

  /** Takes away what a document shows, or all of it. What still runs stays. */
  clear(uri: vscode.Uri): void {
    const isOpen = vscode.workspace.textDocuments.some((one) => one.uri.toString() === uri.toString());
    const before = this.of(uri);
    const kept = before.filter(({ kind }) => isOpen && kind === 'pending');
    this.forgetAll(before.filter((mark) => !kept.includes(mark)));
    this.set(uri, kept);
  }

  /** The whole text of the result at a line, or of the last one of the document. */
  textAt(uri: vscode.Uri, line: number): string | undefined {
    const marks = this.of(uri).filter(({ kind }) => kind !== 'pending');
    return (markAt(marks, line) ?? marks.at(-1))?.full;
  }

  /** The run whose result stands at a line. */
  runAt(uri: vscode.Uri, line: number): string | undefined {
    return markAt(this.of(uri), line)?.run.runId;
  }

  /** What is shown in a document now, by zero-based line, for tests. */
  shown(
    uri: vscode.Uri,
  ): readonly { readonly line: number; readonly text: string; readonly kind: MarkKind }[] {
    return this.of(uri).map((mark) => ({ line: mark.lines.lastLine, text: textOf(mark), kind: mark.kind }));
  }

  dispose(): void {
    clearInterval(this.ticking);
    this.delays.forEach((delay) => clearTimeout(delay));
    this.listeners.dispose();
    this.problems.dispose();
    this.failedLine.dispose();
    for (const style of Object.values(this.styles)) {
      style.dispose();
    }
    for (const { use } of [...this.marks.values()].flat()) {
      use?.dispose();
    }
  }

  private forgetAll(marks: readonly Mark[]): void {
    marks.forEach(({ use }) => use?.dispose());
    const failures = marks.flatMap(({ failure }) => failure ?? []);
    if (failures.length > 0) {
      this.forget(failures);
    }
  }

  /** What the light bulb offers on lines through which an error came. */
  private actions(uri: vscode.Uri, start: number, end: number): vscode.CodeAction[] {
    const here = ({ startLine, lastLine }: MarkedLines): boolean => startLine <= end && start <= lastLine;
    return this.of(uri).flatMap(({ failed, failure, run }) => {
      if (failure === undefined || !failed.some((lines) => lines !== undefined && here(lines))) {
        return [];
      }
      const title = vscode.l10n.t('Open in Debugger');
      const action = new vscode.CodeAction(title, vscode.CodeActionKind.QuickFix);
      action.command = { command: 'rpyc.showLastError', title, arguments: [run.profileId, failure] };
      return [action];
    });
  }

  private of(uri: vscode.Uri): readonly Mark[] {
    return this.marks.get(uri.toString()) ?? [];
  }

  private set(uri: vscode.Uri, marks: readonly Mark[]): void {
    const gone = this.of(uri).filter(({ use }) => !marks.some((mark) => mark.use === use));
    if (marks.length === 0) {
      this.marks.delete(uri.toString());
    } else {
      this.marks.set(uri.toString(), marks);
    }
    if (![...this.marks.values()].flat().some(({ kind }) => kind === 'pending')) {
      clearInterval(this.ticking);
      this.ticking = undefined;
    }
    this.redraw(uri);
    this.problems.set(uri, marks.flatMap(diagnosticsOf));
    this.tellKey();
    gone.forEach(({ use }) => use?.dispose());
  }

  private edited({ document, contentChanges }: vscode.TextDocumentChangeEvent): void {
    const before = this.of(document.uri);
    if (before.length === 0 || contentChanges.length === 0) {
      return;
    }
    let marks: readonly Mark[] = before;
    for (const { range, text } of contentChanges) {
      const change = {
        startLine: range.start.line,
        endLine: range.end.line,
        atLineStart: range.start.character === 0,
        insertedLines: text.split(/\r\n|\r|\n/).length - 1,
      };
      marks = marks.flatMap((mark) => {
        const lines = moved(mark.lines, change);
        const failed = mark.failed.map((one) => one && moved(one, change));
        return lines === undefined ? [] : [{ ...mark, lines, failed }];
      });
    }
    this.set(document.uri, marks);
  }

  private tick(): void {
    for (const [key, marks] of this.marks) {
      if (marks.some(({ kind }) => kind === 'pending')) {
        this.redraw(vscode.Uri.parse(key, true));
      }
    }
  }

  private redraw(uri: vscode.Uri): void {
    const key = uri.toString();
    for (const editor of vscode.window.visibleTextEditors) {
      if (editor.document.uri.toString() === key) {
        this.draw(editor);
      }
    }
  }

  private draw(editor: vscode.TextEditor): void {
    const { document } = editor;
    const marks = this.of(document.uri);
    for (const kind of ['pending', 'value', 'error'] as const) {
      editor.setDecorations(
        this.styles[kind],
        marks.filter((mark) => mark.kind === kind).map((mark) => decorationOf(mark, document)),
      );
    }
    const lines = marks.flatMap(({ failed }) => failed).filter((one) => one !== undefined);
    editor.setDecorations(
      this.failedLine,
      lines.map(({ startLine }) => wholeLine(startLine)),
    );
  }

  private tellKey(): void {
    const uri = vscode.window.activeTextEditor?.document.uri;
    const has = uri !== undefined && this.of(uri).some(({ kind }) => kind !== 'pending');
    if (has !== this.toldKey) {
      this.toldKey = has;
      void vscode.commands.executeCommand('setContext', 'rpyc:hasInlineResults', has);
    }
  }
}

function styleOf(color: string): vscode.TextEditorDecorationType {
  return vscode.window.createTextEditorDecorationType({
    after: { margin: '0 0 0 2em', color: new vscode.ThemeColor(color) },
    rangeBehavior: vscode.DecorationRangeBehavior.ClosedClosed,
  });
}

function markAt(marks: readonly Mark[], line: number): Mark | undefined {
  return marks.find(({ lines }) => lines.startLine <= line && line <= lines.lastLine);
}

function overlap(one: MarkedLines, other: MarkedLines): boolean {
  return one.startLine <= other.lastLine && other.startLine <= one.lastLine;
}

/** What stands in the place of a run that has ended; nothing where its output says it all. */
function finished(pending: Mark, result: RunResult, own: string | undefined): Mark | undefined {
  const given = own && lineText(own, TEXT_LIMIT);
  if (result.status === 'done') {
    const { value } = result;
    const told = value === undefined ? '✓' : `→ ${lineText(value, TEXT_LIMIT)}`;
    return { ...pending, kind: 'value', text: given ?? told, full: value ?? given ?? '' };
  }
  const { error } = result;
  if (error === undefined) {
    return undefined;
  }
  const message = messageOf(error);
  const failed = error.frames
    .filter(({ file }) => file === pending.run.fileName)
    .map(({ line }) => ({ startLine: Math.max(line - 1, 0), lastLine: Math.max(line - 1, 0) }));
  const stopped = result.status === 'interrupted';
  return {
    ...pending,
    kind: 'error',
    text: given ?? (stopped ? vscode.l10n.t('■ interrupted') : `✗ ${lineText(message, TEXT_LIMIT)}`),
    full: error.traceback,
    // That somebody stopped it is no fault of these lines.
    failed: stopped ? [] : failed,
    message: stopped ? '' : lineText(message, MESSAGE_LIMIT),
    ...(error.failure === undefined ? {} : { failure: error.failure }),
  };
}

function messageOf({ typeName, message }: RunError): string {
  return message === '' ? shortType(typeName) : `${shortType(typeName)}: ${message}`;
}

function textOf({ kind, text, since }: Mark): string {
  return kind === 'pending' ? vscode.l10n.t('running… {0} s', Math.floor((Date.now() - since) / 1000)) : text;
}

function decorationOf(mark: Mark, document: vscode.TextDocument): vscode.DecorationOptions {
  const line = document.lineAt(Math.min(mark.lines.lastLine, document.lineCount - 1));
  return {
    range: new vscode.Range(line.range.end, line.range.end),
    renderOptions: { after: { contentText: textOf(mark) } },
    hoverMessage: hoverOf(mark),
  };
}

function hoverOf({ kind, full, run, failure, value: held }: Mark): vscode.MarkdownString[] {
  const links = new vscode.MarkdownString();
  links.isTrusted = { enabledCommands: LINKS };
  const [interrupt, show, showTitle] =
    run.profileId === undefined
      ? ['rpyc.interruptSeveral', 'rpyc.showSeveral', vscode.l10n.t('Show Table')]
      : ['rpyc.interruptRun', 'rpyc.showOutput', vscode.l10n.t('Show Output')];
  const named = [
    ...(failure === undefined ? [] : [['rpyc.showLastError', vscode.l10n.t('Open in Debugger')]]),
    ...(kind === 'pending' ? [[interrupt, vscode.l10n.t('Interrupt')]] : []),
    ...(held?.parts?.shown === undefined ? [] : [['rpyc.showResult', vscode.l10n.t('Show')]]),
    ...(held?.parts?.value === undefined ? [] : [['rpyc.exploreResult', vscode.l10n.t('Explore in Tree')]]),
    ...(full === '' ? [] : [['rpyc.copyResult', vscode.l10n.t('Copy')]]),
    [show, showTitle],
    ...(kind === 'pending' ? [] : [['rpyc.clearResults', vscode.l10n.t('Clear')]]),
  ];
  const argumentsOf = (command: string): string => {
    const given = OF_RUN.has(command)
      ? [run.runId]
      : run.profileId === undefined
        ? []
        : [run.profileId, failure];
    return encodeURIComponent(JSON.stringify(given));
  };
  links.appendMarkdown(
    named
      .map(([command = '', title = '']) => `[${title}](command:${command}?${argumentsOf(command)})`)
      .join(' · '),
  );
  const where = new vscode.MarkdownString(plainMarkdown(vscode.l10n.t('On {0}', run.label)));
  const value = new vscode.MarkdownString(codeBlock(full, 'python'));
  return full === '' ? [where, links] : [value, where, links];
}

function diagnosticsOf({ failed, message, run }: Mark): vscode.Diagnostic[] {
  const lines = failed.filter((line) => line !== undefined);
  const innermost = lines.at(-1);
  if (innermost === undefined || message === '') {
    return [];
  }
  const diagnostic = new vscode.Diagnostic(wholeLine(innermost.startLine), message);
  diagnostic.source = `RPyC: ${lineText(run.label, TEXT_LIMIT)}`;
  diagnostic.relatedInformation = lines
    .slice(0, -1)
    .map(
      ({ startLine }) =>
        new vscode.DiagnosticRelatedInformation(
          new vscode.Location(run.uri, wholeLine(startLine)),
          vscode.l10n.t('called from here'),
        ),
    );
  return [diagnostic];
}

function wholeLine(line: number): vscode.Range {
  return new vscode.Range(line, 0, line, Number.MAX_SAFE_INTEGER);
}
