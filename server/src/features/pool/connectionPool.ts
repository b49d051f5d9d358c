import type { ConnectionState, Profile, Secrets } from '../../api/model';
import { endpointOf } from '../../api/transport';
import {
  type DialectName,
  type Disposable,
  Emitter,
  type Event,
  type Logger,
  type ServiceClass,
} from '../../rpyc/index';
import { ProblemError, connectionLimit, toProblem, unknownProfile } from '../problem';
import { linkSignals } from './abort';
import { FairQueue } from './fairQueue';
import type { Lease, LeasePurpose } from './lease';
import { ProfileConnections } from './profileConnections';
import { isSameTarget, parseProfile } from './target';
import { DEFAULT_TIMINGS, type PoolTimings } from './timings';
import { WireLedger } from './wireLedger';
import type { WireLog } from './wireLog';

export interface ConnectionPoolOptions {
  readonly logger: Logger;
  /** Folder of the Python sources that classic peers are given. */
  readonly pythonDir: string;
  /** Dialect by endpoint. The pool reads it and writes what it learns; the owner keeps it. */
  readonly dialectMemory: Map<string, DialectName>;
  readonly wireLog: WireLog;
  /** What a connection offers its peer; nothing unless told. */
  readonly rootFor?: (profile: Profile) => Promise<ServiceClass | undefined>;
  /** Of its own unless told. */
  readonly ledger?: WireLedger;
  readonly timings?: Partial<PoolTimings>;
}

const DIALECTS: readonly DialectName[] = ['A', 'B', 'C', 'D'];

export interface LearnedDialect {
  /** `host:port`, or as `endpointOf` names it. */
  readonly endpoint: string;
  readonly dialect: string;
}

interface Entry {
  readonly profile: Profile;
  readonly connections: ProfileConnections;
}

/**
 * Owns every connection: opens them at need and within limits, lends them in turn, watches over them, and gets
 * back those that can be got back. What happens to a connection is told by its states.
 */
export class ConnectionPool {
  private readonly entries = new Map<string, Entry>();
  /** Profiles that are not valid, with the state that says so. */
  private readonly refused = new Map<string, ConnectionState>();
  private readonly places = new Map<string, FairQueue>();
  /** Generations go on growing when a profile is changed, or goes and comes back. */
  private readonly generations = new Map<string, number>();
  private readonly leaving = new Set<Promise<void>>();
  /** Dialect by endpoint, as the owner has been told. */
  private readonly knownDialects = new Map<string, string>();
  private readonly dialectLearned = new Emitter<LearnedDialect>();
  private readonly stateChanged = new Emitter<ConnectionState>();
  private readonly timings: PoolTimings;
  private readonly ledger: WireLedger;
  private closed = false;

  /** A connection's state changed. */
  readonly onDidChangeState: Event<ConnectionState> = this.stateChanged.event;

  /** An endpoint spoke a dialect that was not known of it. */
  readonly onDidLearnDialect: Event<LearnedDialect> = this.dialectLearned.event;

  constructor(private readonly options: ConnectionPoolOptions) {
    this.timings = { ...DEFAULT_TIMINGS, ...options.timings };
    this.ledger = options.ledger ?? new WireLedger();
  }

  /**
   * Takes the whole list of profiles. A connection whose profile is gone, or goes elsewhere now, is closed, and the
   * state of its successor is told; a profile that is not valid is told as a failed connection.
   */
  setProfiles(values: readonly unknown[]): void {
    if (this.closed) {
      return;
    }
    // Of these something was told that no longer holds.
    const outdated = new Set(this.refused.keys());
    const profiles = this.checked(values);
    for (const [id, entry] of this.entries) {
      const next = profiles.get(id);
      if (next === undefined || !isSameTarget(entry.profile, next)) {
        outdated.add(id);
        this.remove(id, entry);
      }
    }
    for (const [id, profile] of profiles) {
      const known = this.entries.get(id);
      known?.connections.rename(profile);
      const connections = known?.connections ?? this.create(profile);
      this.entries.set(id, { profile, connections });
      if (outdated.has(id)) {
        this.tell(profile, connections.state);
      }
    }
    for (const [endpoint, queue] of this.places) {
      if (queue.inUse === 0 && queue.waiting === 0) {
        this.places.delete(endpoint);
      }
    }
  }

  /** What the owner has kept of earlier starts: dialect by endpoint. Other entries are passed over. */
  rememberDialects(dialects: Readonly<Record<string, string>>): void {
    for (const [endpoint, name] of Object.entries(dialects)) {
      const dialect = DIALECTS.find((each) => each === name);
      if (dialect !== undefined) {
        this.options.dialectMemory.set(endpoint, dialect);
        this.knownDialects.set(endpoint, dialect);
      }
    }
  }

  /** The valid profiles. */
  get profiles(): readonly Profile[] {
    return [...this.entries.values()].map(({ profile }) => profile);
  }

  /** @throws ProblemError where there is no such profile */
  profile(profileId: string): Profile {
    return this.entry(profileId).profile;
  }

  /** @throws ProblemError where there is no such profile */
  state(profileId: string): ConnectionState {
    return this.refused.get(profileId) ?? this.entry(profileId).connections.state;
  }

  /** Lends that wait for their turn, of all profiles. */
  get waiting(): number {
    return [...this.entries.values()].reduce((sum, { connections }) => sum + connections.waiting, 0);
  }

  /** Sockets that are open, by endpoint. */
  get openConnections(): ReadonlyMap<string, number> {
    return new Map([...this.places].map(([endpoint, queue]) => [endpoint, queue.inUse]));
  }

