import * as vscode from 'vscode';
import type { LanguageClient } from 'vscode-languageclient/node';
import {
  ConnectionStateChanged,
  DebugReceive,
  DialectLearned,
  Hello,
  LocalServersChanged,
  LogMessage,
  RunOutputProduced,
  SetTrace,
} from '../../server/src/api/messages';
import type { LocalServers } from '../../server/src/api/discovery';
import type {
  DebugMessage,
  HelloResult,
  NotificationMessage,
  RequestMessage,
} from '../../server/src/api/messages';
import type { ConnectionState, RunOutput } from '../../server/src/api/model';
import { backendLost, ProblemError } from './problems';
import { ProcessKeeper } from './processKeeper';
import type { BackendStatus, KeptProcess } from './processKeeper';
import type { Settings } from './settings';
import { requireTrust } from './trust';

const CRASHES = 3;
const CRASH_WINDOW_MS = 60_000;
const STOP_TIMEOUT_MS = 2_000;
const DIALECTS_KEY = 'dialects';
const DIALECTS_LIMIT = 500;

type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error';

/** Answers a question of the process, until it is withdrawn. */
type Answer<P, R> = (params: P, token: vscode.CancellationToken) => R | Promise<R>;

/** One run of the background process. */
interface Session extends KeptProcess {
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

/** What the background process is asked and tells. It is started when it is first needed. */
export class Backend implements vscode.Disposable {
  private readonly started = new vscode.EventEmitter<void>();
  private readonly processEnded = new vscode.EventEmitter<void>();
  private readonly statusChanged = new vscode.EventEmitter<BackendStatus>();
  private readonly connectionChanged = new vscode.EventEmitter<ConnectionState>();
  private readonly outputProduced = new vscode.EventEmitter<RunOutput>();
  private readonly localServersChanged = new vscode.EventEmitter<LocalServers>();
  private readonly debugMessageReceived = new vscode.EventEmitter<DebugMessage>();
  private readonly traceListener: vscode.Disposable;
  /** What the process may ask, by method. */
  private readonly questions = new Map<string, Answer<never, unknown>>();
  /** What else it may tell, by method. */
  private readonly tidings = new Map<string, (params: never) => void>();
  private readonly keeper: ProcessKeeper<Session>;

  /** A new process has said hello and knows nothing yet. */
  readonly onDidStart = this.started.event;
  /** The process is gone, and its connections with it. */
  readonly onDidEnd = this.processEnded.event;
  readonly onDidChangeStatus = this.statusChanged.event;
  readonly onDidChangeConnection = this.connectionChanged.event;
  readonly onDidProduceOutput = this.outputProduced.event;
  readonly onDidReceiveDebugMessage = this.debugMessageReceived.event;
  /** A registry or a demo server inside the process began or ended. */
  readonly onDidChangeLocalServers = this.localServersChanged.event;

  constructor(private readonly options: BackendOptions) {
    this.traceListener = options.settings.onDidChangeTrace(() => {
      this.notify(SetTrace, { trace: options.settings.trace() });
    });
    this.keeper = new ProcessKeeper<Session>({
      launch: (unwanted, died) => this.launch(unwanted, died),
      givenUp,
      stopped: () => new ProblemError(backendLost()),
      notStarted,
      onDidChangeStatus: (status) => this.statusChanged.fire(status),
      onDidStart: ({ hello }) => {
        options.log.info(`Background process ${hello.pid} started`);
        this.started.fire();
      },
      onDidEnd: () => this.processEnded.fire(),
      warn: (message) => options.log.warn(message),
      crashes: CRASHES,
      crashWindowMs: CRASH_WINDOW_MS,
      stopTimeoutMs: STOP_TIMEOUT_MS,
    });
  }

  get status(): BackendStatus {
    return this.keeper.status;
  }

  get pid(): number | undefined {
    return this.keeper.live?.hello.pid;
  }

  /**
   * Asks the process something, and starts it where it does not run.
   * @throws ProblemError in Restricted Mode, and when it has crashed too often to be started
   */
  async request<P, R>(
    message: RequestMessage<P, R>,
    params: P,
    token?: vscode.CancellationToken,
  ): Promise<R> {
    requireProcess();
    const { client } = await this.keeper.ensure();
    if (token?.isCancellationRequested === true) {
      throw new vscode.CancellationError();
    }
    // An absent token must be left out: the protocol would take it for one more parameter.
    return token === undefined
      ? await client.sendRequest<R>(message.method, params)
      : await client.sendRequest<R>(message.method, params, token);
  }

  /** Takes what the process tells from its next start on, one listener for each message. */
  onNotification<P>(message: NotificationMessage<P>, take: (params: P) => void): vscode.Disposable {
    this.tidings.set(message.method, take);
    return new vscode.Disposable(() => this.tidings.delete(message.method));
  }

