import * as vscode from 'vscode';
import type { LanguageClient } from 'vscode-languageclient/node';
import {
  ConnectionStateChanged,
  DialectLearned,
  Hello,
  LogMessage,
  RunOutputProduced,
  SetTrace,
} from '../../server/src/api/messages';
import type { HelloResult, NotificationMessage, RequestMessage } from '../../server/src/api/messages';
import type { ConnectionState, RunOutput } from '../../server/src/api/model';
import { CrashBudget } from './crashBudget';
import { ProblemError } from './problems';
import type { Settings } from './settings';

const CRASHES = 3;
const CRASH_WINDOW_MS = 60_000;
const STOP_TIMEOUT_MS = 2_000;
const DIALECTS_KEY = 'dialects';
const DIALECTS_LIMIT = 500;

export type BackendStatus = 'stopped' | 'starting' | 'running' | 'givenUp';

type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error';

/** One run of the background process. */
interface Session {
  readonly client: LanguageClient;
  readonly hello: HelloResult;
}

export interface BackendOptions {
  /** The program that the process runs. */
  readonly module: string;
  readonly memory: vscode.Memento;
  readonly settings: Settings;
  readonly log: vscode.LogOutputChannel;
}

/**
 * The background process: started when it is first needed, started again when it crashed, left alone when it
 * crashes too often.
 */
export class Backend implements vscode.Disposable {
  private readonly budget = new CrashBudget(CRASHES, CRASH_WINDOW_MS);
  private readonly started = new vscode.EventEmitter<void>();
  private readonly processEnded = new vscode.EventEmitter<void>();
  private readonly statusChanged = new vscode.EventEmitter<BackendStatus>();
  private readonly connectionChanged = new vscode.EventEmitter<ConnectionState>();
  private readonly outputProduced = new vscode.EventEmitter<RunOutput>();
  private readonly traceListener: vscode.Disposable;
  private current: Promise<Session> | undefined;
  private live: Session | undefined;
  private statusNow: BackendStatus = 'stopped';
  /** Clients whose end is dealt with. */
  private readonly ended = new WeakSet<LanguageClient>();
  private disposed = false;

  /** A new process has said hello and knows nothing yet. */
  readonly onDidStart = this.started.event;
  /** The process is gone, and its connections with it. */
  readonly onDidEnd = this.processEnded.event;
  readonly onDidChangeStatus = this.statusChanged.event;
  readonly onDidChangeConnection = this.connectionChanged.event;
  readonly onDidProduceOutput = this.outputProduced.event;

  constructor(private readonly options: BackendOptions) {
    this.traceListener = options.settings.onDidChangeTrace(() => {
      this.notify(SetTrace, { trace: options.settings.trace() });
    });
  }

  get status(): BackendStatus {
    return this.statusNow;
  }

  get pid(): number | undefined {
    return this.live?.hello.pid;
  }

  /**
   * Asks the process something, and starts it where it does not run.
   * @throws ProblemError when it has crashed too often to be started
   */
  async request<P, R>(
    message: RequestMessage<P, R>,
    params: P,
    token?: vscode.CancellationToken,
  ): Promise<R> {
    const { client } = await this.ensure();
    // An absent token must be left out: the protocol would take it for one more parameter.
    return token === undefined
      ? await client.sendRequest<R>(message.method, params)
      : await client.sendRequest<R>(message.method, params, token);
  }

  /** Tells the process something, if it runs. */
  notify<P>(message: NotificationMessage<P>, params: P): void {
    const session = this.live;
    if (session === undefined) {
      return;
    }
    session.client.sendNotification(message.method, params).catch((error: unknown) => {
      this.options.log.warn(`Cannot send ${message.method}: ${String(error)}`);
    });
  }

  /** A process that is asked for by the user: earlier crashes do not count. */
  async restart(): Promise<void> {
    await this.stop();
    this.budget.reset();
    this.setStatus('stopped');
    this.processEnded.fire();
    await this.ensure();
  }

  /** Ends the process, in order where it answers in time. */
  async stop(): Promise<void> {
    const current = this.current;
    if (current === undefined) {
      return;
    }
    try {
      const { client } = await current;
      this.ended.add(client);
      this.current = undefined;
      this.live = undefined;
      await client.dispose(STOP_TIMEOUT_MS);
    } catch (error) {
      this.options.log.warn(`The background process did not stop in order: ${String(error)}`);
    }
    this.setStatus('stopped');
  }

  dispose(): void {
    this.disposed = true;
    this.traceListener.dispose();
    void this.stop();
    for (const emitter of [this.started, this.processEnded, this.statusChanged]) {
      emitter.dispose();
    }
    this.connectionChanged.dispose();
    this.outputProduced.dispose();
  }

