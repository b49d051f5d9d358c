import * as vscode from 'vscode';
import { Diagnostics, ObjectText } from '../../server/src/api/messages';
import type { Backend } from './backend';
import {
  CALL_COMMAND_IDS,
  COMMAND_IDS,
  DISCOVERY_COMMAND_IDS,
  FLEET_COMMAND_IDS,
  GROUP_COMMAND_IDS,
  ROW_ACTION_IDS,
  WATCH_COMMAND_IDS,
  WIRE_COMMAND_IDS,
} from './commandIds';
import type {
  CallCommandId,
  CommandId,
  DiscoveryCommandId,
  FleetCommandId,
  GroupCommandId,
  RowActionId,
  WatchCommandId,
  WireCommandId,
} from './commandIds';
import type { CallsDoor } from './callsDoor';
import type { ConnectionPicker } from './connectionPicker';
import type { Connections } from './connections';
import type { ConnectionsView } from './connectionsView';
import { VIEW_ID } from './connectionsView';
import type { Debugging } from './debugging';
import type { DiscoveryArguments, DiscoveryCommandParts } from './discoveryCommands';
import type { DiscoverySettings } from './discoverySettings';
import type { DiscoveryView } from './discoveryView';
import type { ErrorExplainer } from './errorExplainer';
import { addConnection, profileAction } from './dialogues';
import { pickText } from './displayText';
import type { FleetDoor } from './fleetDoor';
import type { ListMemory } from './listMemory';
import { runGroupCommand } from './memberGroups';
import { showInformation } from './messageBoxes';
import { isCancelled, ProblemError, problemOf, showProblem } from './problems';
import { addressOf, nodeName } from './rowItems';
import type { ObjectRow, Row } from './rows';
import type { ProductionGuard } from './productionGuard';
import type { RemoteDocuments } from './remoteDocuments';
import type { ResultsDoor } from './resultsDoor';
import { listAndConnect } from './serviceConnections';
import type { Settings } from './settings';
import type { Snippets } from './snippets';
import type { ChangeCommands } from './changeCommands';
import type { WatchDoor } from './watchDoor';

const COPY_LIMIT = 10_000_000;
const HINT_MS = 3_000;
const HINT_LIMIT = 60;

export interface CommandParts {
  readonly backend: Backend;
  readonly settings: Settings;
  readonly connections: Connections;
  readonly picker: ConnectionPicker;
  readonly view: ConnectionsView;
  readonly memory: ListMemory;
  readonly snippets: Snippets;
  readonly changes: ChangeCommands;
  readonly production: ProductionGuard;
  readonly documents: RemoteDocuments;
  readonly debugging: Debugging;
  readonly discovery: { readonly settings: DiscoverySettings; readonly view: DiscoveryView };
  readonly watch: WatchDoor;
  readonly results: ResultsDoor;
  readonly several: FleetDoor;
  readonly calls: CallsDoor;
  readonly explainer: ErrorExplainer;
  readonly log: vscode.LogOutputChannel;
  readonly version: string;
}

/** What a command is given: a row by a menu, the id of a profile by a keybinding or another extension. */
type Argument = Row | string | undefined;

type CommandTable = Readonly<Record<CommandId, (argument: Argument, more?: unknown) => Promise<void> | void>>;

/** Registers every command. A failure of one is told once and goes no further. */
export function registerCommands(parts: CommandParts): vscode.Disposable {
  const { discovery, backend } = parts;
  return vscode.Disposable.from(
    register(COMMAND_IDS, commandTable(parts), parts.log),
    register(ROW_ACTION_IDS, lazyRowActions(parts), parts.log),
    register(GROUP_COMMAND_IDS, groupCommands(), parts.log),
    register(
      DISCOVERY_COMMAND_IDS,
      lazyDiscoveryCommands({
        ...discovery,
        backend,
        connect: (profiles) => listAndConnect(parts, profiles),
      }),
      parts.log,
    ),
    register(WATCH_COMMAND_IDS, watchCommands(parts), parts.log),
    register(WIRE_COMMAND_IDS, lazyWireCommands(parts), parts.log),
    register(FLEET_COMMAND_IDS, fleetCommands(parts), parts.log),
    register(CALL_COMMAND_IDS, callCommands(parts), parts.log),
  );
}

