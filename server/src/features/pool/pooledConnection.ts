import type { ConnectionStage, PeerInfo, Profile, Secrets, ServerKind } from '../../api/model';
import { endpointOf } from '../../api/transport';
import {
  type Connection,
  ConnectError,
  type ConnectOptions,
  type DialectMemory,
  type Disposable,
  ErrorCode,
  FakeSlaveService,
  type Logger,
  type Netref,
  RemoteError,
  type ServiceClass,
  dir,
  isNetref,
  type_,
} from '../../rpyc/index';
import { advisoriesFor } from '../advisories';
import { Agent } from '../agent';
import { singleLine } from '../inspect/preview';
import { ProblemError, notClassicServer, rpycNg, stoppedAnswering } from '../problem';
import { onAbort } from './abort';
import { OpeningLatency } from './latency';
import { Monitor } from './monitor';
import { type Opened, openTransport } from './opening';
import type { PoolTimings } from './timings';
import type { WireLedger } from './wireLedger';
import type { WireLog } from './wireLog';

/** What a stock classic server calls its root object. */
const CLASSIC_ROOTS = new Set([
  'rpyc.core.service.SlaveService',
  'rpyc.core.service.ClassicService',
  'rpyc.core.service.PublicSlaveService',
]);

/** A root that certainly offers nothing. */
const STRICT_ROOTS = new Set(['rpyc.core.service.VoidService', 'rpyc.core.service.Service']);

/** Characters of what the peer calls itself. */
const MAX_TEXT = 200;

/** What is told of a change of the latency: more than both of these. */
const LATENCY_STEP_MS = 2;
const LATENCY_STEP_SHARE = 0.25;

/** What the root of a classic server has, whatever its class is called. */
const CLASSIC_NAMES = ['eval', 'execute', 'getmodule', 'namespace', 'getconn'];

export interface OpenOptions {
  readonly profile: Profile;
  readonly secrets: Secrets;
  /** For a service by name: the `host:port` that the user has agreed to. */
  readonly address: string | undefined;
  readonly pythonDir: string;
  readonly dialectMemory: DialectMemory;
  readonly timings: PoolTimings;
  readonly logger: Logger;
  readonly wireLog: WireLog;
  readonly ledger: WireLedger;
  /** What the peer is offered; nothing where it gives nothing. */
  readonly rootFor: ((profile: Profile) => Promise<ServiceClass | undefined>) | undefined;
  readonly signal: AbortSignal;
  readonly onStage?: (stage: ConnectionStage) => void;
  /** The place at the endpoint; given back when the connection is closed, or could not be opened. */
  readonly place: Disposable;
  /** A run is in progress on it. */
  readonly isBusy: () => boolean;
  /** The way to the peer and back takes noticeably longer or shorter than was told before. */
  readonly onLatency: () => void;
  /** The connection ended, and not by `close`. Told once. */
  readonly onLost: (lost: PooledConnection, error: Error | undefined) => void;
}

/** What opening needs that is the same for all connections. */
export type SharedOptions = Pick<
  OpenOptions,
  'pythonDir' | 'dialectMemory' | 'logger' | 'wireLog' | 'ledger' | 'rootFor'
>;

/** One open connection of a profile, with all that lives and ends with it. */
export class PooledConnection {
  readonly openedAt = performance.now();
  private readonly monitor: Monitor;
  private readonly closeListener: Disposable;
  private readonly listed: Disposable;
  private ended = false;
  private latency: number | undefined;

  private constructor(
    private readonly opened: Opened,
    readonly agent: Agent | undefined,
    readonly peer: PeerInfo,
    private readonly options: OpenOptions,
    latencyMs: number | undefined,
  ) {
    this.latency = latencyMs;
    const { timings } = options;
    const { connection } = opened;
    this.closeListener = connection.onDidClose((error) => this.lose(error));
    this.listed = options.ledger.connections.add(options.profile.id, connection, agent);
    this.monitor = new Monitor(connection, {
      timings,
      isBusy: options.isBusy,
      onLatency: (ms) => this.noteLatency(ms),
      onDead: () => {
        const silence = Math.round(timings.pingTimeoutSeconds);
        this.lose(new ProblemError(stoppedAnswering(options.profile.label, silence)));
      },
    });
  }

  /**
   * Connects, and learns what the peer is.
   *
   * @throws an error of the library, or a `ProblemError`; nothing is left open then
   */
  static async open(options: OpenOptions): Promise<PooledConnection> {
    try {
      const latency = new OpeningLatency();
      const root = await options.rootFor?.(options.profile);
      const opened = await openTransport({
        ...options,
        connectOptions: connectOptions(options, latency, root),
      });
      try {
        const { connection } = opened;
        const { agent, peer } = await withinBudget(connection, options, introduce(connection, options));
        latency.stop();
        const { address } = opened;
        const known = address === undefined ? peer : { ...peer, address };
        return new PooledConnection(opened, agent, known, options, latency.ms);
      } catch (error) {
        await opened.close();
        throw error;
      }
    } catch (error) {
      options.place.dispose();
      throw error;
    }
  }

  get connection(): Connection {
    return this.opened.connection;
  }

  /** Milliseconds to the peer and back, as last measured; undefined where nothing could be. */
  get latencyMs(): number | undefined {
    return this.latency === undefined ? undefined : Math.round(this.latency * 10) / 10;
  }

  /** Says goodbye and closes. Nothing is told to `onLost`. Any number of calls is fine. */
  async close(): Promise<void> {
    this.end();
    await this.opened.close();
  }

