import * as vscode from 'vscode';
import { ObjectDocument, ObjectImportLine } from '../../server/src/api/messages';
import type { Backend } from './backend';
import type { Connections } from './connections';
import type { ConnectionsView } from './connectionsView';
import { pickText } from './displayText';
import { goToMember } from './memberPicker';
import { showInformation } from './messageBoxes';
import type { RemoteDocuments } from './remoteDocuments';
import { openSource } from './remoteSource';
import { nodeName } from './rowItems';
import type { ResultsDoor } from './resultsDoor';
import type { ObjectRow } from './rows';
import type { RowActionId } from './commandIds';

const DOCUMENT_LIMIT = 10_000_000;
const HINT_MS = 3_000;
const NAME_LIMIT = 60;

export interface RowActionParts {
  readonly backend: Backend;
  readonly connections: Connections;
  readonly view: ConnectionsView;
  readonly documents: RemoteDocuments;
  readonly results: ResultsDoor;
}

/** The row of the menu or of the selection, and all rows that are selected with it. */
export interface ChosenRows {
  readonly row: ObjectRow | undefined;
  readonly rows: readonly ObjectRow[];
}

/** The row that "Compare with Selected" compares with. It stays chosen until another one is. */
let chosen: ObjectRow | undefined;

/** Runs one of the commands on rows. */
export async function runRowAction(
  parts: RowActionParts,
  id: RowActionId,
  { row, rows }: ChosenRows,
): Promise<void> {
  if (id === 'rpyc.goToMember') {
    return goToMember(parts, row);
  }
  if (row === undefined) {
    void showInformation(vscode.l10n.t('Select the row of an object first.'));
    return;
  }
  switch (id) {
    case 'rpyc.showObject':
      return parts.results.showRow(row);
    case 'rpyc.openSource':
      return openSource(parts, row);
    case 'rpyc.copyJson':
      return copyJson(parts, row);
    case 'rpyc.copyImport':
      return copyImport(parts, row);
    case 'rpyc.selectForCompare':
      chosen = row;
      await vscode.commands.executeCommand('setContext', 'rpyc:compareSelected', true);
      {
        hint(vscode.l10n.t('Selected for compare: {0}', pickText(nodeName(row.node), NAME_LIMIT)));
        return;
      }
    case 'rpyc.compareWithSelected':
      return compare(parts, chosen, row);
    case 'rpyc.compareSelected':
      return compare(parts, rows[0], rows[1]);
  }
}

async function copyJson({ backend, view }: RowActionParts, row: ObjectRow): Promise<void> {
  const { text, truncated } = await view.model.withFreshHandle(row, (handle) =>
    backend.request(ObjectDocument, { handle, form: 'json', limit: DOCUMENT_LIMIT }),
  );
  await vscode.env.clipboard.writeText(text);
  const name = pickText(nodeName(row.node), NAME_LIMIT);
  hint(
    truncated
      ? vscode.l10n.t('Copied {0} as JSON, with marks where it was cut: it is too long or too deep', name)
      : vscode.l10n.t('Copied {0} as JSON', name),
  );
}

async function copyImport({ backend, view }: RowActionParts, row: ObjectRow): Promise<void> {
  const line = await view.model.withFreshHandle(row, (handle) =>
    backend.request(ObjectImportLine, { handle }),
  );
  await vscode.env.clipboard.writeText(line);
  hint(vscode.l10n.t('Copied {0}', pickText(line, NAME_LIMIT)));
}

/** Shows two values beside each other, also of two connections. */
async function compare(
  parts: RowActionParts,
  left: ObjectRow | undefined,
  right: ObjectRow | undefined,
): Promise<void> {
  if (left === undefined || right === undefined) {
    void showInformation(vscode.l10n.t('Select two rows of objects to compare.'));
    return;
  }
  const [before, after] = await Promise.all([linesOf(parts, left), linesOf(parts, right)]);
  const title = vscode.l10n.t('{0} compared with {1}', nameOf(parts, left), nameOf(parts, right));
  await vscode.commands.executeCommand('vscode.diff', before, after, title);
}

async function linesOf(parts: RowActionParts, row: ObjectRow): Promise<vscode.Uri> {
  const { text } = await parts.view.model.withFreshHandle(row, (handle) =>
    parts.backend.request(ObjectDocument, { handle, form: 'lines', limit: DOCUMENT_LIMIT }),
  );
  return parts.documents.add(nameOf(parts, row), '.txt', text);
}

function nameOf({ connections }: RowActionParts, { node, profileId }: ObjectRow): string {
  return `${pickText(nodeName(node), NAME_LIMIT)} (${pickText(connections.label(profileId), NAME_LIMIT)})`;
}

function hint(text: string): void {
  vscode.window.setStatusBarMessage(`$(check) ${text}`, HINT_MS);
}