/** The commands of the registries' view: their code is loaded when one of them is first run. */
function lazyDiscoveryCommands(parts: DiscoveryCommandParts): Readonly<Record<DiscoveryCommandId, Lazy>> {
  const run = async (id: DiscoveryCommandId, args: DiscoveryArguments): Promise<void> => {
    const loaded = await import(/* webpackChunkName: "discoveryCommands" */ './discoveryCommands.js');
    await loaded.discoveryCommands(parts)[id](...args);
  };
  const entries = DISCOVERY_COMMAND_IDS.map((id) => [
    id,
    (...args: DiscoveryArguments): Promise<void> => run(id, args),
  ]);
  return Object.fromEntries(entries) as Readonly<Record<DiscoveryCommandId, Lazy>>;
}

type RowActionTable = Readonly<Record<RowActionId, LazyOnRow>>;

/** The commands on rows: as above. */
function lazyRowActions(parts: CommandParts): RowActionTable {
  const run = async (id: RowActionId, argument: Argument, more: unknown): Promise<void> => {
    const loaded = await import(/* webpackChunkName: "rowActions" */ './rowActions.js');
    const rows = Array.isArray(more) ? (more as Row[]) : parts.view.selectedRows;
    await loaded.runRowAction(parts, id, {
      row: objectOf(parts, argument),
      rows: rows.filter((row) => row.kind === 'object'),
    });
  };
  const entries = ROW_ACTION_IDS.map((id) => [
    id,
    (argument: Argument, more?: unknown): Promise<void> => run(id, argument, more),
  ]);
  return Object.fromEntries(entries) as RowActionTable;
}

/** The commands of what is watched. */
function watchCommands(parts: CommandParts): Readonly<Record<WatchCommandId, LazyOnRow>> {
  const entries = WATCH_COMMAND_IDS.map((id) => [
    id,
    (argument: Argument, more?: unknown): Promise<void> => {
      const rows = Array.isArray(more) ? (more as Row[]) : [objectOf(parts, argument)];
      const objects = rows.flatMap((row) => (row?.kind === 'object' ? [row] : []));
      return parts.watch.run(id, objects, argument, more);
    },
  ]);
  return Object.fromEntries(entries) as Readonly<Record<WatchCommandId, LazyOnRow>>;
}

type LazyOnRow = (argument: Argument, more?: unknown) => Promise<void>;

function groupCommands(): Readonly<Record<GroupCommandId, () => Promise<void>>> {
  const entries = GROUP_COMMAND_IDS.map((id) => [id, (): Promise<void> => runGroupCommand(id)]);
  return Object.fromEntries(entries) as Readonly<Record<GroupCommandId, () => Promise<void>>>;
}

/** The commands that run code on several connections. */
function fleetCommands({ several }: CommandParts): Readonly<Record<FleetCommandId, Lazy>> {
  const entries = FLEET_COMMAND_IDS.map((id) => [
    id,
    (given: unknown): Promise<void> => several.run(id, given),
  ]);
  return Object.fromEntries(entries) as Readonly<Record<FleetCommandId, Lazy>>;
}

/** The commands on what is held and what actions cost: as above. */
function lazyWireCommands(parts: CommandParts): Readonly<Record<WireCommandId, Lazy>> {
  const run = async (id: WireCommandId, argument: Argument, more: unknown): Promise<void> => {
    const { runWireCommand } = await import(/* webpackChunkName: "wireRows" */ './wireCommands.js');
    const { view } = parts;
    const named = view.visibleRows().filter((row) => row.id === argument);
    const chosen =
      argument === undefined ? view.selectedRows : typeof argument === 'object' ? [argument] : named;
    await runWireCommand(parts, id, Array.isArray(more) ? (more as Row[]) : chosen);
  };
  const entries = WIRE_COMMAND_IDS.map((id) => [
    id,
    (argument: Argument, more?: unknown): Promise<void> => run(id, argument, more),
  ]);
  return Object.fromEntries(entries) as Readonly<Record<WireCommandId, Lazy>>;
}

/** The commands of what peers call. */
function callCommands({ calls }: CommandParts): Readonly<Record<CallCommandId, LazyOnRow>> {
  const entries = CALL_COMMAND_IDS.map((id) => [
    id,
    (argument: Argument): Promise<void> => calls.run(id, argument),
  ]);
  return Object.fromEntries(entries) as Readonly<Record<CallCommandId, LazyOnRow>>;
}

