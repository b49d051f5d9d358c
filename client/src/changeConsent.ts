import * as vscode from 'vscode';
import type { Profile } from '../../server/src/api/model';
import { pickText } from './displayText';
import { askPick } from './multiStepInput';
import { profileContent } from './profileContent';

const CONSENT_KEY = 'changesWithoutQuestion';
const CONSENT_LIMIT = 200;
const TEXT_LIMIT = 200;

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
   * @returns whether the user agrees
   */
  async ask(profile: Profile, what: string): Promise<boolean> {
    const content = profileContent(profile);
    if (this.agreed.has(content) || this.always().includes(content)) {
      return true;
    }
    const change = { label: vscode.l10n.t('Change'), detail: pickText(what, TEXT_LIMIT), always: false };
    const items: Choice[] = [
      change,
      { label: vscode.l10n.t("Change, and Don't Ask Again for This Connection"), always: true },
    ];
    const answer = await askPick({
      title: vscode.l10n.t('Change values on "{0}"?', profile.label),
      placeholder: vscode.l10n.t('The program there goes on with the new value. Escape leaves it as it is.'),
      step: 1,
      totalSteps: 1,
      items,
      active: change,
    });
    if (answer.kind !== 'value') {
      return false;
    }
    this.agreed.add(content);
    if (answer.value.always) {
      await this.memory.update(CONSENT_KEY, [...this.always(), content].slice(-CONSENT_LIMIT));
    }
    return true;
  }

  private always(): readonly string[] {
    return this.memory.get<readonly string[]>(CONSENT_KEY) ?? [];
  }
}
