/** The rows of what is held on a peer and of what actions cost. Loaded when one of them is switched on. */
import * as vscode from 'vscode';
import { ReferenceListing } from '../../server/src/api/messages';
import type { ActionCost, HeldReference, HeldReferences } from '../../server/src/api/wire';
import { CostHistory, sizeOf } from './costModel';
import { lineText } from './displayText';
import { problemOf } from './problems';
import { count } from './rowItems';
import { objectRowId } from './rows';
import type { ConnectionRow, ObjectRow, Row, SideRow } from './rows';
import type { SideRowsParts } from './sideRows';

const NAME_LIMIT = 200;
const TEXT_LIMIT = 300;
/** The answer that an action waits for comes right behind what it cost. */
const REDRAW_MS = 100;
/** What the cost of is shown on the row itself. */
const ON_ROWS = ['rpyc/objects/children', 'rpyc/objects/read', 'rpyc/objects/set', 'rpyc/objects/call'];

type Node = 'references' | 'costs';

export class WireRows implements vscode.Disposable {
  readonly history = new CostHistory();
  private readonly nodes = new Map<string, SideRow>();
  private readonly lists = new Map<string, readonly SideRow[]>();
  private readonly toDraw = new Set<string>();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly parts: SideRowsParts,
    private readonly redraw: (row: Row) => void,
  ) {}

  under(row: ConnectionRow, shown: Readonly<Record<Node, boolean>>): readonly SideRow[] {
    return (['references', 'costs'] as const)
      .filter((node) => shown[node])
      .map((node) => this.node(row.profileId, node));
  }

  async childrenOf(row: SideRow): Promise<readonly SideRow[]> {
    if (row.content.what === 'references') {
      this.lists.set(row.profileId, await this.ask(row));
    }
    return this.loadedUnder(row);
  }

  loadedUnder(row: SideRow): readonly SideRow[] {
    const { profileId } = row;
    switch (row.content.what) {
      case 'references':
        return this.lists.get(profileId) ?? [];
      case 'costs': {
        const costs = this.history.of(profileId);
        return costs.length === 0
          ? [note(row, vscode.l10n.t('What you do from now on is listed here.'))]
          : costs.map((cost) => side(row, String(cost.id), { what: 'cost', cost }));
      }
      default:
        return [];
    }
  }

  itemOf({ id, content, profileId }: SideRow, expanded: boolean): vscode.TreeItem {
    const { Collapsed, Expanded } = vscode.TreeItemCollapsibleState;
    const item = ((): vscode.TreeItem => {
      switch (content.what) {
        case 'references':
          return nodeItem(vscode.l10n.t('References'), 'references', 'rpycReferences');
        case 'costs':
          return nodeItem(vscode.l10n.t('Costs'), 'dashboard', 'rpycCosts');
        case 'reference':
          return this.referenceItem(profileId, content.reference);
        case 'cost':
          return costItem(content.cost);
        case 'note':
          return nodeItem(content.text, 'info', 'rpycNote');
      }
    })();
    item.id = id;
    if (content.what === 'references' || content.what === 'costs') {
      item.collapsibleState = expanded ? Expanded : Collapsed;
    }
    const label = typeof item.label === 'string' ? item.label : '';
    const description = typeof item.description === 'string' ? item.description : '';
    item.accessibilityInformation = { label: [label, description].filter((part) => part !== '').join(', ') };
    return item;
  }

  decorate(row: ObjectRow, item: vscode.TreeItem): vscode.TreeItem {
    const cost = this.history.ofRow(row.id);
    if (cost !== undefined) {
      const text = costText(cost);
      const before = typeof item.description === 'string' ? item.description : '';
      item.description = before === '' ? text : `${before}  ·  ${text}`;
      item.accessibilityInformation = { label: `${item.accessibilityInformation?.label ?? ''}, ${text}` };
    }
    return item;
  }

  addCost(cost: ActionCost): void {
    const { profileId, path, method } = cost;
    const rowId = path !== undefined && ON_ROWS.includes(method) ? objectRowId(profileId, path) : undefined;
    this.history.add(cost, rowId);
    this.drawSoon(this.node(profileId, 'costs').id);
    if (rowId !== undefined) {
      this.drawSoon(rowId);
    }
  }

  referencesChanged(profileId: string): void {
    this.drawSoon(this.node(profileId, 'references').id);
  }

  /** The profile is no more. */
  drop(profileId: string): void {
    this.history.clear(profileId);
    this.lists.delete(profileId);
    for (const node of ['references', 'costs'] as const) {
      this.nodes.delete(`${profileId} ${node}`);
    }
  }

  clear(row: SideRow): void {
    this.history.clear(row.profileId);
    this.redraw(this.parts.model.connectionRow(row.profileId));
  }

  /** The actions of a connection as lines, the newest first. */
  text(profileId: string): string {
    return this.history
      .of(profileId)
      .map((cost) => `${new Date(cost.at).toISOString()}  ${actionText(cost)}  ${longCostText(cost)}\n`)
      .join('');
  }

  dispose(): void {
    clearTimeout(this.timer);
  }

  node(profileId: string, what: Node): SideRow {
    const key = `${profileId} ${what}`;
    let row = this.nodes.get(key);
    if (row === undefined) {
      row = side(this.parts.model.connectionRow(profileId), what, { what });
      this.nodes.set(key, row);
    }
    return row;
  }

  private async ask(row: SideRow): Promise<readonly SideRow[]> {
    const { profileId } = row;
    try {
      const held = await this.parts.backend.request(ReferenceListing, { profileId });
      return [
        ...held.references.map((reference, index) =>
          side(row, `${reference.id}.${index}`, { what: 'reference', reference }),
        ),
        ...notes(held).map((text, index) => side(row, `note${index}`, { what: 'note', text })),
      ];
    } catch (error) {
      return [note(row, problemOf(error).message)];
    }
  }

  private referenceItem(profileId: string, reference: HeldReference): vscode.TreeItem {
    const { name, typeName, key, count: number, since, releasable, owner } = reference;
    const isRow = owner === 'expanded' || owner === 'read' || owner === 'listed';
    const reason = isRow && !this.hasRow(profileId, reference) ? elsewhereText() : ownerText(reference);
    const title = name === '' ? (typeName === '' ? reason : typeName) : lineText(name, NAME_LIMIT);
    const type = name === '' ? '' : lineText(typeName, NAME_LIMIT);
    const icon = isRow ? 'link' : owner === 'undo' ? 'discard' : 'plug';
    const item = nodeItem(title, icon, releasable ? 'rpycReference releasable' : 'rpycReference');
    const references =
      number === 1 ? vscode.l10n.t('1 reference') : vscode.l10n.t('{0} references', count(number));
    const when = since === undefined ? '' : vscode.l10n.t('since {0}', timeText(since));
    const where = reference.forRuns ? vscode.l10n.t('on the connection for runs') : '';
    item.description = [type, title === reason ? '' : reason, where, references, when]
      .filter((part) => part !== '')
      .join('  ·  ');
    item.tooltip = [
      title,
      item.description,
      vscode.l10n.t('Known to the server as {0}', lineText(key, NAME_LIMIT)),
      ...(isRow
        ? [vscode.l10n.t('Released, the row stays: its object is looked for anew, or read again.')]
        : []),
      ...(owner === 'undo' ? [vscode.l10n.t('Released, this change cannot be undone any more.')] : []),
    ].join('\n');
    return item;
  }

  /** A row of the tree holds it, and not a search or a dialogue. */
  private hasRow(profileId: string, { path, handle }: HeldReference): boolean {
    const row = path && this.parts.model.objectById(objectRowId(profileId, path));
    return row !== undefined && row.node.handle.id === handle?.id;
  }

  private drawSoon(rowId: string): void {
    this.toDraw.add(rowId);
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      const ids = [...this.toDraw];
      this.toDraw.clear();
      ids.forEach((id) => this.draw(id));
    }, REDRAW_MS);
  }

  private draw(rowId: string): void {
    const { model } = this.parts;
    const node = [...this.nodes.values()].find(({ id }) => id === rowId);
    const row = model.objectById(rowId);
    if (node !== undefined) {
      this.redraw(node);
    } else if (row !== undefined && (!model.isExpanded(row) || model.loaded(row).some(isObject))) {
      // A row that shows a sentence in place of its parts would ask for them once more, and so for ever.
      this.redraw(row);
    }
  }
}

