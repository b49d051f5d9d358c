/** Runs code on several connections at once, and shows one table of what became of it. Loaded when that is first done. */
import * as vscode from 'vscode';
import type { RunResult } from '../../server/src/api/model';
import type { FleetCommandId } from './commandIds';
import type { Connections } from './connections';
import type { ConnectionsView } from './connectionsView';
import { exported } from './fleetExport';
import type { ExportFormat } from './fleetExport';
import { failedLine, isOver, resultKey } from './fleetModel';
import type { FleetRow } from './fleetModel';
import { FleetPanel } from './fleetPanel';
import type { FleetPanelActions } from './fleetPanel';
import { FleetPicker } from './fleetPicker';
import { FleetRun } from './fleetRun';
import type { FleetRunParts } from './fleetRun';
import { exportedRows, inlineText, rowView, tableView, wholeOutput, wholeResult } from './fleetText';
import type { RowAction, RowView, TableView } from './fleetText';
import { showInformation } from './messageBoxes';
import { openFailure, problemOf, showProblem } from './problems';
import type { ProductionGuard } from './productionGuard';
import type { RemoteDocuments } from './remoteDocuments';
import { shortType } from './runOutput';
import type { RunPart, RunUnit } from './runUnits';
import { showInTree } from './showInTree';
import { fileNameOf } from './snippets';

const HINT_MS = 3000;

export interface FleetParts extends FleetRunParts {
  readonly connections: Connections;
  readonly production: ProductionGuard;
  readonly documents: RemoteDocuments;
  readonly view: ConnectionsView;
  readonly memory: vscode.Memento;
  readonly extensionUri: vscode.Uri;
}

/** The newest table, for tests. */
export interface FleetSnapshot {
  readonly table: TableView;
  readonly rows: readonly RowView[];
  readonly isShown: boolean;
}

/** One run, the place in the text that it came from, and its table where that is open. */
interface Shown {
  readonly run: FleetRun;
  panel: FleetPanel | undefined;
}

const UNITS: Partial<Record<FleetCommandId, RunUnit>> = {
  'rpyc.runSelectionOnSeveral': 'selection',
  'rpyc.runCellOnSeveral': 'cell',
  'rpyc.runFileOnSeveral': 'file',
};

export class FleetRuns implements vscode.Disposable, FleetPanelActions {
  private readonly picker: FleetPicker;
  /** The newest last. */
  private shown: readonly Shown[] = [];
  private lastRun = 0;
  private isDisposed = false;

  constructor(private readonly parts: FleetParts) {
    this.picker = new FleetPicker(parts.connections, parts.memory);
  }

  /** Carries out one of the commands. @param given ids of profiles, by a keybinding or another extension */
  async command(id: FleetCommandId, given: unknown): Promise<void> {
    const unit = UNITS[id];
    if (unit !== undefined) {
      return this.begin(unit, given);
    }
    const newest = this.newest;
    if (newest === undefined) {
      void showInformation(vscode.l10n.t('Nothing has run on several connections in this window yet.'));
    } else if (id === 'rpyc.showSeveral') {
      this.open(newest, false);
    } else if (id === 'rpyc.interruptSeveral') {
      const open = this.shown.filter(({ run }) => !run.isOver);
      if (open.length === 0) {
        void showInformation(vscode.l10n.t('Nothing that was started here is running.'));
      }
      await Promise.all(open.map(({ run }) => run.interrupt()));
    } else {
      await this.runAgain(newest.run);
    }
  }

  async interruptAll(run: FleetRun): Promise<void> {
    await run.interrupt();
  }

  async runAgain(run: FleetRun): Promise<void> {
    await this.again(
      run,
      run.model.again.map(({ profileId }) => profileId),
    );
  }

  async copy(run: FleetRun, format: ExportFormat): Promise<void> {
    const { progress, summary } = tableView(run.model);
    const head = [progress, summary].filter(Boolean).join(' · ');
    await vscode.env.clipboard.writeText(exported(exportedRows(run.model, run.code.fileName), head, format));
    vscode.window.setStatusBarMessage(`$(check) ${vscode.l10n.t('Copied')}`, HINT_MS);
  }

