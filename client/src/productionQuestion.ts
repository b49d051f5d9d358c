import * as vscode from 'vscode';
import { pickText } from './displayText';
import { askPick } from './multiStepInput';
import type { ProductionAction } from './productionGuard';

const TEXT_LIMIT = 200;

interface Choice extends vscode.QuickPickItem {
  readonly answer: 'once' | 'always';
}

/** @returns undefined where the user does not want it */
export async function askOnProduction(
  label: string,
  action: ProductionAction,
  what: string,
): Promise<'once' | 'always' | undefined> {
  const { title, once, always } = textsOf(action, pickText(label, TEXT_LIMIT));
  const first: Choice = {
    answer: 'once',
    label: once,
    detail: pickText(what, TEXT_LIMIT),
    iconPath: new vscode.ThemeIcon('warning', new vscode.ThemeColor('rpyc.productionForeground')),
  };
  const result = await askPick<Choice>({
    title,
    placeholder: vscode.l10n.t('The connection is marked as production. Escape does nothing there.'),
    step: 1,
    totalSteps: 1,
    items: [first, { answer: 'always', label: always }],
    active: first,
  });
  return result.kind === 'value' ? result.value.answer : undefined;
}

interface SeveralChoice extends vscode.QuickPickItem {
  readonly answer: 'once' | 'always' | 'without';
}

/** One question for several connections that are marked as production. @returns undefined where nothing is to be run */
export async function askOnProductions(
  labels: readonly string[],
  what: string,
): Promise<SeveralChoice['answer'] | undefined> {
  const { once, always } = textsOf('run', '');
  const first: SeveralChoice = {
    answer: 'once',
    label: once,
    detail: pickText(what, TEXT_LIMIT),
    iconPath: new vscode.ThemeIcon('warning', new vscode.ThemeColor('rpyc.productionForeground')),
  };
  const names = pickText(labels.join(', '), TEXT_LIMIT);
  const result = await askPick<SeveralChoice>({
    title: vscode.l10n.t('Run on PRODUCTION as well: {0}?', names),
    placeholder: vscode.l10n.t('These connections are marked as production. Escape runs nothing at all.'),
    step: 1,
    totalSteps: 1,
    items: [
      first,
      { answer: 'without', label: vscode.l10n.t('Leave Them Out'), detail: names },
      { answer: 'always', label: always },
    ],
    active: first,
  });
  return result.kind === 'value' ? result.value.answer : undefined;
}

function textsOf(action: ProductionAction, label: string): Record<'title' | 'once' | 'always', string> {
  switch (action) {
    case 'run':
      return {
        title: vscode.l10n.t('Run on PRODUCTION "{0}"?', label),
        once: vscode.l10n.t('Run'),
        always: vscode.l10n.t("Run, and Don't Ask Again in This Window"),
      };
    case 'call':
      return {
        title: vscode.l10n.t('Call on PRODUCTION "{0}"?', label),
        once: vscode.l10n.t('Call'),
        always: vscode.l10n.t("Call, and Don't Ask Again in This Window"),
      };
    case 'change':
      return {
        title: vscode.l10n.t('Change a value on PRODUCTION "{0}"?', label),
        once: vscode.l10n.t('Change'),
        always: vscode.l10n.t("Change, and Don't Ask Again in This Window"),
      };
    case 'delete':
      return {
        title: vscode.l10n.t('Delete on PRODUCTION "{0}"?', label),
        once: vscode.l10n.t('Delete'),
        always: vscode.l10n.t("Delete, and Don't Ask Again in This Window"),
      };
  }
}
