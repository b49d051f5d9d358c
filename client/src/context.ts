import * as vscode from 'vscode';
import { AgreedAddresses } from './agreedAddresses';
import { Backend } from './backend';
import { CallsDoor } from './callsDoor';
import { registerCommands } from './commands';
import { ConnectionPicker } from './connectionPicker';
import { Connections } from './connections';
import { ConnectionsView } from './connectionsView';
import { Debugging } from './debugging';
import { dropConnections } from './dialogues';
import { DiscoverySettings } from './discoverySettings';
import { DiscoveryView } from './discoveryView';
import { ErrorExplainer } from './errorExplainer';
import { FleetDoor } from './fleetDoor';
import { LiveText } from './liveText';
import { ListMemory } from './listMemory';
import { showError } from './messageBoxes';
import { problemOf, showProblem } from './problems';
import { ProductionGuard } from './productionGuard';
import { Proposals } from './proposals';
import { RunHistory } from './runHistory';
import { SecretStore } from './secretStore';
import { RemoteDocuments } from './remoteDocuments';
import { Settings } from './settings';
import { Snippets } from './snippets';
import { StatusBar } from './statusBar';
import { testApi } from './testApi';
import type { TestApi } from './testApi';
import { ResultsDoor } from './resultsDoor';
import { ChangeCommands } from './changeCommands';
import { WatchDoor } from './watchDoor';
import { WorkspaceConsent } from './workspaceConsent';

/** What `activate` returns to other extensions; the rest of it is for our own tests. */
export interface ExtensionApi extends TestApi {
  /** See `Proposals`. */
  readonly proposeConnection: (profile: unknown, by?: string) => Promise<boolean>;
}

/** All that lives as long as the extension is active, put together. No process is started here. */
export class ExtensionParts implements vscode.Disposable {
  readonly api: ExtensionApi;
  private readonly backend: Backend;
  private readonly owned: vscode.Disposable;

  /** @param since when activation began, in milliseconds of `performance.now` */
  constructor(context: vscode.ExtensionContext, since: number) {
    const log = vscode.window.createOutputChannel('RPyC', { log: true });
    const settings = new Settings(context.globalState);
    const backend = new Backend({
      module: context.asAbsolutePath('dist/server/main.js'),
      memory: context.globalState,
      settings,
      log,
    });
    const connections = new Connections(
      backend,
      settings,
      new WorkspaceConsent(context.workspaceState),
      new SecretStore(context.secrets),
      new AgreedAddresses(context.globalState),
    );
    const picker = new ConnectionPicker(connections, settings);
    const production = new ProductionGuard(connections);
    const history = new RunHistory(context.globalState, () => settings.historySize());
    const snippets = new Snippets(backend, connections, picker, context.workspaceState, production, history);
    const liveText = new LiveText({ backend, connections, snippets });
    const list = new ListMemory(context.globalState);
    const view = new ConnectionsView(backend, connections, snippets, log, list);
    const changes = new ChangeCommands({
      backend,
      connections,
      view,
      snippets,
      memory: context.globalState,
      production,
    });
    const documents = new RemoteDocuments();
    const calls = new CallsDoor({ backend, connections, settings, picker, documents, log });
    const statusBar = new StatusBar(backend, connections, snippets, calls);
    const discoverySettings = new DiscoverySettings();
    const discovery = new DiscoveryView({
      backend,
      settings: discoverySettings,
      memory: context.globalState,
      log,
      takesOneClient: (address) => connections.takesOneClient(address),
    });
    const proposals = new Proposals({ connections, settings, picker, view });
    const watch = new WatchDoor({ backend, connections, view, memory: context.workspaceState, log });
    const results = new ResultsDoor({
      ...{ backend, connections, view, snippets, log },
      folder: context.extensionUri,
    });
    const several = new FleetDoor({
      backend,
      connections,
      snippets,
      production,
      documents,
      view,
      memory: context.workspaceState,
      extensionUri: context.extensionUri,
    });
    const debugging = new Debugging({ backend, connections, picker, production });
    const explainer = new ErrorExplainer(backend);
    const manifest: unknown = context.extension.packageJSON;
    const commands = registerCommands({
      backend,
      settings,
      connections,
      picker,
      view,
      memory: list,
      snippets,
      changes,
      production,
      documents,
      debugging,
      discovery: { settings: discoverySettings, view: discovery },
      watch,
      results,
      several,
      calls,
      explainer,
      log,
      version: versionOf(manifest),
    });
    const crashes = backend.onDidChangeStatus((status) => {
      if (status === 'givenUp') {
        void offerRestart(backend, log);
      }
    });
    const drops = view.onDidDropConnections((dropped) => {
      dropConnections({ connections, settings, picker, view, memory: list }, dropped).catch(
        (error: unknown) => {
          void showProblem(problemOf(error));
        },
      );
    });
    const uses = connections.onDidChange(({ profileId, fresh }) => {
      if (fresh) {
        void list.used(profileId);
      }
    });
    const afterRuns = snippets.onDidEndRun((profileId) => view.refreshNamespace(profileId));
    this.backend = backend;
    this.owned = vscode.Disposable.from(
      crashes,
      drops,
      uses,
      afterRuns,
      commands,
      statusBar,
      proposals,
      discovery,
      watch,
      results,
      several,
      calls,
      documents,
      debugging,
      view,
      list,
      liveText,
      snippets,
      explainer,
      connections,
      backend,
      settings,
      log,
    );
    this.api = {
      ...testApi({
        backend,
        connections,
        view,
        discovery,
        watch,
        results,
        several,
        calls,
        snippets,
        statusBar,
        activationMs: performance.now() - since,
      }),
      proposeConnection: (profile, by) => proposals.proposeConnection(profile, by),
    };
  }

  /** Ends the background process in order. */
  stop(): Promise<void> {
    return this.backend.stop();
  }

  dispose(): void {
    this.owned.dispose();
  }
}

async function offerRestart(backend: Backend, log: vscode.LogOutputChannel): Promise<void> {
  const restart = vscode.l10n.t('Restart');
  const showLog = vscode.l10n.t('Show Log');
  const choice = await showError(
    vscode.l10n.t('The RPyC background process crashed three times within a minute and was left stopped.'),
    restart,
    showLog,
  );
  if (choice === showLog) {
    log.show();
  } else if (choice === restart) {
    await backend.restart().catch((error: unknown) => log.error(problemOf(error).message));
  }
}

function versionOf(manifest: unknown): string {
  const isObject = typeof manifest === 'object' && manifest !== null;
  const version: unknown = isObject ? (Reflect.get(manifest, 'version') as unknown) : undefined;
  return typeof version === 'string' ? version : '';
}
