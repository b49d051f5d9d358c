import * as vscode from 'vscode';
import type { Profile, TraceLevel } from '../../server/src/api/model';
import { ProblemError } from './problems';
import { agreedContent } from './profileContent';
import { freeId, readProfiles } from './profiles';
import type { ProfileEntry, ProfileList, ProfileOrigin, RejectedProfile } from './profiles';

const PROFILES = 'rpyc.profiles';
const TRACE = 'rpyc.trace.wire';
/** Where the profiles are kept that stand in no settings file. */
const STORED = 'profiles';

/** A profile as the Add Connection dialogue makes it: the rest has defaults. */
export type NewProfile = Pick<Profile, 'label' | 'transport' | 'service'> &
  Partial<Pick<Profile, 'dialect' | 'oneShot' | 'preHandshake'>>;

/** Fields of a profile to be written anew; one that is undefined is taken out. */
export type ProfileChange = {
  readonly [Field in keyof Omit<Profile, 'id' | 'version'>]?: Profile[Field] | undefined;
};

/** The settings of the extension, typed, and the profiles of VS Code's own store beside them. */
export class Settings implements vscode.Disposable {
  private readonly profilesChanged = new vscode.EventEmitter<void>();
  private readonly traceChanged = new vscode.EventEmitter<void>();
  private readonly listeners: vscode.Disposable;
  /** The store as it was last read. */
  private storedText = '';

  readonly onDidChangeProfiles = this.profilesChanged.event;
  readonly onDidChangeTrace = this.traceChanged.event;

  constructor(private readonly store: vscode.Memento) {
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
      // Another window may have written to the store, which is not told.
      vscode.window.onDidChangeWindowState(({ focused }) => {
        if (focused && JSON.stringify(this.raw('private')) !== this.storedText) {
          this.profilesChanged.fire();
        }
      }),
    );
  }

  /** The user's profiles, and those of the workspace where it is trusted. */
  profiles(): ProfileList {
    const found = vscode.workspace.getConfiguration().inspect<unknown>(PROFILES);
    const stored = this.raw('private');
    this.storedText = JSON.stringify(stored);
    return readProfiles({
      user: found?.globalValue,
      private: stored,
      workspace: vscode.workspace.isTrusted ? found?.workspaceValue : undefined,
    });
  }

  /** How many runs are kept. */
  historySize(): number {
    return Math.max(0, vscode.workspace.getConfiguration('rpyc').get<number>('run.historySize', 200));
  }

  trace(): TraceLevel {
    const value = vscode.workspace.getConfiguration().get<unknown>(TRACE);
    return value === 'messages' || value === 'verbose' ? value : 'off';
  }

  /** The entry that `addProfile` will make where it is kept in the user's settings, with its id. */
  preview(profile: NewProfile): ProfileEntry | undefined {
    const user = [...this.raw('user'), { version: 1, ...profile }];
    const { entries } = readProfiles({ user });
    const entry = entries.find(({ origin, index }) => origin === 'user' && index === user.length - 1);
    return entry && { ...entry, profile: { ...entry.profile, id: this.freeId(entry.profile.id) } };
  }

  /**
   * @param id what the profile is known by; where it is left out, it has one that is made from its address
   * @returns once it is listed
   */
  async addProfile(profile: NewProfile, origin: ProfileOrigin = 'user', id?: string): Promise<void> {
    const plain = { version: 1, ...profile };
    const made = readProfiles({ user: [plain] }).entries[0]?.profile.id;
    // What can be made from the address need not be written down.
    const isPlain = origin !== 'private' && (id === undefined || id === made);
    await this.write(origin, [
      ...this.raw(origin),
      isPlain ? plain : { id: id ?? this.freeId(made ?? ''), ...plain },
    ]);
  }

  /**
   * Puts a copy behind the profile, in the same place.
   *
   * @returns the id of the copy
   */
  async copyProfile(entry: ProfileEntry, label: string): Promise<string> {
    const { origin, index, profile } = this.current(entry);
    const id = this.freeId(profile.id);
    const values = [...this.raw(origin)];
    values.splice(index + 1, 0, { ...objectOf(values[index]), id, label });
    await this.write(origin, values);
    return id;
  }

  /**
   * Writes fields of a profile anew, wherever it stands by now.
   *
   * @returns the id that it has now: one that is made from the address is another after the address has changed
   * @throws ProblemError when it was changed since the entry was read
   */
  async changeProfile(entry: ProfileEntry, change: ProfileChange): Promise<string> {
    const { origin, index } = this.current(entry);
    const values = [...this.raw(origin)];
    const fields = Object.entries({ ...objectOf(values[index]), ...change });
    values[index] = Object.fromEntries(fields.filter(([, value]) => value !== undefined));
    await this.write(origin, values);
    const now = this.profiles().entries.find((one) => one.origin === origin && one.index === index);
    return now?.profile.id ?? entry.profile.id;
  }

  /**
   * Removes the profile, wherever it stands by now.
   * @throws ProblemError when it was changed since the entry was read
   */
  async removeProfile(entry: ProfileEntry): Promise<void> {
    const { origin, index } = this.current(entry);
    await this.removeAt(origin, index);
  }

  /** Removes an entry that cannot be used. */
  async removeRejected({ origin, index }: RejectedProfile): Promise<void> {
    await this.removeAt(origin, index);
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

  private current({ origin, profile }: ProfileEntry): ProfileEntry {
    const found = this.profiles().entries.find(
      (entry) => entry.origin === origin && entry.profile.id === profile.id,
    );
    if (found === undefined || agreedContent(found.profile) !== agreedContent(profile)) {
      throw new ProblemError({
        code: 'ERR_PROFILE_CHANGED',
        message: vscode.l10n.t(
          'The connection "{0}" was changed elsewhere meanwhile: look at it, and try again.',
          profile.label,
        ),
      });
    }
    return found;
  }

  private async removeAt(origin: ProfileOrigin, index: number): Promise<void> {
    const kept = this.raw(origin).filter((_, at) => at !== index);
    await this.write(origin, kept.length === 0 ? undefined : kept);
  }

  private freeId(id: string): string {
    return freeId(id, new Set(this.profiles().entries.map(({ profile }) => profile.id)));
  }

  private raw(origin: ProfileOrigin): readonly unknown[] {
    const found = vscode.workspace.getConfiguration().inspect<unknown>(PROFILES);
    const value =
      origin === 'private'
        ? this.store.get<unknown>(STORED)
        : origin === 'user'
          ? found?.globalValue
          : found?.workspaceValue;
    return Array.isArray(value) ? (value as readonly unknown[]) : [];
  }

  private async write(origin: ProfileOrigin, value: readonly unknown[] | undefined): Promise<void> {
    if (origin === 'private') {
      await this.store.update(STORED, value);
      this.profilesChanged.fire();
      return;
    }
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

function objectOf(value: unknown): object {
  return typeof value === 'object' && value !== null ? value : {};
}
