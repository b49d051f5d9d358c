/**
 * The editor as its user has it. It is read through the extension's test API and VS Code's own, and acted on by
 * commands alone: those of the extension by id, and those of every list for moving about in the tree.
 */
import assert from 'node:assert/strict';

import * as vscode from 'vscode';

import type { ExtensionApi } from '../../client/src/context';
import type { RowSnapshot, Snapshot } from '../../client/src/testApi';
import type { ConnectionState, Profile } from '../../server/src/api/model';
import { eventually, eventuallyOk } from '../support/poll';

const EXTENSION_ID = 'rpyc-explorer.rpyc-explorer';
const LOAD_MORE = 'Load more…';
/** What stands under a classic connection. */
export const ROOTS = ['Namespace', 'Modules', 'Builtins', 'Threads', 'Root service'];
/** How long one try to reach a row waits for its effect. */
const TRY_MS = 3000;

export function extension(): vscode.Extension<ExtensionApi> {
  const found = vscode.extensions.getExtension<ExtensionApi>(EXTENSION_ID);
  assert.ok(found !== undefined, 'The extension is not there');
  return found;
}

export function snapshot(): Snapshot {
  return extension().exports.snapshot();
}

export function command(id: string, ...args: unknown[]): Thenable<unknown> {
  return vscode.commands.executeCommand(id, ...args);
}

export const ACCEPT = 'workbench.action.acceptSelectedQuickOpenItem';
const CLOSE = 'workbench.action.closeQuickOpen';
export const SELECT_NEXT = 'workbench.action.quickOpenSelectNext';

/**
 * Presses Enter at whatever a command asks, until the command is over and has its effect.
 *
 * @param keys commands of other keys to press before each Enter
 */
export async function answerUntil(
  what: string,
  running: Thenable<unknown>,
  done: () => boolean | Promise<boolean>,
  keys: readonly string[] = [],
): Promise<void> {
  let isOver = false;
  let isShown = keys.length === 0;
  const answered = eventually(
    what,
    async () => {
      if (isOver) {
        return done();
      }
      if (!isShown) {
        // A key before the list is there moves nothing, and Enter after it would take what is first.
        isShown = true;
        return false;
      }
      for (const key of [...keys, ACCEPT]) {
        await command(key);
      }
      return false;
    },
    { timeoutMs: 40_000, intervalMs: 100 },
  );
  // What makes the command fail is told, and not that it did not end.
  await Promise.all([answered, running.then(() => (isOver = true))]);
}

/** Closes what a command asks, until the command is over. */
export async function closeQuestion(running: Thenable<unknown>): Promise<void> {
  let isOver = false;
  const closed = eventually(
    'the question is closed',
    async () => {
      await command(CLOSE);
      return isOver;
    },
    { timeoutMs: 30_000 },
  );
  await Promise.all([closed, running.then(() => (isOver = true))]);
}

/** Closes every editor. A text without a file is not to ask whether it should be saved. */
export async function closeEditors(): Promise<void> {
  while (vscode.window.tabGroups.activeTabGroup.activeTab !== undefined) {
    await command('workbench.action.revertAndCloseActiveEditor');
  }
}

/** Writes the user's settings, and waits until the view lists these connections. */
export async function listConnections(profiles: readonly Profile[]): Promise<void> {
  await vscode.workspace
    .getConfiguration()
    .update('rpyc.profiles', profiles, vscode.ConfigurationTarget.Global);
  await extension().activate();
  await command('rpyc.connections.focus');
  const wanted = profiles.map(({ id }) => id);
  await eventually(`the connections ${wanted.join(', ')} are listed`, () => {
    const listed = snapshot().profiles.map(({ id }) => id);
    return listed.length === wanted.length && listed.every((id, index) => id === wanted[index]);
  });
}

export function state(profileId: string): ConnectionState {
  const found = snapshot().states[profileId];
  assert.ok(found !== undefined, `There is no connection ${profileId}`);
  return found;
}

export function waitForStatus(
  profileId: string,
  status: ConnectionState['status'],
  timeoutMs = 20_000,
): Promise<ConnectionState> {
  return eventually(
    `${profileId} is ${status}`,
    () => {
      const now = state(profileId);
      assert.equal(now.status, status, JSON.stringify(now));
      return now;
    },
    { timeoutMs },
  );
}

/** Connects to a classic server, and waits for what is under it. */
export async function connect(profileId: string): Promise<ConnectionState> {
  await command('rpyc.connect', profileId);
  const connected = await waitForStatus(profileId, 'connected');
  await eventuallyOk('its roots are there', () => {
    assert.deepEqual(
      rowsUnder([profileId]).map(({ label }) => label),
      ROOTS,
    );
  });
  return connected;
}

// ---- rows ---------------------------------------------------------------------------------------------------

/** Labels from a connection down to a row. */
export type RowPath = readonly string[];

/** The position of a row among all that are open. */
function positionOf(path: RowPath, rows = snapshot().rows): number {
  let at = -1;
  path.forEach((label, depth) => {
    const end = endOf(rows, at, depth);
    at = rows.findIndex(
      (row, index) => index > at && index < end && row.depth === depth && row.label === label,
    );
    if (at < 0) {
      throw new Error(`There is no row ${path.slice(0, depth + 1).join(' > ')} among\n${treeText(rows)}`);
    }
  });
  return at;
}

