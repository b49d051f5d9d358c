/** Loaded when a registry tells an address that the user has not agreed to. */
import * as vscode from 'vscode';
import type { AddressFlag } from '../../server/src/api/discovery';
import type { FoundAddress, Profile } from '../../server/src/api/model';
import { flagSentence } from './discoveryItems';
import { pickText } from './displayText';

const TEXT_LIMIT = 300;

/** Shows the address, who told it, where the service was before and what is odd. @returns whether the user agrees */
export async function agreesToAddress(profile: Profile, found: FoundAddress): Promise<boolean> {
  const port = Number(/\d+$/.exec(found.address)?.[0]);
  // Odd flags of a process of another version are passed over.
  const warnings = found.flags.map((flag) => flagSentence(flag as AddressFlag, port) as string | undefined);
  if (found.before !== undefined) {
    warnings.unshift(vscode.l10n.t('It was at {0} before.', found.before));
  }
  const agree: vscode.QuickPickItem = {
    label: vscode.l10n.t('Connect'),
    description: pickText(found.address, TEXT_LIMIT),
    detail: pickText(
      [vscode.l10n.t('Told by {0}.', found.registries.map(registryText).join(', ')), ...warnings].join(' '),
      TEXT_LIMIT,
    ),
    iconPath: new vscode.ThemeIcon(warnings.length === 0 ? 'vm-connect' : 'warning'),
  };
  const decline: vscode.QuickPickItem = {
    label: vscode.l10n.t('Do Not Connect'),
    iconPath: new vscode.ThemeIcon('close'),
  };
  const choice = await vscode.window.showQuickPick(
    warnings.length === 0 ? [agree, decline] : [decline, agree],
    {
      title: pickText(
        vscode.l10n.t('A registry says that "{0}" is at {1}', profile.label, found.address),
        TEXT_LIMIT,
      ),
      placeHolder: vscode.l10n.t('Anyone may register anything. Connect only if you know this server.'),
      ignoreFocusOut: true,
    },
  );
  return choice === agree;
}

/** `udp 10.0.0.1 18811` as people write it. */
function registryText(id: string): string {
  const [mode = '', host = '', port = ''] = id.split(' ');
  return `${mode.toUpperCase()} ${host}:${port}`;
}
