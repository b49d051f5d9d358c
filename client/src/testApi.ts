import * as vscode from 'vscode';
import type { ConnectionState, Profile } from '../../server/src/api/model';
import type { Backend } from './backend';
import type { CallsSnapshot } from './callsView';
import type { CallsDoor } from './callsDoor';
import type { Connections } from './connections';
import type { ConnectionsView } from './connectionsView';
import type { BackendStatus } from './processKeeper';
import type { DiscoveryRow } from './discoveryModel';
import type { DiscoveryView } from './discoveryView';
import type { FleetDoor } from './fleetDoor';
import type { FleetSnapshot } from './fleetRuns';
import { GREY_SCHEME, PRIVATE_SCHEME } from './rowItems';
import type { InlineResults } from './inlineResults';
import type { ResultsDoor } from './resultsDoor';
import type { ShownSnapshot } from './resultsPanel';
import type { Row } from './rows';
import type { Snippets } from './snippets';
import type { StatusBar, StatusBarText } from './statusBar';
import type { WatchDoor } from './watchDoor';
import type { WatchSnapshot } from './watchView';

/** A row as the tree shows it. */
export interface RowSnapshot {
  readonly id: string;
  readonly label: string;
  readonly description: string;
  readonly depth: number;
  readonly expanded: boolean;
  /** Kind of the row: that of the object where it stands for one. */
  readonly kind: string;
  readonly icon: string;
  /** Name of the colour of its icon; empty where it has none. */
  readonly color: string;
  /** Its text is grey. */
  readonly grey: boolean;
  /** Its text is dimmer than that of others. */
  readonly dimmed: boolean;
}

export interface Snapshot {
  readonly profiles: readonly Profile[];
  readonly states: Readonly<Record<string, ConnectionState>>;
  /** The rows that are open, top to bottom. */
  readonly rows: readonly RowSnapshot[];
  /** What the view tells above them. */
  readonly message: string;
  /** The rows of the registries' view that are open, and what it says where there are none. */
  readonly services: readonly RowSnapshot[];
  readonly discovery: string;
  /** The rows of what is watched, as far as the view was shown. */
  readonly watched: readonly WatchSnapshot[];
  /** The newest table of results of several connections. */
  readonly several: FleetSnapshot | undefined;
  /** What peers have called, as far as anything was. */
  readonly calls: CallsSnapshot | undefined;
  readonly backendPid: number | undefined;
  readonly backendStatus: BackendStatus;
  /** The end of each connection's output channel, by profile. */
  readonly outputs: Readonly<Record<string, string>>;
  readonly statusBar: StatusBarText;
  /** How long `activate` took. */
  readonly activationMs: number;
}

/** What `activate` returns: reads the state for tests, and changes nothing. */
export interface TestApi {
  readonly version: 1;
  snapshot(): Snapshot;
  /** What a hover over an open row shows, as Markdown; as the editor asks for it. */
  hover(rowId: string): Promise<string>;
  /** What stands at the end of the lines of a document. */
  results(uri: vscode.Uri): Promise<ReturnType<InlineResults['shown']>>;
  /** What the results panel shows. */
  panel(): Promise<ShownSnapshot | undefined>;
}

export interface SnapshotParts {
  readonly backend: Backend;
  readonly connections: Connections;
  readonly view: ConnectionsView;
  readonly discovery: DiscoveryView;
  readonly watch: WatchDoor;
  readonly results: ResultsDoor;
  readonly several: FleetDoor;
  readonly calls: CallsDoor;
  readonly snippets: Snippets;
  readonly statusBar: StatusBar;
  readonly activationMs: number;
}

export function testApi(parts: SnapshotParts): TestApi {
  return {
    version: 1,
    snapshot: () => snapshot(parts),
    hover: (rowId) => hover(parts.view, rowId),
    panel: () => parts.results.snapshot,
    results: async (uri) => (await parts.snippets.inline)?.shown(uri) ?? [],
  };
}

/** Throws for a text whose links could run commands: none of what a peer sends may. */
async function hover(view: ConnectionsView, rowId: string): Promise<string> {
  const row = view.visibleRows().find(({ id }) => id === rowId);
  if (row === undefined) {
    return '';
  }
  const token = new vscode.CancellationTokenSource().token;
  const { tooltip } = await view.resolveTreeItem(view.getTreeItem(row), row, token);
  if (typeof tooltip !== 'object') {
    return tooltip ?? '';
  }
  if (Boolean(tooltip.isTrusted) || tooltip.supportHtml === true) {
    throw new Error(`The hover of ${rowId} is trusted`);
  }
  return tooltip.value;
}

function snapshot({
  backend,
  connections,
  view,
  discovery,
  watch,
  several,
  calls,
  snippets,
  statusBar,
  activationMs,
}: SnapshotParts): Snapshot {
  const profiles = connections.entries.map(({ profile }) => profile);
  return {
    profiles,
    states: Object.fromEntries(profiles.map(({ id }) => [id, connections.state(id)])),
    rows: view.visibleRows().map((row) => rowSnapshot(view, row)),
    message: view.message,
    services: discovery.getChildren().flatMap((row) => serviceSnapshots(discovery, row, 0)),
    discovery: discovery.model.state,
    watched: watch.snapshot(),
    several: several.snapshot(),
    calls: calls.snapshot(),
    backendPid: backend.pid,
    backendStatus: backend.status,
    outputs: snippets.tails,
    statusBar: statusBar.shown,
    activationMs,
  };
}

function rowSnapshot(view: ConnectionsView, row: Row): RowSnapshot {
  const item = view.getTreeItem(row);
  return {
    id: row.id,
    label: textOf(item.label),
    description: typeof item.description === 'string' ? item.description : '',
    depth: depthOf(view, row),
    expanded: item.collapsibleState === vscode.TreeItemCollapsibleState.Expanded,
    kind: row.kind === 'object' ? row.node.kind : row.kind === 'side' ? row.content.what : row.kind,
    ...lookOf(item),
  };
}

function depthOf(view: ConnectionsView, row: Row): number {
  const parent = view.getParent(row);
  return parent === undefined ? 0 : depthOf(view, parent) + 1;
}

function serviceSnapshots(view: DiscoveryView, row: DiscoveryRow, depth: number): readonly RowSnapshot[] {
  const item = view.getTreeItem(row);
  const expanded = item.collapsibleState === vscode.TreeItemCollapsibleState.Expanded;
  return [
    {
      id: row.id,
      label: textOf(item.label),
      description: typeof item.description === 'string' ? item.description : '',
      depth,
      expanded,
      kind: row.kind,
      ...lookOf(item),
    },
    ...(expanded ? view.getChildren(row).flatMap((child) => serviceSnapshots(view, child, depth + 1)) : []),
  ];
}

function lookOf({
  iconPath,
  resourceUri,
}: vscode.TreeItem): Pick<RowSnapshot, 'icon' | 'color' | 'grey' | 'dimmed'> {
  return {
    icon: iconPath instanceof vscode.ThemeIcon ? iconPath.id : '',
    color: iconPath instanceof vscode.ThemeIcon ? (iconPath.color?.id ?? '') : '',
    grey: resourceUri?.scheme === GREY_SCHEME,
    dimmed: resourceUri?.scheme === PRIVATE_SCHEME,
  };
}

function textOf(label: string | vscode.TreeItemLabel | undefined): string {
  return typeof label === 'string' ? label : (label?.label ?? '');
}
