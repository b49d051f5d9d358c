import * as vscode from 'vscode';
import { ObjectRelease, ObjectResolve, ObjectText, ObjectWatch } from '../../server/src/api/messages';
import { MAX_WATCHED } from '../../server/src/api/watch';
import type { WatchCommandId } from './commandIds';
import type { ConnectionChange } from './connections';
import { pickText } from './displayText';
import { showInformation } from './messageBoxes';
import { problemOf } from './problems';
import type { ObjectRow } from './rows';
import { showInTree } from './showInTree';
import { PINS_KEY } from './watchDoor';
import type { WatchParts } from './watchDoor';
import { CHANGED_SCHEME, watchedItem, watchedName, watchedTooltip } from './watchItems';
import type { WatchPlace } from './watchItems';
import { WatchModel } from './watchModel';
import type { Pin, WatchedRow } from './watchModel';
import { Watcher } from './watcher';

const REFRESH = 'rpyc.watch.refreshSeconds';
const DEFAULT_SECONDS = 2;
/** More often than this would be a nuisance to the peer. */
const SHORTEST_SECONDS = 0.5;

const COPY_LIMIT = 10_000_000;
const HINT_MS = 3_000;
const HINT_LIMIT = 60;

/** A row as the view shows it. */
export interface WatchSnapshot {
  readonly id: string;
  readonly label: string;
  readonly description: string;
  readonly look: 'plain' | 'grey' | 'changed';
  /** What a screen reader says. */
  readonly spoken: string;
  readonly hover: string;
}

/** What is watched: its rows, its timer and its commands. */
export class WatchView implements vscode.FileDecorationProvider, vscode.Disposable {
  private readonly model: WatchModel;
  private readonly watcher: Watcher;
  private readonly registrations: vscode.Disposable;
  /** What was last shown of each connection, so that rows change with it and not with everything that it tells. */
  private readonly shownStates = new Map<string, string>();

