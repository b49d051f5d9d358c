import * as vscode from 'vscode';
import type { CertificateFacts } from '../../server/src/api/model';
import { askForConnection } from './addConnection';
import type { AskedConnection } from './addConnection';
import { connectionText, stageText } from './appearance';
import { noAnswers, profileFrom } from './connectionForm';
import type { Answers } from './connectionForm';
import { askForPlace } from './connectionPlace';
import type { ConnectOutcome, Connections } from './connections';
import type { ConnectionsView } from './connectionsView';
import { VIEW_ID } from './connectionsView';
import { messageText, pickText } from './displayText';
import { showError, showInformation } from './messageBoxes';
import { loadPinning } from './pinning';
import type { ProfileEntry } from './profiles';
import type { NewProfile, Settings } from './settings';

const HINT_MS = 5_000;
const LABEL_LIMIT = 60;

export interface NewConnectionParts {
  readonly connections: Connections;
  readonly settings: Settings;
  readonly view: ConnectionsView;
}

/**
 * Asks for a connection, tries it out, asks where it is kept, and lists it; one that fails goes back to the dialogue,
 * or is listed as it is.
 *
 * @param address the address that the dialogue begins with
 */
export async function addConnection(parts: NewConnectionParts, address?: string): Promise<void> {
  const { connections, settings, view } = parts;
  const begun = address === undefined ? undefined : { ...noAnswers(), texts: { address } };
  let asked = await askForConnection(connections.entries, begun);
  while (asked !== undefined) {
    const draft = settings.preview(asked.profile);
    if (draft === undefined || !connections.propose(draft)) {
      await keep(parts, asked.profile);
      return;
    }
    let choice: Choice;
    let certificate: CertificateFacts | undefined;
    try {
      await vscode.commands.executeCommand(`${VIEW_ID}.focus`);
      const outcome = await tryOut(connections, draft);
      certificate = outcome.kind === 'failed' ? outcome.problem.certificate : undefined;
      choice = await decide(outcome, draft);
      if (choice === 'add' && (await keep(parts, asked.profile, draft)) && outcome.kind === 'connected') {
        showResult(connections, draft);
        await view.showConnected(draft.profile.id);
      }
    } finally {
      connections.withdraw(draft);
    }
    const answered: AskedConnection = asked;
    asked = choice === 'pin' && certificate !== undefined ? await pinIn(answered, certificate) : undefined;
    if (asked === undefined && (choice === 'edit' || choice === 'pin')) {
      asked = await askForConnection(connections.entries, answered.answers);
    }
  }
}

/** Lists it in the place that the user names. @returns whether there is one */
async function keep(
  { connections, settings }: NewConnectionParts,
  profile: NewProfile,
  draft?: ProfileEntry,
): Promise<boolean> {
  const origin = await askForPlace(vscode.l10n.t('Add RPyC Connection'));
  if (origin === undefined) {
    return false;
  }
  if (origin === 'workspace' && draft !== undefined) {
    await connections.agreeTo(draft.profile);
  }
  await settings.addProfile(profile, origin, draft?.profile.id);
  return true;
}

function tryOut(connections: Connections, { profile }: ProfileEntry): Thenable<ConnectOutcome> {
  const options = {
    location: vscode.ProgressLocation.Notification,
    title: vscode.l10n.t('Trying the connection "{0}"', messageText(pickText(profile.label, LABEL_LIMIT))),
    cancellable: true,
  };
  return vscode.window.withProgress(options, async (progress, token) => {
    const tell = (): void => {
      const state = connections.state(profile.id);
      progress.report({
        message: stageText(state, profile.transport.kind, connections.clock.seconds(profile.id)),
      });
    };
    const listeners = vscode.Disposable.from(
      connections.onDidChange(({ profileId }) => {
        if (profileId === profile.id) {
          tell();
        }
      }),
      token.onCancellationRequested(() => void connections.disconnect(profile.id)),
    );
    try {
      return await connections.connect(profile.id);
    } finally {
      listeners.dispose();
    }
  });
}

/** The same connection with the certificate pinned. @returns undefined where the user does not know it */
async function pinIn(
  { profile, answers }: AskedConnection,
  certificate: CertificateFacts,
): Promise<AskedConnection | undefined> {
  const { agreesToPin } = await loadPinning();
  if (!(await agreesToPin(profile, certificate))) {
    return undefined;
  }
  const texts = { ...answers.texts, pin: certificate.fingerprint };
  const changed: Answers = { ...answers, trust: 'pin', texts };
  const pinned = profileFrom(changed);
  return pinned === undefined ? undefined : { profile: pinned, answers: changed };
}

type Choice = 'add' | 'edit' | 'pin' | undefined;

async function decide(outcome: ConnectOutcome, { profile }: ProfileEntry): Promise<Choice> {
  if (outcome.kind === 'connected') {
    return 'add';
  }
  const isPinnable = outcome.kind === 'failed' && outcome.problem.certificate !== undefined;
  const pin = isPinnable ? [vscode.l10n.t('Pin This Certificate…')] : [];
  const edit = vscode.l10n.t('Edit…');
  const add = vscode.l10n.t('Add Anyway');
  const choice =
    outcome.kind === 'failed'
      ? await showError(outcome.problem.message, ...pin, edit, add)
      : await showInformation(
          vscode.l10n.t('The connection "{0}" was not tried to the end.', profile.label),
          edit,
          add,
        );
  const isPin = choice !== undefined && pin.includes(choice);
  return isPin ? 'pin' : choice === edit ? 'edit' : choice === add ? 'add' : undefined;
}

function showResult(connections: Connections, { profile }: ProfileEntry): void {
  const text = connectionText(connections.state(profile.id), profile);
  const hint = vscode.l10n.t(
    'Connected to "{0}": {1}',
    pickText(profile.label, LABEL_LIMIT),
    pickText(text, 200),
  );
  vscode.window.setStatusBarMessage(`$(check) ${hint}`, HINT_MS);
}
