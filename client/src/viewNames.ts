import { l10n } from 'vscode';
import type { MemberGroup, ObjectNode } from '../../server/src/api/model';

/** What a row is called that stands for no member of an object: by us and not by the peer, so it can be translated. */
export function viewName({ path }: ObjectNode): string | undefined {
  const step = path.at(-1);
  if (step?.kind === 'group') {
    return groupName(step.group);
  }
  switch (step?.kind === 'key' ? step.text : undefined) {
    case ':mro':
      return l10n.t('MRO');
    case ':subclasses':
      return l10n.t('Subclasses');
    case ':traceback':
      return l10n.t('Traceback');
    default:
      return undefined;
  }
}

function groupName(group: MemberGroup): string {
  switch (group) {
    case 'methods':
      return l10n.t('Methods');
    case 'private':
      return l10n.t('Private');
    case 'special':
      return l10n.t('Special');
  }
}
