import * as vscode from 'vscode';
import type { CallAnswer } from '../../server/src/api/callbacks';
import { CallAnswerWanted, CallsHappened, ListenerChanged } from '../../server/src/api/messages';
import type { Backend } from './backend';
import type { CallRow } from './callItems';
import type { CallsSnapshot, CallsStatus, CallsView } from './callsView';
import type { CallCommandId } from './commandIds';
import type { ConnectionPicker } from './connectionPicker';
import type { Connections } from './connections';
import type { RemoteDocuments } from './remoteDocuments';
import type { Row } from './rows';
import type { Settings } from './settings';

export const CALLS_VIEW_ID = 'rpyc.calls';

export interface CallsParts {
  readonly backend: Backend;
  readonly connections: Connections;
  readonly settings: Settings;
  readonly picker: ConnectionPicker;
  readonly documents: RemoteDocuments;
  readonly log: vscode.LogOutputChannel;
}

/** The way to the view of what peers call: its code is loaded when one calls, or is to be let call. */
export class CallsDoor implements vscode.TreeDataProvider<CallRow>, vscode.Disposable {
  private readonly treeChanged = new vscode.EventEmitter<undefined>();
  private readonly tree: vscode.TreeView<CallRow>;
  private readonly listeners: vscode.Disposable;
  private loading: Promise<CallsView> | undefined;
  private loaded: CallsView | undefined;
  private isShown: boolean | undefined;
  private isDisposed = false;

  readonly onDidChangeTreeData = this.treeChanged.event;

  constructor(private readonly parts: CallsParts) {
    const { backend, connections } = parts;
    this.tree = vscode.window.createTreeView<CallRow>(CALLS_VIEW_ID, {
      treeDataProvider: this,
      canSelectMany: true,
    });
    backend.answer(CallAnswerWanted, async (question, token): Promise<CallAnswer> =>
      (await this.load()).answer(question, token),
    );
    this.listeners = vscode.Disposable.from(
      backend.onNotification(CallsHappened, (news) => void this.load().then((view) => view.take(news))),
      backend.onNotification(ListenerChanged, (news) => void this.load().then((view) => view.listens(news))),
      connections.onDidChangeProfiles(() => this.changed()),
    );
    this.changed();
  }

  getChildren(row?: CallRow): CallRow[] {
    return row === undefined ? [...(this.loaded?.rows ?? [])] : [];
  }

  async getTreeItem(row: CallRow): Promise<vscode.TreeItem> {
    return (await this.load()).item(row);
  }

  async resolveTreeItem(item: vscode.TreeItem, row: CallRow): Promise<vscode.TreeItem> {
    item.tooltip = (await this.load()).tooltip(row);
    return item;
  }

  /** For the status bar. */
  get status(): CallsStatus | undefined {
    return this.loaded?.status;
  }

  /** Runs one of the commands. */
  async run(id: CallCommandId, argument: Row | CallRow | string | undefined): Promise<void> {
    await (await this.load()).run(id, argument);
  }

  /** What is shown, for tests. */
  snapshot(): CallsSnapshot | undefined {
    return this.loaded?.snapshot();
  }

  dispose(): void {
    this.isDisposed = true;
    this.listeners.dispose();
    this.loaded?.dispose();
    this.tree.dispose();
    this.treeChanged.dispose();
  }

  /** The view is there where something may be called, or was. */
  private changed(): void {
    const isShown =
      this.loaded?.isWorthShowing === true ||
      this.parts.connections.entries.some(({ profile }) => profile.expose !== undefined);
    if (isShown !== this.isShown) {
      this.isShown = isShown;
      void vscode.commands.executeCommand('setContext', 'rpyc:calls', isShown);
    }
    this.treeChanged.fire(undefined);
  }

  private load(): Promise<CallsView> {
    this.loading ??= import(/* webpackChunkName: "calls" */ './callsView.js').then(
      ({ CallsView: Loaded }) => {
        const view = new Loaded(this.parts, this.tree, () => this.changed());
        this.loaded = view;
        if (this.isDisposed) {
          view.dispose();
        }
        return view;
      },
    );
    return this.loading;
  }
}