type Lazy = (...args: DiscoveryArguments) => Promise<void>;

function register<Id extends string>(
  ids: readonly Id[],
  table: Readonly<Record<Id, (...args: never[]) => Promise<void> | void>>,
  log: vscode.LogOutputChannel,
): vscode.Disposable {
  return vscode.Disposable.from(
    ...ids.map((id) =>
      vscode.commands.registerCommand(id, async (...args: unknown[]) => {
        try {
          await (table[id] as (...args: unknown[]) => Promise<void> | void)(...args);
        } catch (error) {
          if (isCancelled(error)) {
            return;
          }
          const problem = problemOf(error);
          log.error(`${id}: ${problem.message} ${problem.detail ?? ''}`);
          // Not awaited: the command is over, whenever the message is closed.
          void showProblem(problem, error instanceof ProblemError ? error.mend : undefined);
        }
      }),
    ),
  );
}

function commandTable(parts: CommandParts): CommandTable {
  const act =
    (name: Parameters<typeof profileAction>[0]) =>
    (argument: Argument, more?: unknown): Promise<void> =>
      profileAction(name, parts, argument, textOf(more));
  const readValue = async (argument: Argument): Promise<void> => {
    const row = objectOf(parts, argument);
    if (row !== undefined) {
      await parts.view.read(row);
    }
  };
  return {
    'rpyc.addConnection': (argument) =>
      addConnection(parts, typeof argument === 'string' ? argument : undefined),
    'rpyc.openRecent': act('openRecent'),
    'rpyc.connect': (argument) => connect(parts, argument),
    'rpyc.cancelConnecting': async (argument) => {
      const id =
        profileOf(argument) ??
        (await parts.picker.pickOffered('cancelConnecting', vscode.l10n.t('Stop connecting to which?')));
      if (id !== undefined) {
        await parts.connections.disconnect(id);
      }
    },
    'rpyc.disconnect': async (argument) => {
      const id =
        profileOf(argument) ??
        (await parts.picker.pickOffered('disconnect', vscode.l10n.t('Disconnect from which?')));
      if (id !== undefined) {
        await parts.connections.disconnect(id);
      }
    },
    'rpyc.editConnection': act('edit'),
    'rpyc.duplicateConnection': act('duplicate'),
    'rpyc.openSettings': act('openSettings'),
    'rpyc.addFavourite': act('addFavourite'),
    'rpyc.removeFavourite': act('removeFavourite'),
    'rpyc.moveUp': act('moveUp'),
    'rpyc.moveDown': act('moveDown'),
    'rpyc.moveToGroup': act('moveToGroup'),
    'rpyc.setColor': act('setColor'),
    'rpyc.chooseThread': act('chooseThread'),
    'rpyc.markProduction': act('markProduction'),
    'rpyc.unmarkProduction': act('unmarkProduction'),
    'rpyc.removeConnection': act('remove'),
    'rpyc.refresh': (argument) => parts.view.refresh(typeof argument === 'string' ? undefined : argument),
    'rpyc.findModule': (argument) => findModule(parts, argument),
    'rpyc.findChild': async (argument) => {
      const row = objectOf(parts, argument);
      if (row !== undefined) {
        await find(parts, row, vscode.l10n.t('Find in {0}', row.node.name));
      }
    },
    'rpyc.loadMore': async (argument) => {
      const row = rowOf(parts, argument);
      if (row?.kind === 'more') {
        await parts.view.loadMore(row.parent);
      }
    },
    'rpyc.readValue': readValue,
    'rpyc.readAgain': readValue,
    'rpyc.tryAnyway': async (argument) => {
      const row = objectOf(parts, argument);
      if (row !== undefined) {
        await parts.changes.tryAnyway(row);
      }
    },
    'rpyc.editValue': async (argument, more) => {
      const row = objectOf(parts, argument);
      if (row !== undefined) {
        await parts.changes.edit(row, textOf(more));
      }
    },
    'rpyc.deleteValue': async (argument) => {
      const row = objectOf(parts, argument);
      if (row !== undefined) {
        await parts.changes.delete(row);
      }
    },
    'rpyc.undoChange': () => parts.changes.undoLast(),
    'rpyc.callObject': async (argument, more) => {
      const row = objectOf(parts, argument);
      if (row !== undefined) {
        await parts.changes.call(row, textOf(more));
      }
    },
    'rpyc.takeNext': async (argument) => {
      const row = objectOf(parts, argument);
      if (row !== undefined) {
        await parts.changes.take(row);
      }
    },
    'rpyc.copyValue': (argument) => copyValue(parts, argument),
    'rpyc.copyExpression': async (argument) => {
      const expression = objectOf(parts, argument)?.node.expression;
      if (expression !== undefined) {
        await copy(expression);
      }
    },
    'rpyc.runSelection': () => parts.snippets.runPart('selection', false),
    'rpyc.runSelectionAndMoveOn': () => parts.snippets.runPart('selection', true),
    'rpyc.runCell': (line) => parts.snippets.runPart('cell', false, lineOf(line)),
    'rpyc.runCellAndMoveOn': (line) => parts.snippets.runPart('cell', true, lineOf(line)),
    'rpyc.runFile': () => parts.snippets.runPart('file', false),
    'rpyc.showResult': (run) => parts.results.showResult(textOf(run)),
    'rpyc.exploreResult': (run) => parts.results.exploreResult(textOf(run)),
    'rpyc.copyResult': async () => {
      const editor = vscode.window.activeTextEditor;
      const text =
        editor && (await parts.snippets.inline)?.textAt(editor.document.uri, editor.selection.active.line);
      if (text !== undefined) {
        await copy(text);
      }
    },
    'rpyc.clearResults': async () => {
      const uri = vscode.window.activeTextEditor?.document.uri;
      if (uri !== undefined) {
        (await parts.snippets.inline)?.clear(uri);
      }
    },
    'rpyc.interruptRun': async (argument) => {
      const { interruptRun } = await import(/* webpackChunkName: "interruption" */ './interruption.js');
      await interruptRun(parts, profileOf(argument));
    },
    'rpyc.answerInput': async (how) => {
      const { answerInput } = await import(/* webpackChunkName: "runInput" */ './runInput.js');
      answerInput(how === 'end' ? 'end' : 'answer');
    },
    'rpyc.showHistory': async (argument) => {
      const { showHistory } = await import(/* webpackChunkName: "historyPicker" */ './historyPicker.js');
      await showHistory(parts, profileOf(argument));
    },
    'rpyc.openDebugConsole': (argument) => parts.debugging.openConsole(profileOf(argument)),
    'rpyc.showLastError': (argument, more) =>
      parts.debugging.showFrames(profileOf(argument), 'failure', textOf(more)),
    'rpyc.showStacks': (argument) => parts.debugging.showFrames(profileOf(argument), 'stacks'),
    'rpyc.chooseConnection': () => parts.snippets.chooseConnection(),
    'rpyc.showOutput': async (argument) => {
      const id =
        profileOf(argument) ??
        (await parts.picker.pickWhere(
          (one) => parts.snippets.hasOutput(one) || parts.connections.isConnected(one),
          vscode.l10n.t('Show the output of which?'),
        ));
      if (id !== undefined) {
        parts.snippets.showOutput(id);
      }
    },
    'rpyc.showConnections': async () => {
      await vscode.commands.executeCommand(`${VIEW_ID}.focus`);
    },
    'rpyc.showMenu': () => showMenu(parts),
    'rpyc.explainError': () => parts.explainer.explain(),
    'rpyc.showLog': () => parts.log.show(),
    'rpyc.copyDiagnostics': () => copyDiagnostics(parts),
    'rpyc.restart': () => parts.backend.restart(),
  };
}