  async row(run: FleetRun, action: RowAction, profileId: string): Promise<void> {
    try {
      await this.act(run, action, profileId);
    } catch (error) {
      void showProblem(problemOf(error));
    }
  }

  /** Runs go on without their table, and the user is told so. */
  closed(run: FleetRun): void {
    const one = this.shown.find((shown) => shown.run === run);
    if (one === undefined) {
      return;
    }
    one.panel = undefined;
    if (!run.isOver && !this.isDisposed) {
      void this.tellOfOpen(one);
    }
  }

  snapshot(): FleetSnapshot | undefined {
    const newest = this.newest;
    if (newest === undefined) {
      return undefined;
    }
    const { model, code } = newest.run;
    const comparison = model.compare();
    return {
      table: tableView(model, comparison),
      rows: model.rows.map((row) => rowView(model, row, comparison, code.fileName)),
      isShown: newest.panel !== undefined,
    };
  }

  dispose(): void {
    this.isDisposed = true;
    for (const { run, panel } of this.shown) {
      panel?.dispose();
      run.dispose();
    }
    this.shown = [];
  }

  private get newest(): Shown | undefined {
    return this.shown.at(-1);
  }

  private async begin(unit: RunUnit, given: unknown): Promise<void> {
    const { connections, production, snippets } = this.parts;
    const taken = snippets.takePart(unit);
    if (taken === undefined) {
      return;
    }
    const { document } = taken.editor;
    const { part } = taken;
    const wanted = idsOf(given)?.filter((id) => this.picker.usable.includes(id));
    const chosen = wanted ?? (await this.picker.pick(document.uri));
    if (chosen === undefined || chosen.length === 0) {
      return;
    }
    const agreed = await production.agreesForAll(chosen, part.source);
    if (agreed === undefined || agreed.length === 0) {
      return;
    }
    await this.picker.remember(document.uri, chosen);
    const code = { source: part.source, fileName: fileNameOf(document), line: part.line };
    const targets = agreed.map((profileId) => ({
      profileId,
      label: connections.label(profileId),
      production: production.isProduction(profileId),
    }));
    const run = new FleetRun(this.parts, code, targets);
    this.showInText(run, document, part);
    const shown = { run, panel: this.freePanel() };
    this.shown = [...this.shown.filter((one) => this.isKept(one)), shown];
    this.open(shown, true);
    run.start();
  }

  /** The table of a run that is over makes room for the next one. */
  private freePanel(): FleetPanel | undefined {
    const free = this.shown.find(({ run, panel }) => run.isOver && panel !== undefined);
    const panel = free?.panel;
    if (free !== undefined) {
      free.panel = undefined;
    }
    return panel;
  }

  /** What is over and not shown is not needed any more, when there is a newer one. */
  private isKept({ run, panel }: Shown): boolean {
    const isKept = panel !== undefined || !run.isOver;
    if (!isKept) {
      run.dispose();
    }
    return isKept;
  }

  private open(shown: Shown, preserveFocus: boolean): void {
    if (shown.panel === undefined) {
      shown.panel = new FleetPanel(this.parts.extensionUri, this, shown.run);
    } else if (shown.panel.current !== shown.run) {
      shown.panel.show(shown.run);
    }
    shown.panel.reveal(preserveFocus);
  }

  private async tellOfOpen(shown: Shown): Promise<void> {
    const show = vscode.l10n.t('Show Table');
    const interrupt = vscode.l10n.t('Interrupt All');
    const { model } = shown.run;
    const message = vscode.l10n.t(
      'The table is closed, and the code goes on: it has not ended on {0} of {1} connections.',
      model.open.length,
      model.rows.length,
    );
    const choice = await showInformation(message, show, interrupt);
    if (this.isDisposed) {
      return;
    }
    if (choice === show) {
      this.open(shown, false);
    } else if (choice === interrupt) {
      await shown.run.interrupt();
    }
  }

