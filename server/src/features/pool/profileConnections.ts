import type {
  ConnectionStage,
  ConnectionState,
  ConnectionStatus,
  Problem,
  Profile,
  Secrets,
} from '../../api/model';
import { isSingle } from '../../api/profile';
import { type Disposable, ProtocolError } from '../../rpyc/index';
import type { Agent } from '../agent';
import {
  ProblemCode,
  ProblemError,
  busy,
  cancelled,
  isPassing,
  lostAndReconnecting,
  lostForGood,
  notClassic,
  notConnected,
  toProblem,
  uninterruptible,
} from '../problem';
import { asError, linkSignals, newSession, untilAborted } from './abort';
import { type Attempt, isLater } from './attempt';
import { FairQueue } from './fairQueue';
import type { Lease, LeasePurpose } from './lease';
import { Backoff } from './monitor';
import { PooledConnection, type SharedOptions } from './pooledConnection';
import { RunConnection } from './runConnection';
import { contextOfProfile, profileAt } from './target';
import type { PoolTimings } from './timings';

export interface ProfileConnectionsOptions {
  readonly profile: Profile;
  readonly timings: PoolTimings;
  /** Number of connections that this profile has had before. */
  readonly generation: number;
  /** A place at the endpoint, in turn. */
  readonly acquirePlace: (signal: AbortSignal) => Promise<Disposable>;
  /** What opening needs beyond what is decided here. */
  readonly openOptions: SharedOptions;
  readonly onDidChangeState: (state: ConnectionState) => void;
}

/** While we are connected, and while we try to be so again. */
const KNOWS_PEER: ReadonlySet<ConnectionStatus> = new Set(['connected', 'lost', 'reconnecting']);

/** A connection that held for so long was not merely let in and thrown out again. */
const STABLE_MS = 10_000;

/**
 * All connections of one profile: a main connection, which explores and whose loss is the profile's loss, and,
 * where two connections see one process, another one for runs that is opened at need and closed when idle.
 * Everywhere else runs use the main connection, and exploring has to wait meanwhile.
 */
export class ProfileConnections {
  private profile: Profile;
  private current: ConnectionState;
  private main: PooledConnection | undefined;
  private readonly runner: RunConnection;
  private attempt: Attempt | undefined;
  private retryTimer: NodeJS.Timeout | undefined;
  private runsInProgress = 0;
  /** The run that is in progress has the main connection to itself. */
  private runsOnMain = false;
  /** The connection was lost and is to come back by itself. */
  private returning = false;
  private disposed = false;
  /** What the profile names, from the wish to connect until the wish to disconnect. */
  private secrets: Secrets = {};
  /** Where the user has agreed that a service by name may be. */
  private address: string | undefined;
  private readonly backoff: Backoff;
  private readonly runTurns = new FairQueue(1);
  private readonly explorePlaces: FairQueue;
  /** Ends whatever waits when the profile is disconnected. */
  private session = newSession();

  constructor(private readonly options: ProfileConnectionsOptions) {
    this.profile = options.profile;
    this.backoff = new Backoff(options.timings);
    this.explorePlaces = new FairQueue(options.timings.leasesPerConnection);
    this.runner = new RunConnection({
      idleSeconds: options.timings.idleSeconds,
      open: (signal) => this.open(signal),
      isRunning: () => this.runsInProgress > 0,
      onDidChange: () => this.change({}),
      onDidFail: (error) => {
        const problem = toProblem(error, contextOfProfile(this.profile));
        options.openOptions.logger.warn(`Runs use the connection that explores: ${problem.message}`);
        return isPassing(problem);
      },
    });
    this.current = {
      profileId: options.profile.id,
      generation: options.generation,
      status: 'disconnected',
      openConnections: 0,
      busy: false,
    };
  }

  get state(): ConnectionState {
    return this.current;
  }

  get label(): string {
    return this.profile.label;
  }

  /** Sockets of this profile that are open now. */
  get openConnections(): number {
    return (this.main === undefined ? 0 : 1) + (this.runner.isOpen ? 1 : 0);
  }

  /** Lends that wait for their turn. */
  get waiting(): number {
    return this.runTurns.waiting + this.explorePlaces.waiting;
  }

