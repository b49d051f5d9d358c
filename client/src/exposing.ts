/** Which functions of the editor a peer may call: chosen one by one, in words that say what it may then do. */
import * as vscode from 'vscode';
import { CALLBACK_NAMES } from '../../server/src/api/callbacks';
import type { CallbackName } from '../../server/src/api/model';
import type { CallsParts } from './callsDoor';
import { pickText } from './displayText';
import { showInformation } from './messageBoxes';

const NAME_LIMIT = 60;

interface FunctionItem extends vscode.QuickPickItem {
  readonly name: CallbackName;
}

/** @returns undefined where the question was closed */
export async function pickFunctions(
  title: string,
  before: readonly CallbackName[],
): Promise<readonly CallbackName[] | undefined> {
  const items = CALLBACK_NAMES.map((name): FunctionItem => ({
    name,
    label: `${name}${SIGNATURES[name]}`,
    detail: effectText(name),
    picked: before.includes(name),
  }));
  const chosen = await vscode.window.showQuickPick(items, {
    title,
    placeHolder: vscode.l10n.t('What may the other side do in this editor? Nothing that is not ticked.'),
    canPickMany: true,
    ignoreFocusOut: true,
  });
  return chosen?.map(({ name }) => name);
}

/** Writes into a profile what its server may call. */
export async function exposeFunctions(parts: CallsParts, given: string | undefined): Promise<void> {
  const { connections, settings, picker } = parts;
  const id =
    given ?? (await picker.pickWhere(() => true, vscode.l10n.t('Which connection may call functions here?')));
  const entry = id === undefined ? undefined : connections.entry(id);
  if (entry === undefined) {
    return;
  }
  if (connections.isDraft(entry)) {
    void showInformation(
      vscode.l10n.t('The connection "{0}" is being tried out: answer that first.', entry.profile.label),
    );
    return;
  }
  const { label, expose: before = [] } = entry.profile;
  const title = vscode.l10n.t('What may "{0}" call?', pickText(label, NAME_LIMIT));
  const names = await pickFunctions(title, before);
  if (names === undefined) {
    return;
  }
  const expose = names.length === 0 ? undefined : names;
  await connections.agreeToChange(entry, { expose });
  await settings.changeProfile(entry, { expose });
  if (names.some((name) => !before.includes(name)) && connections.isConnected(entry.profile.id)) {
    await offerToReconnect(parts, entry.profile.id);
  }
}

/** A connection offers what held when it was opened, so that nothing is given to a peer behind the user's back. */
async function offerToReconnect({ connections }: CallsParts, profileId: string): Promise<void> {
  const reconnect = vscode.l10n.t('Reconnect');
  const choice = await showInformation(
    vscode.l10n.t(
      '"{0}" may call them from its next connection on. Reconnecting ends what runs there.',
      connections.label(profileId),
    ),
    reconnect,
  );
  if (choice === reconnect) {
    await connections.disconnect(profileId);
    await connections.connect(profileId);
  }
}

const SIGNATURES: Readonly<Record<CallbackName, string>> = {
  print: '(*values, sep, end)',
  console: '(*values, sep, end)',
  stdout_write: '(text)',
  stderr_write: '(text)',
  record: '(event, **data)',
  show: '(value, title)',
  notify: '(text)',
  progress: '(done, total, text)',
  ask: '(question, default)',
  confirm: '(question)',
  open_file: '(path, line)',
};

function effectText(name: CallbackName): string {
  switch (name) {
    case 'print':
    case 'console':
      return vscode.l10n.t('It may write lines to the output "RPyC Calls".');
    case 'stdout_write':
    case 'stderr_write':
      return vscode.l10n.t('It may write text to the output "RPyC Calls", as to a stream.');
    case 'record':
      return vscode.l10n.t('It may put lines into the list of incoming calls, and nowhere else.');
    case 'show':
      return vscode.l10n.t('It may open a document with its own text, which can only be read.');
    case 'notify':
      return vscode.l10n.t('It may show you messages, one at a time.');
    case 'progress':
      return vscode.l10n.t('It may show how far it has come.');
    case 'ask':
      return vscode.l10n.t('It may ask you for a line of text, and gets what you type.');
    case 'confirm':
      return vscode.l10n.t('It may ask you a question, and learns whether you say yes.');
    case 'open_file':
      return vscode.l10n.t('It may ask to open a file of your folders at a line; it does not get its text.');
  }
}
