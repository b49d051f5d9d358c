import * as vscode from 'vscode';
import type { Profile, TraceLevel } from '../../server/src/api/model';
import { ProblemError } from './problems';
import { profileContent } from './profileContent';
import { readProfiles } from './profiles';
import type { ProfileEntry, ProfileList, ProfileOrigin } from './profiles';

const PROFILES = 'rpyc.profiles';
const TRACE = 'rpyc.trace.wire';

/** A profile as the Add Connection dialogue makes it: the rest has defaults. */
export type NewProfile = Pick<Profile, 'label' | 'transport' | 'service'> &
  Partial<Pick<Profile, 'dialect' | 'oneShot' | 'preHandshake'>>;

/** Fields of a profile to be written anew; one that is undefined is taken out. */
export type ProfileChange = {
  readonly [Field in keyof Omit<Profile, 'id' | 'version'>]?: Profile[Field] | undefined;
};

/** The settings of the extension, typed. */
export class Settings implements vscode.Disposable {
  private readonly profilesChanged = new vscode.EventEmitter<void>();
  private readonly traceChanged = new vscode.EventEmitter<void>();
  private readonly listeners: vscode.Disposable;

  readonly onDidChangeProfiles = this.profilesChanged.event;
  readonly onDidChangeTrace = this.traceChanged.event;

  constructor() {
    this.listeners = vscode.Disposable.from(
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (event.affectsConfiguration(PROFILES)) {
          this.profilesChanged.fire();
        }
        if (event.affectsConfiguration(TRACE)) {
          this.traceChanged.fire();
        }
      }),
      vscode.workspace.onDidGrantWorkspaceTrust(() => this.profilesChanged.fire()),
    );
  }

  /** The user's profiles, and those of the workspace where it is trusted. */
  profiles(): ProfileList {
    const found = vscode.workspace.getConfiguration().inspect<unknown>(PROFILES);
    return readProfiles({
      user: found?.globalValue,
      workspace: vscode.workspace.isTrusted ? found?.workspaceValue : undefined,
    });
  }

  trace(): TraceLevel {
    const value = vscode.workspace.getConfiguration().get<unknown>(TRACE);
    return value === 'messages' || value === 'verbose' ? value : 'off';
  }

  /** The entry that `addProfile` will make, with the id that it will have. */
  preview(profile: NewProfile): ProfileEntry | undefined {
    const user = [...this.raw('user'), { version: 1, ...profile }];
    const { entries } = readProfiles({ user, workspace: undefined });
    return entries.find(({ index }) => index === user.length - 1);
  }

  async addProfile(profile: NewProfile): Promise<void> {
    await this.write('user', [...this.raw('user'), { version: 1, ...profile }]);
  }

  /**
   * Removes the profile, wherever it stands by now.
   * @throws ProblemError when it was changed since the entry was read
   */
  async removeProfile({ origin, profile }: ProfileEntry): Promise<void> {
    const found = this.current(origin, profile);
    const kept = this.raw(origin).filter((_, index) => index !== found.index);
    await this.write(origin, kept.length === 0 ? undefined : kept);
  }

  /**
   * Writes fields of a profile anew, wherever it stands by now.
   *
   * @returns the id that it has now: one that is made from the address is another after the address has changed
   * @throws ProblemError when it was changed since the entry was read
   */
  async changeProfile({ origin, profile }: ProfileEntry, change: ProfileChange): Promise<string> {
    const found = this.current(origin, profile);
    const values = [...this.raw(origin)];
    const fields = Object.entries({ ...(values[found.index] as object), ...change });
    values[found.index] = Object.fromEntries(fields.filter(([, value]) => value !== undefined));
    await this.write(origin, values);
    const now = this.profiles().entries.find(
      (entry) => entry.origin === origin && entry.index === found.index,
    );
    return now?.profile.id ?? profile.id;
  }

  /** Opens the settings file that holds the profiles. */
  async openProfiles(origin: ProfileOrigin): Promise<void> {
    const found = vscode.workspace.getConfiguration().inspect<unknown>(PROFILES);
    // Where VS Code works on another machine, the user's settings of that machine come first.
    const onRemote = found !== undefined && Reflect.get(found, 'globalRemoteValue') !== undefined;
    const userFile = onRemote ? 'openRemoteSettingsFile' : 'openSettingsJson';
    const file = origin === 'workspace' ? 'openWorkspaceSettingsFile' : userFile;
    const revealSetting = { key: PROFILES };
    await vscode.commands.executeCommand(`workbench.action.${file}`, { jsonEditor: true, revealSetting });
  }

  dispose(): void {
    this.listeners.dispose();
    this.profilesChanged.dispose();
    this.traceChanged.dispose();
  }

  private current(origin: ProfileOrigin, profile: Profile): ProfileEntry {
    const found = this.profiles().entries.find(
      (entry) => entry.origin === origin && entry.profile.id === profile.id,
    );
    if (found === undefined || profileContent(found.profile) !== profileContent(profile)) {
      throw new ProblemError({
        code: 'ERR_PROFILE_CHANGED',
        message: vscode.l10n.t(
          'The connection "{0}" was changed in the settings meanwhile: look at it, and remove it again.',
          profile.label,
        ),
      });
    }
    return found;
  }

  private raw(origin: ProfileOrigin): readonly unknown[] {
    const found = vscode.workspace.getConfiguration().inspect<unknown>(PROFILES);
    const value = origin === 'user' ? found?.globalValue : found?.workspaceValue;
    return Array.isArray(value) ? (value as readonly unknown[]) : [];
  }

  private async write(origin: ProfileOrigin, value: readonly unknown[] | undefined): Promise<void> {
    const target =
      origin === 'user' ? vscode.ConfigurationTarget.Global : vscode.ConfigurationTarget.Workspace;
    try {
      await vscode.workspace.getConfiguration().update(PROFILES, value, target);
    } catch (error) {
      throw new ProblemError(
        {
          code: 'ERR_SETTINGS',
          message: vscode.l10n.t(
            'The connections could not be saved: correct the errors in settings.json and try again.',
          ),
          detail: error instanceof Error ? error.message : String(error),
        },
        { title: vscode.l10n.t('Open settings.json'), run: () => this.openProfiles(origin) },
      );
    }
  }
}