  /**
   * Connects a profile, or joins the attempt that is on its way.
   *
   * @param signal stops waiting; the attempt ends where nobody else waits for it
   * @param secrets what the profile names; kept in memory until it is disconnected
   * @param address for a service by name: the `host:port` that the user has agreed to
   * @throws ProblemError
   */
  async connect(
    profileId: string,
    signal?: AbortSignal,
    secrets?: Secrets,
    address?: string,
  ): Promise<ConnectionState> {
    return this.entry(profileId).connections.connect(signal, secrets, address);
  }

  /** Closes all connections of a profile. */
  async disconnect(profileId: string): Promise<void> {
    await this.entries.get(profileId)?.connections.disconnect();
  }

  /**
   * Lends a connection of a connected profile. Runs have it to themselves, one after the other in the order in
   * which they asked; a bounded number of explorations share one.
   *
   * @throws ProblemError
   */
  async lend(profileId: string, purpose: LeasePurpose, signal?: AbortSignal): Promise<Lease> {
    return this.entry(profileId).connections.lend(purpose, signal);
  }

  /** See `ProfileConnections.lendBeside`. @throws ProblemError */
  async lendBeside(profileId: string, signal: AbortSignal): Promise<Lease> {
    return this.entry(profileId).connections.lendBeside(signal);
  }

  /** A connection that answers at once, for a question that is not worth waiting; undefined where there is none. */
  lendNow(profileId: string): Lease | undefined {
    return this.entries.get(profileId)?.connections.lendNow();
  }

  /** Closes every connection and ends every timer. What waits is turned away. */
  async close(): Promise<void> {
    this.closed = true;
    for (const [id, entry] of this.entries) {
      this.remove(id, entry);
    }
    await Promise.all(this.leaving);
    this.refused.clear();
    this.stateChanged.dispose();
    this.dialectLearned.dispose();
  }

  private entry(profileId: string): Entry {
    const problem = this.refused.get(profileId)?.problem;
    if (problem !== undefined) {
      throw new ProblemError(problem);
    }
    const entry = this.entries.get(profileId);
    if (entry === undefined) {
      throw new ProblemError(unknownProfile());
    }
    return entry;
  }

  private create(profile: Profile): ProfileConnections {
    const { pythonDir, dialectMemory, logger, wireLog, rootFor } = this.options;
    const connections: ProfileConnections = new ProfileConnections({
      profile,
      timings: this.timings,
      generation: this.generations.get(profile.id) ?? 0,
      acquirePlace: (signal) => this.acquirePlace(endpointOf(profile.transport), signal),
      openOptions: { pythonDir, dialectMemory, logger, wireLog, ledger: this.ledger, rootFor },
      onDidChangeState: (state) => {
        // One that is on its way out does not speak for what took its place, a profile that is refused included.
        const newest = this.entries.get(profile.id)?.connections ?? connections;
        if (newest === connections && !this.refused.has(profile.id)) {
          this.tell(profile, state);
        }
      },
    });
    return connections;
  }

  private tell(profile: Profile, state: ConnectionState): void {
    this.stateChanged.fire(state);
    const endpoint = endpointOf(profile.transport);
    const dialect = state.peer?.dialect;
    if (dialect !== undefined && this.knownDialects.get(endpoint) !== dialect) {
      this.knownDialects.set(endpoint, dialect);
      this.dialectLearned.fire({ endpoint, dialect });
    }
  }

  private remove(id: string, { connections }: Entry): void {
    this.entries.delete(id);
    this.generations.set(id, connections.state.generation);
    const gone = connections.dispose().finally(() => this.leaving.delete(gone));
    this.leaving.add(gone);
  }

  private checked(values: readonly unknown[]): Map<string, Profile> {
    const profiles = new Map<string, Profile>();
    this.refused.clear();
    for (const value of values) {
      try {
        const profile = parseProfile(value);
        profiles.set(profile.id, profile);
      } catch (error) {
        this.refuse(value, error);
      }
    }
    return profiles;
  }

  private refuse(value: unknown, error: unknown): void {
    const problem = toProblem(error);
    this.options.logger.warn(problem.message);
    const id = typeof value === 'object' && value !== null && 'id' in value ? value.id : undefined;
    if (typeof id === 'string') {
      const state: ConnectionState = {
        profileId: id,
        generation: this.generations.get(id) ?? 0,
        status: 'failed',
        problem,
        openConnections: 0,
        busy: false,
      };
      this.refused.set(id, state);
      this.stateChanged.fire(state);
    }
  }

  /** A place at the endpoint, in turn. Where all are taken, connections that idle are closed to make room. */
  private async acquirePlace(endpoint: string, signal: AbortSignal): Promise<Disposable> {
    const { connectionsPerEndpoint: limit, placeSeconds } = this.timings;
    const queue = this.places.get(endpoint) ?? new FairQueue(limit);
    this.places.set(endpoint, queue);
    if (queue.inUse >= limit) {
      for (const { profile, connections } of this.entries.values()) {
        if (endpointOf(profile.transport) === endpoint) {
          connections.closeIdleRunner();
        }
      }
    }
    const late = new AbortController();
    const timer = setTimeout(
      () => late.abort(new ProblemError(connectionLimit(endpoint, limit))),
      placeSeconds * 1000,
    );
    const either = linkSignals(signal, late.signal);
    try {
      return await queue.acquire(either.signal);
    } finally {
      clearTimeout(timer);
      either.dispose();
    }
  }
}
