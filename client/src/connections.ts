import * as vscode from 'vscode';
import { Connect, Disconnect, SetProfiles } from '../../server/src/api/messages';
import type { ConnectParams } from '../../server/src/api/messages';
import type { ConnectionState, Problem, Profile, Secrets } from '../../server/src/api/model';
import { isSingle } from '../../server/src/api/profile';
import type { AgreedAddresses } from './agreedAddresses';
import type { Backend } from './backend';
import { ConnectingClock } from './connectingClock';
import { BACKEND_LOST, isCancelled, problemOf, showProblem } from './problems';
import { actsOf } from './profileContent';
import type { ProfileEntry, RejectedProfile } from './profiles';
import { hasSecrets } from './secretStore';
import type { SecretStore } from './secretStore';
import type { ProfileChange, Settings } from './settings';
import { Turns } from './turns';
import type { WorkspaceConsent } from './workspaceConsent';

/** Something about one connection changed. */
export interface ConnectionChange {
  readonly profileId: string;
  /** It is connected anew: the objects of before are no longer those of now. */
  readonly fresh: boolean;
  /** It was busy and no longer is. */
  readonly idle: boolean;
}

/** How a user's wish to connect ended. */
export type ConnectOutcome =
  | { readonly kind: 'connected' }
  | { readonly kind: 'cancelled' }
  | { readonly kind: 'failed'; readonly problem: Problem };

/** A wish to connect that is being fulfilled. */
interface Attempt {
  readonly source: vscode.CancellationTokenSource;
  readonly outcome: Promise<ConnectOutcome>;
}

/** The profiles, and the newest state of each as the background process told it. */
export class Connections implements vscode.Disposable {
  private readonly states = new Map<string, ConnectionState>();
  private readonly attempts = new Map<string, Attempt>();
  private readonly changed = new vscode.EventEmitter<ConnectionChange>();
  private readonly profilesChanged = new vscode.EventEmitter<readonly string[]>();
  private readonly questions = new Turns();
  private readonly listeners: vscode.Disposable;
  private entriesNow: readonly ProfileEntry[] = [];
  private rejectedNow: readonly RejectedProfile[] = [];
  /** One that is tried out, and not in the settings yet. */
  private draft: ProfileEntry | undefined;
  readonly clock = new ConnectingClock((profileId) =>
    this.changed.fire({ profileId, fresh: false, idle: false }),
  );

  readonly onDidChange = this.changed.event;
  /** The list of profiles changed; the event tells the ids that are no more. */
  readonly onDidChangeProfiles = this.profilesChanged.event;

  constructor(
    private readonly backend: Backend,
    private readonly settings: Settings,
    private readonly consent: WorkspaceConsent,
    private readonly secrets: SecretStore,
    private readonly addresses: AgreedAddresses,
  ) {
    this.listeners = vscode.Disposable.from(
      settings.onDidChangeProfiles(() => this.readProfiles()),
      backend.onDidChangeConnection((state) => this.accept(state)),
      backend.onDidStart(() => this.tellEverything()),
      backend.onDidEnd(() => this.backendEnded()),
    );
    this.readProfiles();
  }

  get entries(): readonly ProfileEntry[] {
    return this.entriesNow;
  }

  get rejected(): readonly RejectedProfile[] {
    return this.rejectedNow;
  }

  entry(profileId: string): ProfileEntry | undefined {
    return this.entriesNow.find((entry) => entry.profile.id === profileId);
  }

  /** Whether a listed server at this address ends with its first client. */
  takesOneClient({ host, port }: { readonly host: string; readonly port: number }): boolean {
    return this.entriesNow.some(
      ({ profile: { oneShot, transport } }) =>
        oneShot === true && 'host' in transport && transport.host === host && transport.port === port,
    );
  }

  label(profileId: string): string {
    return this.entry(profileId)?.profile.label ?? profileId;
  }

  state(profileId: string): ConnectionState {
    return this.states.get(profileId) ?? idle(profileId);
  }

  isConnected(profileId: string): boolean {
    return this.state(profileId).status === 'connected';
  }

  /** Lists a connection that is to be tried out. @returns whether its id is free */
  propose(draft: ProfileEntry): boolean {
    if (this.entry(draft.profile.id) !== undefined) {
      return false;
    }
    this.draft = draft;
    this.readProfiles();
    return true;
  }

  /** Whether it is tried out only. */
  isDraft(entry: ProfileEntry): boolean {
    return this.draft === entry;
  }

  /** It is no longer tried out: it goes, unless the settings have it by now. */
  withdraw(draft: ProfileEntry): void {
    if (this.isDraft(draft)) {
      this.draft = undefined;
      this.readProfiles();
    }
  }

  /** The user has made this profile: where the workspace keeps it, it need not be asked about. */
  async agreeTo(profile: Profile): Promise<void> {
    await this.consent.give(profile);
  }

  /** The user is about to change this profile: where all of it was agreed to, the change is, too. */
  async agreeToChange(entry: ProfileEntry, change: Pick<ProfileChange, 'runOn' | 'expose'>): Promise<void> {
    if (entry.origin === 'workspace' && this.consent.isGiven(entry)) {
      await this.consent.give({ ...entry.profile, ...change } as Profile);
    }
  }

