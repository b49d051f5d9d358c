/** Entry of the background process: puts the features together and hands them to the editor's end. */
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import path from 'node:path';

import type { startLabDemo } from './cli/demo/labDemo';
import { CallbackDoor } from './features/callbacks/callbackDoor';
import { DiagnosticsReport } from './features/diagnostics';
import { LocalServerKeeper } from './features/discovery/localServers';
import { ServiceSearch } from './features/discovery/serviceSearch';
import { ObjectTree } from './features/inspect/objectTree';
import type { LiveFeatures } from './features/live/liveFeatures';
import type { ShownObjects } from './features/pictures/shownObjects';
import { ConnectionPool } from './features/pool/connectionPool';
import { WireLedger } from './features/pool/wireLedger';
import { WireLog } from './features/pool/wireLog';
import { Failures } from './features/run/failures';
import { RunsInProgress } from './features/run/runsInProgress';
import { SnippetRunner } from './features/run/snippetRunner';
import type { OpenDebugSession } from './lsp/handlers/debug';
import { Server } from './lsp/server';

/** Sources for classic peers: beside the bundle, or in the tree when the compiled files run as they are. */
function pythonDirectory(): string {
  const beside = path.join(__dirname, '..', 'python');
  return existsSync(beside) ? beside : path.resolve(__dirname, '../../../server/python');
}

/** The demo is loaded when somebody wants it. */
const startDemo: typeof startLabDemo = async (...options) => {
  const demo = await import(/* webpackChunkName: "demo" */ './cli/demo/labDemo.js');
  return demo.startLabDemo(...options);
};

function main(): void {
  const server = new Server();
  const { logger } = server;
  const epoch = randomUUID();
  const wireLog = new WireLog(logger);
  const ledger = new WireLedger();
  /** What answers peers is loaded when one of them calls, or is to be listened for. */
  const callbacks = new CallbackDoor({
    profile: (id) => pool.profiles.find((profile) => profile.id === id),
    load: async () => {
      const loaded = await import(/* webpackChunkName: "callbacks" */ './features/callbacks/callbacks.js');
      return new loaded.Callbacks({ ...server.calls, logger });
    },
  });
  const pool: ConnectionPool = new ConnectionPool({
    logger,
    wireLog,
    ledger,
    rootFor: (profile) => callbacks.rootFor(profile),
    pythonDir: pythonDirectory(),
    dialectMemory: new Map(),
  });
  const lend = pool.lend.bind(pool);
  const label = (profileId: string): string => pool.profile(profileId).label;
  const runs = new RunsInProgress({ lendBeside: pool.lendBeside.bind(pool), label, askUser: server.askUser });
  const failures = new Failures();
  const tree = new ObjectTree({
    epoch,
    failures,
    lend,
    runs,
    state: pool.state.bind(pool),
    label,
    ledger,
    logger,
  });
  const adopt = tree.adopt.bind(tree);
  const lentTo = callbacks.lentTo.bind(callbacks);
  const runner = new SnippetRunner({ lend, runs, label, failures, adopt, logger, lentTo });
  let live: Promise<LiveFeatures> | undefined;
  /** What is told of live objects is loaded when somebody writes a text that has run. */
  const loadLive = (): Promise<LiveFeatures> =>
    (live ??= import(/* webpackChunkName: "live" */ './features/live/liveFeatures.js').then(
      ({ LiveFeatures: Loaded }) => new Loaded({ lend: pool.lendNow.bind(pool), logger }),
    ));
  let shown: Promise<ShownObjects> | undefined;
  /** So is what makes pictures of values. */
  const loadShown = (): Promise<ShownObjects> =>
    (shown ??= import(/* webpackChunkName: "pictures" */ './features/pictures/shownObjects.js').then(
      ({ ShownObjects: Loaded }) => new Loaded({ tree, runs, label, logger }),
    ));
  const local = new LocalServerKeeper({ startDemo, logger });
  const search = new ServiceSearch({ local: () => local.state.registry, logger });
  const report = new DiagnosticsReport({ epoch, pool, wireLog });
  /** Its code is loaded when somebody debugs. */
  const openDebugSession: OpenDebugSession = async (send) => {
    const dap = await import(/* webpackChunkName: "debug" */ './dap/session.js');
    return new dap.DebugSession({ pool, tree, runs, failures, live: loadLive, lentTo }, send);
  };
  pool.onDidChangeState(({ profileId, status }) => {
    if (status === 'lost' || status === 'disconnected' || status === 'failed') {
      tree.forget(profileId);
    }
  });
  server.start({
    ...{
      epoch,
      pool,
      tree,
      runner,
      runs,
      failures,
      loadLive,
      loadShown,
      search,
      local,
      wireLog,
      ledger,
      report,
      callbacks,
    },
    openDebugSession,
  });
}

main();
