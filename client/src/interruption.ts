import * as vscode from 'vscode';
import { InterruptRun } from '../../server/src/api/messages';
import type { RemoteFrame } from '../../server/src/api/model';
import type { Backend } from './backend';
import type { ConnectionPicker } from './connectionPicker';
import type { Connections } from './connections';
import { pickText } from './displayText';
import { showInformation } from './messageBoxes';
import type { Snippets } from './snippets';

export interface InterruptionParts {
  readonly backend: Backend;
  readonly connections: Connections;
  readonly picker: ConnectionPicker;
  readonly snippets: Snippets;
}

/** Most code ends well within this time. What does not is worth a word. */
const PATIENCE_MS = 1500;
const PLACE_LIMIT = 80;

/** Runs that were asked to stop before: asked again, they are stopped harder. */
const asked = new Set<string>();

/**
 * Stops what runs on a connection; harder, when it is asked a second time.
 *
 * @param given the connection; without one the only one where something runs, or the one that the user picks
 */
export async function interruptRun(parts: InterruptionParts, given: string | undefined): Promise<void> {
  const { picker, snippets } = parts;
  const running = snippets.running;
  const profileId =
    given ??
    (running.length === 1
      ? running[0]
      : await picker.pickWhere((id) => running.includes(id), vscode.l10n.t('Interrupt the run on which?')));
  const runId = profileId === undefined ? undefined : snippets.runOn(profileId);
  if (profileId === undefined || runId === undefined) {
    void showInformation(vscode.l10n.t('Nothing that was started here is running.'));
    return;
  }
  const { going, place } = await askToStop(parts, profileId, runId);
  if (!going) {
    return;
  }
  // Not awaited: the run was asked, whenever the message is closed.
  void offerMore(parts, { profileId, runId, place });
}

/**
 * Asks a run to stop; harder, when it was asked before.
 *
 * @returns whether it goes on after a while, and where it was when it was asked
 */
export async function askToStop(
  { snippets, backend }: Pick<InterruptionParts, 'snippets' | 'backend'>,
  profileId: string,
  runId: string,
): Promise<{ readonly going: boolean; readonly place: RemoteFrame | undefined }> {
  const insist = asked.has(runId);
  asked.add(runId);
  const over = ended(snippets, runId).then(() => asked.delete(runId));
  const { outcome, place } = await backend.request(InterruptRun, { profileId, runId, insist });
  const going = outcome === 'asked' && !(await settledWithin(over, PATIENCE_MS));
  return { going, place };
}

async function offerMore(
  parts: InterruptionParts,
  { profileId, runId, place }: { profileId: string; runId: string; place: RemoteFrame | undefined },
): Promise<void> {
  const { connections, snippets } = parts;
  const harder = vscode.l10n.t('Interrupt Harder');
  const disconnect = vscode.l10n.t('Disconnect');
  const choice = await showInformation(stillRunning(connections.label(profileId), place), harder, disconnect);
  if (snippets.runOn(profileId) !== runId) {
    return;
  }
  if (choice === harder) {
    await vscode.commands.executeCommand('rpyc.interruptRun', profileId);
  } else if (choice === disconnect) {
    await connections.disconnect(profileId);
  }
}

export function stillRunning(label: string, place: RemoteFrame | undefined): string {
  return place === undefined
    ? vscode.l10n.t('The run on "{0}" was asked to stop and is still going on.', label)
    : vscode.l10n.t(
        'The run on "{0}" was asked to stop. It was in {1}: what is called there may have to return first.',
        label,
        pickText(`${place.name}, ${place.file}:${place.line}`, PLACE_LIMIT),
      );
}

/** Settles when the run is not there any more. */
function ended(snippets: Snippets, runId: string): Promise<void> {
  return new Promise((resolve) => {
    const check = (): void => {
      if (!snippets.isOpen(runId)) {
        listener.dispose();
        resolve();
      }
    };
    const listener = snippets.onDidChangeRuns(check);
    check();
  });
}

async function settledWithin(work: Promise<unknown>, milliseconds: number): Promise<boolean> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), milliseconds);
  });
  const first = await Promise.race([work.then(() => true as const), late]);
  clearTimeout(timer);
  return first;
}