  /** What the profile names is asked for again when it is next needed. */
  async forgetSecrets(entry: ProfileEntry, others: readonly ProfileEntry[] = []): Promise<void> {
    await this.secrets.forget(entry, others);
  }

  /** Connects, or joins the attempt that is under way. */
  connect(profileId: string): Promise<ConnectOutcome> {
    const running = this.attempts.get(profileId);
    if (running !== undefined) {
      return running.outcome;
    }
    const source = new vscode.CancellationTokenSource();
    const outcome = this.attempt(profileId, source.token).finally(() => {
      if (this.attempts.get(profileId)?.source === source) {
        this.attempts.delete(profileId);
      }
      source.dispose();
    });
    this.attempts.set(profileId, { source, outcome });
    return outcome;
  }

  /**
   * Closes every connection of the profile, and stops trying to connect: an attempt of ours may have been joined by
   * a run, and one of the background process has no attempt of ours.
   */
  async disconnect(profileId: string): Promise<void> {
    this.cancelAttempt(profileId);
    if (this.backend.status === 'running') {
      try {
        await this.backend.request(Disconnect, { profileId });
      } catch (error) {
        // Without the process there is no connection either.
        if (problemOf(error).code !== BACKEND_LOST) {
          throw error;
        }
      }
    }
    if (!this.attempts.has(profileId)) {
      this.accept({ ...idle(profileId), generation: this.state(profileId).generation });
    }
  }

  dispose(): void {
    this.listeners.dispose();
    this.clock.dispose();
    for (const profileId of [...this.attempts.keys()]) {
      this.cancelAttempt(profileId);
    }
    this.changed.dispose();
    this.profilesChanged.dispose();
  }

  private async attempt(profileId: string, token: vscode.CancellationToken): Promise<ConnectOutcome> {
    if (!vscode.workspace.isTrusted) {
      const message = vscode.l10n.t(
        'RPyC does not connect in Restricted Mode: trust this workspace to connect to a remote Python.',
      );
      return { kind: 'failed', problem: { code: 'ERR_UNTRUSTED', message } };
    }
    const entry = this.entry(profileId);
    // A question that opens closes the one before it, and so would answer it: several that connect ask in turn.
    const asks = entry !== undefined && (!this.consent.isGiven(entry) || hasSecrets(entry.profile));
    const collect = async (): Promise<Secrets | undefined> =>
      token.isCancellationRequested ? undefined : this.mayConnect(profileId, entry, token);
    const secrets = await (asks ? this.questions.take(collect) : collect());
    if (secrets === undefined || token.isCancellationRequested) {
      return { kind: 'cancelled' };
    }
    const { generation } = this.state(profileId);
    // Shown at once: the background process may have to start before it can tell anything.
    const placeholder: ConnectionState = { ...idle(profileId), generation, status: 'connecting' };
    this.accept(placeholder);
    const address = entry && this.addresses.of(entry.profile);
    return this.request(connectParams(profileId, secrets, address), placeholder, token);
  }

  /** @returns what it needs to connect, once the user has agreed to it; undefined where the user has not */
  private async mayConnect(
    profileId: string,
    entry: ProfileEntry | undefined,
    token: vscode.CancellationToken,
  ): Promise<Secrets | undefined> {
    if (entry !== undefined && !this.consent.isGiven(entry)) {
      const agreed = await this.consent.ask(entry);
      // The settings may have changed while the question stood there: another content is another question.
      const now = this.entry(profileId);
      if (!agreed || token.isCancellationRequested || now === undefined || !this.consent.isGiven(now)) {
        return undefined;
      }
    }
    return entry === undefined ? {} : this.secrets.collect(entry);
  }

  /** Where a registry tells another address than the user has agreed to, it is asked about, and then tried. */
  private async request(
    params: ConnectParams,
    placeholder: ConnectionState,
    token: vscode.CancellationToken,
  ): Promise<ConnectOutcome> {
    try {
      this.accept(await this.backend.request(Connect, params, token));
      return { kind: 'connected' };
    } catch (error) {
      const outcome = this.attemptFailed(placeholder, token, error);
      const entry = this.entry(params.profileId);
      if (outcome.kind !== 'failed' || outcome.problem.found === undefined || entry === undefined) {
        return outcome;
      }
      const address = await this.addresses.ask(entry.profile, outcome.problem);
      return address === undefined || token.isCancellationRequested
        ? { kind: 'cancelled' }
        : this.request({ ...params, address }, placeholder, token);
    }
  }

  /** Where the background process has told a state of its own, that one stands. */
  private attemptFailed(
    placeholder: ConnectionState,
    token: vscode.CancellationToken,
    error: unknown,
  ): ConnectOutcome {
    const { profileId, generation } = placeholder;
    const isNewest = this.state(profileId) === placeholder;
    if (token.isCancellationRequested || isCancelled(error)) {
      if (isNewest) {
        this.accept({ ...idle(profileId), generation });
      }
      return { kind: 'cancelled' };
    }
    const problem = problemOf(error);
    if (problem.code === BACKEND_LOST) {
      // The new process tries again, or `backendEnded` says why there is none.
      return { kind: 'cancelled' };
    }
    if (isNewest) {
      this.accept({ ...idle(profileId), generation, status: 'failed', problem });
    }
    return { kind: 'failed', problem };
  }

