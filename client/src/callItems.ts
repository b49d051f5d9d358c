import * as vscode from 'vscode';
import type { CallRecord, CallState, ListenerInfo } from '../../server/src/api/callbacks';
import { lineText } from './displayText';
import { appendPlain } from './rowItems';

/** A row of the view: the listener, or a call. */
export type CallRow =
  | { readonly kind: 'listener'; readonly listener: ListenerInfo }
  | { readonly kind: 'call'; readonly call: CallRecord };

const LINE_LIMIT = 300;

const ICONS: Readonly<Record<CallState, string>> = {
  waiting: 'comment-unresolved',
  answered: 'call-incoming',
  refused: 'circle-slash',
  failed: 'error',
  ended: 'debug-disconnect',
};

export function callItem(row: CallRow): vscode.TreeItem {
  if (row.kind === 'listener') {
    return listenerItem(row.listener);
  }
  const { call } = row;
  const item = new vscode.TreeItem(lineText(call.name, LINE_LIMIT));
  item.id = `call:${call.id}`;
  item.description = lineText(
    [`(${call.args})`, outcomeText(call), '·', call.peer, '·', timeText(call.at)].filter(Boolean).join(' '),
    LINE_LIMIT,
  );
  item.iconPath = new vscode.ThemeIcon(
    ICONS[call.state],
    call.state === 'failed' || call.state === 'refused'
      ? new vscode.ThemeColor('list.errorForeground')
      : undefined,
  );
  item.contextValue = `rpycCall ${call.state}`;
  item.accessibilityInformation = { label: callText(call) };
  return item;
}

export function callTooltip(row: CallRow): vscode.MarkdownString {
  const tooltip = new vscode.MarkdownString();
  if (row.kind === 'listener') {
    const { names } = row.listener;
    appendPlain(tooltip, vscode.l10n.t('Whoever connects and is let in may call: {0}', names.join(', ')));
    return tooltip;
  }
  const { call } = row;
  const lines = [
    `${call.name}(${call.args})`,
    stateText(call),
    vscode.l10n.t('from {0} at {1}', call.peer, timeText(call.at)),
  ];
  for (const line of lines) {
    appendPlain(tooltip, line).appendMarkdown('  \n');
  }
  return tooltip;
}

/** One line for the clipboard and for a screen reader. */
export function callText(call: CallRecord): string {
  return lineText(
    `${timeText(call.at)} ${call.peer}: ${call.name}(${call.args}) – ${stateText(call)}`,
    2 * LINE_LIMIT,
  );
}

function listenerItem(listener: ListenerInfo): vscode.TreeItem {
  const item = new vscode.TreeItem(vscode.l10n.t('Listening'));
  item.id = 'listener';
  const who =
    listener.peer === ''
      ? vscode.l10n.t('nobody is connected')
      : vscode.l10n.t('{0} is connected', lineText(listener.peer, LINE_LIMIT));
  item.description = `${listenerAddress(listener)} · ${who}`;
  item.iconPath = new vscode.ThemeIcon('broadcast');
  item.contextValue = 'rpycListener';
  return item;
}

export function listenerAddress({ path, host, port }: ListenerInfo): string {
  return path ?? `${host ?? ''}:${port ?? 0}`;
}

function outcomeText({ state, answer }: CallRecord): string {
  switch (state) {
    case 'waiting':
      return vscode.l10n.t('waits for you');
    case 'answered':
      return answer === '' ? '' : `→ ${answer}`;
    case 'refused':
      return vscode.l10n.t('refused');
    case 'failed':
      return `✗ ${answer}`;
    case 'ended':
      return vscode.l10n.t('connection closed');
  }
}

function stateText({ state, answer }: CallRecord): string {
  switch (state) {
    case 'waiting':
      return vscode.l10n.t('waits for you');
    case 'answered':
      return answer === '' ? vscode.l10n.t('answered with None') : vscode.l10n.t('answered with {0}', answer);
    case 'refused':
      return vscode.l10n.t('refused: {0}', answer);
    case 'failed':
      return vscode.l10n.t('failed: {0}', answer);
    case 'ended':
      return vscode.l10n.t('not answered, since its connection was closed');
  }
}

function timeText(at: number): string {
  return new Date(at).toLocaleTimeString(vscode.env.language);
}
