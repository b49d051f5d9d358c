import * as vscode from 'vscode';
import { ReferenceRelease } from '../../server/src/api/messages';
import type { Backend } from './backend';
import type { WireCommandId } from './commandIds';
import type { ConnectionsView } from './connectionsView';
import type { Row, SideRow } from './rows';

const HINT_MS = 3_000;

export interface WireCommandParts {
  readonly backend: Backend;
  readonly view: ConnectionsView;
}

/** Runs one of the commands on what is held and what actions cost. @param rows those of the menu, or selected */
export async function runWireCommand(
  { backend, view }: WireCommandParts,
  id: WireCommandId,
  rows: readonly Row[],
): Promise<void> {
  const [row] = rows.filter((one): one is SideRow => one.kind === 'side');
  switch (id) {
    case 'rpyc.showReferences':
      return set('showReferences', true);
    case 'rpyc.hideReferences':
      return set('showReferences', false);
    case 'rpyc.showCosts':
      return set('showCost', true);
    case 'rpyc.hideCosts':
      return set('showCost', false);
  }
  if (row === undefined) {
    return;
  }
  switch (id) {
    case 'rpyc.releaseReference': {
      const ids = rows.flatMap((one) =>
        one.kind === 'side' && one.content.what === 'reference' && one.profileId === row.profileId
          ? [one.content.reference.id]
          : [],
      );
      return release(backend, row.profileId, ids);
    }
    case 'rpyc.releaseReferences':
      return release(backend, row.profileId, 'rows');
    case 'rpyc.clearCosts':
      return view.side.rows?.clear(row);
    case 'rpyc.copyCosts':
      await vscode.env.clipboard.writeText(view.side.rows?.text(row.profileId) ?? '');
      hint(vscode.l10n.t('Copied'));
  }
}

async function set(name: string, value: boolean): Promise<void> {
  const settings = vscode.workspace.getConfiguration('rpyc.explorer');
  await settings.update(name, value, vscode.ConfigurationTarget.Global);
}

async function release(backend: Backend, profileId: string, ids: readonly string[] | 'rows'): Promise<void> {
  const number = await backend.request(ReferenceRelease, { profileId, ids });
  hint(vscode.l10n.t('Released: {0}', number));
}

function hint(text: string): void {
  vscode.window.setStatusBarMessage(`$(check) ${text}`, HINT_MS);
}