  /** It counts no more, although its end may take a while. */
  private cancelAttempt(profileId: string): void {
    this.attempts.get(profileId)?.source.cancel();
    this.attempts.delete(profileId);
  }

  private accept(state: ConnectionState): void {
    const { profileId } = state;
    if (this.entry(profileId) === undefined) {
      return;
    }
    const before = this.state(profileId);
    this.states.set(profileId, state);
    this.clock.note(state);
    const fresh =
      state.status === 'connected' &&
      (before.status !== 'connected' || before.generation !== state.generation);
    this.changed.fire({ profileId, fresh, idle: before.busy && !state.busy });
  }

  private readProfiles(): void {
    const { entries: listed, rejected } = this.settings.profiles();
    const { draft } = this;
    const isListed = listed.some(({ profile }) => profile.id === draft?.profile.id);
    const entries = draft === undefined || isListed ? listed : [...listed, draft];
    const ids = new Set(entries.map((entry) => entry.profile.id));
    this.endWhatIsNotAgreed(entries);
    const gone = this.entriesNow.map((entry) => entry.profile.id).filter((id) => !ids.has(id));
    this.entriesNow = entries;
    this.rejectedNow = rejected;
    for (const id of gone) {
      this.cancelAttempt(id);
      this.states.delete(id);
      this.clock.note(idle(id));
    }
    this.backend.notify(SetProfiles, { profiles: entries.map((entry) => entry.profile) });
    this.profilesChanged.fire(gone);
  }

  /**
   * What a file of the workspace has a connection do by itself holds at once, and is not taken over before the user has
   * agreed: the connection ends, and asks when it is opened.
   */
  private endWhatIsNotAgreed(entries: readonly ProfileEntry[]): void {
    for (const entry of entries) {
      const { id } = entry.profile;
      const before = this.entry(id);
      const [now, then] = [entry, before].map((one) => JSON.stringify(one && actsOf(one.profile)));
      if (before !== undefined && now !== then && !this.consent.isGiven(entry)) {
        this.disconnect(id).catch((error: unknown) => void showProblem(problemOf(error)));
      }
    }
  }

  /** A new process gets the profiles, and is asked for the connections that the old one had. */
  private tellEverything(): void {
    this.backend.notify(SetProfiles, { profiles: this.entriesNow.map((entry) => entry.profile) });
    for (const [profileId, state] of this.states) {
      if (this.isWanted(profileId, state) && !this.attempts.has(profileId)) {
        void this.connectAgain(profileId, state);
      }
    }
  }

  /** Connected until the process ended. What ends with its connection is not begun anew by itself. */
  private isWanted(profileId: string, state: ConnectionState): boolean {
    const withProcess = state.status === 'lost' && state.problem?.code === 'ERR_BACKEND_STOPPED';
    const entry = this.entry(profileId);
    const mayReturn = entry !== undefined && !isSingle(entry.profile) && this.consent.isGiven(entry);
    return mayReturn && (state.status === 'reconnecting' || withProcess);
  }

  private async connectAgain(profileId: string, before: ConnectionState): Promise<void> {
    try {
      const entry = this.entry(profileId);
      const secrets = entry === undefined ? {} : await this.secrets.known(entry);
      const address = entry && this.addresses.of(entry.profile);
      this.accept(await this.backend.request(Connect, connectParams(profileId, secrets, address)));
    } catch (error) {
      const problem = problemOf(error);
      if (problem.code !== BACKEND_LOST && this.state(profileId) === before) {
        this.accept({ ...idle(profileId), status: 'failed', problem });
      }
    }
  }

  private backendEnded(): void {
    const again = this.backend.status !== 'givenUp';
    const problem: Problem = {
      code: 'ERR_BACKEND_STOPPED',
      message: again
        ? vscode.l10n.t('The RPyC background process stopped unexpectedly: connect again.')
        : vscode.l10n.t(
            'The RPyC background process keeps crashing: run "RPyC: Restart Background Process" to try again.',
          ),
    };
    for (const [profileId, state] of this.states) {
      if (state.status === 'connected' || isTrying(state)) {
        const entry = this.entry(profileId);
        const single = entry !== undefined && isSingle(entry.profile);
        const status = again && !single ? 'reconnecting' : 'lost';
        this.accept({ ...idle(profileId), status, ...(status === 'lost' ? { problem } : {}) });
      }
    }
  }
}

function connectParams(profileId: string, secrets: Secrets, address: string | undefined): ConnectParams {
  return { profileId, secrets, ...(address === undefined ? {} : { address }) };
}

export function isTrying(state: ConnectionState): boolean {
  return state.status === 'connecting' || state.status === 'reconnecting';
}

function idle(profileId: string): ConnectionState {
  return { profileId, generation: 0, status: 'disconnected', openConnections: 0, busy: false };
}
