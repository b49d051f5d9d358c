import * as vscode from 'vscode';
import { MAX_CHECKS } from '../../server/src/api/discovery';
import type { ServerAddress, ServiceSearchResult } from '../../server/src/api/discovery';
import { CheckServers, SearchServices } from '../../server/src/api/messages';
import type { Backend } from './backend';
import { discoveryItem, serverTooltip } from './discoveryItems';
import { DiscoveryModel } from './discoveryModel';
import type { DiscoveryRow } from './discoveryModel';
import type { DiscoverySettings } from './discoverySettings';
import { isCancelled, problemOf } from './problems';
import { tellServices } from './viewMessages';

export const DISCOVERY_VIEW_ID = 'rpyc.discovery';

/** The user has looked for services before: from then on the view looks whenever it is shown. */
const USED_KEY = 'discovery.used';

/** Who wants to know: the user, the view that is shown, or its timer. */
export type LookReason = 'asked' | 'shown' | 'timer';

interface Look {
  readonly source: vscode.CancellationTokenSource;
  readonly done: Promise<ServiceSearchResult>;
}

export interface DiscoveryViewOptions {
  readonly backend: Backend;
  readonly settings: DiscoverySettings;
  readonly memory: vscode.Memento;
  readonly log: vscode.LogOutputChannel;
  /** Servers that take one client only: to try them would use them up. */
  readonly takesOneClient: (address: ServerAddress) => boolean;
}

/** The registries' view: services by name, with where they run and whether anything listens there. */
export class DiscoveryView implements vscode.TreeDataProvider<DiscoveryRow>, vscode.Disposable {
  readonly model = new DiscoveryModel();
  private readonly treeChanged = new vscode.EventEmitter<DiscoveryRow | undefined>();
  private readonly view: vscode.TreeView<DiscoveryRow>;
  private readonly registrations: vscode.Disposable;
  /** Rows that the user has opened or closed, against what they are by themselves. */
  private readonly expansion = new Map<string, boolean>();
  private look: Look | undefined;
  private timer: NodeJS.Timeout | undefined;

  readonly onDidChangeTreeData = this.treeChanged.event;