  /** Closes the connection for runs where nobody uses it, so that its place is free. */
  closeIdleRunner(): void {
    this.runner.closeIfIdle();
  }

  /** Takes over a profile that differs in name only. */
  rename(profile: Profile): void {
    this.profile = profile;
  }

  /**
   * Connects, or joins the attempt that is on its way.
   *
   * @param signal stops waiting, and stops trying where nobody else waits
   * @param secrets what the profile names; those of an attempt that is on its way stay as they are
   * @param address for a service by name: the `host:port` that the user has agreed to
   * @throws ProblemError
   */
  async connect(signal?: AbortSignal, secrets: Secrets = {}, address?: string): Promise<ConnectionState> {
    this.throwIfDisposed();
    while (this.attempt?.controller.signal.aborted === true) {
      // One that was given up is nothing to join: what is left of it ends first.
      await untilAborted(
        this.attempt.finished.catch(() => undefined),
        signal,
      );
      this.throwIfDisposed();
    }
    if (this.main === undefined) {
      if (this.attempt === undefined) {
        this.secrets = secrets;
        this.address = address;
      }
      await this.join(this.attempt ?? this.begin('connecting', false), signal);
    }
    return this.current;
  }

  /** Closes everything, ends every attempt and every timer. */
  async disconnect(): Promise<void> {
    this.session.abort(new ProblemError(notConnected(this.label)));
    this.session = newSession();
    clearTimeout(this.retryTimer);
    this.returning = false;
    const { attempt } = this;
    attempt?.controller.abort(new ProblemError(cancelled()));
    await attempt?.finished.catch(() => undefined);
    await this.closeAll();
    this.backoff.reset();
    // Somebody may have asked to connect meanwhile.
    if (this.main === undefined && this.attempt === undefined) {
      this.secrets = {};
      this.change({ status: 'disconnected' });
    }
  }

  async dispose(): Promise<void> {
    this.disposed = true;
    const closed = new ProblemError(notConnected(this.label));
    this.runTurns.dispose(closed);
    this.explorePlaces.dispose(closed);
    await this.disconnect();
  }

  /**
   * @param signal stops waiting for a turn
   * @throws ProblemError: not connected, busy with a run, or not a classic connection
   */
  async lend(purpose: LeasePurpose, signal?: AbortSignal): Promise<Lease> {
    const both = linkSignals(this.session.signal, signal);
    try {
      return await (this.shares(purpose)
        ? this.lendForExploring(both.signal)
        : this.lendForRun(purpose, both.signal));
    } finally {
      both.dispose();
    }
  }

  /**
   * A way into the server beside the one that a run is on: the connection that explores where runs have their own, else
   * one that is opened for this once.
   *
   * @throws ProblemError where the server takes no second client
   */
  async lendBeside(signal: AbortSignal): Promise<Lease> {
    const { serverKind } = (await this.whenConnected(signal)).peer;
    const free = this.lendNow();
    if (free !== undefined) {
      return free;
    }
    if (isSingle(this.profile) || serverKind === 'oneshot' || serverKind === 'stdio') {
      throw new ProblemError(uninterruptible(this.label, 'single'));
    }
    const opened = await this.open(signal);
    return this.lease(opened, 'explore', { dispose: () => void opened.close() });
  }

  /** The connection that explores, for a question that is not worth waiting; undefined where it cannot be had now. */
  lendNow(): Lease | undefined {
    const { main } = this;
    const isFree = main !== undefined && !this.runsOnMain;
    return isFree ? this.lease(main, 'explore', { dispose: () => undefined }) : undefined;
  }

  // ---- lending ------------------------------------------------------------------------------------------------

  private async lendForExploring(signal: AbortSignal): Promise<Lease> {
    await this.whenConnected(signal);
    this.refuseWhileBusy();
    const place = await this.explorePlaces.acquire(signal);
    try {
      const main = await this.whenConnected(signal);
      this.refuseWhileBusy();
      return this.lease(main, 'explore', place);
    } catch (error) {
      place.dispose();
      throw error;
    }
  }

