/** Sentences that stand as rows among the connections. */
import * as vscode from 'vscode';
import type { ConnectionState } from '../../server/src/api/model';
import type { ProfileField } from './profiles';
import type { ParentRow, Row } from './rows';

export function renewedText(renewed: NonNullable<ConnectionState['renewed']>): string {
  return renewed === 'process'
    ? vscode.l10n.t(
        'The server was started anew: nothing of before is left in it, and the rows show what is there now.',
      )
    : vscode.l10n.t('Connected again to the same process: names that runs had defined are gone.');
}

export function storedText(field: ProfileField): string {
  return vscode.l10n.t(
    'A connection in VS Code\'s own store has a wrong "{0}": click to remove it, and add it anew.',
    field,
  );
}

export function rejectedText(index: number, field: ProfileField): string {
  return field === 'profile'
    ? vscode.l10n.t('Connection {0} in the settings is not an object: correct it there.', index + 1)
    : vscode.l10n.t('Connection {0} in the settings has a wrong "{1}": correct it there.', index + 1, field);
}

/**
 * Where nothing is under a row, it looks like one that did not open: a row says so.
 *
 * @param hidesSome there are groups that the user does not want to see
 */
export function orEmptyNote(row: ParentRow, rows: readonly Row[], hidesSome: boolean): readonly Row[] {
  if (rows.length > 0 || row.kind !== 'object') {
    return rows;
  }
  const message = hidesSome
    ? vscode.l10n.t('Only hidden members: the menu of this view shows them.')
    : row.node.kind === 'namespace'
      ? vscode.l10n.t('Empty: what you run defines names.')
      : undefined;
  const { id, profileId } = row;
  return message === undefined
    ? []
    : [{ kind: 'note', id: `${id}/empty`, profileId, parent: row, severity: 'info', message }];
}
