import * as vscode from 'vscode';
import type {
  CallAnswer,
  CallNews,
  CallQuestion,
  CallRecord,
  ListenerInfo,
  ListenerNews,
} from '../../server/src/api/callbacks';
import { PauseCallbacks, StopListening } from '../../server/src/api/messages';
import { CallAnswers } from './callAnswers';
import { CallEffects } from './callEffects';
import { callItem, callText, callTooltip } from './callItems';
import type { CallRow } from './callItems';
import type { CallsParts } from './callsDoor';
import type { CallCommandId } from './commandIds';
import { exposeFunctions } from './exposing';
import { pythonThatConnects, startListening } from './listening';
import { showInformation } from './messageBoxes';
import type { Row } from './rows';

/** Calls that are listed. */
const MAX_ROWS = 500;

export interface CallsSnapshot {
  /** The rows as the view shows them, the newest call first. */
  readonly rows: readonly { readonly label: string; readonly description: string; readonly spoken: string }[];
  readonly message: string;
  /** The end of what was printed. */
  readonly printed: string;
  readonly paused: boolean;
}

/** What the one item of the status bar tells of calls. */
export interface CallsStatus {
  readonly text: string;
  /** For the hover. */
  readonly lines: readonly string[];
}

/** What peers have called and who may come: rows, status and commands. */
export class CallsView implements vscode.Disposable {
  /** By number, the oldest first. */
  private readonly calls = new Map<number, CallRecord>();
  private readonly answers = new CallAnswers();
  private readonly effects: CallEffects;
  private readonly listeners: vscode.Disposable;
  private listener: ListenerInfo | undefined;
  private total = 0;
  private unlisted = 0;
  private paused = false;

  /** @param changed tells the tree that its rows are others */
  constructor(
    private readonly parts: CallsParts,
    private readonly tree: vscode.TreeView<CallRow>,
    private readonly changed: () => void,
  ) {
    const { backend, documents } = parts;
    this.effects = new CallEffects(documents, () => this.pause(true));
    this.listeners = vscode.Disposable.from(
      // A new process answers unless it is told not to.
      backend.onDidStart(() => backend.notify(PauseCallbacks, { paused: this.paused })),
      backend.onDidEnd(() => this.processEnded()),
    );
    this.update();
  }

  get rows(): readonly CallRow[] {
    const calls = [...this.calls.values()].reverse().map((call): CallRow => ({ kind: 'call', call }));
    return this.listener === undefined ? calls : [{ kind: 'listener', listener: this.listener }, ...calls];
  }

  get isWorthShowing(): boolean {
    return this.calls.size > 0 || this.listener !== undefined || this.paused;
  }

  /** What the status bar tells; undefined where that is nothing. */
  get status(): CallsStatus | undefined {
    const { paused, listener, total } = this;
    if (listener === undefined && !paused && total === 0) {
      return undefined;
    }
    const listening =
      listener === undefined
        ? []
        : [
            listener.peer === ''
              ? vscode.l10n.t('RPyC listens for callbacks: nobody is connected')
              : vscode.l10n.t('RPyC listens for callbacks: {0} is connected', listener.peer),
          ];
    const icon = paused ? 'circle-slash' : listener === undefined ? 'call-incoming' : 'broadcast';
    return { text: `$(${icon}) ${total}`, lines: [...listening, vscode.l10n.t('{0} calls of peers', total)] };
  }

  item(row: CallRow): vscode.TreeItem {
    return callItem(row);
  }

  tooltip(row: CallRow): vscode.MarkdownString {
    return callTooltip(row);
  }

  /** What has happened since the last time. */
  take({ calls, effects, unlisted, dropped }: CallNews): void {
    for (const call of calls) {
      this.total += this.calls.has(call.id) ? 0 : 1;
      this.calls.set(call.id, call);
    }
    this.total += unlisted;
    this.unlisted += unlisted;
    for (const id of [...this.calls.keys()].slice(0, Math.max(0, this.calls.size - MAX_ROWS))) {
      this.calls.delete(id);
    }
    for (const effect of effects) {
      this.effects.do(effect);
    }
    this.effects.leftOut(dropped);
    this.update();
  }

  answer(question: CallQuestion, token: vscode.CancellationToken): Promise<CallAnswer> {
    return this.answers.answer(question, token);
  }

