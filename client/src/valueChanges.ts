import * as vscode from 'vscode';
import {
  ObjectCall,
  ObjectDelete,
  ObjectSet,
  ObjectSignature,
  ObjectUndo,
} from '../../server/src/api/messages';
import type { ObjectChange } from '../../server/src/api/changes';
import type { RunError } from '../../server/src/api/model';
import type { Backend } from './backend';
import { accepts, askArguments } from './callDialogue';
import { ChangeConsent } from './changeConsent';
import type { Connections } from './connections';
import type { ConnectionsView } from './connectionsView';
import { lineText, pickText } from './displayText';
import { showError, showInformation } from './messageBoxes';
import { askText } from './multiStepInput';
import { withPatience } from './patience';
import { isCancelled, openFailure, problemOf } from './problems';
import { showResult } from './resultRows';
import { isUnread, nodeName } from './rowItems';
import type { ObjectRow } from './rows';
import { shortType } from './runOutput';
import type { ProductionAction, ProductionGuard } from './productionGuard';
import type { Snippets } from './snippets';
import { takeNext } from './takeNext';
import { editableText, fixedReason } from './valueText';

const CAN_UNDO = 'rpyc:canUndo';
const UNDO_LIMIT = 50;
const TEXT_LIMIT = 80;
const HINT_MS = 5_000;

interface Undoable {
  readonly undo: number;
  readonly row: ObjectRow;
  readonly name: string;
}

export interface ValueChangesParts {
  readonly backend: Backend;
  readonly connections: Connections;
  readonly view: ConnectionsView;
  readonly snippets: Snippets;
  readonly memory: vscode.Memento;
  readonly production: ProductionGuard;
}

/** Edits, deletes and calls what the tree shows, and undoes changes. */
export class ValueChanges {
  private readonly consent: ChangeConsent;
  private undoable: Undoable[] = [];
  private lastCall = 0;

  constructor(private readonly parts: ValueChangesParts) {
    this.consent = new ChangeConsent(parts.memory);
  }

  /** @param given the new value, where the user need not be asked for it */
  async edit(row: ObjectRow, given?: string): Promise<void> {
    const { backend, view } = this.parts;
    const name = this.nameOf(row);
    if (row.node.editable !== true && given === undefined) {
      void showInformation(fixedReason(row));
      return;
    }
    const source = given ?? (await this.askValue(row));
    const before = isUnread(row.node) ? '' : short(row.node.value);
    if (
      source === undefined ||
      !(await this.agrees(
        row,
        before === '' ? `${name} = ${short(source)}` : `${name}: ${before} → ${short(source)}`,
      ))
    ) {
      return;
    }
    const change = await this.patiently(vscode.l10n.t('Setting {0}…', name), (token) =>
      view.model.withFreshHandle(row, (handle) => backend.request(ObjectSet, { handle, source }, token)),
    );
    await this.changed(row, change, (done) =>
      done.before === ''
        ? vscode.l10n.t('Set {0} to {1}', name, short(done.after))
        : vscode.l10n.t('Changed {0} from {1} to {2}', name, short(done.before), short(done.after)),
    );
  }

  async delete(row: ObjectRow): Promise<void> {
    const { backend, view } = this.parts;
    const name = this.nameOf(row);
    if (row.node.deletable !== true) {
      void showInformation(fixedReason(row));
      return;
    }
    if (!(await this.agrees(row, vscode.l10n.t('Delete {0}', name), 'delete'))) {
      return;
    }
    const change = await this.patiently(vscode.l10n.t('Deleting {0}…', name), (token) =>
      view.model.withFreshHandle(row, (handle) => backend.request(ObjectDelete, { handle }, token)),
    );
    await this.changed(row, change, () => vscode.l10n.t('Deleted {0}', name));
  }

  /** Undoes the newest change that can be undone. */
  async undoLast(): Promise<void> {
    const last = this.undoable.at(-1);
    if (last === undefined) {
      void showInformation(vscode.l10n.t('There is no change to undo.'));
      return;
    }
    await this.undo(last);
  }