async function showMenu({ backend, connections, snippets }: CommandParts): Promise<void> {
  const { showConnectionMenu } = await import(/* webpackChunkName: "connectionMenu" */ './connectionMenu.js');
  await showConnectionMenu({
    connections,
    hasOutput: connections.entries.some(({ profile: { id } }) => snippets.hasOutput(id)),
    isStopped: backend.status === 'givenUp',
  });
}

async function connect({ picker }: CommandParts, argument: Argument): Promise<void> {
  const id = profileOf(argument) ?? (await picker.pickOffered('connect', vscode.l10n.t('Connect to which?')));
  if (id !== undefined) {
    await picker.connect(id);
  }
}

async function findModule(parts: CommandParts, argument: Argument): Promise<void> {
  const { connections, picker, view } = parts;
  const usable = picker.connectedForRuns();
  const given = profileOf(argument) ?? (argument === undefined ? view.selected?.profileId : undefined);
  const id =
    given !== undefined && connections.isConnected(given)
      ? given
      : usable.length === 1
        ? usable[0]
        : await picker.pickForRuns();
  if (id === undefined || !(await picker.connect(id))) {
    return;
  }
  const roots = await view.model.childrenOf(view.model.connectionRow(id));
  const modules = roots.find((row) => row.kind === 'object' && row.node.kind === 'modules');
  if (modules?.kind !== 'object') {
    void showInformation(
      vscode.l10n.t('"{0}" is not a classic connection: its modules cannot be seen.', connections.label(id)),
    );
    return;
  }
  await find(parts, modules, vscode.l10n.t('Find in Modules of {0}', connections.label(id)));
}