  /** One result for all of them at the end of the code; the table has each of them. */
  private showInText(run: FleetRun, document: vscode.TextDocument, { line, lastLine }: RunPart): void {
    const { fileName } = run.code;
    const { uri, version } = document;
    const runId = `several-${++this.lastRun}`;
    const label = vscode.l10n.t('{0} connections', run.model.rows.length);
    const lines = { startLine: line, lastLine };
    let end: ((result: RunResult | undefined, text?: string) => Promise<void>) | undefined;
    run.onDidChange(() => {
      // Run again, it is shown again, where its lines are still what they were.
      if (!run.isOver && document.version === version) {
        end ??= this.parts.snippets.beginInText({ runId, profileId: undefined, label, uri, fileName, lines });
      }
    });
    run.onDidEnd(() => {
      const [result, text] = togetherOf(run);
      void end?.(result, text);
      end = undefined;
    });
  }

  private async again(run: FleetRun, profileIds: readonly string[]): Promise<void> {
    const agreed = await this.parts.production.agreesForAll(profileIds, run.code.source);
    // What was started meanwhile is not started twice.
    const ids = (agreed ?? []).filter((id) => profileIds.includes(id) && isOverIn(run, id));
    if (ids.length > 0) {
      run.start(ids);
    }
  }

  private async act(run: FleetRun, action: RowAction, profileId: string): Promise<void> {
    const row = run.model.row(profileId);
    if (row === undefined) {
      return;
    }
    switch (action) {
      case 'interrupt':
        return run.interrupt([profileId]);
      case 'disconnect':
        return this.parts.connections.disconnect(profileId);
      case 'again':
        return this.again(run, [profileId]);
      case 'refer':
        run.refer(profileId);
        return;
      case 'explore':
        return showInTree(this.parts, { profileId, path: [{ kind: 'root', name: 'namespace' }] });
      case 'value':
        return this.openText(row.label, wholeResult(row));
      case 'debug':
        return openFailure(row.result?.error?.failure ?? '');
      case 'output':
        return this.openText(row.label, wholeOutput(row));
      case 'compare':
        return this.compare(run, row);
    }
  }

  private async openText(label: string, text: string): Promise<void> {
    const document = await vscode.workspace.openTextDocument(this.parts.documents.add(label, '.txt', text));
    await vscode.window.showTextDocument(document, { preview: true });
  }

  /** Beside the most common result, or the reference. */
  private async compare(run: FleetRun, row: FleetRow): Promise<void> {
    const base = run.model.row(run.model.compare().base ?? '');
    if (base === undefined) {
      return;
    }
    const [left, right] = [base, row].map((one) =>
      this.parts.documents.add(one.label, '.txt', comparedText(one)),
    );
    await vscode.commands.executeCommand('vscode.diff', left, right, `${base.label} ↔ ${row.label}`);
  }
}

function isOverIn(run: FleetRun, profileId: string): boolean {
  const row = run.model.row(profileId);
  return row !== undefined && isOver(row);
}

/** What the comparison is about: the value, the traceback, or what was printed where there is no value. */
function comparedText(row: FleetRow): string {
  const hasValue = row.result?.value !== undefined || row.result?.error !== undefined;
  return resultKey(row) !== undefined && hasValue ? wholeResult(row) : wholeOutput(row);
}

/** The end of all of them as that of one run: the first exception marks its lines, and the text tells how many differ. */
function togetherOf(run: FleetRun): readonly [RunResult | undefined, string] {
  const { rows } = run.model;
  const text = inlineText(run.model);
  const failed = rows.filter(({ state }) => state === 'failed');
  const first = failed.find((row) => failedLine(row, run.code.fileName) !== undefined) ?? failed[0];
  const error = first?.result?.error;
  if (first?.result === undefined || error === undefined) {
    const isWell = rows.some(({ state }) => state === 'done');
    return [isWell ? { runId: '', status: 'done', elapsedMs: 0 } : undefined, `→ ${text}`];
  }
  const typeName = shortType(error.typeName);
  const told = error.message === '' ? typeName : `${typeName}: ${error.message}`;
  const typeTold = vscode.l10n.t('{0} of {1} connections: {2}', failed.length, rows.length, told);
  const { traceback, frames } = error;
  // The table has it opened in the debugger, and lets go of it.
  return [
    { ...first.result, error: { typeName: typeTold, message: '', traceback, frames } },
    `✗ ${typeTold}`,
  ];
}

function idsOf(given: unknown): readonly string[] | undefined {
  const isList = Array.isArray(given) && given.every((id) => typeof id === 'string');
  return isList ? given : undefined;
}