  /** @param given what stands between the brackets, where the user need only confirm it */
  async call(row: ObjectRow, given?: string): Promise<void> {
    const { backend, view, snippets, production } = this.parts;
    const { profileId } = row;
    const name = this.nameOf(row);
    const signature = await this.patiently(vscode.l10n.t('Asking how {0} is called…', name), (token) =>
      view.model.withFreshHandle(row, (handle) => backend.request(ObjectSignature, { handle }, token)),
    );
    const source = signature === undefined ? undefined : await askArguments(name, signature, given);
    if (source === undefined || !(await production.agrees(profileId, 'call', `${name}(${short(source)})`))) {
      return;
    }
    const callId = `call-${Date.now()}-${++this.lastCall}`;
    const channel = snippets.beginCall(profileId, callId, `${name}(${short(source)})`);
    try {
      const result = await this.patiently(vscode.l10n.t('Calling {0}…', name), (token) =>
        view.model.withFreshHandle(row, (handle) =>
          backend.request(ObjectCall, { handle, callId, source }, token),
        ),
      );
      if (result === undefined) {
        channel.lost(vscode.l10n.t('Stopped waiting; it goes on at the server.'));
        return;
      }
      const { elapsedMs } = result;
      if (result.status === 'error') {
        channel.end({ runId: callId, status: 'error', error: result.error, elapsedMs });
        this.tellError(
          profileId,
          vscode.l10n.t('{0} raised {1}', name, errorText(result.error)),
          result.error,
        );
        return;
      }
      const { node } = result;
      channel.end({
        runId: callId,
        status: 'done',
        elapsedMs,
        ...(node === undefined ? {} : { value: node.value }),
      });
      this.refreshAround(row);
      if (node === undefined) {
        showHint('check', vscode.l10n.t('{0} gave None', name));
      } else {
        await showResult(view, profileId, node);
      }
    } catch (error) {
      if (!isCancelled(error)) {
        channel.lost(problemOf(error).message);
      }
      throw error;
    } finally {
      snippets.endCall(callId);
    }
  }

  /** Takes the next items of a generator or another iterator, after the user has agreed. */
  async take(row: ObjectRow): Promise<void> {
    await takeNext(this.parts, {
      row,
      name: this.nameOf(row),
      callId: `take-${Date.now()}-${++this.lastCall}`,
      consent: this.consent,
      patiently: (title, ask) => this.patiently(title, ask),
      errorText,
      tellError: (message, error) => this.tellError(row.profileId, message, error),
      hint: (message) => showHint('check', message),
    });
  }

  private async askValue(row: ObjectRow): Promise<string | undefined> {
    const isClassic = this.parts.connections.state(row.profileId).peer?.service === 'classic';
    const result = await askText({
      title: vscode.l10n.t('Edit {0}', this.nameOf(row)),
      step: 1,
      totalSteps: 1,
      value: editableText(row.node),
      prompt: accepts({ accepts: isClassic ? 'expressions' : 'literals' }),
      check: (text) => (text.trim() === '' ? vscode.l10n.t('Type a value.') : undefined),
    });
    return result.kind === 'value' ? result.value : undefined;
  }

  private async agrees(row: ObjectRow, what: string, action: ProductionAction = 'change'): Promise<boolean> {
    const { connections, production } = this.parts;
    if (production.isProduction(row.profileId)) {
      return production.agrees(row.profileId, action, what);
    }
    const entry = connections.entry(row.profileId);
    return entry !== undefined && (await this.consent.ask(entry.profile, what));
  }

  private patiently<T>(
    title: string,
    ask: (token: vscode.CancellationToken) => Promise<T>,
  ): Promise<T | undefined> {
    const stopped = vscode.l10n.t('Nobody waits any more, but what was begun goes on at the server.');
    return withPatience(title, stopped, ask);
  }

