import * as vscode from 'vscode';
import type { ConnectionState, ObjectKind } from '../../server/src/api/model';
import type { WatchReading } from '../../server/src/api/watch';
import { objectIcon } from './appearance';
import { codeBlock, lineText } from './displayText';
import { appendPlain, count, GREY_SCHEME } from './rowItems';
import { pathText } from './watchModel';
import type { WatchedRow } from './watchModel';

const NAME_LIMIT = 200;
const VALUE_LIMIT = 300;
/** Of a value that stands beside another one. */
const HALF_LIMIT = 60;
const TOOLTIP_VALUE_LIMIT = 800;

/** Rows of this scheme are marked as changed. */
export const CHANGED_SCHEME = 'rpyc-changed';

const CONTAINERS: readonly ObjectKind[] = ['list', 'tuple', 'dict', 'set'];

/** Where a row is read. */
export interface WatchPlace {
  /** What the user calls the connection. */
  readonly label: string;
  /** It is not listed any more where there is none. */
  readonly state: ConnectionState | undefined;
  /** There are rows of other connections beside it. */
  readonly isOneOfMany: boolean;
}

/** What a row is called. */
export function watchedName({ pin }: WatchedRow): string {
  return lineText(pin.expression ?? pathText(pin.path), NAME_LIMIT);
}

/** Why the value of a row is not that of now; undefined where it is. */
export function reasonOf(row: WatchedRow, { state }: WatchPlace): string | undefined {
  switch (state?.status) {
    case 'connected':
      return row.problem;
    case undefined:
      return vscode.l10n.t('the connection is not listed any more');
    case 'connecting':
    case 'reconnecting':
      return vscode.l10n.t('connecting…');
    case 'lost':
      return vscode.l10n.t('connection lost');
    case 'disconnected':
    case 'failed':
      return vscode.l10n.t('not connected');
  }
}

/** The row of something that is watched. */
export function watchedItem(row: WatchedRow, place: WatchPlace): vscode.TreeItem {
  const { reading } = row;
  const item = new vscode.TreeItem(watchedName(row));
  const reason = reasonOf(row, place);
  const isGrey = reason !== undefined || reading?.blocked !== undefined;
  const isChanged = row.isChanged && !isGrey;
  item.id = row.id;
  item.iconPath = objectIcon(reading ?? { kind: 'unread' }, isGrey);
  item.description = descriptionOf(row, place, isChanged, reason);
  item.contextValue = ['rpycWatched', ...(row.pin.expression === undefined ? [] : ['expression'])].join(' ');
  if (isGrey || isChanged) {
    const scheme = isGrey ? GREY_SCHEME : CHANGED_SCHEME;
    item.resourceUri = vscode.Uri.from({ scheme, path: `/${row.id}` });
  }
  item.accessibilityInformation = { label: spokenText(row, place, isChanged, reason) };
  return item;
}

function descriptionOf(
  row: WatchedRow,
  place: WatchPlace,
  isChanged: boolean,
  reason: string | undefined,
): string {
  const { reading, before } = row;
  const value =
    reading === undefined
      ? reason === undefined
        ? vscode.l10n.t('not read yet')
        : ''
      : isChanged && before !== undefined
        ? `${lineText(before.value, HALF_LIMIT)} → ${lineText(reading.value, HALF_LIMIT)}  ·  ${typeText(reading)}`
        : valueAndType(reading);
  const parts = [value, reason ?? '', place.isOneOfMany ? place.label : ''];
  return lineText(parts.filter((part) => part !== '').join('  ·  '), VALUE_LIMIT);
}

/** Value, then type; a container's value begins with its length, since its end is cut off. */
function valueAndType({ kind, value, typeName, length }: WatchReading): string {
  const items = length === undefined || !CONTAINERS.includes(kind) ? '' : `(${count(length)}) `;
  return [`${items}${value}`, typeName].filter((part) => part !== '').join('  ·  ');
}

function typeText({ kind, typeName, length }: WatchReading): string {
  return length === undefined || !CONTAINERS.includes(kind) ? typeName : `${typeName}(${count(length)})`;
}

function spokenText(
  row: WatchedRow,
  place: WatchPlace,
  isChanged: boolean,
  reason: string | undefined,
): string {
  const { reading, before } = row;
  const value =
    reading === undefined
      ? vscode.l10n.t('not read yet')
      : isChanged && before !== undefined
        ? vscode.l10n.t('changed from {0} to {1}', lineText(before.value, VALUE_LIMIT), reading.value)
        : reading.value;
  const parts = [watchedName(row), value, reading?.typeName, reading?.blocked, reason, place.label];
  return parts
    .filter((part) => part !== undefined && part !== '')
    .map((part) => lineText(part ?? '', VALUE_LIMIT))
    .join(', ');
}

/** What a hover over the row shows. Nothing in it is trusted. */
export function watchedTooltip(row: WatchedRow, place: WatchPlace): vscode.MarkdownString {
  const { reading, before } = row;
  const tooltip = new vscode.MarkdownString();
  tooltip.isTrusted = false;
  tooltip.supportHtml = false;
  appendPlain(tooltip.appendMarkdown('**'), watchedName(row)).appendMarkdown('**');
  if (reading !== undefined && reading.typeName !== '') {
    appendPlain(tooltip.appendMarkdown(' · '), lineText(typeText(reading), VALUE_LIMIT));
  }
  for (const sentence of [reasonOf(row, place), reading?.blocked]) {
    if (sentence !== undefined) {
      appendPlain(tooltip.appendMarkdown('\n\n'), lineText(sentence, VALUE_LIMIT));
    }
  }
  if (reading !== undefined) {
    tooltip.appendMarkdown(codeBlock(lineText(reading.value, TOOLTIP_VALUE_LIMIT), 'python'));
  }
  if (before !== undefined) {
    appendPlain(tooltip.appendMarkdown('\n\n'), vscode.l10n.t('Before:'));
    tooltip.appendMarkdown(codeBlock(lineText(before.value, TOOLTIP_VALUE_LIMIT), 'python'));
  }
  const lines = [
    ...(row.readAt === undefined ? [] : [vscode.l10n.t('read at {0}', timeText(row.readAt))]),
    ...(row.changedAt === undefined ? [] : [vscode.l10n.t('last changed at {0}', timeText(row.changedAt))]),
    vscode.l10n.t('connection: {0}', place.label),
    vscode.l10n.t('A property on its way runs each time that it is read.'),
  ];
  tooltip.appendMarkdown('\n\n');
  for (const line of lines) {
    appendPlain(tooltip, lineText(line, VALUE_LIMIT)).appendMarkdown('  \n');
  }
  return tooltip;
}

function timeText(milliseconds: number): string {
  return new Date(milliseconds).toLocaleTimeString(vscode.env.language);
}
