import * as vscode from 'vscode';
import { pickText } from './displayText';
import { cellsOf } from './runUnits';

const LABEL_LIMIT = 40;

/**
 * What stands above the code of a document that runs on a connection: where it runs, and a way to run each cell.
 *
 * @param label what the connection is called
 */
export function lensesOf(document: vscode.TextDocument, label: string): vscode.CodeLens[] {
  const top = new vscode.Range(0, 0, 0, 0);
  const where = new vscode.CodeLens(top, {
    command: 'rpyc.chooseConnection',
    title: vscode.l10n.t('Runs on {0}', pickText(label, LABEL_LIMIT)),
    tooltip: vscode.l10n.t('Choose another connection for this file'),
  });
  const whole = new vscode.CodeLens(top, { command: 'rpyc.runFile', title: vscode.l10n.t('Run File') });
  const cells = cellsOf(document.getText().split(/\r\n|\r|\n/)).flatMap(({ startLine }) => {
    const range = new vscode.Range(startLine, 0, startLine, 0);
    const args = [startLine];
    return [
      new vscode.CodeLens(range, {
        command: 'rpyc.runCell',
        title: vscode.l10n.t('Run Cell'),
        arguments: args,
      }),
      new vscode.CodeLens(range, {
        command: 'rpyc.runCellAndMoveOn',
        title: vscode.l10n.t('Run Cell and Move On'),
        arguments: args,
      }),
    ];
  });
  return [where, whole, ...cells];
}