  private ensure(): Promise<Session> {
    if (this.statusNow === 'givenUp') {
      return Promise.reject(
        new ProblemError({
          code: 'ERR_BACKEND_STOPPED',
          message: vscode.l10n.t(
            'The RPyC background process crashed {0} times within a minute: run "RPyC: Restart Background Process" to try again.',
            CRASHES,
          ),
        }),
      );
    }
    if (this.disposed) {
      return Promise.reject(new vscode.CancellationError());
    }
    this.current ??= this.start();
    return this.current;
  }

  private async start(): Promise<Session> {
    this.setStatus('starting');
    const client = await this.createClient();
    try {
      await client.start();
      const hello = await client.sendRequest<HelloResult>(Hello.method, {
        dialects: this.dialects(),
        trace: this.options.settings.trace(),
      });
      const session = { client, hello };
      this.live = session;
      this.setStatus('running');
      this.options.log.info(`Background process ${hello.pid} started`);
      this.started.fire();
      return session;
    } catch (error) {
      this.options.log.error(`The background process did not start: ${String(error)}`);
      this.gone(client);
      throw new ProblemError({
        code: 'ERR_BACKEND_START',
        message: vscode.l10n.t('The RPyC background process did not start: see the log for details.'),
        detail: String(error),
      });
    }
  }

  /** The language client weighs more than the rest of the extension: it is loaded when it is first needed. */
  private async createClient(): Promise<LanguageClient> {
    const node = await import(/* webpackChunkName: "languageClient" */ 'vscode-languageclient/node');
    const { log, module, settings } = this.options;
    const run = { module, transport: node.TransportKind.ipc };
    /** What goes wrong is told by us, once, and by the client in the log only. */
    class QuietClient extends node.LanguageClient {
      override error(message: string, data?: unknown): void {
        super.error(message, data, false);
      }
    }
    const client: LanguageClient = new QuietClient(
      'rpyc',
      'RPyC',
      { run, debug: { ...run, options: { execArgv: ['--nolazy', '--inspect=6018'] } } },
      {
        documentSelector: [],
        outputChannel: log,
        revealOutputChannelOn: node.RevealOutputChannelOn.Never,
        initializationFailedHandler: () => false,
        errorHandler: {
          error: () => ({ action: node.ErrorAction.Continue, handled: true }),
          closed: () => {
            this.gone(client);
            const message = 'The connection to the background process is closed';
            return { action: node.CloseAction.DoNotRestart, message, handled: true };
          },
        },
      },
    );
    client.onNotification(ConnectionStateChanged.method, (state: ConnectionState) => {
      this.connectionChanged.fire(state);
    });
    client.onNotification(RunOutputProduced.method, (output: RunOutput) => this.outputProduced.fire(output));
    client.onNotification(DialectLearned.method, (learned: { endpoint: string; dialect: string }) => {
      void this.rememberDialect(learned.endpoint, learned.dialect);
    });
    client.onNotification(LogMessage.method, ({ level, message }: { level: LogLevel; message: string }) => {
      // Who switched the wire trace on wants to see it, whatever the channel's own level.
      log[level === 'trace' && settings.trace() !== 'off' ? 'info' : level](message);
    });
    return client;
  }

  /** Runs once for each process that ends without being asked to. */
  private gone(client: LanguageClient): void {
    if (this.ended.has(client)) {
      return;
    }
    this.ended.add(client);
    this.current = undefined;
    this.live = undefined;
    setTimeout(() => void client.dispose().catch(() => undefined), 0);
    const again = this.budget.spend(Date.now()) && !this.disposed;
    this.options.log.error(`The background process ended unexpectedly${again ? ', starting it again' : ''}`);
    this.setStatus(again ? 'stopped' : 'givenUp');
    this.processEnded.fire();
    if (again) {
      this.ensure().catch((error: unknown) => this.options.log.error(String(error)));
    }
  }

  private setStatus(status: BackendStatus): void {
    if (this.statusNow !== status && !this.disposed) {
      this.statusNow = status;
      this.statusChanged.fire(status);
    }
  }

  private dialects(): Readonly<Record<string, string>> {
    return this.options.memory.get<Record<string, string>>(DIALECTS_KEY) ?? {};
  }

  private async rememberDialect(endpoint: string, dialect: string): Promise<void> {
    const others = Object.entries(this.dialects()).filter(([known]) => known !== endpoint);
    const kept = [...others, [endpoint, dialect] as const].slice(-DIALECTS_LIMIT);
    await this.options.memory.update(DIALECTS_KEY, Object.fromEntries(kept));
  }
}
