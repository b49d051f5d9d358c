/*
 * Servers on machines with nothing but Python 3, after rpyc/utils/zerodeploy.py. Differs on purpose: the server listens
 * on a Unix socket in a directory of its own, since upstream's port on the loopback is open to every user of that
 * machine; everything travels through the one ssh; a watcher there cleans up by itself when this side is gone.
 */

import type { DialectName } from '../core/dialect';
import { ConnectError, EOFError, ErrorCode } from '../core/errors';
import type { Connection } from '../core/protocol';
import { after, onAbort, withTimeout } from '../lib/deferred';
import { type Disposable, DisposableStore, toDisposable } from '../lib/disposable';
import { Emitter, type Event } from '../lib/events';
import { ClassicConnection } from './classicConnection';
import { ClassicClient } from './classicServices';
import type { ConnectOptions } from './connectOptions';
import type { ConnectionMaker } from './dialectDiscovery';
import { type Deployment, DeployReports, type DeployStage } from './deployReports';
import { remotePython, scriptInput, WATCHER_SCRIPT } from './remoteScripts';
import { type PackedSource, packRpyc } from './rpycSource';
import type { SshMachine } from './ssh';
import type { SshProcess } from './sshProcess';
import { socketWay } from './sshWay';
import { connectWith, makeConnection } from './ways';

/** How a server is deployed. Times are seconds. */
export interface DeployedServerOptions {
  /** Dotted name of the server's class; `rpyc.utils.server.ThreadedServer` by default. */
  readonly serverClass?: string | undefined;
  /** Dotted name of the service's class; `rpyc.core.service.SlaveService`, classic mode, by default. */
  readonly serviceClass?: string | undefined;
  /** Python code that runs before the server is made. It may set `logger`, `ServerCls` and `ServiceCls`. */
  readonly extraSetup?: string | undefined;
  /** The Python 3 of that machine, with arguments if it is a list; `python3` on its PATH by default. */
  readonly pythonExecutable?: string | readonly string[] | undefined;
  /** A wheel of rpyc, or a folder that holds it; that of the local Python by default. */
  readonly rpycSource?: string | undefined;
  /** Seconds that copying and starting may take, beyond the machine's own time to log in; 60 by default. */
  readonly timeout?: number | undefined;
  /** Seconds of silence after which the other side takes us for dead and cleans up, at least 5; 45 by default. */
  readonly aliveTimeout?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Told as each stage begins. */
  readonly onStage?: ((stage: DeployStage) => void) | undefined;
  /** What the server prints. */
  readonly onOutput?: ((text: string) => void) | undefined;
}

const DEFAULT_TIMEOUT_SECONDS = 60;
const DEFAULT_ALIVE_SECONDS = 45;
const LEAST_ALIVE_SECONDS = 5;
/** Seconds that the other side has to clean up when it is told to. */
const CLOSE_SECONDS = 10;
/** Signs of life that are sent within the time after which the other side gives up. */
const BEATS_PER_LIFE = 9;

/**
 * A short-lived server on another machine (`DeployedServer` upstream). It is started by `start`, or by the first connect.
 */
export class DeployedServer implements Disposable, AsyncDisposable {
  /** Fires once, when the server is no more, with the reason unless `close` was. */
  readonly onDidClose: Event<Error | undefined>;
  private readonly didClose = new Emitter<Error | undefined>();
  private readonly held = new DisposableStore();
  private readonly abort = new AbortController();
  private running: Promise<Deployment> | undefined;
  private process: SshProcess | undefined;
  private isClosed = false;
  private failure: Error | undefined;
  private leftover: Error | undefined;

  /** @param remoteMachine stays open when the server closes */
  constructor(
    readonly remoteMachine: SshMachine,
    private readonly options: DeployedServerOptions = {},
  ) {
    this.onDidClose = this.didClose.event;
    const { aliveTimeout } = options;
    if (
      aliveTimeout !== undefined &&
      !(aliveTimeout >= LEAST_ALIVE_SECONDS && Number.isFinite(aliveTimeout))
    ) {
      throw new RangeError(`aliveTimeout is at least ${LEAST_ALIVE_SECONDS} seconds`);
    }
    checkDotted(options.serverClass);
    checkDotted(options.serviceClass);
  }