function isObject({ kind }: Row): boolean {
  return kind !== 'note';
}

function side(parent: SideRow['parent'], id: string, content: SideRow['content']): SideRow {
  return { kind: 'side', id: `${parent.id}/side:${id}`, profileId: parent.profileId, parent, content };
}

function note(parent: SideRow, text: string): SideRow {
  return side(parent, 'note', { what: 'note', text });
}

function notes({ references, total, lent }: HeldReferences): readonly string[] {
  const more = total - references.length;
  return [
    ...(more > 0 ? [vscode.l10n.t('{0} more are not listed', count(more))] : []),
    ...(lent > 0 ? [vscode.l10n.t('Objects of the editor that the server holds: {0}', count(lent))] : []),
  ];
}

function nodeItem(label: string, icon: string, context: string): vscode.TreeItem {
  const item = new vscode.TreeItem(lineText(label, TEXT_LIMIT));
  item.iconPath = new vscode.ThemeIcon(icon);
  item.contextValue = context;
  return item;
}

function costItem(cost: ActionCost): vscode.TreeItem {
  const item = nodeItem(actionText(cost), cost.failed ? 'warning' : 'arrow-swap', 'rpycCost');
  item.description = costText(cost);
  item.tooltip = [
    actionText(cost),
    longCostText(cost),
    timeText(cost.at),
    ...(cost.callbacks === 0
      ? []
      : [vscode.l10n.t('Asked by the server meanwhile: {0}', count(cost.callbacks))]),
    ...(cost.failed ? [vscode.l10n.t('It failed.')] : []),
  ].join('\n');
  return item;
}