  listens({ listener, idle }: ListenerNews): void {
    this.listener = listener;
    if (idle === true) {
      void showInformation(
        vscode.l10n.t('RPyC listens for callbacks no longer: nobody called for half an hour.'),
      );
    }
    this.update();
  }

  async run(id: CallCommandId, argument: Row | CallRow | string | undefined): Promise<void> {
    switch (id) {
      case 'rpyc.exposeFunctions':
        await exposeFunctions(this.parts, profileOf(argument));
        break;
      case 'rpyc.startListening': {
        const listener = await startListening(this.parts.backend);
        if (listener !== undefined) {
          this.listener = listener;
          this.update();
          await vscode.commands.executeCommand('rpyc.calls.focus');
        }
        break;
      }
      case 'rpyc.stopListening':
        await this.parts.backend.request(StopListening, null);
        break;
      case 'rpyc.copyListenerPython':
        if (this.listener !== undefined) {
          await vscode.env.clipboard.writeText(pythonThatConnects(this.listener));
        }
        break;
      case 'rpyc.stopAnswering':
      case 'rpyc.resumeAnswering':
        this.pause(id === 'rpyc.stopAnswering');
        break;
      case 'rpyc.clearCalls':
        this.calls.clear();
        this.total = this.unlisted = 0;
        this.update();
        break;
      case 'rpyc.copyCalls':
        await vscode.env.clipboard.writeText(this.chosen(argument).map(callText).join('\n'));
        break;
    }
  }

  snapshot(): CallsSnapshot {
    return {
      rows: this.rows.map((row) => {
        const { label, description, accessibilityInformation } = callItem(row);
        return {
          label: typeof label === 'string' ? label : '',
          description: typeof description === 'string' ? description : '',
          spoken: accessibilityInformation?.label ?? '',
        };
      }),
      message: this.tree.message ?? '',
      printed: this.effects.tail,
      paused: this.paused,
    };
  }

  dispose(): void {
    this.listeners.dispose();
    this.effects.dispose();
  }

  /** The call under the pointer or those that are selected, the oldest first; all where there is none. */
  private chosen(argument: Row | CallRow | string | undefined): readonly CallRecord[] {
    const callsIn = (rows: readonly CallRow[]): readonly CallRecord[] =>
      rows.flatMap((row) => (row.kind === 'call' ? [row.call] : []));
    const isRow = typeof argument === 'object' && argument.kind === 'call';
    const selected = callsIn(this.tree.selection);
    const rows = isRow && !selected.some(({ id }) => id === argument.call.id) ? [argument.call] : selected;
    return rows.length === 0 || argument === undefined
      ? [...this.calls.values()]
      : [...rows].sort((a, b) => a.id - b.id);
  }

  private pause(paused: boolean): void {
    this.paused = paused;
    this.parts.backend.notify(PauseCallbacks, { paused });
    this.update();
  }

  /** Its listener is gone with it, and nobody waits for an answer any more. */
  private processEnded(): void {
    this.listener = undefined;
    this.answers.withdrawAll();
    this.effects.endProgress();
    for (const [id, call] of this.calls) {
      if (call.state === 'waiting') {
        this.calls.set(id, { ...call, state: 'ended' });
      }
    }
    this.update();
  }

  private update(): void {
    const { paused, listener, total, unlisted } = this;
    const waiting = [...this.calls.values()].filter(({ state }) => state === 'waiting').length;
    this.tree.description = total === 0 ? '' : vscode.l10n.t('{0} calls', total);
    this.tree.badge =
      waiting === 0
        ? undefined
        : { value: waiting, tooltip: vscode.l10n.t('{0} calls wait for you', waiting) };
    const messages = [
      ...(paused ? [vscode.l10n.t('Calls are not answered: choose "Answer Calls Again" to go on.')] : []),
      ...(unlisted === 0 ? [] : [vscode.l10n.t('{0} calls came too fast to be listed.', unlisted)]),
    ];
    this.tree.message = messages.join(' ');
    const keys = [
      ['rpyc:callsPaused', paused],
      ['rpyc:listening', listener !== undefined],
      ['rpyc:callsListed', this.calls.size > 0],
    ] as const;
    for (const [key, value] of keys) {
      void vscode.commands.executeCommand('setContext', key, value);
    }
    this.changed();
  }
}

function profileOf(argument: Row | CallRow | string | undefined): string | undefined {
  if (typeof argument === 'string' || argument === undefined) {
    return argument;
  }
  return 'profileId' in argument ? argument.profileId : undefined;
}
