import * as vscode from 'vscode';

/** What the page of the results panel says, in the language of VS Code. */
export function panelTexts(): Readonly<Record<string, string>> {
  return {
    back: vscode.l10n.t('Earlier Result'),
    forward: vscode.l10n.t('Later Result'),
    place: vscode.l10n.t('{0} of {1}'),
    where: vscode.l10n.t('On {0}'),
    fit: vscode.l10n.t('Fit'),
    smaller: vscode.l10n.t('Zoom Out'),
    larger: vscode.l10n.t('Zoom In'),
    actual: vscode.l10n.t('Actual Size'),
    copy: vscode.l10n.t('Copy'),
    save: vscode.l10n.t('Save…'),
    explore: vscode.l10n.t('Explore in Tree'),
    busy: vscode.l10n.t('Making the picture…'),
    stop: vscode.l10n.t('Stop'),
    again: vscode.l10n.t('Try Again'),
    pictures: vscode.l10n.t('Picture {0} of {1}'),
    rows: vscode.l10n.t('Rows {0} to {1} of {2}'),
    empty: vscode.l10n.t('No rows'),
    columns: vscode.l10n.t('The first {0} of {1} columns are shown.'),
    previous: vscode.l10n.t('Previous'),
    next: vscode.l10n.t('Next'),
    page: vscode.l10n.t(
      'HTML as the value made it: its scripts do not run, its links lead nowhere, and nothing is loaded from elsewhere.',
    ),
    raised: vscode.l10n.t('The code that makes the picture raised an exception:'),
    broken: vscode.l10n.t('The picture could not be drawn: it is damaged, or of a kind that is not known.'),
  };
}