  /** @param changed tells the tree that rows look different, or all of it */
  constructor(
    private readonly parts: WatchParts,
    private readonly tree: vscode.TreeView<WatchedRow>,
    private readonly changed: (rows?: WatchedRow[]) => void,
  ) {
    const { backend, connections, memory } = parts;
    this.model = new WatchModel(memory.get(PINS_KEY), (pins) => {
      void memory.update(PINS_KEY, pins.length === 0 ? undefined : pins);
    });
    this.watcher = new Watcher({
      model: this.model,
      read: (profileId, paths, isAsked) => {
        // Where it matters what runs, no code runs by itself.
        const isProduction = connections.entry(profileId)?.profile.production === true;
        return backend.request(ObjectWatch, { profileId, paths, evaluate: isAsked || !isProduction });
      },
      isConnected: (profileId) => connections.isConnected(profileId),
      seconds: refreshSeconds,
      messageOf: (error) => this.messageOf(error),
      onDidRead: (rows) => this.changed([...rows]),
    });
    this.registrations = vscode.Disposable.from(
      vscode.window.registerFileDecorationProvider(this),
      tree.onDidChangeVisibility(() => this.tellLive()),
      vscode.workspace.onDidGrantWorkspaceTrust(() => this.tellLive()),
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (event.affectsConfiguration(REFRESH)) {
          this.watcher.newPause();
        }
      }),
      connections.onDidChange((change) => this.connectionChanged(change)),
      connections.onDidChangeProfiles(() => this.changed()),
    );
    this.tellState();
    this.tellLive();
  }

  get rows(): readonly WatchedRow[] {
    return this.model.rows;
  }

  item(row: WatchedRow): vscode.TreeItem {
    return watchedItem(row, this.placeOf(row));
  }

  tooltip(row: WatchedRow): vscode.MarkdownString {
    return watchedTooltip(row, this.placeOf(row));
  }

  provideFileDecoration(uri: vscode.Uri): vscode.FileDecoration | undefined {
    const color = new vscode.ThemeColor('rpyc.changedForeground');
    return uri.scheme === CHANGED_SCHEME
      ? new vscode.FileDecoration('●', vscode.l10n.t('Changed'), color)
      : undefined;
  }

  /** See `WatchDoor.run`. */
  async run(id: WatchCommandId, rows: readonly ObjectRow[], argument: unknown, more: unknown): Promise<void> {
    const chosen = this.chosen(argument, more);
    switch (id) {
      case 'rpyc.watchObject':
        await this.add(rows);
        break;
      case 'rpyc.readWatched':
        await this.watcher.readNow();
        break;
      case 'rpyc.pauseWatching':
      case 'rpyc.resumeWatching':
        this.watcher.setPaused(id === 'rpyc.pauseWatching');
        this.tellState();
        break;
      case 'rpyc.removeWatched':
        this.remove(chosen);
        break;
      case 'rpyc.removeAllWatched':
        this.remove(this.model.rows);
        break;
      default:
        if (chosen[0] !== undefined) {
          await this.runOn(chosen[0], id);
        }
    }
  }

  snapshot(): readonly WatchSnapshot[] {
    return this.model.rows.map((row) => {
      const { label, description, accessibilityInformation, resourceUri } = this.item(row);
      return {
        id: row.id,
        label: typeof label === 'string' ? label : '',
        description: typeof description === 'string' ? description : '',
        look:
          resourceUri === undefined ? 'plain' : resourceUri.scheme === CHANGED_SCHEME ? 'changed' : 'grey',
        spoken: accessibilityInformation?.label ?? '',
        hover: this.tooltip(row).value,
      };
    });
  }

  dispose(): void {
    this.watcher.dispose();
    this.registrations.dispose();
  }

  private async runOn(row: WatchedRow, id: WatchCommandId): Promise<void> {
    const { pin } = row;
    switch (id) {
      case 'rpyc.showWatched':
        await showInTree(this.parts, pin);
        break;
      case 'rpyc.moveWatchedUp':
      case 'rpyc.moveWatchedDown':
        this.model.move(row, id === 'rpyc.moveWatchedUp' ? -1 : 1);
        this.changed();
        break;
      case 'rpyc.copyWatchedValue':
        await copy(await this.textOf(row));
        break;
      case 'rpyc.copyWatchedExpression':
        if (pin.expression !== undefined) {
          await copy(pin.expression);
        }
    }
  }

  /** Rows of the tree, but for the roots and groups, which have no value. */
  private async add(rows: readonly ObjectRow[]): Promise<void> {
    const pins = rows.filter(({ node }) => node.path.length > 1 && node.kind !== 'group').map(pinOf);
    const added = this.model.add(pins);
    this.changed();
    this.tellState();
    if (added.length < pins.length) {
      void showInformation(vscode.l10n.t('At most {0} rows can be watched: remove some first.', MAX_WATCHED));
    }
    const last = added.at(-1);
    if (last !== undefined) {
      hint(vscode.l10n.t('Watching {0}', pickText(watchedName(last), HINT_LIMIT)));
      void this.show(last);
      await this.watcher.readNow([...new Set(added.map(({ pin }) => pin.profileId))]);
    }
  }

  /** Opens the view where it is closed; the focus stays where it is. */
  private async show(row: WatchedRow): Promise<void> {
    try {
      await this.tree.reveal(row, { select: true, focus: false });
    } catch (error) {
      this.parts.log.debug(`Cannot show what is watched: ${String(error)}`);
    }
  }

  private remove(rows: readonly WatchedRow[]): void {
    this.model.remove([...rows]);
    this.changed();
    this.tellState();
  }

  private chosen(argument: unknown, more: unknown): readonly WatchedRow[] {
    const given = Array.isArray(more) && more.length > 0 ? (more as unknown[]) : [argument];
    const rows = given.flatMap((each) => {
      const id = typeof each === 'object' && each !== null ? (Reflect.get(each, 'id') as unknown) : each;
      return this.model.rowById(String(id)) ?? [];
    });
    return rows.length > 0 ? rows : this.tree.selection;
  }

  /** The whole text where the peer can be asked for it, else what is shown. */
  private async textOf({ pin, reading }: WatchedRow): Promise<string> {
    const { backend, connections } = this.parts;
    const { profileId, path } = pin;
    if (connections.isConnected(profileId) && reading?.blocked === undefined) {
      try {
        const { handle } = await backend.request(ObjectResolve, { profileId, path });
        try {
          return (await backend.request(ObjectText, { handle, limit: COPY_LIMIT })).text;
        } finally {
          backend.notify(ObjectRelease, { handles: [handle] });
        }
      } catch (error) {
        // A property on the way, or something inside of a value of a service.
        this.messageOf(error);
      }
    }
    return reading?.value ?? '';
  }

  private placeOf({ pin: { profileId } }: WatchedRow): WatchPlace {
    const { connections } = this.parts;
    const entry = connections.entry(profileId);
    return {
      label: connections.label(profileId),
      state: entry === undefined ? undefined : connections.state(profileId),
      isOneOfMany: this.model.profileIds.length > 1,
    };
  }

  private connectionChanged({ profileId, fresh, idle }: ConnectionChange): void {
    const rows = this.model.rowsOf(profileId);
    if (rows.length === 0) {
      return;
    }
    const { status } = this.parts.connections.state(profileId);
    if (fresh) {
      // The values are those of another connection.
      this.model.fail(rows, vscode.l10n.t('not read yet'));
    }
    if (fresh || this.shownStates.get(profileId) !== status) {
      this.shownStates.set(profileId, status);
      this.changed([...rows]);
    }
    if (fresh || idle) {
      this.watcher.wake(profileId);
    }
  }

  private tellLive(): void {
    this.watcher.setLive(this.tree.visible && vscode.workspace.isTrusted);
  }

  private tellState(): void {
    const { paused } = this.watcher;
    void vscode.commands.executeCommand('setContext', 'rpyc:watching', this.model.rows.length > 0);
    void vscode.commands.executeCommand('setContext', 'rpyc:watchPaused', paused);
    this.tree.description = paused ? vscode.l10n.t('paused') : '';
  }

  private messageOf(error: unknown): string {
    const { message, detail } = problemOf(error);
    this.parts.log.debug(`Watch: ${message}${detail === undefined ? '' : ` ${detail}`}`);
    return message;
  }
}

function pinOf({ profileId, node: { path, name, expression } }: ObjectRow): Pin {
  return { profileId, path, name, ...(expression === undefined ? {} : { expression }) };
}

function refreshSeconds(): number {
  const seconds = vscode.workspace.getConfiguration().get<unknown>(REFRESH, DEFAULT_SECONDS);
  return typeof seconds === 'number' && seconds > 0 ? Math.max(SHORTEST_SECONDS, seconds) : 0;
}

async function copy(text: string): Promise<void> {
  await vscode.env.clipboard.writeText(text);
  hint(vscode.l10n.t('Copied {0}', pickText(text, HINT_LIMIT)));
}

function hint(text: string): void {
  vscode.window.setStatusBarMessage(`$(check) ${text}`, HINT_MS);
}
