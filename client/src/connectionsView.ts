import * as vscode from 'vscode';
import { ObjectDescribe } from '../../server/src/api/messages';
import { arrange } from './arrangement';
import type { ListItem } from './arrangement';
import type { Backend } from './backend';
import type { ConnectionChange, Connections } from './connections';
import type { ListMemory } from './listMemory';
import { orEmptyNote, rejectedText, renewedText, storedText } from './noteTexts';
import { problemOf } from './problems';
import {
  connectionItem,
  GREY_SCHEME,
  groupItem,
  moreItem,
  noteItem,
  objectItem,
  objectTooltip,
  PRIVATE_SCHEME,
  PRODUCTION_SCHEME,
} from './rowItems';
import { onDidChangeGroups } from './memberGroups';
import { expressionLines } from './memberPaths';
import { RowModel } from './rowModel';
import type { Snippets } from './snippets';
import { objectSource } from './treeSource';
import { groupRowId } from './rows';
import type { ConnectionRow, GroupRow, NoteRow, ObjectRow, ParentRow, Row, SideRow } from './rows';
import { SideRows } from './sideRows';
import { tellConnections } from './viewMessages';

export const VIEW_ID = 'rpyc.connections';

/** VS Code gathers changes of a tree for a fifth of a second. */
const NEW_ROW_PAUSE_MS = 250;
const NEW_ROW_ATTEMPTS = 8;

const DRAGGED = 'application/vnd.code.tree.rpyc.connections';
/** What an editor takes in. */
const DRAGGED_TEXT = 'text/plain';

/** Connections that were dragged onto a row, or below all of them. */
export interface ConnectionDrop {
  readonly ids: readonly string[];
  readonly target: Row | undefined;
}