async function find({ backend, view }: CommandParts, parent: ObjectRow, title: string): Promise<void> {
  const { pickChild } = await import(/* webpackChunkName: "rowActions" */ './findObject.js');
  const node = await pickChild(backend, view.model, parent, title);
  if (node !== undefined) {
    const row = await view.model.reveal(parent, node);
    view.rowChanged(parent);
    await view.reveal(row);
  }
}

async function copyValue(parts: CommandParts, argument: Argument): Promise<void> {
  const row = rowOf(parts, argument);
  if (row?.kind === 'note') {
    await copy(row.message);
  } else if (row?.kind === 'connection') {
    const profile = parts.connections.entry(row.profileId)?.profile;
    if (profile !== undefined) {
      await copy(addressOf(profile), copiedHint(addressOf(profile)));
    }
  } else if (row?.kind === 'object' && row.node.kind === 'group') {
    await copy(nodeName(row.node));
  } else if (row?.kind === 'object') {
    const { text, truncated } = await parts.view.model.withFreshHandle(row, (handle) =>
      parts.backend.request(ObjectText, { handle, limit: COPY_LIMIT }),
    );
    const name = nodeName(row.node);
    await copy(
      text,
      truncated
        ? vscode.l10n.t('Copied the beginning of {0}: the value is too long', pickText(name, HINT_LIMIT))
        : copiedHint(name),
    );
  }
}

/** Names what was copied: the key copies the selected row, which need not be the one that has the focus. */
function copiedHint(name: string): string {
  return vscode.l10n.t('Copied {0}', pickText(name, HINT_LIMIT));
}

async function copy(text: string, hint = vscode.l10n.t('Copied')): Promise<void> {
  await vscode.env.clipboard.writeText(text);
  vscode.window.setStatusBarMessage(`$(check) ${hint}`, HINT_MS);
}

async function copyDiagnostics({ backend, connections, version }: CommandParts): Promise<void> {
  const lines = [
    `RPyC extension ${version}, VS Code ${vscode.version} (${vscode.env.appHost}), ${vscode.env.uiKind === vscode.UIKind.Web ? 'web' : 'desktop'}`,
    `Background process: ${backend.status}`,
    `Profiles: ${connections.entries.length}, not usable: ${connections.rejected.length}`,
  ];
  if (backend.status === 'running') {
    lines.push('', await backend.request(Diagnostics, null));
  }
  await copy(`${lines.join('\n')}\n`);
}

/** A keybinding or another extension may give a text; a menu gives the rows that are selected. */
function textOf(more: unknown): string | undefined {
  return typeof more === 'string' ? more : undefined;
}

/** A line above the code gives its own number. */
function lineOf(argument: unknown): number | undefined {
  return typeof argument === 'number' ? argument : undefined;
}

function profileOf(argument: Argument): string | undefined {
  return typeof argument === 'string' ? argument : argument?.profileId;
}

function rowOf({ view }: CommandParts, argument: Argument): Row | undefined {
  return typeof argument === 'string' ? view.model.objectById(argument) : (argument ?? view.selected);
}

function objectOf(parts: CommandParts, argument: Argument): ObjectRow | undefined {
  const row = rowOf(parts, argument);
  return row?.kind === 'object' ? row : undefined;
}
