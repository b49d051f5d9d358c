import * as vscode from 'vscode';
import { ActionFinished, ReferencesChanged, ShowWire } from '../../server/src/api/messages';
import type { Backend } from './backend';
import type { Connections } from './connections';
import type { RowModel } from './rowModel';
import type { ConnectionRow, ObjectRow, Row, SideRow } from './rows';
import type { WireRows } from './wireRows';

const SECTION = 'rpyc.explorer';

export interface SideRowsParts {
  readonly backend: Backend;
  readonly connections: Connections;
  readonly model: RowModel;
  readonly log: vscode.LogOutputChannel;
}

/**
 * What is held on a peer and what actions cost, below its connection. Both are off by default: then nothing is loaded,
 * asked or measured.
 */
export class SideRows implements vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<Row | undefined>();
  private readonly expanded = new Set<SideRow>();
  private readonly listeners: vscode.Disposable;
  private shown = { costs: false, references: false };
  private loaded: WireRows | undefined;

  readonly onDidChange = this.changed.event;

  constructor(private readonly parts: SideRowsParts) {
    const { backend, connections } = parts;
    this.listeners = vscode.Disposable.from(
      this.changed,
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (event.affectsConfiguration(SECTION)) {
          this.apply();
        }
      }),
      backend.onNotification(ActionFinished, (cost) => this.loaded?.addCost(cost)),
      backend.onNotification(ReferencesChanged, ({ profileId }) => this.loaded?.referencesChanged(profileId)),
      backend.onDidStart(() => {
        if (this.isOn) {
          backend.notify(ShowWire, this.shown);
        }
      }),
      connections.onDidChangeProfiles((gone) => gone.forEach((profileId) => this.loaded?.drop(profileId))),
    );
    this.apply();
  }

  /** The rows below a connection: none unless they are switched on. */
  under(row: ConnectionRow): readonly SideRow[] {
    return this.parts.connections.isConnected(row.profileId)
      ? (this.loaded?.under(row, this.shown) ?? [])
      : [];
  }

  async childrenOf(row: SideRow): Promise<readonly SideRow[]> {
    return (await this.loaded?.childrenOf(row)) ?? [];
  }

  /** Those at hand, without asking anybody. */
  loadedUnder(row: SideRow): readonly SideRow[] {
    return this.loaded?.loadedUnder(row) ?? [];
  }

  itemOf(row: SideRow): vscode.TreeItem {
    return this.loaded?.itemOf(row, this.expanded.has(row)) ?? new vscode.TreeItem('');
  }

  /** Tells on a row of the tree what it cost last, where that is shown. */
  decorate(row: ObjectRow, item: vscode.TreeItem): vscode.TreeItem {
    return this.shown.costs ? (this.loaded?.decorate(row, item) ?? item) : item;
  }

  isExpanded(row: SideRow): boolean {
    return this.expanded.has(row);
  }

  setExpanded(row: SideRow, expanded: boolean): void {
    this.expanded[expanded ? 'add' : 'delete'](row);
  }

  /** What was loaded of it, for the commands. */
  get rows(): WireRows | undefined {
    return this.loaded;
  }

  dispose(): void {
    this.listeners.dispose();
    this.loaded?.dispose();
  }

  private get isOn(): boolean {
    return this.shown.costs || this.shown.references;
  }

  private apply(): void {
    const settings = vscode.workspace.getConfiguration(SECTION);
    const wanted = {
      costs: settings.get('showCost') === true,
      references: settings.get('showReferences') === true,
    };
    if (wanted.costs === this.shown.costs && wanted.references === this.shown.references) {
      return;
    }
    this.shown = wanted;
    void vscode.commands.executeCommand('setContext', 'rpyc:showCosts', wanted.costs);
    void vscode.commands.executeCommand('setContext', 'rpyc:showReferences', wanted.references);
    this.parts.backend.notify(ShowWire, wanted);
    if (this.isOn && this.loaded === undefined) {
      this.load().catch((error: unknown) => this.parts.log.error(String(error)));
    } else {
      this.changed.fire(undefined);
    }
  }

  private async load(): Promise<void> {
    const { WireRows: Loaded } = await import(/* webpackChunkName: "wireRows" */ './wireRows.js');
    this.loaded ??= new Loaded(this.parts, (row) => this.changed.fire(row));
    this.changed.fire(undefined);
  }
}