  private shares(purpose: LeasePurpose): boolean {
    return purpose === 'explore' || (purpose === 'change' && this.runsInProgress > 0);
  }

  private async lendForRun(purpose: LeasePurpose, signal: AbortSignal): Promise<Lease> {
    const turn = await this.runTurns.acquire(signal);
    try {
      const main = await this.whenConnected(signal);
      const { agent } = main;
      if (agent === undefined && purpose === 'run') {
        throw new ProblemError(notClassic(this.label));
      }
      const lent =
        agent !== undefined && this.mayOpenSecond(main)
          ? await this.runConnection(main, agent, signal)
          : main;
      this.runsInProgress += 1;
      this.runsOnMain = lent === main;
      this.change({});
      return this.lease(lent, purpose, {
        dispose: () => {
          this.runsInProgress -= 1;
          this.runsOnMain = false;
          this.runner.closeWhenIdle();
          this.change({});
          turn.dispose();
        },
      });
    } catch (error) {
      this.runner.closeWhenIdle();
      turn.dispose();
      throw error;
    }
  }

  private lease(lent: PooledConnection, purpose: LeasePurpose, hold: Disposable): Lease {
    let held = true;
    return {
      connection: lent.connection,
      agent: lent.agent,
      profileId: this.profile.id,
      generation: this.current.generation,
      purpose,
      runOn: this.profile.runOn,
      dispose: () => {
        if (held) {
          held = false;
          hold.dispose();
        }
      },
    };
  }

  private refuseWhileBusy(): void {
    if (this.runsOnMain) {
      throw new ProblemError(busy(this.label));
    }
  }

  private mayOpenSecond(main: PooledConnection): boolean {
    return this.servesOneProcess(main) && !this.runner.isUseless;
  }

  /** Two connections to a server of these kinds see one process, and another one after a loss is as good. */
  private servesOneProcess({ peer: { serverKind } }: PooledConnection): boolean {
    return !isSingle(this.profile) && (serverKind === 'threaded' || serverKind === 'pool');
  }

  private async whenConnected(signal: AbortSignal): Promise<PooledConnection> {
    this.throwIfDisposed();
    if (this.attempt !== undefined) {
      await this.join(this.attempt, signal);
    }
    signal.throwIfAborted();
    if (this.main === undefined) {
      throw new ProblemError(this.current.problem ?? notConnected(this.label));
    }
    return this.main;
  }

  private async runConnection(
    main: PooledConnection,
    agent: Agent,
    signal: AbortSignal,
  ): Promise<PooledConnection> {
    const second = await this.runner.acquire(agent, signal);
    if (this.main !== main) {
      // The main connection went meanwhile, and with it the namespace that the second one uses.
      await this.runner.close();
      throw new ProblemError(this.current.problem ?? notConnected(this.label));
    }
    return second ?? main;
  }

  // ---- connecting ---------------------------------------------------------------------------------------------

  private begin(status: 'connecting' | 'reconnecting', unattended: boolean): Attempt {
    clearTimeout(this.retryTimer);
    const controller = new AbortController();
    // Begins in a later turn, so that nobody who hears of it can begin another one beside it.
    const finished = Promise.resolve()
      .then(() => this.establish(controller.signal, status))
      .finally(() => (this.attempt = undefined));
    const attempt: Attempt = { controller, finished, unattended, waiters: 0 };
    // Whoever waits gets the error from `finished` itself; that nobody may wait is no fault.
    finished.catch(() => undefined);
    this.attempt = attempt;
    return attempt;
  }

  private async join(attempt: Attempt, signal: AbortSignal | undefined): Promise<void> {
    attempt.waiters += 1;
    try {
      await untilAborted(attempt.finished, signal);
    } finally {
      attempt.waiters -= 1;
      if (attempt.waiters === 0 && !attempt.unattended) {
        attempt.controller.abort(new ProblemError(cancelled()));
      }
    }
  }

