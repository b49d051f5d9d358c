import * as vscode from 'vscode';
import { askPick } from './multiStepInput';
import type { ProfileOrigin } from './profiles';

interface PlaceItem extends vscode.QuickPickItem {
  readonly origin: ProfileOrigin;
}

/** Asks where a new connection is kept. @returns undefined when the question was closed */
export async function askForPlace(title: string): Promise<ProfileOrigin | undefined> {
  const items: PlaceItem[] = [
    {
      origin: 'private',
      label: vscode.l10n.t('Only for Me'),
      detail: vscode.l10n.t("In VS Code's own store; it stands in no file."),
      iconPath: new vscode.ThemeIcon('account'),
    },
    {
      origin: 'user',
      label: vscode.l10n.t('In My Settings'),
      detail: vscode.l10n.t('In the user settings.json, which can be edited and synchronized.'),
      iconPath: new vscode.ThemeIcon('settings-gear'),
    },
  ];
  if (vscode.workspace.workspaceFolders !== undefined) {
    items.push({
      origin: 'workspace',
      label: vscode.l10n.t('In the Settings of This Workspace'),
      detail: vscode.l10n.t('Whoever opens this folder sees the connection.'),
      iconPath: new vscode.ThemeIcon('folder'),
    });
  }
  const placeholder = vscode.l10n.t('Where is the connection kept?');
  const result = await askPick({ title, step: 1, totalSteps: 1, items, placeholder, active: items[0] });
  return result.kind === 'value' ? result.value.origin : undefined;
}
