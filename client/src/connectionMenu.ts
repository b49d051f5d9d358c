/** The menu behind the status-bar item. Loaded when it is first opened. */
import * as vscode from 'vscode';
import type { CommandId } from './commandIds';
import { connectionText } from './appearance';
import { factsText } from './connectionFacts';
import type { Connections } from './connections';
import { pickText } from './displayText';
import { menuEntries } from './menuModel';
import type { MenuEntry } from './menuModel';

const LABEL_LIMIT = 60;
const TEXT_LIMIT = 200;

interface MenuItem extends vscode.QuickPickItem {
  readonly entry?: MenuEntry;
}

export interface ConnectionMenuParts {
  readonly connections: Connections;
  readonly hasOutput: boolean;
  readonly isStopped: boolean;
}

/** Shows what can be done now, and does what is chosen. */
export async function showConnectionMenu(parts: ConnectionMenuParts): Promise<void> {
  const { connections, hasOutput, isStopped } = parts;
  const entries = menuEntries({
    states: connections.entries.map(({ profile }) => connections.state(profile.id)),
    isTrusted: vscode.workspace.isTrusted,
    hasPython: vscode.window.activeTextEditor?.document.languageId === 'python',
    hasOutput,
    isStopped,
  });
  const choice = await vscode.window.showQuickPick(itemsOf(entries, connections), {
    title: vscode.l10n.t('RPyC Connections'),
    placeHolder: vscode.l10n.t('What do you want to do?'),
    matchOnDescription: true,
  });
  if (choice?.entry !== undefined) {
    const { command, profileId } = choice.entry;
    await vscode.commands.executeCommand(command, ...(profileId === undefined ? [] : [profileId]));
  }
}

function itemsOf(entries: readonly MenuEntry[], connections: Connections): readonly MenuItem[] {
  const items: MenuItem[] = [];
  let group: MenuEntry['group'] | undefined;
  for (const entry of entries) {
    if (entry.group !== group) {
      group = entry.group;
      items.push({ label: groupText(group), kind: vscode.QuickPickItemKind.Separator });
    }
    items.push({ ...wordsOf(entry, connections), entry });
  }
  return items;
}

function groupText(group: MenuEntry['group']): string {
  switch (group) {
    case 'connections':
      return vscode.l10n.t('connections');
    case 'python':
      return vscode.l10n.t('Python');
    case 'rpyc':
      return vscode.l10n.t('RPyC');
  }
}

function wordsOf({ command, profileId }: MenuEntry, connections: Connections): vscode.QuickPickItem {
  const { label, icon } = commandWords(command);
  const iconPath = new vscode.ThemeIcon(icon);
  const profile = profileId === undefined ? undefined : connections.entry(profileId)?.profile;
  if (profile === undefined) {
    return { label, iconPath };
  }
  const state = connections.state(profile.id);
  const isConnected = state.status === 'connected';
  const text = isConnected
    ? factsText(profile, state)
    : connectionText(state, profile, connections.clock.seconds(profile.id));
  return {
    label: `${label}: ${pickText(profile.label, LABEL_LIMIT)}`,
    iconPath,
    // What is long has a line of its own.
    ...(isConnected ? { detail: pickText(text, TEXT_LIMIT) } : { description: pickText(text, TEXT_LIMIT) }),
  };
}

function commandWords(command: CommandId): { readonly label: string; readonly icon: string } {
  switch (command) {
    case 'rpyc.connect':
      return { label: vscode.l10n.t('Connect'), icon: 'vm-connect' };
    case 'rpyc.cancelConnecting':
      return { label: vscode.l10n.t('Stop Connecting'), icon: 'circle-slash' };
    case 'rpyc.disconnect':
      return { label: vscode.l10n.t('Disconnect'), icon: 'debug-disconnect' };
    case 'rpyc.addConnection':
      return { label: vscode.l10n.t('Add Connection…'), icon: 'add' };
    case 'rpyc.runSelection':
      return { label: vscode.l10n.t('Run Selection or Line on Connection'), icon: 'play' };
    case 'rpyc.chooseConnection':
      return { label: vscode.l10n.t('Choose Connection for This File…'), icon: 'target' };
    case 'rpyc.findModule':
      return { label: vscode.l10n.t('Find in Modules…'), icon: 'search' };
    case 'rpyc.showOutput':
      return { label: vscode.l10n.t('Show Output of Connection'), icon: 'output' };
    case 'rpyc.explainError':
      return { label: vscode.l10n.t('Explain RPyC Error…'), icon: 'question' };
    case 'rpyc.showLog':
      return { label: vscode.l10n.t('Show Log'), icon: 'list-flat' };
    case 'rpyc.restart':
      return { label: vscode.l10n.t('Restart Background Process'), icon: 'debug-restart' };
    default:
      return { label: vscode.l10n.t('Show Connections'), icon: 'list-tree' };
  }
}