  private async establish(signal: AbortSignal, status: 'connecting' | 'reconnecting'): Promise<void> {
    let stage: ConnectionStage = 'resolve';
    const onStage = (next: ConnectionStage): void => {
      // A second attempt, in another dialect, goes through the stages again: nobody is to see it go back.
      if (isLater(next, stage) && !signal.aborted) {
        stage = next;
        this.change({ status, stage });
      }
    };
    this.change({ status, stage });
    try {
      const main = await this.open(signal, onStage);
      if (signal.aborted) {
        await main.close();
        throw asError(signal.reason);
      }
      const { peer } = main;
      const renewed = peer.pid === this.current.peer?.pid ? 'names' : 'process';
      const news = this.returning ? ({ peer, renewed } as const) : { peer };
      this.main = main;
      this.returning = false;
      this.change({ status: 'connected', generation: this.current.generation + 1, ...news });
    } catch (error) {
      const problem = this.problemOf(error, signal, stage);
      if (problem.code === ProblemCode.cancelled) {
        this.returning = false;
        this.change({ status: 'disconnected' });
      } else if (this.returning && isPassing(problem)) {
        this.retryLater(problem);
      } else {
        this.returning = false;
        this.change({ status: 'failed', problem });
      }
      throw new ProblemError(problem, { cause: error });
    }
  }

  private problemOf(error: unknown, signal: AbortSignal, stage: ConnectionStage): Problem {
    const about = { ...contextOfProfile(this.profile), stage };
    return toProblem(signal.aborted ? signal.reason : error, about);
  }

  private async open(
    signal: AbortSignal,
    onStage: (stage: ConnectionStage) => void = () => undefined,
  ): Promise<PooledConnection> {
    const place = await this.options.acquirePlace(signal);
    return PooledConnection.open({
      ...this.options.openOptions,
      // A second connection goes to where the first one went, whatever a registry says meanwhile.
      profile: profileAt(this.profile, this.main?.peer.address),
      secrets: this.secrets,
      address: this.address,
      timings: this.options.timings,
      signal,
      onStage,
      place,
      // A run may keep the whole process from answering, on whichever connection it is.
      isBusy: () => this.runsInProgress > 0,
      onLatency: () => this.change({}),
      onLost: (lost, error) => this.handleLoss(lost, error),
    });
  }

  // ---- losing -------------------------------------------------------------------------------------------------

  private handleLoss(lost: PooledConnection, error: Error | undefined): void {
    if (lost !== this.main) {
      this.runner.forget(lost);
      return;
    }
    this.returning = this.servesOneProcess(lost) && !this.disposed;
    void this.closeAll();
    clearTimeout(this.retryTimer);
    if (performance.now() - lost.openedAt >= STABLE_MS) {
      this.backoff.reset();
    }
    const problem = this.lossProblem(error);
    this.change({ status: 'lost', problem });
    if (this.returning) {
      this.retryLater(problem);
    }
  }

  private lossProblem(error: Error | undefined): Problem {
    if (error instanceof ProblemError || error instanceof ProtocolError) {
      return toProblem(error, contextOfProfile(this.profile));
    }
    return (this.returning ? lostAndReconnecting : lostForGood)(this.label, error);
  }

  private retryLater(problem: Problem): void {
    const retryInMs = this.backoff.next();
    this.change({ status: 'reconnecting', problem, retryInMs });
    this.retryTimer = setTimeout(() => {
      this.begin('reconnecting', true);
    }, retryInMs);
  }

  private async closeAll(): Promise<void> {
    const { main } = this;
    this.main = undefined;
    await Promise.all([this.runner.close(), main?.close()]);
  }

  private throwIfDisposed(): void {
    if (this.disposed) {
      throw new ProblemError(notConnected(this.label));
    }
  }

  /** Stage, problem and delay belong to one status; generation and peer outlast it. */
  private change(news: Partial<ConnectionState>): void {
    const { profileId, generation, peer } = this.current;
    const { status } = news;
    const kept =
      status === undefined
        ? this.current
        : { profileId, generation, status, ...(peer && KNOWS_PEER.has(status) ? { peer } : {}) };
    const latencyMs = kept.status === 'connected' ? this.main?.latencyMs : undefined;
    this.current = {
      ...kept,
      ...news,
      ...(latencyMs === undefined ? {} : { latencyMs }),
      openConnections: this.openConnections,
      busy: this.runsInProgress > 0,
    };
    this.options.onDidChangeState(this.current);
  }
}
