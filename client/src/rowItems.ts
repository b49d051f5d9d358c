import * as vscode from 'vscode';
import type {
  ConnectionState,
  ObjectDetails,
  ObjectKind,
  ObjectNode,
  Profile,
} from '../../server/src/api/model';
import { connectionIcon, connectionText, objectIcon } from './appearance';
import { peerLines } from './connectionFacts';
import { isTrying } from './connections';
import { codeBlock, lineText } from './displayText';
import { addressText, wayLines } from './kindText';
import type { ProfileEntry } from './profiles';
import type { ConnectionRow, GroupRow, MoreRow, NoteRow, ObjectRow } from './rows';
import { viewName } from './viewNames';

const NAME_LIMIT = 200;
const VALUE_LIMIT = 300;
/** Characters of each part of a tooltip. */
const TOOLTIP_LIMITS = { signature: 500, value: 800, documentation: 3_000 } as const;

/** What stands in the place of a value that was not read. */
const CLICK_TO_READ = 'click to read';

/** Rows of this scheme are grey: those of a connection that is gone, and what a service lets nobody reach. */
export const GREY_SCHEME = 'rpyc-grey';

/** Rows of this scheme are dimmed: names that begin with an underscore. */
export const PRIVATE_SCHEME = 'rpyc-private';

/** Rows of this scheme are marked as production. */
export const PRODUCTION_SCHEME = 'rpyc-production';

export interface ConnectionItemOptions {
  readonly entry: ProfileEntry;
  readonly state: ConnectionState;
  /** That connecting has taken so far. */
  readonly seconds: number;
  /** What runs on it printed can be shown. */
  readonly hasOutput: boolean;
  readonly isFavourite: boolean;
  readonly expansion: vscode.TreeItemCollapsibleState;
}

/** The row of a connection. */
export function connectionItem(row: ConnectionRow, options: ConnectionItemOptions): vscode.TreeItem {
  const { profile } = options.entry;
  const { state } = options;
  const item = new vscode.TreeItem(lineText(profile.label, NAME_LIMIT), options.expansion);
  const text = connectionText(state, profile, options.seconds);
  item.id = row.id;
  item.iconPath = connectionIcon(state, profile);
  item.description = options.isFavourite ? `★ ${text}` : text;
  item.contextValue = connectionContext(options);
  if (profile.production === true) {
    item.resourceUri = vscode.Uri.from({ scheme: PRODUCTION_SCHEME, path: `/${row.id}` });
  }
  item.tooltip = connectionTooltip(options);
  const spoken = options.isFavourite ? vscode.l10n.t('{0}, favourite', text) : text;
  item.accessibilityInformation = { label: `${profile.label}, ${spoken}` };
  // There is nothing to open yet, other than under a lost connection: a click is a wish to connect.
  if (state.status === 'disconnected' || state.status === 'failed') {
    item.command = { command: 'rpyc.connect', title: vscode.l10n.t('Connect'), arguments: [row] };
  }
  return item;
}

/** The folder of a group, with how many of its connections are there. */
export function groupItem(
  row: GroupRow,
  { count: all, connected }: { readonly count: number; readonly connected: number },
  expanded: boolean,
): vscode.TreeItem {
  const { Collapsed, Expanded } = vscode.TreeItemCollapsibleState;
  const item = new vscode.TreeItem(lineText(row.name, NAME_LIMIT), expanded ? Expanded : Collapsed);
  item.id = row.id;
  item.iconPath = new vscode.ThemeIcon('folder');
  item.description = vscode.l10n.t('{0} of {1} connected', connected, all);
  item.contextValue = 'rpycGroup';
  item.tooltip = row.name;
  item.accessibilityInformation = { label: `${row.name}, ${item.description}` };
  return item;
}

export function addressOf(profile: Profile): string {
  return addressText(profile.transport);
}

function connectionContext({ entry, state, hasOutput, isFavourite }: ConnectionItemOptions): string {
  const tokens = ['rpycConnection', state.status, entry.origin];
  if (state.peer?.service === 'classic') {
    tokens.push('classic');
  }
  if (state.busy) {
    tokens.push('busy');
  }
  if (hasOutput) {
    tokens.push('output');
  }
  if (isFavourite) {
    tokens.push('favourite');
  }
  if (entry.profile.production === true) {
    tokens.push('production');
  }
  return tokens.join(' ');
}