  /** Whether the server is no more, or is being ended. */
  get closed(): boolean {
    return this.isClosed;
  }

  /**
   * Copies the library and starts the server; once it has been called, gives the same promise again.
   *
   * @throws ConnectError: `ERR_DEPLOY`, or as `SshMachine.tunnel`
   */
  start(): Promise<Deployment> {
    if (this.running === undefined) {
      this.running = this.deploy();
      this.running.catch(() => undefined);
    }
    return this.running;
  }

  /**
   * Connects to the server (`connect` upstream).
   *
   * @throws as `start` and `sshConnect`
   */
  async connect(options: ConnectOptions = {}): Promise<Connection> {
    return await this.connectWith(options, makeConnection);
  }

  /**
   * Connects to the server in classic mode (`classic_connect` upstream).
   *
   * @throws as `connect`
   */
  async classicConnect(options: ConnectOptions = {}): Promise<ClassicConnection> {
    const classicOptions = { ...options, service: options.service ?? ClassicClient };
    return await this.connectWith(classicOptions, (channel, made) => new ClassicConnection(channel, made));
  }

  /** Ends the server and its connections; resolves once nothing of it is left there, or the other side is out of reach. */
  async close(): Promise<void> {
    this.isClosed = true;
    this.abort.abort();
    await this.shutDown();
    await this.running?.catch(() => undefined);
    this.finish(this.leftover);
  }

  dispose(): void {
    void this.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  private async connectWith<T extends Connection>(
    options: ConnectOptions,
    make: ConnectionMaker<T>,
  ): Promise<T> {
    const { socket, rpycVersion } = await this.start();
    if (this.isClosed)
      throw new EOFError('Deployed server is closed', ErrorCode.closed, { cause: this.failure });
    const { signal, onStage } = options;
    const { pythonExecutable } = this.options;
    const way = socketWay(this.remoteMachine, socket, { signal, onStage, pythonExecutable });
    // The version is known, which spares a wrong guess and with it a login.
    const dialectMemory = new Map([[way.where, dialectOfVersion(rpycVersion)]]);
    return await connectWith(way, { ...options, dialectMemory }, make);
  }

  private async deploy(): Promise<Deployment> {
    const { onStage, rpycSource, signal, timeout = DEFAULT_TIMEOUT_SECONDS } = this.options;
    const cancel = onAbort(signal, () => this.abort.abort());
    try {
      this.checkWanted();
      onStage?.('pack');
      const packed = await packRpyc(rpycSource, this.abort.signal);
      this.checkWanted();
      onStage?.('connect');
      const { process, reports } = await this.launch(packed);
      this.checkWanted();
      await this.remoteMachine.reached(process, { signal: this.abort.signal }, reports.begun);
      return await withTimeout(reports.ready, timeout, () => {
        const text = `Server was not ready within ${timeout} seconds: ${process.where}`;
        return new ConnectError(text, ErrorCode.timeout);
      });
    } catch (error) {
      await this.shutDown();
      this.finish(this.leftover);
      throw this.abort.signal.aborted ? cancelled(this.remoteMachine, error) : error;
    } finally {
      cancel.dispose();
    }
  }

  private checkWanted(): void {
    if (this.abort.signal.aborted) throw cancelled(this.remoteMachine);
  }

  private async launch({
    head,
    data,
  }: PackedSource): Promise<{ process: SshProcess; reports: DeployReports }> {
    const { options, remoteMachine } = this;
    const alive = Math.ceil(options.aliveTimeout ?? DEFAULT_ALIVE_SECONDS);
    const argv = remotePython(options.pythonExecutable);
    const where = `server on ${remoteMachine.description}`;
    const process = await remoteMachine.startCommand(argv, where, { ownCodes: true });
    this.process = process;
    this.held.add(onAbort(this.abort.signal, () => process.stdin.end()));
    const reports = new DeployReports(process, options.onStage);
    if (options.onOutput !== undefined) process.onDidPrint(options.onOutput);
    void process.exited.then((code) => this.lost(process, code, reports));
    process.stdin.write(
      scriptInput(WATCHER_SCRIPT, {
        ...head,
        size: data.length,
        alive,
        server: options.serverClass ?? 'rpyc.utils.server.ThreadedServer',
        service: options.serviceClass ?? 'rpyc.core.service.SlaveService',
        extra: options.extraSetup ?? '',
      }),
    );
    process.stdin.write(data);
    const beat = setInterval(
      () => {
        if (process.stdin.writable && process.stdin.writableLength === 0) process.stdin.write('.');
      },
      (alive * 1000) / BEATS_PER_LIFE,
    );
    this.held.add(toDisposable(() => clearInterval(beat)));
    return { process, reports };
  }

  /** The end of its input makes the watcher there clean up and go. */
  private async shutDown(): Promise<void> {
    const { process } = this;
    if (process === undefined) return;
    process.stdin.end();
    const impatience = after(CLOSE_SECONDS, () => process.dispose());
    await process.exited;
    impatience.dispose();
  }

  private lost(process: SshProcess, code: number | null, reports: DeployReports): void {
    if (reports.leftover !== undefined) {
      this.leftover = new ConnectError(
        `Directory ${reports.leftover} could not be removed: ${process.where}`,
        ErrorCode.deploy,
      );
    }
    this.finish(this.isClosed ? this.leftover : (process.failure(code) ?? this.leftover ?? reports.end));
  }

  private finish(error: Error | undefined): void {
    this.isClosed = true;
    this.held.dispose();
    this.failure ??= error;
    this.didClose.fire(error);
    this.didClose.dispose();
  }
}

/** Deployments on several machines, handled as one (`MultiServerDeployment` upstream). They are brought up side by side. */
export class MultiServerDeployment implements Disposable, AsyncDisposable, Iterable<DeployedServer> {
  /** In the order of the machines. */
  readonly servers: readonly DeployedServer[];

