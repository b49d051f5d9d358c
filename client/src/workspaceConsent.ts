import * as vscode from 'vscode';
import type { Profile } from '../../server/src/api/model';
import { wayLines } from './kindText';
import { confirm } from './messageBoxes';
import { agreedContent } from './profileContent';
import type { ProfileEntry } from './profiles';
import { addressOf } from './rowItems';

const CONSENT_KEY = 'consentedProfiles';
const CONSENT_LIMIT = 200;

/**
 * Profiles of the workspace come with a folder that somebody else may have written: each is connected only after the
 * user has seen where it leads, once for each content.
 */
export class WorkspaceConsent {
  constructor(private readonly memory: vscode.Memento) {}

  isGiven({ origin, profile }: ProfileEntry): boolean {
    return origin !== 'workspace' || this.contents().includes(agreedContent(profile));
  }

  /** @returns whether the user agreed */
  async ask({ profile }: ProfileEntry): Promise<boolean> {
    const agreed = await confirm(
      vscode.l10n.t('Connect to "{0}" at {1}?', profile.label, addressOf(profile)),
      [
        vscode.l10n.t(
          'This connection comes from the settings of the workspace, not from yours. Connect only if you know the server.',
        ),
        ...warnings(profile),
        // All that decides what happens, so that nothing is agreed to unseen.
        wayLines(profile).join('\n'),
      ].join('\n\n'),
      vscode.l10n.t('Connect'),
    );
    if (agreed) {
      await this.give(profile);
    }
    return agreed;
  }

  /** The user has agreed to this profile, or made it just now. */
  async give(profile: Profile): Promise<void> {
    const kept = [...this.contents(), agreedContent(profile)].slice(-CONSENT_LIMIT);
    await this.memory.update(CONSENT_KEY, kept);
  }

  private contents(): readonly string[] {
    return this.memory.get<readonly string[]>(CONSENT_KEY) ?? [];
  }
}

/** What a profile of somebody else's making does beyond reaching a server. */
function warnings({ transport, runOn }: Profile): readonly string[] {
  const post = runOn?.thread === 'main' ? runOn.post : undefined;
  const run =
    post === undefined
      ? []
      : [vscode.l10n.t('Before each run, this Python of the profile runs on the server: {0}', post)];
  return [...run, ...wayWarnings(transport)];
}

function wayWarnings(transport: Profile['transport']): readonly string[] {
  switch (transport.kind) {
    case 'subprocess':
      return [vscode.l10n.t('Connecting starts this program on your machine, with all that you may do.')];
    case 'ssh':
    case 'deploy':
      return [vscode.l10n.t('Connecting logs in to that machine with your keys.')];
    default:
      return [];
  }
}