/** "2 round trips, 1.4 kB, 52 ms" */
function costText(cost: ActionCost): string {
  const size = sizeText(cost.bytesSent + cost.bytesReceived);
  return [tripsText(cost), size, millisecondsText(cost)].join(', ');
}

function longCostText(cost: ActionCost): string {
  return [
    tripsText(cost),
    vscode.l10n.t('{0} sent', sizeText(cost.bytesSent)),
    vscode.l10n.t('{0} received', sizeText(cost.bytesReceived)),
    millisecondsText(cost),
  ].join(', ');
}

function tripsText({ roundTrips }: ActionCost): string {
  return roundTrips === 1
    ? vscode.l10n.t('1 round trip')
    : vscode.l10n.t('{0} round trips', count(roundTrips));
}

function sizeText(bytes: number): string {
  const { value, unit } = sizeOf(bytes);
  return `${count(value)} ${unit}`;
}

function millisecondsText({ elapsedMs }: ActionCost): string {
  return vscode.l10n.t(
    '{0} ms',
    count(elapsedMs < 10 ? Math.round(elapsedMs * 10) / 10 : Math.round(elapsedMs)),
  );
}

function timeText(at: number): string {
  return new Date(at).toLocaleTimeString(vscode.env.language);
}

function actionText({ method, target }: ActionCost): string {
  const what = methodText(method);
  return target === '' ? what : lineText(`${what}: ${target}`, NAME_LIMIT);
}

function methodText(method: string): string {
  switch (method) {
    case 'rpyc/connection/connect':
      return vscode.l10n.t('Connect');
    case 'rpyc/objects/children':
      return vscode.l10n.t('Expand');
    case 'rpyc/objects/resolve':
      return vscode.l10n.t('Find again');
    case 'rpyc/objects/describe':
      return vscode.l10n.t('Hover');
    case 'rpyc/objects/read':
      return vscode.l10n.t('Read');
    case 'rpyc/objects/text':
      return vscode.l10n.t('Copy value');
    case 'rpyc/objects/set':
      return vscode.l10n.t('Edit');
    case 'rpyc/objects/delete':
      return vscode.l10n.t('Delete');
    case 'rpyc/objects/undo':
      return vscode.l10n.t('Undo');
    case 'rpyc/objects/call':
      return vscode.l10n.t('Call');
    case 'rpyc/run/start':
      return vscode.l10n.t('Run');
    default:
      return method.replace(/^rpyc\//, '');
  }
}

function elsewhereText(): string {
  return vscode.l10n.t('held by a search, a watch or a dialogue');
}

function ownerText({ owner }: HeldReference): string {
  switch (owner) {
    case 'expanded':
      return vscode.l10n.t('held by its row, since it was opened');
    case 'read':
      return vscode.l10n.t('held by its row, since it was read');
    case 'listed':
      return vscode.l10n.t('held by its row, since it was listed');
    case 'undo':
      return vscode.l10n.t('held to undo a change');
    case 'result':
      return vscode.l10n.t('held as the result of a call');
    case 'root':
      return vscode.l10n.t('root object of the connection');
    case 'helper':
      return vscode.l10n.t('helper of the connection');
    case 'use':
      return vscode.l10n.t('in use for a moment');
  }
}
