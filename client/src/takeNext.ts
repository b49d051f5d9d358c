import * as vscode from 'vscode';
import type { ObjectTakeResult } from '../../server/src/api/changes';
import { ObjectTake } from '../../server/src/api/messages';
import type { RunError } from '../../server/src/api/model';
import type { ChangeConsent } from './changeConsent';
import { isCancelled, problemOf } from './problems';
import { showResult } from './resultRows';
import type { ObjectRow } from './rows';
import type { ValueChangesParts } from './valueChanges';

/** Items that are taken at once. */
const COUNT = 100;

/** What taking needs of the changes that it is one of. */
export interface Taking {
  readonly row: ObjectRow;
  /** What the iterator is called. */
  readonly name: string;
  readonly callId: string;
  readonly consent: ChangeConsent;
  readonly patiently: <T>(
    title: string,
    ask: (token: vscode.CancellationToken) => Promise<T>,
  ) => Promise<T | undefined>;
  readonly errorText: (error: RunError) => string;
  readonly tellError: (message: string, error: RunError) => void;
  readonly hint: (message: string) => void;
}

/** Takes the next items of a generator or another iterator, after the user has agreed: they are gone there then. */
export async function takeNext(parts: ValueChangesParts, taking: Taking): Promise<void> {
  const { backend, view, snippets } = parts;
  const { row, name, callId } = taking;
  const what = vscode.l10n.t('Take the next {0} of {1}', COUNT, name);
  if (!(await agrees(parts, taking, what))) {
    return;
  }
  const channel = snippets.beginCall(row.profileId, callId, what);
  try {
    const result = await taking.patiently(
      vscode.l10n.t('Taking the next {0} of {1}…', COUNT, name),
      (token) =>
        view.model.withFreshHandle(row, (handle) =>
          backend.request(ObjectTake, { handle, callId, count: COUNT }, token),
        ),
    );
    if (result === undefined) {
      channel.lost(vscode.l10n.t('Stopped waiting; it goes on at the server.'));
      return;
    }
    const { node, error, elapsedMs } = result;
    const text = endingText(name, result);
    channel.end({
      runId: callId,
      elapsedMs,
      ...(error === undefined ? { status: 'done', value: text } : { status: 'error', error }),
    });
    view.refresh(row.parent);
    if (error === undefined) {
      taking.hint(text);
    } else {
      taking.tellError(
        vscode.l10n.t('{0} raised {1} after {2} items', name, taking.errorText(error), result.taken),
        error,
      );
    }
    if (node !== undefined) {
      await showResult(view, row.profileId, node);
    }
  } catch (error) {
    if (!isCancelled(error)) {
      channel.lost(problemOf(error).message);
    }
    throw error;
  } finally {
    snippets.endCall(callId);
  }
}

async function agrees(
  { connections, production }: ValueChangesParts,
  { row: { profileId }, consent }: Taking,
  what: string,
): Promise<boolean> {
  if (production.isProduction(profileId)) {
    return production.agrees(profileId, 'call', what);
  }
  const entry = connections.entry(profileId);
  return entry !== undefined && (await consent.ask(entry.profile, what, 'take'));
}

function endingText(name: string, { taken, ending }: ObjectTakeResult): string {
  switch (ending) {
    case 'exhausted':
      return vscode.l10n.t('{0} is exhausted after {1}', name, taken);
    case 'time':
      return vscode.l10n.t('Took {0} of {1}, and stopped since it takes long', taken, name);
    case 'size':
      return vscode.l10n.t('Took {0} of {1}, and stopped since they are large', taken, name);
    default:
      return vscode.l10n.t('Took {0} of {1}', taken, name);
  }
}
