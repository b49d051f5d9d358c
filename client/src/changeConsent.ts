import * as vscode from 'vscode';
import type { Profile } from '../../server/src/api/model';
import { pickText } from './displayText';
import { askPick } from './multiStepInput';
import { profileContent } from './profileContent';

/** Where the connections are kept on which nothing is asked any more. */
const CONSENT_KEYS = { change: 'changesWithoutQuestion', take: 'takesWithoutQuestion' } as const;
const CONSENT_LIMIT = 200;
const TEXT_LIMIT = 200;

type ConsentKind = keyof typeof CONSENT_KEYS;

interface Choice extends vscode.QuickPickItem {
  readonly always: boolean;
}

/** Values of a running program are changed after the user has agreed: once for each connection and session. */
export class ChangeConsent {
  private readonly agreed = new Set<string>();

  constructor(private readonly memory: vscode.Memento) {}

  /**
   * Asks, unless that was answered before.
   *
   * @param what the change, in a few words
   * @param kind what is agreed to: changes, or taking what cannot be put back
   * @returns whether the user agrees
   */
  async ask(profile: Profile, what: string, kind: ConsentKind = 'change'): Promise<boolean> {
    const content = profileContent(profile);
    if (this.agreed.has(`${kind} ${content}`) || this.always(kind).includes(content)) {
      return true;
    }
    const { title, placeholder, once, always } = textsOf(kind, pickText(profile.label, TEXT_LIMIT));
    const change = { label: once, detail: pickText(what, TEXT_LIMIT), always: false };
    const items: Choice[] = [change, { label: always, always: true }];
    const answer = await askPick({
      title,
      placeholder,
      step: 1,
      totalSteps: 1,
      items,
      active: change,
    });
    if (answer.kind !== 'value') {
      return false;
    }
    this.agreed.add(`${kind} ${content}`);
    if (answer.value.always) {
      await this.memory.update(CONSENT_KEYS[kind], [...this.always(kind), content].slice(-CONSENT_LIMIT));
    }
    return true;
  }

  private always(kind: ConsentKind): readonly string[] {
    return this.memory.get<readonly string[]>(CONSENT_KEYS[kind]) ?? [];
  }
}

function textsOf(
  kind: ConsentKind,
  label: string,
): Record<'title' | 'placeholder' | 'once' | 'always', string> {
  if (kind === 'take') {
    return {
      title: vscode.l10n.t('Take items on "{0}"?', label),
      placeholder: vscode.l10n.t('What is taken is gone from the program there: it cannot be put back.'),
      once: vscode.l10n.t('Take'),
      always: vscode.l10n.t("Take, and Don't Ask Again for This Connection"),
    };
  }
  return {
    title: vscode.l10n.t('Change values on "{0}"?', label),
    placeholder: vscode.l10n.t('The program there goes on with the new value. Escape leaves it as it is.'),
    once: vscode.l10n.t('Change'),
    always: vscode.l10n.t("Change, and Don't Ask Again for This Connection"),
  };
}