function connectionTooltip({ entry, state, seconds }: ConnectionItemOptions): vscode.MarkdownString {
  const { profile, origin } = entry;
  const lines = [...wayLines(profile)];
  if (profile.production === true) {
    lines.unshift(vscode.l10n.t('PRODUCTION: each run, call and change is confirmed'));
  }
  if (origin !== 'user') {
    lines.push(
      origin === 'workspace'
        ? vscode.l10n.t('from workspace settings')
        : vscode.l10n.t("kept in VS Code's own store"),
    );
  }
  const { problem } = state;
  lines.push(...peerLines(state));
  if (isTrying(state)) {
    lines.push(connectionText(state, profile, seconds));
  }
  if (state.openConnections > 0) {
    lines.push(vscode.l10n.t('open connections: {0}', state.openConnections));
  }
  const tooltip = new vscode.MarkdownString();
  appendPlain(tooltip.appendMarkdown('**'), profile.label).appendMarkdown('**\n\n');
  if (problem !== undefined) {
    appendPlain(tooltip, problem.message).appendMarkdown('\n\n');
  }
  for (const line of lines) {
    appendPlain(tooltip, lineText(line, VALUE_LIMIT)).appendMarkdown('  \n');
  }
  return tooltip;
}

/** The row of a remote object. Its tooltip is asked for when it is needed. */
export function objectItem(row: ObjectRow, stale: boolean, expanded: boolean): vscode.TreeItem {
  const { node } = row;
  const state = vscode.TreeItemCollapsibleState;
  const expansion = expanded ? state.Expanded : state.Collapsed;
  const item = new vscode.TreeItem(nodeName(node), node.expandable ? expansion : state.None);
  item.id = row.id;
  item.iconPath = objectIcon(node, stale);
  item.description = nodeDescription(node);
  item.contextValue = objectContext(row, stale);
  const spoken = [nodeName(node), lineText(shortValue(node), VALUE_LIMIT), node.typeName];
  if (stale || node.blocked !== undefined) {
    item.resourceUri = vscode.Uri.from({ scheme: GREY_SCHEME, path: `/${row.id}` });
  } else if (isPrivate(node)) {
    item.resourceUri = vscode.Uri.from({ scheme: PRIVATE_SCHEME, path: `/${row.id}` });
  }
  if (stale) {
    item.tooltip = vscode.l10n.t('As it was when the connection was lost');
    spoken.push(vscode.l10n.t('as it was when the connection was lost'));
  } else if (node.blocked !== undefined) {
    spoken.push(node.blocked);
  } else if (isUnread(node)) {
    item.command = { command: 'rpyc.readValue', title: vscode.l10n.t('Read Value'), arguments: [row] };
  }
  if (isReadOnly(node)) {
    spoken.push(vscode.l10n.t('read-only'));
  }
  item.accessibilityInformation = { label: spoken.filter((part) => part !== '').join(', ') };
  return item;
}

/** Holds a value that one may want to change, and cannot. */
function isReadOnly({ kind, path, editable, callable, blocked }: ObjectNode): boolean {
  const isPlain =
    path.length > 1 && kind !== 'group' && callable !== true && kind !== 'module' && kind !== 'modules';
  return isPlain && editable !== true && blocked === undefined;
}

export function nodeName(node: ObjectNode): string {
  return rootName(node) ?? viewName(node) ?? lineText(node.name, NAME_LIMIT);
}

/** The roots are called by us and not by the peer, so they can be translated. */
function rootName({ path }: ObjectNode): string | undefined {
  const [root, ...rest] = path;
  if (root?.kind !== 'root' || rest.length > 0) {
    return undefined;
  }
  switch (root.name) {
    case 'namespace':
      return vscode.l10n.t('Namespace');
    case 'modules':
      return vscode.l10n.t('Modules');
    case 'builtins':
      return vscode.l10n.t('Builtins');
    case 'threads':
      return vscode.l10n.t('Threads');
    case 'service':
      return vscode.l10n.t('Root service');
    case 'results':
      return vscode.l10n.t('Results');
    case 'console':
      return undefined;
  }
}

function valueText(node: ObjectNode): string {
  return isUnread(node) && node.value === CLICK_TO_READ ? vscode.l10n.t('click to read') : node.value;
}

const CONTAINERS: readonly ObjectKind[] = ['list', 'tuple', 'dict', 'set'];

/** `<shop.Till at 0x7f…>`: what an object says that says nothing of itself. The hover has it whole. */
const TYPE_AND_ADDRESS = /^<[\w.<>]{1,300}(?: object)? at 0x[\dA-Fa-f]{1,16}>$/;

/** Value, then type; a container's value begins with its length, since its end is cut off. */
export function nodeDescription(node: ObjectNode): string {
  const { kind, typeName } = node;
  const length = CONTAINERS.includes(kind) ? node.length : undefined;
  const value = [length === undefined ? '' : `(${count(length)})`, shortValue(node)].filter(isTold).join(' ');
  return lineText([value, typeName].filter(isTold).join('  ·  '), VALUE_LIMIT);
}

/** The value without what the row tells already: its name before a signature, its type before an address. */
function shortValue(node: ObjectNode): string {
  const { kind, name, typeName } = node;
  if (kind === 'group') {
    return `(${count(node.length ?? 0)})`;
  }
  const text = valueText(node);
  if ((kind === 'function' || kind === 'method') && text.startsWith(`${name}(`)) {
    return text.slice(name.length);
  }
  return typeName !== '' && TYPE_AND_ADDRESS.test(text) ? '' : text;
}

function isTold(part: string): boolean {
  return part !== '';
}