  /** Small changes are kept and not told: a row that flickers tells nobody anything. */
  private noteLatency(ms: number): void {
    const before = this.latency ?? 0;
    this.latency = ms;
    if (Math.abs(ms - before) > Math.max(LATENCY_STEP_MS, before * LATENCY_STEP_SHARE)) {
      this.options.onLatency();
    }
  }

  private lose(error: Error | undefined): void {
    if (this.ended) {
      return;
    }
    this.end();
    void this.opened.close();
    this.options.onLost(this, error);
  }

  private end(): void {
    if (this.ended) {
      return;
    }
    this.ended = true;
    this.monitor.dispose();
    this.closeListener.dispose();
    this.listed.dispose();
    this.agent?.dispose();
    this.options.place.dispose();
  }
}

/** What every way to connect is given. */
function connectOptions(
  options: OpenOptions,
  latency: OpeningLatency,
  root: ServiceClass | undefined,
): ConnectOptions {
  const { profile, dialectMemory, timings, signal, logger, wireLog, ledger, onStage } = options;
  // The library names some places less exactly than the profile does: a program without its arguments.
  const endpoint = endpointOf(profile.transport);
  return {
    // Servers of the full classic service drop a client that they cannot use in turn.
    service: root ?? FakeSlaveService,
    ...(root === undefined
      ? {}
      : { config: { include_local_traceback: false, include_local_version: false } }),
    dialect: profile.dialect ?? 'auto',
    oneShot: profile.oneShot ?? false,
    dialectMemory: {
      get: () => dialectMemory.get(endpoint),
      set: (_where, dialect) => dialectMemory.set(endpoint, dialect),
    },
    timeout: timings.stageSeconds,
    signal,
    logger,
    trace: ledger.costs.watch(profile.id, latency.watch(wireLog.record())),
    ...(onStage === undefined ? {} : { onStage }),
  };
}

interface Introduction {
  readonly agent: Agent | undefined;
  readonly peer: PeerInfo;
}

/**
 * Learns what the peer is: from the root's type, which came with the root, where that says enough; else from the
 * names that the root has, which no policy refuses. A classic peer is given the helper.
 */
async function introduce(connection: Connection, options: OpenOptions): Promise<Introduction> {
  const { profile, signal } = options;
  options.onStage?.('root');
  const root: unknown = await connection.root;
  const rootType = isNetref(root) ? typeText(root) : typeof root;
  const isClassic =
    profile.service === 'classic' ||
    (profile.service === 'auto' && (await offersClassic(root, rootType, signal)));
  const agent = isClassic ? await installAgent(connection, options, rootType) : undefined;
  const { dialect } = connection;
  const rpycVersion = agent?.info.rpycVersion ?? connection.remoteVersion;
  if (dialect === undefined || rpycVersion?.startsWith('7.') === true) {
    throw new ProblemError(rpycNg(endpointOf(profile.transport), rpycVersion ?? 'unknown'));
  }
  const advisories = advisoriesFor(dialect, rpycVersion);
  const peer: PeerInfo = {
    dialect,
    serverKind: serverKindOf(profile, agent),
    service: isClassic ? 'classic' : 'service',
    rootType: shownText(rootType),
    ...(rpycVersion === undefined ? {} : { rpycVersion: shownText(rpycVersion) }),
    ...(advisories.length === 0 ? {} : { advisories }),
    ...(agent === undefined
      ? {}
      : { pythonVersion: shownText(agent.info.pythonVersion), pid: agent.info.pid }),
  };
  return { agent, peer };
}

function serverKindOf({ oneShot, transport }: Profile, agent: Agent | undefined): ServerKind {
  if (oneShot === true) {
    return 'oneshot';
  }
  return transport.kind === 'subprocess' ? 'stdio' : (agent?.info.serverKind ?? 'unknown');
}

function typeText(root: Netref): string {
  const { name, module } = type_(root);
  return module === '' ? name : `${module}.${name}`;
}

/** What the peer says of itself, fit to be shown. */
function shownText(text: string): string {
  return singleLine(text, MAX_TEXT);
}

async function offersClassic(root: unknown, rootType: string, signal: AbortSignal): Promise<boolean> {
  if (CLASSIC_ROOTS.has(rootType)) {
    return true;
  }
  if (!isNetref(root) || STRICT_ROOTS.has(rootType)) {
    return false;
  }
  const names = new Set(await dir(root, { signal }));
  return CLASSIC_NAMES.every((name) => names.has(name));
}

async function installAgent(
  connection: Connection,
  { profile, pythonDir, signal }: OpenOptions,
  rootType: string,
): Promise<Agent> {
  try {
    return await Agent.install(connection, pythonDir, signal);
  } catch (error) {
    if (error instanceof RemoteError && error.isInstance('builtins.AttributeError')) {
      throw new ProblemError(notClassicServer(profile.label, shownText(rootType)), { cause: error });
    }
    throw error;
  }
}

/** Closes the connection under `work` when it takes too long or is not wanted any more. */
async function withinBudget<T>(
  connection: Connection,
  { profile, timings, signal }: OpenOptions,
  work: Promise<T>,
): Promise<T> {
  let tooLate: Error | undefined;
  const timer = setTimeout(() => {
    const where = endpointOf(profile.transport);
    tooLate = new ConnectError(`${where} did not say in time what it is`, ErrorCode.timeout);
    connection.dispose();
  }, timings.stageSeconds * 1000);
  const abort = onAbort(signal, () => connection.dispose());
  try {
    return await work;
  } catch (error) {
    throw tooLate ?? error;
  } finally {
    clearTimeout(timer);
    abort.dispose();
  }
}
