import * as vscode from 'vscode';
import type { ObjectNode } from '../../server/src/api/model';

/** What a row is called that stands for no member of an object: by us and not by the peer, so it can be translated. */
export function viewName({ path }: ObjectNode): string | undefined {
  const step = path.at(-1);
  switch (step?.kind === 'key' ? step.text : undefined) {
    case ':mro':
      return vscode.l10n.t('MRO');
    case ':subclasses':
      return vscode.l10n.t('Subclasses');
    case ':traceback':
      return vscode.l10n.t('Traceback');
    default:
      return undefined;
  }
}
