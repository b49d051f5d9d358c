import {
  type Connection,
  ProposedFeatures,
  TextDocumentSyncKind,
  createConnection,
} from 'vscode-languageserver/node';

import { CallAnswerWanted, CallsHappened, Hello, ListenerChanged, RunInputWanted } from '../api/messages';
import type { CallbackDoor } from '../features/callbacks/callbackDoor';
import type { CallbacksOptions } from '../features/callbacks/callbacks';
import type { DiagnosticsReport } from '../features/diagnostics';
import type { LocalServerKeeper } from '../features/discovery/localServers';
import type { LoadShownObjects } from '../features/pictures/shownObjects';
import type { ServiceSearch } from '../features/discovery/serviceSearch';
import type { ObjectTree } from '../features/inspect/objectTree';
import type { ConnectionPool } from '../features/pool/connectionPool';
import type { WireLedger } from '../features/pool/wireLedger';
import type { WireLog } from '../features/pool/wireLog';
import type { AskUser } from '../features/run/runInput';
import type { Failures } from '../features/run/failures';
import type { RunsInProgress } from '../features/run/runsInProgress';
import type { SnippetRunner } from '../features/run/snippetRunner';
import { MessageEdge } from './edge';
import { handleCallbacks } from './handlers/callbacks';
import { handleChanges } from './handlers/changes';
import { handleConnections } from './handlers/connections';
import { type OpenDebugSession, handleDebugging } from './handlers/debug';
import { handleDiagnostics } from './handlers/diagnostics';
import { handleDiscovery } from './handlers/discovery';
import { handleExplanation } from './handlers/explanation';
import { handleInspection } from './handlers/inspect';
import { type LoadLive, handleLive } from './handlers/live';
import { handleSnippets } from './handlers/snippets';
import { handleWire, measuring } from './handlers/wire';
import { MessageLogger } from './logger';

/** What the process offers, as `main.ts` has put it together. */
export interface Features {
  /** Names this start of the process. */
  readonly epoch: string;
  readonly pool: ConnectionPool;
  readonly tree: ObjectTree;
  readonly runner: SnippetRunner;
  readonly runs: RunsInProgress;
  readonly failures: Failures;
  readonly loadLive: LoadLive;
  readonly callbacks: CallbackDoor;
  readonly loadShown: LoadShownObjects;
  readonly search: ServiceSearch;
  readonly local: LocalServerKeeper;
  readonly wireLog: WireLog;
  readonly ledger: WireLedger;
  readonly report: DiagnosticsReport;
  readonly openDebugSession: OpenDebugSession;
}

/** Closing politely must not keep the editor waiting; what is open then is closed by the system. */
const SHUTDOWN_MS = 1500;

/** The process's end of the conversation with the editor, and the order in which the process ends. */
export class Server {
  readonly logger: MessageLogger;
  private readonly connection: Connection;
  private readonly edge: MessageEdge;
  private closing: Promise<void> | undefined;

  /** Has the editor ask for a line that a run reads. */
  readonly askUser: AskUser = (question, signal) => this.edge.ask(RunInputWanted, question, signal);

  /** Has the editor do what peers call for, and tells it of them. */
  readonly calls: Pick<CallbacksOptions, 'ask' | 'tell' | 'tellListener'> = {
    ask: (question, signal) => this.edge.ask(CallAnswerWanted, question, signal),
    tell: (news) => this.edge.notify(CallsHappened, news),
    tellListener: (news) => this.edge.notify(ListenerChanged, news),
  };

  constructor() {
    this.connection = createConnection(ProposedFeatures.all);
    this.logger = new MessageLogger(this.connection);
    this.edge = new MessageEdge(this.connection, this.logger);
  }

  /** Takes requests from now on. */
  start(features: Features): void {
    const { connection, edge } = this;
    const { epoch, pool, tree, runner, runs, failures, loadLive, search, local, wireLog, ledger, report } =
      features;
    edge.around = measuring(ledger.costs, tree);
    connection.onInitialize(() => ({
      capabilities: { textDocumentSync: TextDocumentSyncKind.None },
      serverInfo: { name: 'rpyc-explorer' },
    }));
    edge.onRequest(
      Hello,
      () => ({}),
      ({ dialects, trace }) => {
        pool.rememberDialects(dialects);
        wireLog.setLevel(trace);
        return { epoch, pid: process.pid };
      },
    );
    handleConnections(edge, pool);
    handleInspection(edge, pool, tree, features.loadShown);
    handleChanges(edge, pool, tree);
    handleSnippets(edge, pool, runner, runs, failures);
    handleLive(edge, loadLive);
    handleWire(edge, pool, tree, ledger.costs);
    handleDiscovery(edge, search, local);
    handleDiagnostics(edge, wireLog, report);
    handleExplanation(edge);
    handleCallbacks(edge, features.callbacks);
    handleDebugging(edge, features.openDebugSession);
    this.endWithClient(async () => {
      await Promise.all([pool.close(), local.close(), features.callbacks.close()]);
    });
    this.catchStrayErrors();
    connection.listen();
  }

  /** However the editor goes, by shutdown, by signal or without a word, peers are told and the process ends. */
  private endWithClient(end: () => Promise<void>): void {
    const leave = (code: number): void => {
      void this.close(end).finally(() => process.exit(code));
    };
    this.connection.onShutdown(() => this.close(end));
    process.once('disconnect', () => leave(this.closing === undefined ? 1 : 0));
    process.once('SIGTERM', () => leave(0));
    process.once('SIGINT', () => leave(0));
  }

  private close(end: () => Promise<void>): Promise<void> {
    this.closing ??= settledWithin(end(), SHUTDOWN_MS);
    return this.closing;
  }

  /**
   * A rejection that nobody handled is a fault of ours in one feature: it is logged and the others go on. After
   * an exception that nobody caught nothing can be relied on: the process ends, and the client starts another.
   */
  private catchStrayErrors(): void {
    process.on('unhandledRejection', (reason) => {
      this.logger.error(`Unhandled rejection: ${textOf(reason)}`);
    });
    process.on('uncaughtException', (error) => {
      this.logger.error(`Uncaught exception: ${textOf(error)}`);
      // The next turn lets the line go out first.
      setImmediate(() => process.exit(1));
    });
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

async function settledWithin(work: Promise<void>, milliseconds: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, milliseconds);
  });
  await Promise.race([work.catch(() => undefined), late]);
  clearTimeout(timer);
}