/** An attribute that its author keeps for himself. */
function isPrivate({ name, path }: ObjectNode): boolean {
  return name.startsWith('_') && path.at(-1)?.kind === 'attr';
}

/** Known by name only: it is read when the user asks for it. */
export function isUnread(node: ObjectNode): boolean {
  return node.blocked === undefined && (node.kind === 'unread' || node.kind === 'property');
}

/** @param stale nothing can be asked of it: its connection is gone */
function objectContext({ node, wasRead }: ObjectRow, stale: boolean): string {
  if (node.kind === 'group') {
    const step = node.path.at(-1);
    return step?.kind === 'group' ? `rpycMembers ${step.group}` : 'rpycMembers';
  }
  const tokens = ['rpycObject', node.kind];
  if (node.expression !== undefined) {
    tokens.push('expression');
  }
  if (stale) {
    return tokens.join(' ');
  }
  if (isUnread(node)) {
    tokens.push('readable');
  } else if (wasRead) {
    tokens.push('wasRead');
  }
  if (node.blocked !== undefined) {
    tokens.push('blocked');
  }
  if (node.expandable) {
    tokens.push('parent');
  }
  if (node.editable === true) {
    tokens.push('editable');
  }
  if (node.deletable === true) {
    tokens.push('deletable');
  }
  if (node.callable === true) {
    tokens.push('callable');
  }
  if (node.iterator === true) {
    tokens.push('iterator');
  }
  if (node.showable === true) {
    tokens.push('showable');
  }
  return tokens.join(' ');
}

/** "Load more… (100 of 100,000)" */
export function moreItem(row: MoreRow): vscode.TreeItem {
  const item = new vscode.TreeItem(vscode.l10n.t('Load more…'));
  item.id = row.id;
  item.iconPath = new vscode.ThemeIcon('ellipsis');
  item.description =
    row.total === undefined
      ? vscode.l10n.t('{0} shown', count(row.shown))
      : vscode.l10n.t('{0} of {1}', count(row.shown), count(row.total));
  item.contextValue = 'rpycMore';
  item.command = { command: 'rpyc.loadMore', title: vscode.l10n.t('Load More'), arguments: [row] };
  item.accessibilityInformation = { label: `${vscode.l10n.t('Load more…')}, ${item.description}` };
  return item;
}

/** A sentence in the tree. The row is short; the tooltip has all of it. */
export function noteItem(row: NoteRow): vscode.TreeItem {
  const item = new vscode.TreeItem(lineText(row.message, VALUE_LIMIT));
  item.id = row.id;
  item.iconPath =
    row.severity === 'error'
      ? new vscode.ThemeIcon('warning', new vscode.ThemeColor('problemsWarningIcon.foreground'))
      : new vscode.ThemeIcon('info');
  item.tooltip = row.message;
  if (row.aboutSettings !== undefined) {
    const title = vscode.l10n.t('Open Connections in Settings');
    item.command = { command: 'rpyc.openSettings', title, arguments: [row] };
  }
  item.contextValue = 'rpycNote';
  item.accessibilityInformation = { label: row.message };
  return item;
}

/** What a hover over an object shows. Nothing in it is trusted: no links that run commands, no HTML. */
export function objectTooltip(node: ObjectNode, details: ObjectDetails): vscode.MarkdownString {
  const tooltip = new vscode.MarkdownString();
  tooltip.isTrusted = false;
  tooltip.supportHtml = false;
  const type =
    details.length === undefined ? details.typeName : `${details.typeName}(${count(details.length)})`;
  appendPlain(tooltip.appendMarkdown('**'), nodeName(node)).appendMarkdown('**');
  if (type !== '') {
    appendPlain(tooltip.appendMarkdown(' · '), lineText(type, VALUE_LIMIT));
  }
  if (node.blocked !== undefined) {
    appendPlain(tooltip.appendMarkdown('\n\n'), node.blocked);
  }
  for (const [part, language] of [
    ['signature', 'python'],
    ['value', 'python'],
    ['documentation', 'text'],
  ] as const) {
    const text = details[part]?.trim() ?? '';
    if (text !== '') {
      const block = codeBlock(shorten(text, TOOLTIP_LIMITS[part]), language);
      tooltip.appendMarkdown('\n\n---\n').appendMarkdown(block);
    }
  }
  return tooltip;
}

/**
 * Appends text that is no Markdown. `appendText` makes every space one that no line can break at, and so breaks
 * words instead.
 */
export function appendPlain(tooltip: vscode.MarkdownString, text: string): vscode.MarkdownString {
  const escaped = new vscode.MarkdownString().appendText(text.trim()).value;
  return tooltip.appendMarkdown(escaped.replaceAll('&nbsp;', ' '));
}

function shorten(text: string, limit: number): string {
  return text.length > limit ? `${text.slice(0, limit - 1)}…` : text;
}

/** A number as people of the display language write it. */
export function count(value: number): string {
  return value.toLocaleString(vscode.env.language);
}