function treeText(rows: readonly RowSnapshot[]): string {
  return rows
    .map(({ depth, label, description }) => `${'  '.repeat(depth)}${label}  ${description}`)
    .join('\n');
}

/** Where the rows under the row at `parent` end. */
function endOf(rows: readonly RowSnapshot[], parent: number, depth: number): number {
  const end = rows.findIndex((row, index) => index > parent && row.depth < depth);
  return end < 0 ? rows.length : end;
}

export function row(path: RowPath): RowSnapshot {
  const rows = snapshot().rows;
  const found = rows[positionOf(path, rows)];
  assert.ok(found !== undefined);
  return found;
}

/** What a hover over a row shows, as Markdown. */
export function hover(path: RowPath): Promise<string> {
  return extension().exports.hover(row(path).id);
}

export function waitForRow(path: RowPath, timeoutMs = 10_000): Promise<RowSnapshot> {
  return eventually(`the row ${path.join(' > ')}`, () => row(path), { timeoutMs });
}

/** The rows directly under a row, top to bottom. */
export function rowsUnder(path: RowPath): readonly RowSnapshot[] {
  const rows = snapshot().rows;
  const at = positionOf(path, rows);
  const end = endOf(rows, at, path.length);
  return rows.slice(at + 1, end).filter(({ depth }) => depth === path.length);
}

/** Moves the focus of the tree to a row, with the keys that a list has. */
async function focusRow(path: RowPath): Promise<void> {
  await command('rpyc.connections.focus');
  const position = positionOf(path);
  await command('list.focusFirst');
  if (position > 0) {
    await command('list.focusDown', position);
  }
}

/** Moves to a row and presses a key there, again until that has its effect. */
async function pressOn(path: RowPath, key: string, done: () => boolean): Promise<void> {
  let tries = 0;
  await eventually(
    `${key} on ${path.join(' > ')}`,
    async () => {
      await waitForRow(path);
      if (!done()) {
        await focusRow(path);
        tries += 1;
        if (tries > 4 && key === 'list.expand') {
          // For the editor it can be open while its rows have not come: as a user would, it is closed first.
          await command('list.collapse');
          await focusRow(path);
        }
        await command(key);
      }
      return eventually('its effect', done, { timeoutMs: TRY_MS });
    },
    { timeoutMs: 10 * TRY_MS },
  );
}

/** Opens a row, and waits until there are rows under it. */
export async function expand(path: RowPath): Promise<void> {
  await pressOn(path, 'list.expand', () => row(path).expanded && rowsUnder(path).length > 0);
}

export async function collapse(path: RowPath): Promise<void> {
  await pressOn(path, 'list.collapse', () => !row(path).expanded);
}

/** Opens the row, as Enter and a click do. */
export async function select(path: RowPath, done: () => boolean): Promise<void> {
  await pressOn(path, 'list.select', done);
}

/** Clicks a row: it is selected, and opens or closes where there is something under it. */
export async function click(path: RowPath): Promise<void> {
  await waitForRow(path);
  await focusRow(path);
  await command('list.select');
}

/** Presses "Load more…" under a row. */
export async function loadMore(path: RowPath): Promise<void> {
  const before = rowsUnder(path).length;
  await select([...path, LOAD_MORE], () => rowsUnder(path).length > before || !hasMore(path));
}

export function hasMore(path: RowPath): boolean {
  return rowsUnder(path).some(({ label }) => label === LOAD_MORE);
}

// ---- editors and output -------------------------------------------------------------------------------------

/** Opens a file of the workspace and selects lines of it, counted from 1. */
export async function selectLines(file: string, first: number, last: number): Promise<vscode.TextDocument> {
  const folder = vscode.workspace.workspaceFolders?.[0];
  assert.ok(folder !== undefined, 'No folder is open');
  const editor = await vscode.window.showTextDocument(vscode.Uri.joinPath(folder.uri, file));
  const end = editor.document.lineAt(last - 1).range.end;
  editor.selection = new vscode.Selection(new vscode.Position(first - 1, 0), end);
  return editor.document;
}

/** The text of the output channel that is shown now. */
export function shownOutput(): string {
  return vscode.workspace.textDocuments
    .filter(({ uri }) => uri.scheme === 'output')
    .map((document) => document.getText())
    .join('\n');
}

export function waitForOutput(pattern: RegExp, timeoutMs = 10_000): Promise<RegExpExecArray> {
  return eventually(
    `the output ${String(pattern)}`,
    () => {
      const text = shownOutput();
      const found = pattern.exec(text);
      assert.ok(found !== null, text);
      return found;
    },
    { timeoutMs },
  );
}

export function clearOutput(): Thenable<unknown> {
  return command('workbench.output.action.clearOutput');
}

export async function clipboardAfter(id: string): Promise<string> {
  await vscode.env.clipboard.writeText('');
  await command(id);
  return eventually('something is copied', async () => (await vscode.env.clipboard.readText()) || undefined);
}
