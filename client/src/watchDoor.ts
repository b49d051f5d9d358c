import * as vscode from 'vscode';
import type { Backend } from './backend';
import type { WatchCommandId } from './commandIds';
import type { Connections } from './connections';
import type { ConnectionsView } from './connectionsView';
import type { ObjectRow } from './rows';
import type { WatchedRow } from './watchModel';
import type { WatchSnapshot, WatchView } from './watchView';

export const WATCH_VIEW_ID = 'rpyc.watch';

/** Where the pins of a workspace are kept. */
export const PINS_KEY = 'watch.pins';

export interface WatchParts {
  readonly backend: Backend;
  readonly connections: Connections;
  /** The tree that rows come from and are shown in. */
  readonly view: ConnectionsView;
  readonly memory: vscode.Memento;
  readonly log: vscode.LogOutputChannel;
}

/** The way to the view of what is watched: its code is loaded when there is something to show. */
export class WatchDoor implements vscode.TreeDataProvider<WatchedRow>, vscode.Disposable {
  private readonly treeChanged = new vscode.EventEmitter<WatchedRow[] | undefined>();
  private readonly tree: vscode.TreeView<WatchedRow>;
  private readonly trusted: vscode.Disposable;
  private loading: Promise<WatchView> | undefined;
  private loaded: WatchView | undefined;
  private isDisposed = false;

  readonly onDidChangeTreeData = this.treeChanged.event;

  constructor(private readonly parts: WatchParts) {
    this.tree = vscode.window.createTreeView<WatchedRow>(WATCH_VIEW_ID, {
      treeDataProvider: this,
      canSelectMany: true,
    });
    this.trusted = vscode.workspace.onDidGrantWorkspaceTrust(() => this.treeChanged.fire(undefined));
  }

  async getChildren(row?: WatchedRow): Promise<WatchedRow[]> {
    const isEmpty = this.loaded === undefined && this.parts.memory.get(PINS_KEY) === undefined;
    if (row !== undefined || !vscode.workspace.isTrusted || isEmpty) {
      return [];
    }
    return [...(await this.load()).rows];
  }

  async getTreeItem(row: WatchedRow): Promise<vscode.TreeItem> {
    return (await this.load()).item(row);
  }

  async resolveTreeItem(item: vscode.TreeItem, row: WatchedRow): Promise<vscode.TreeItem> {
    item.tooltip = (await this.load()).tooltip(row);
    return item;
  }

  getParent(): undefined {
    return undefined;
  }

  /** Runs one of the commands. @param rows of the tree, where the command is one on them */
  async run(id: WatchCommandId, rows: readonly ObjectRow[], argument: unknown, more: unknown): Promise<void> {
    await (await this.load()).run(id, rows, argument, more);
  }

  /** The rows as they are shown, for tests. */
  snapshot(): readonly WatchSnapshot[] {
    return this.loaded?.snapshot() ?? [];
  }

  dispose(): void {
    this.isDisposed = true;
    this.loaded?.dispose();
    this.trusted.dispose();
    this.tree.dispose();
    this.treeChanged.dispose();
  }

  private load(): Promise<WatchView> {
    this.loading ??= import(/* webpackChunkName: "watch" */ './watchView.js').then(
      ({ WatchView: Loaded }) => {
        const view = new Loaded(this.parts, this.tree, (rows) => this.treeChanged.fire(rows));
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