  /** Tells the process something, if it runs. */
  notify<P>(message: NotificationMessage<P>, params: P): void {
    const session = this.keeper.live;
    if (session === undefined) {
      return;
    }
    session.client.sendNotification(message.method, params).catch((error: unknown) => {
      this.options.log.warn(`Cannot send ${message.method}: ${String(error)}`);
    });
  }

  /** Has the process ask this; before it is started for the first time. */
  answer<P, R>({ method }: RequestMessage<P, R>, answer: Answer<P, R>): void {
    this.questions.set(method, answer);
  }

  /**
   * A process that is asked for by the user: earlier crashes do not count.
   * @throws ProblemError in Restricted Mode
   */
  async restart(): Promise<void> {
    requireProcess();
    await this.keeper.restart();
  }

  /** Ends the process, in order where it answers in time. */
  stop(): Promise<void> {
    return this.keeper.stop();
  }

  dispose(): void {
    this.traceListener.dispose();
    this.keeper.dispose();
    for (const emitter of [this.started, this.processEnded, this.statusChanged]) {
      emitter.dispose();
    }
    this.connectionChanged.dispose();
    this.outputProduced.dispose();
    this.localServersChanged.dispose();
    this.debugMessageReceived.dispose();
  }

  private async launch(unwanted: AbortSignal, died: () => void): Promise<Session> {
    const client = await this.createClient(unwanted, died);
    let ending: Promise<void> | undefined;
    const end = (): Promise<void> => (ending ??= client.dispose(STOP_TIMEOUT_MS));
    // Not at once: a client must not be disposed of while it tells that it is closed.
    const endSoon = (): void => void setTimeout(() => void end().catch(() => undefined), 0);
    unwanted.addEventListener('abort', endSoon, { once: true });
    if (unwanted.aborted) {
      throw new vscode.CancellationError();
    }
    await client.start();
    const hello = await client.sendRequest<HelloResult>(Hello.method, {
      dialects: this.dialects(),
      trace: this.options.settings.trace(),
    });
    return { client, hello, end };
  }

  /** The language client weighs more than the rest of the extension: it is loaded when it is first needed. */
  private async createClient(unwanted: AbortSignal, died: () => void): Promise<LanguageClient> {
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
            died();
            const message = 'The connection to the background process is closed';
            return { action: node.CloseAction.DoNotRestart, message, handled: true };
          },
        },
      },
    );
    // A process that stops closes its connections, which must not look as if the user had.
    client.onNotification(ConnectionStateChanged.method, (state: ConnectionState) => {
      if (!unwanted.aborted) {
        this.connectionChanged.fire(state);
      }
    });
    client.onNotification(RunOutputProduced.method, (output: RunOutput) => {
      if (!unwanted.aborted) {
        this.outputProduced.fire(output);
      }
    });
    for (const [method, answer] of this.questions) {
      client.onRequest(method, answer);
    }
    client.onNotification(DebugReceive.method, (received: DebugMessage) => {
      if (!unwanted.aborted) {
        this.debugMessageReceived.fire(received);
      }
    });
    for (const [method, take] of this.tidings) {
      client.onNotification(method, (params: unknown) => {
        if (!unwanted.aborted) {
          take(params as never);
        }
      });
    }
    client.onNotification(LocalServersChanged.method, (local: LocalServers) => {
      if (!unwanted.aborted) {
        this.localServersChanged.fire(local);
      }
    });
    client.onNotification(DialectLearned.method, (learned: { endpoint: string; dialect: string }) => {
      void this.rememberDialect(learned.endpoint, learned.dialect);
    });
    client.onNotification(LogMessage.method, ({ level, message }: { level: LogLevel; message: string }) => {
      // Who switched the wire trace on wants to see it, whatever the channel's own level.
      log[level === 'trace' && settings.trace() !== 'off' ? 'info' : level](message);
    });
    return client;
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

export function requireProcess(): void {
  requireTrust(
    vscode.l10n.t('RPyC starts no process in Restricted Mode: trust this workspace, and try again.'),
  );
}

function givenUp(): Error {
  return new ProblemError({
    code: 'ERR_BACKEND_STOPPED',
    message: vscode.l10n.t(
      'The RPyC background process crashed {0} times within a minute: run "RPyC: Restart Background Process" to try again.',
      CRASHES,
    ),
  });
}

function notStarted(cause: unknown): Error {
  return new ProblemError({
    code: 'ERR_BACKEND_START',
    message: vscode.l10n.t('The RPyC background process did not start: see the log for details.'),
    detail: String(cause),
  });
}
