import * as vscode from 'vscode';
import type { Profile, Secrets } from '../../server/src/api/model';
import { secretNames } from '../../server/src/api/secrets';
import { askLine } from './messageBoxes';
import { profileContent } from './profileContent';
import type { ProfileEntry } from './profiles';

const KEY_PREFIX = 'rpyc.secret';

/**
 * What profiles name and never hold: passwords of pre-handshakes, passphrases of keys. VS Code keeps them; they leave
 * it with a wish to connect only.
 */
export class SecretStore {
  constructor(private readonly storage: vscode.SecretStorage) {}

  /** All that the profile names; what is not known is asked for and kept. @returns undefined where the user gave up */
  async collect(entry: ProfileEntry): Promise<Secrets | undefined> {
    const found: Record<string, string> = {};
    for (const name of secretNames(entry.profile)) {
      const secret = (await this.storage.get(keyOf(entry, name))) ?? (await this.ask(entry, name));
      if (secret === undefined) {
        return undefined;
      }
      found[name] = secret;
    }
    return found;
  }

  /** What is known, without asking anybody. */
  async known(entry: ProfileEntry): Promise<Secrets> {
    const found: Record<string, string> = {};
    for (const name of secretNames(entry.profile)) {
      const secret = await this.storage.get(keyOf(entry, name));
      if (secret !== undefined) {
        found[name] = secret;
      }
    }
    return found;
  }

  /** @param others keep what they name, too */
  async forget(entry: ProfileEntry, others: readonly ProfileEntry[] = []): Promise<void> {
    const kept = new Set(others.flatMap((other) => keysOf(other)));
    for (const key of keysOf(entry)) {
      if (!kept.has(key)) {
        await this.storage.delete(key);
      }
    }
  }

  private async ask(entry: ProfileEntry, name: string): Promise<string | undefined> {
    const secret = await askLine({
      title: vscode.l10n.t('Secret of the Connection "{0}"', entry.profile.label),
      prompt: vscode.l10n.t('"{0}": it is kept by VS Code, and stands in no settings file.', name),
      password: true,
      ignoreFocusOut: true,
    });
    if (secret !== undefined) {
      await this.storage.store(keyOf(entry, name), secret);
    }
    return secret;
  }
}

/** Whether a profile names any. */
export function hasSecrets(profile: Profile): boolean {
  return secretNames(profile).length > 0;
}

function keysOf(entry: ProfileEntry): readonly string[] {
  return secretNames(entry.profile).map((name) => keyOf(entry, name));
}

/** A profile of the workspace has its own: it must not lead a secret of the user's elsewhere by naming it. */
function keyOf({ origin, profile }: ProfileEntry, name: string): string {
  return origin === 'workspace'
    ? `${KEY_PREFIX}.workspace.${name}.${profileContent(profile)}`
    : `${KEY_PREFIX}.user.${name}`;
}
