/** The table of results in an editor of its own. Its page is given texts only, and tells what is pressed by name. */
import * as vscode from 'vscode';
import type { ExportFormat } from './fleetExport';
import type { FleetRun } from './fleetRun';
import { rowView, tableView } from './fleetText';
import type { RowAction } from './fleetText';
import { escapeHtml, pageHtml, pageOptions } from './webviewPage';

export const PANEL_TYPE = 'rpyc.several';
/** Whatever floods, the page is told no more often. */
const TOLD_EVERY_MS = 150;

const ROW_ACTIONS: readonly RowAction[] = [
  'interrupt',
  'disconnect',
  'again',
  'value',
  'debug',
  'output',
  'compare',
  'refer',
  'explore',
];

/** What is pressed in the page, for whoever does it. */
export interface FleetPanelActions {
  interruptAll(run: FleetRun): Promise<void>;
  runAgain(run: FleetRun): Promise<void>;
  copy(run: FleetRun, format: ExportFormat): Promise<void>;
  row(run: FleetRun, action: RowAction, profileId: string): Promise<void>;
  /** The user has closed it. */
  closed(run: FleetRun): void;
}

export class FleetPanel implements vscode.Disposable {
  private readonly panel: vscode.WebviewPanel;
  private readonly listeners: vscode.Disposable;
  private readonly sent = new Map<string, string>();
  private ofRun: vscode.Disposable | undefined;
  private run: FleetRun;
  private number = 0;
  private isReady = false;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private isDisposed = false;

  constructor(
    extensionUri: vscode.Uri,
    private readonly actions: FleetPanelActions,
    run: FleetRun,
  ) {
    this.run = run;
    this.panel = vscode.window.createWebviewPanel(
      PANEL_TYPE,
      vscode.l10n.t('Several Connections'),
      { viewColumn: vscode.ViewColumn.Beside, preserveFocus: true },
      pageOptions(extensionUri),
    );
    const { webview } = this.panel;
    this.listeners = vscode.Disposable.from(
      webview.onDidReceiveMessage((message: unknown) => this.pressed(message)),
      this.panel.onDidDispose(() => this.ended()),
    );
    this.show(run);
    webview.html = pageHtml(webview, extensionUri, {
      title: vscode.l10n.t('Several Connections'),
      language: vscode.env.language,
      styles: ['fleet.css'],
      scripts: ['fleet.js'],
      body: bodyHtml(),
      data: {
        seconds: vscode.l10n.t('{0} s'),
        ofRow: vscode.l10n.t('{0}, {1}'),
        actions: {
          interrupt: 'interrupt',
          again: 'again',
          'copy-text': 'copy-text',
          'copy-csv': 'copy-csv',
          'copy-json': 'copy-json',
        },
      },
    });
  }

  get current(): FleetRun {
    return this.run;
  }

  /** Shows another run in the same place. */
  show(run: FleetRun): void {
    this.run = run;
    this.number += 1;
    this.ofRun?.dispose();
    this.ofRun = run.onDidChange(() => this.tellSoon());
    this.sent.clear();
    this.panel.title = vscode.l10n.t('{0} Connections', run.model.rows.length);
    this.tellSoon();
  }

  reveal(preserveFocus: boolean): void {
    this.panel.reveal(undefined, preserveFocus);
  }

  dispose(): void {
    this.isDisposed = true;
    this.panel.dispose();
  }

  private ended(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.isReady = false;
    this.ofRun?.dispose();
    this.listeners.dispose();
    if (!this.isDisposed) {
      this.isDisposed = true;
      this.actions.closed(this.run);
    }
  }

  private tellSoon(): void {
    if (this.isReady && !this.isDisposed) {
      this.timer ??= setTimeout(() => this.tell(), TOLD_EVERY_MS);
    }
  }

  /** The rows that are others than those that the page has. */
  private tell(): void {
    this.timer = undefined;
    if (this.isDisposed || !this.panel.visible) {
      return;
    }
    const { model, code } = this.run;
    const comparison = model.compare();
    const rows = model.rows
      .map((row) => rowView(model, row, comparison, code.fileName))
      .filter((row) => {
        // That time goes on is no change.
        const text = JSON.stringify({
          ...row,
          goingMs: row.goingMs !== undefined,
          time: '',
          milliseconds: 0,
        });
        const isNew = this.sent.get(row.id) !== text;
        this.sent.set(row.id, text);
        return isNew;
      });
    void this.panel.webview.postMessage({
      type: 'rows',
      run: this.number,
      order: model.rows.map(({ profileId }) => profileId),
      table: tableView(model, comparison),
      rows,
    });
  }

  private pressed(message: unknown): void {
    const type = field(message, 'type');
    switch (type) {
      case 'ready':
        // The page is new: it was hidden, or has never been shown.
        this.isReady = true;
        this.sent.clear();
        this.tell();
        return;
      case 'interrupt':
        void this.actions.interruptAll(this.run);
        return;
      case 'again':
        void this.actions.runAgain(this.run);
        return;
      case 'copy-text':
      case 'copy-csv':
      case 'copy-json':
        void this.actions.copy(this.run, type.slice('copy-'.length) as ExportFormat);
        return;
      case 'row': {
        const action = ROW_ACTIONS.find((one) => one === field(message, 'action'));
        const id = field(message, 'id');
        if (action !== undefined && id !== undefined && this.run.model.row(id) !== undefined) {
          void this.actions.row(this.run, action, id);
        }
      }
    }
  }
}

function field(message: unknown, name: string): string | undefined {
  const value: unknown =
    typeof message === 'object' && message !== null ? (Reflect.get(message, name) as unknown) : undefined;
  return typeof value === 'string' ? value : undefined;
}

function bodyHtml(): string {
  const button = (id: string, text: string): string => `<button id="${id}">${escapeHtml(text)}</button>`;
  const sorted = (column: string, text: string): string =>
    `<th scope="col"><button class="sort" data-column="${column}">${escapeHtml(text)}<span class="arrow" aria-hidden="true"></span></button></th>`;
  const title = escapeHtml(vscode.l10n.t('Results of each connection'));
  return [
    `<div class="bar" role="group" aria-label="${escapeHtml(vscode.l10n.t('Run on several connections'))}">`,
    `<progress id="progress" value="0" max="1" aria-label="${escapeHtml(vscode.l10n.t('Progress'))}"></progress>`,
    '<span id="done"></span>',
    '<span id="summary"></span>',
    '<span class="grow"></span>',
    `<label><input id="only" type="checkbox">${escapeHtml(vscode.l10n.t('Differences only'))}</label>`,
    button('interrupt', vscode.l10n.t('Interrupt All')),
    button('again', vscode.l10n.t('Run Failed Again')),
    button('copy-text', vscode.l10n.t('Copy as Text')),
    button('copy-csv', vscode.l10n.t('Copy as CSV')),
    button('copy-json', vscode.l10n.t('Copy as JSON')),
    '</div>',
    '<p id="live" class="unseen" role="status" aria-live="polite"></p>',
    '<div class="scroll">',
    `<table aria-label="${title}"><thead><tr>`,
    sorted('label', vscode.l10n.t('Connection')),
    sorted('state', vscode.l10n.t('State')),
    sorted('time', vscode.l10n.t('Time')),
    sorted('mark', vscode.l10n.t('Compared')),
    sorted('value', vscode.l10n.t('Result')),
    '</tr></thead><tbody id="rows"></tbody></table>',
    '</div>',
    `<p id="empty" class="note quiet" hidden>${escapeHtml(vscode.l10n.t('Nothing differs.'))}</p>`,
  ].join('\n');
}