  private async changed(
    row: ObjectRow,
    change: ObjectChange | undefined,
    told: (done: Extract<ObjectChange, { status: 'done' }>) => string,
  ): Promise<void> {
    if (change === undefined) {
      this.refreshAround(row);
      return;
    }
    const name = this.nameOf(row);
    if (change.status === 'error') {
      this.parts.snippets.noteError(row.profileId, name, change.error);
      this.tellError(
        row.profileId,
        vscode.l10n.t('{0} was not changed: {1}', name, errorText(change.error)),
        change.error,
      );
      return;
    }
    const { undo } = change;
    const message = told(change);
    // Not awaited: the command is over, whenever the message is closed.
    if (undo === undefined) {
      void showInformation(message);
    } else {
      void this.offerUndo({ undo, row, name }, message);
    }
    await this.showChanged(row);
  }

  private async offerUndo(undoable: Undoable, message: string): Promise<void> {
    this.undoable = [...this.undoable, undoable].slice(-UNDO_LIMIT);
    this.tellUndoable();
    const undo = vscode.l10n.t('Undo');
    if ((await showInformation(message, undo)) === undo) {
      try {
        await this.undo(undoable);
      } catch (error) {
        if (!isCancelled(error)) {
          void showError(problemOf(error).message);
        }
      }
    }
  }

  private async undo(undoable: Undoable): Promise<void> {
    const { backend, snippets, production } = this.parts;
    const { undo, row, name } = undoable;
    if (!(await production.agrees(row.profileId, 'change', vscode.l10n.t('Put {0} back', name)))) {
      return;
    }
    // Good once, whatever comes of it.
    this.undoable = this.undoable.filter((one) => one !== undoable);
    this.tellUndoable();
    const result = await this.patiently(vscode.l10n.t('Putting {0} back…', name), (token) =>
      backend.request(ObjectUndo, { undo }, token),
    );
    if (result?.status === 'error') {
      snippets.noteError(row.profileId, name, result.error);
      this.tellError(
        row.profileId,
        vscode.l10n.t('{0} was not put back: {1}', name, errorText(result.error)),
        result.error,
      );
      return;
    }
    if (result !== undefined) {
      showHint('discard', vscode.l10n.t('Put {0} back', name));
    }
    await this.showChanged(row);
  }

  private tellUndoable(): void {
    void vscode.commands.executeCommand('setContext', CAN_UNDO, this.undoable.length > 0);
  }

  private tellError(profileId: string, message: string, { failure }: RunError): void {
    const show = vscode.l10n.t('Show Traceback');
    const debug = failure === undefined ? [] : [vscode.l10n.t('Open in Debugger')];
    // Not awaited: the command is over, whenever the message is closed.
    void showError(message, ...debug, show).then((choice) => {
      if (choice === show) {
        this.parts.snippets.showOutput(profileId);
      } else if (failure !== undefined && choice === debug[0]) {
        void openFailure(failure);
      }
    });
  }

  /** The row and its siblings anew; a value that was read on request is read again. */
  private async showChanged(row: ObjectRow): Promise<void> {
    const { view, connections } = this.parts;
    const { parent } = row;
    const isService = connections.state(row.profileId).peer?.service === 'service';
    const readsAgain = row.wasRead || (isService && isUnread(row.node));
    this.refreshAround(row);
    const rows = parent.kind === 'object' ? await view.model.childrenOf(parent) : [];
    if (readsAgain && rows.includes(row) && isUnread(row.node)) {
      await view.read(row);
    }
  }

  private refreshAround({ parent }: ObjectRow): void {
    this.parts.view.refresh(parent);
  }

  private nameOf({ node }: ObjectRow): string {
    return lineText(nodeName(node), TEXT_LIMIT);
  }
}

/** A short message in the status bar, in which nothing but `icon` is an icon. */
function showHint(icon: string, text: string): void {
  vscode.window.setStatusBarMessage(`$(${icon}) ${pickText(text, 4 * TEXT_LIMIT)}`, HINT_MS);
}

function errorText({ typeName, message }: RunError): string {
  const type = shortType(typeName);
  return message === '' ? type : `${type}: ${lineText(message, 3 * TEXT_LIMIT)}`;
}

function short(text: string): string {
  return lineText(text, TEXT_LIMIT);
}