  constructor(private readonly options: DiscoveryViewOptions) {
    const { backend, settings } = options;
    this.view = vscode.window.createTreeView<DiscoveryRow>(DISCOVERY_VIEW_ID, {
      treeDataProvider: this,
      showCollapseAll: true,
      canSelectMany: true,
    });
    this.registrations = vscode.Disposable.from(
      this.view,
      this.view.onDidExpandElement(({ element }) => this.expansion.set(element.id, true)),
      this.view.onDidCollapseElement(({ element }) => this.expansion.set(element.id, false)),
      this.view.onDidChangeVisibility(() => this.shown()),
      vscode.workspace.onDidGrantWorkspaceTrust(() => this.shown()),
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (settings.affectsSearch(event)) {
          // Nobody would ever take back what a registry told that is asked no longer.
          this.model.clear();
          this.changed();
          this.shown();
        } else if (settings.affectsRefresh(event)) {
          this.wait();
        }
      }),
      backend.onDidChangeLocalServers((local) => this.localChanged(local)),
      backend.onDidEnd(() => this.localChanged({})),
      tellServices(this.view, backend, () => this.model.top.length > 0),
    );
    this.tellState();
    this.shown();
  }

  get selection(): readonly DiscoveryRow[] {
    return this.view.selection;
  }

  getChildren(row?: DiscoveryRow): DiscoveryRow[] {
    if (!vscode.workspace.isTrusted) {
      return [];
    }
    return [...(row === undefined ? this.model.top : this.model.childrenOf(row))];
  }

  getParent(row: DiscoveryRow): DiscoveryRow | undefined {
    return this.model.top.find((parent) => this.model.childrenOf(parent).some(({ id }) => id === row.id));
  }

  getTreeItem(row: DiscoveryRow): vscode.TreeItem {
    return discoveryItem(row, this.model, this.isExpanded(row));
  }

  resolveTreeItem(item: vscode.TreeItem, row: DiscoveryRow): vscode.TreeItem {
    if (row.kind === 'server') {
      item.tooltip = serverTooltip(row, this.model);
    }
    return item;
  }

  isExpanded(row: DiscoveryRow): boolean {
    const byItself = row.kind === 'group' ? this.model.opensGroups : this.model.state !== 'found';
    return this.expansion.get(row.id) ?? byItself;
  }

  /** Opens the view and puts the focus on it. */
  async focus(): Promise<void> {
    await vscode.commands.executeCommand(`${DISCOVERY_VIEW_ID}.focus`);
  }

  /**
   * Asks the registries, and then tries the servers. The newest question counts: one that is under way is given up.
   * @param name a service to ask for besides those that are remembered
   * @returns what the registries told; the servers may not be tried yet
   * @throws ProblemError in Restricted Mode, and where the background process does not run
   */
  async lookFor(reason: LookReason, name?: string): Promise<ServiceSearchResult> {
    this.look?.source.cancel();
    clearTimeout(this.timer);
    const source = new vscode.CancellationTokenSource();
    const done = this.search(source.token, reason, name);
    const look = { source, done };
    this.look = look;
    const checked = done.then(() => this.check(source.token, reason !== 'timer'));
    const over = checked.catch((error: unknown) => this.failed(error)).then(() => this.lookEnded(look));
    void vscode.window.withProgress({ location: { viewId: DISCOVERY_VIEW_ID } }, () => over);
    return done;
  }

  dispose(): void {
    clearTimeout(this.timer);
    this.look?.source.cancel();
    this.registrations.dispose();
    this.treeChanged.dispose();
  }

  private async search(
    token: vscode.CancellationToken,
    reason: LookReason,
    name: string | undefined,
  ): Promise<ServiceSearchResult> {
    const { backend, memory, settings, log } = this.options;
    if (reason === 'asked') {
      await memory.update(USED_KEY, true);
    }
    const params = settings.search;
    const names = name === undefined ? params.names : [...params.names, name];
    const result = await backend.request(SearchServices, { ...params, names }, token);
    if (token.isCancellationRequested) {
      throw new vscode.CancellationError();
    }
    log.debug(`Services: ${result.servers.length} from ${result.registries.length} registries`);
    this.model.accept(result, Date.now());
    this.changed();
    return result;
  }

  /** In portions, so that rows tell as soon as something is known, and nobody is kept waiting for all. */
  private async check(token: vscode.CancellationToken, again: boolean): Promise<void> {
    const { backend, settings, takesOneClient } = this.options;
    if (!settings.checksServers) {
      return;
    }
    const all = this.model.toCheck(again);
    const spared = all.filter(takesOneClient);
    this.model.acceptReach(spared, []);
    const waiting = all.filter((address) => !takesOneClient(address));
    this.changed();
    while (waiting.length > 0 && !token.isCancellationRequested) {
      const addresses = waiting.splice(0, MAX_CHECKS);
      this.model.acceptReach(addresses, await backend.request(CheckServers, { addresses }, token));
      this.changed();
    }
  }

  private failed(error: unknown): void {
    if (!isCancelled(error)) {
      this.options.log.warn(`Services: ${problemOf(error).message}`);
    }
  }

  private lookEnded(look: Look): void {
    look.source.dispose();
    if (this.look === look) {
      this.look = undefined;
      this.wait();
    }
  }

  /** The view looks by itself where the user has looked before, and there is somebody to ask. */
  private shown(): void {
    if (this.mayLook()) {
      this.lookFor('shown').catch((error: unknown) => this.failed(error));
    } else {
      clearTimeout(this.timer);
    }
  }

  private wait(): void {
    const seconds = this.options.settings.refreshSeconds;
    clearTimeout(this.timer);
    if (seconds > 0 && this.mayLook()) {
      this.timer = setTimeout(() => {
        if (this.mayLook()) {
          this.lookFor('timer').catch((error: unknown) => this.failed(error));
        }
      }, seconds * 1000);
    }
  }

  private mayLook(): boolean {
    const { backend, memory, settings } = this.options;
    const { broadcast, registries } = settings.search;
    return (
      this.view.visible &&
      vscode.workspace.isTrusted &&
      memory.get(USED_KEY) === true &&
      backend.status !== 'givenUp' &&
      (broadcast || registries.length > 0 || this.model.local.registry !== undefined)
    );
  }

  private localChanged(local: DiscoveryModel['local']): void {
    this.model.acceptLocal(local);
    this.changed();
  }

  private changed(): void {
    this.treeChanged.fire(undefined);
    this.tellState();
  }

  private tellState(): void {
    void vscode.commands.executeCommand('setContext', 'rpyc:discovery', this.model.state);
    void vscode.commands.executeCommand(
      'setContext',
      'rpyc:localRegistry',
      this.model.local.registry !== undefined,
    );
    void vscode.commands.executeCommand('setContext', 'rpyc:localDemo', this.model.local.demo !== undefined);
  }
}