/** The one tree: connections, and under each its remote objects. */
export class ConnectionsView
  implements
    vscode.TreeDataProvider<Row>,
    vscode.TreeDragAndDropController<Row>,
    vscode.FileDecorationProvider,
    vscode.Disposable
{
  readonly model: RowModel;
  /** What is held on peers, and what actions cost. */
  readonly side: SideRows;
  readonly dragMimeTypes = [DRAGGED, DRAGGED_TEXT];
  readonly dropMimeTypes = [DRAGGED];
  private readonly treeChanged = new vscode.EventEmitter<Row | undefined>();
  private readonly view: vscode.TreeView<Row>;
  private readonly registrations: vscode.Disposable;
  /** Connections that the user has closed; others show their objects as soon as they are connected. */
  private readonly collapsed = new Set<string>();
  private readonly groups = new Map<string, GroupRow>();
  private readonly collapsedGroups = new Set<string>();
  private readonly dropped = new vscode.EventEmitter<ConnectionDrop>();
  /** Connections that were last shown with rows under them. */
  private readonly withRows = new Set<string>();

  readonly onDidChangeTreeData = this.treeChanged.event;
  readonly onDidDropConnections = this.dropped.event;

  constructor(
    private readonly backend: Backend,
    private readonly connections: Connections,
    private readonly snippets: Snippets,
    private readonly log: vscode.LogOutputChannel,
    private readonly memory: ListMemory,
  ) {
    this.model = new RowModel(objectSource(backend, connections, log));
    this.side = new SideRows({ backend, connections, model: this.model, log });
    this.view = vscode.window.createTreeView<Row>(VIEW_ID, {
      treeDataProvider: this,
      dragAndDropController: this,
      showCollapseAll: true,
      canSelectMany: true,
    });
    this.registrations = vscode.Disposable.from(
      this.view,
      vscode.window.registerFileDecorationProvider(this),
      this.view.onDidExpandElement(({ element }) => this.expanded(element)),
      this.view.onDidCollapseElement(({ element }) => this.wasCollapsed(element)),
      this.dropped,
      this.side,
      this.side.onDidChange((row) => this.treeChanged.fire(row)),
      memory.onDidChange(() => this.treeChanged.fire(undefined)),
      // The rows are at hand, so that nobody is asked, and what is open stays open.
      onDidChangeGroups(() => this.treeChanged.fire(undefined)),
      connections.onDidChange((change) => this.connectionChanged(change)),
      connections.onDidChangeProfiles((gone) => {
        for (const profileId of gone) {
          this.model.drop(profileId);
          this.collapsed.delete(profileId);
          this.withRows.delete(profileId);
        }
        this.treeChanged.fire(undefined);
      }),
      tellConnections(this.view, backend, connections),
    );
  }

  /** What stands above the rows; empty where nothing does. */
  get message(): string {
    return this.view.message ?? '';
  }

  /** The row that a command without an argument means. */
  get selected(): Row | undefined {
    return this.view.selection[0];
  }

  /** All rows that are selected, in the order in which they were. */
  get selectedRows(): readonly Row[] {
    return this.view.selection;
  }

  async getChildren(row?: Row): Promise<Row[]> {
    if (row === undefined) {
      return this.topRows();
    }
    if (row.kind === 'group') {
      return this.rowsOfGroup(row);
    }
    if (row.kind === 'connection') {
      return [...this.problemRows(row), ...(await this.model.childrenOf(row)), ...this.side.under(row)];
    }
    if (row.kind === 'side') {
      return [...(await this.side.childrenOf(row))];
    }
    if (row.kind !== 'object') {
      return [];
    }
    const rows = await this.model.childrenOf(row);
    return [...orEmptyNote(row, rows, this.model.hidesSome(row))];
  }

  getParent(row: Row): Row | undefined {
    if (row.kind === 'connection') {
      const group = this.connections.entry(row.profileId)?.profile.group;
      return group === undefined ? undefined : this.groupRow(group);
    }
    return row.kind === 'group' ? undefined : row.parent;
  }

  getTreeItem(row: Row): vscode.TreeItem {
    switch (row.kind) {
      case 'group': {
        const rows = this.rowsOfGroup(row);
        const connected = rows.filter(({ profileId }) => this.connections.isConnected(profileId)).length;
        return groupItem(row, { count: rows.length, connected }, this.isExpanded(row));
      }
      case 'connection':
        return this.connectionItem(row);
      case 'object':
        return this.side.decorate(
          row,
          objectItem(row, !this.connections.isConnected(row.profileId), this.isExpanded(row)),
        );
      case 'more':
        return moreItem(row);
      case 'note':
        return noteItem(row);
      case 'side':
        return this.side.itemOf(row);
    }
  }

  async resolveTreeItem(
    item: vscode.TreeItem,
    row: Row,
    token: vscode.CancellationToken,
  ): Promise<vscode.TreeItem> {
    const isObject = row.kind === 'object' && row.node.kind !== 'group';
    if (!isObject || !this.connections.isConnected(row.profileId)) {
      return item;
    }
    try {
      const details = await this.model.withFreshHandle(row, (handle) =>
        this.backend.request(ObjectDescribe, { handle }, token),
      );
      item.tooltip = objectTooltip(row.node, details);
    } catch (error) {
      item.tooltip = problemOf(error).message;
    }
    return item;
  }

  provideFileDecoration(uri: vscode.Uri): vscode.FileDecoration | undefined {
    if (uri.scheme === PRODUCTION_SCHEME) {
      const red = new vscode.ThemeColor('rpyc.productionForeground');
      return new vscode.FileDecoration('P', vscode.l10n.t('Production'), red);
    }
    const color = { [GREY_SCHEME]: 'disabledForeground', [PRIVATE_SCHEME]: 'rpyc.privateForeground' }[
      uri.scheme
    ];
    return color === undefined
      ? undefined
      : new vscode.FileDecoration(undefined, undefined, new vscode.ThemeColor(color));
  }

  handleDrag(rows: readonly Row[], data: vscode.DataTransfer): void {
    const ids = rows.filter(({ kind }) => kind === 'connection').map(({ profileId }) => profileId);
    if (ids.length > 0) {
      data.set(DRAGGED, new vscode.DataTransferItem(ids));
    }
    const expressions = expressionLines(
      rows.map((row) => (row.kind === 'object' ? row.node.expression : undefined)),
    );
    if (expressions !== '') {
      data.set(DRAGGED_TEXT, new vscode.DataTransferItem(expressions));
    }
  }

  handleDrop(target: Row | undefined, data: vscode.DataTransfer): void {
    const ids: unknown = data.get(DRAGGED)?.value;
    if (Array.isArray(ids)) {
      this.dropped.fire({ ids: ids.map(String), target });
    }
  }

  /** Asks for the objects of a connection, or of all, anew. */
  refresh(row?: Row): void {
    if (row === undefined || row.kind === 'note' || row.kind === 'group') {
      for (const { profile } of this.connections.entries) {
        this.model.invalidate(profile.id);
      }
      this.treeChanged.fire(undefined);
      return;
    }
    // What is in a group follows from the object.
    const at = row.kind === 'more' ? row.parent : row;
    const parent = at.kind === 'object' && at.node.kind === 'group' ? at.parent : at;
    if (parent.kind === 'side') {
      // What is under it is asked for whenever it is shown.
    } else if (parent.kind === 'connection') {
      this.model.invalidate(parent.profileId);
    } else {
      this.model.invalidateUnder(parent);
    }
    this.treeChanged.fire(parent);
  }

  /** A run has ended: what it assigned is to be seen. */
  refreshNamespace(profileId: string): void {
    const roots = this.model.loaded(this.model.connectionRow(profileId));
    const namespace = roots.find((row) => row.kind === 'object' && row.node.kind === 'namespace');
    if (namespace !== undefined) {
      this.refresh(namespace);
    }
  }

  /** Adds the next page, and puts the focus on its first row. */
  async loadMore(parent: ObjectRow): Promise<void> {
    const first = await this.model.loadMore(parent);
    this.treeChanged.fire(parent);
    if (first !== undefined) {
      await this.reveal(first);
    }
  }

  /** @param anyway also where the peer is expected to refuse */
  async read(row: ObjectRow, anyway = false): Promise<void> {
    try {
      await this.model.read(row, anyway);
      this.treeChanged.fire(row);
    } catch (error) {
      if (problemOf(error).code === 'ERR_POLICY') {
        // What is known of the policy may have changed with the refusal.
        this.refresh(row.parent);
      }
      throw error;
    }
  }

  rowChanged(row: Row): void {
    this.treeChanged.fire(row);
  }

  /** Puts the focus on a row. */
  reveal(row: Row): Promise<void> {
    return this.show(row, { select: true, focus: true, expand: false });
  }

  /** Selects and opens the row of a connection that is there after a while, without taking the focus from what the user does by then. */
  showConnected(profileId: string): Promise<void> {
    return this.show(this.model.connectionRow(profileId), { select: true, focus: false, expand: true });
  }

  /** As `reveal`, for a row that has just come: while the tree takes it in, it does not find it, and does not say so. */
  async revealNew(row: Row): Promise<void> {
    // In Restricted Mode there are no rows.
    const attempts = vscode.workspace.isTrusted ? NEW_ROW_ATTEMPTS : 0;
    for (let attempt = 0; attempt < attempts && this.selected?.id !== row.id; attempt++) {
      await this.reveal(row);
      await new Promise((resolve) => setTimeout(resolve, NEW_ROW_PAUSE_MS));
    }
  }

  isExpanded(row: ParentRow | GroupRow | SideRow): boolean {
    if (row.kind === 'side') {
      return this.side.isExpanded(row);
    }
    if (row.kind === 'group') {
      return !this.collapsedGroups.has(row.id);
    }
    return row.kind === 'connection' ? !this.collapsed.has(row.profileId) : this.model.isExpanded(row);
  }

  /** The rows that a tree shows, top to bottom, without asking anybody. */
  visibleRows(): readonly Row[] {
    const shown: Row[] = [];
    const add = (rows: readonly Row[]): void => {
      for (const row of rows) {
        shown.push(row);
        if (row.kind === 'group' && this.isExpanded(row)) {
          add(this.rowsOfGroup(row));
        }
        if ((row.kind === 'connection' || row.kind === 'object') && this.isExpanded(row)) {
          add(row.kind === 'connection' ? this.problemRows(row) : []);
          add(orEmptyNote(row, this.model.loaded(row), this.model.hidesSome(row)));
          add(row.kind === 'connection' ? this.side.under(row) : []);
        }
        if (row.kind === 'side' && this.isExpanded(row)) {
          add(this.side.loadedUnder(row));
        }
      }
    };
    add(this.topRows());
    return shown;
  }

  dispose(): void {
    this.registrations.dispose();
    this.treeChanged.dispose();
  }

  private topRows(): Row[] {
    if (!vscode.workspace.isTrusted) {
      // Nothing can be done with them: the welcome text says why.
      return [];
    }
    return [
      ...this.items().map((item) =>
        item.kind === 'group' ? this.groupRow(item.name) : this.model.connectionRow(item.entry.profile.id),
      ),
      ...this.connections.rejected.map(({ origin, index, field }): NoteRow => ({
        kind: 'note',
        id: `rejected:${origin}:${index}`,
        profileId: '',
        severity: 'error',
        message: origin === 'private' ? storedText(field) : rejectedText(index, field),
        aboutSettings: origin,
      })),
    ];
  }

  private items(): readonly ListItem[] {
    return arrange(this.connections.entries, this.memory);
  }

  private groupRow(name: string): GroupRow {
    let row = this.groups.get(name);
    if (row === undefined) {
      row = { kind: 'group', id: groupRowId(name), profileId: '', name };
      this.groups.set(name, row);
    }
    return row;
  }

  private rowsOfGroup({ name }: GroupRow): ConnectionRow[] {
    return this.items()
      .flatMap((item) => (item.kind === 'group' && item.name === name ? item.entries : []))
      .map(({ profile }) => this.model.connectionRow(profile.id));
  }

  private problemRows(row: ConnectionRow): NoteRow[] {
    const { problem, renewed } = this.connections.state(row.profileId);
    const message = problem?.message ?? (renewed && renewedText(renewed));
    if (message === undefined) {
      return [];
    }
    const { profileId } = row;
    const severity = problem === undefined ? 'info' : 'error';
    return [{ kind: 'note', id: `${row.id}/problem`, profileId, parent: row, severity, message }];
  }

  private connectionItem(row: ConnectionRow): vscode.TreeItem {
    const entry = this.connections.entry(row.profileId);
    const state = this.connections.state(row.profileId);
    if (entry === undefined) {
      return new vscode.TreeItem(row.profileId);
    }
    const hasRows =
      state.status === 'connected' || this.problemRows(row).length > 0 || this.model.loaded(row).length > 0;
    if (hasRows) {
      this.withRows.add(row.profileId);
    } else {
      this.withRows.delete(row.profileId);
    }
    const { Collapsed, Expanded, None } = vscode.TreeItemCollapsibleState;
    const expansion = this.isExpanded(row) ? Expanded : Collapsed;
    const hasOutput = this.snippets.hasOutput(row.profileId);
    const seconds = this.connections.clock.seconds(row.profileId);
    const isFavourite = this.memory.favourites.includes(row.profileId);
    return connectionItem(row, {
      entry,
      state,
      seconds,
      hasOutput,
      isFavourite,
      expansion: hasRows ? expansion : None,
    });
  }

  private connectionChanged({ profileId, fresh, idle }: ConnectionChange): void {
    const row = this.model.connectionRow(profileId);
    const { status } = this.connections.state(profileId);
    // A row that had nothing under it stays closed, whatever its new state says, until it is opened.
    const opens = (fresh || status === 'failed') && !this.withRows.has(profileId) && this.isExpanded(row);
    if (fresh) {
      this.model.invalidate(profileId);
    } else if (status === 'disconnected') {
      this.model.forget(profileId);
    }
    const group = this.getParent(row);
    if (group !== undefined) {
      // It tells how many of its connections are there.
      this.treeChanged.fire(group);
    }
    this.treeChanged.fire(row);
    if (idle) {
      for (const failed of this.model.failed(profileId)) {
        this.treeChanged.fire(failed);
      }
    }
    if (opens && this.view.visible) {
      void this.show(row, { select: false, focus: false, expand: true });
    }
  }

  /** The row may be gone by the time that the tree looks for it, which is no failure of what the user asked for. */
  private async show(
    row: Row,
    options: { readonly select: boolean; readonly focus: boolean; readonly expand: boolean },
  ): Promise<void> {
    try {
      await this.view.reveal(row, options);
    } catch (error) {
      this.log.warn(`Cannot show the row ${row.id}: ${String(error)}`);
    }
  }

  private expanded(row: Row): void {
    if (row.kind === 'group') {
      this.collapsedGroups.delete(row.id);
    } else if (row.kind === 'side') {
      this.side.setExpanded(row, true);
    } else if (row.kind === 'connection') {
      this.collapsed.delete(row.profileId);
    } else if (row.kind === 'object' && this.model.expand(row)) {
      this.treeChanged.fire(row);
    }
  }

  private wasCollapsed(row: Row): void {
    if (row.kind === 'group') {
      this.collapsedGroups.add(row.id);
    } else if (row.kind === 'side') {
      this.side.setExpanded(row, false);
    } else if (row.kind === 'connection') {
      this.collapsed.add(row.profileId);
    } else if (row.kind === 'object') {
      this.model.collapse(row);
    }
  }
}