  /** @param remoteMachines stay open when the servers close */
  constructor(
    readonly remoteMachines: readonly SshMachine[],
    options: DeployedServerOptions = {},
  ) {
    this.servers = remoteMachines.map((machine) => new DeployedServer(machine, options));
  }

  /** How many servers there are. */
  get length(): number {
    return this.servers.length;
  }

  /** One of the servers, by the index of its machine. */
  at(index: number): DeployedServer | undefined {
    return this.servers.at(index);
  }

  [Symbol.iterator](): Iterator<DeployedServer> {
    return this.servers[Symbol.iterator]();
  }

  /**
   * Starts every server; where one fails, all are closed.
   *
   * @throws the first failure, as `DeployedServer.start`
   */
  async start(): Promise<readonly Deployment[]> {
    try {
      return await Promise.all(this.servers.map((server) => server.start()));
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  /**
   * Connects to every server (`connect_all` upstream).
   *
   * @returns the connections in the order of the machines
   * @throws as `start` and `DeployedServer.connect`; no connection is left open then
   */
  async connectAll(options: ConnectOptions = {}): Promise<Connection[]> {
    await this.start();
    return await allOrNone(this.servers.map((server) => server.connect(options)));
  }

  /**
   * Connects to every server in classic mode (`classic_connect_all` upstream).
   *
   * @throws as `connectAll`
   */
  async classicConnectAll(options: ConnectOptions = {}): Promise<ClassicConnection[]> {
    await this.start();
    return await allOrNone(this.servers.map((server) => server.classicConnect(options)));
  }

  /** Ends every server. */
  async close(): Promise<void> {
    await Promise.all(this.servers.map((server) => server.close()));
  }

  dispose(): void {
    void this.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

async function allOrNone<T extends Connection>(attempts: readonly Promise<T>[]): Promise<T[]> {
  const outcomes = await Promise.allSettled(attempts);
  const failed = outcomes.find((outcome) => outcome.status === 'rejected');
  const made = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
  if (failed === undefined) return made;
  for (const connection of made) connection.dispose();
  throw failed.reason;
}

function cancelled(machine: SshMachine, cause?: unknown): ConnectError {
  return new ConnectError(`Deploying was cancelled: ${machine.description}`, ErrorCode.aborted, { cause });
}

function dialectOfVersion(version: string): DialectName {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major < 4) return 'A';
  if (major === 4 && minor === 0) return 'B';
  return major < 6 ? 'C' : 'D';
}

function checkDotted(name: string | undefined): void {
  if (name === undefined || /^[^\s.]+(\.[^\s.]+)+$/.test(name)) return;
  throw new TypeError(`Class ${JSON.stringify(name)} is not named as module.Class`);
}
