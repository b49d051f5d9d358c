import * as vscode from 'vscode';
import type { Profile } from '../../server/src/api/model';
import type { Backend } from './backend';
import type { CallsDoor } from './callsDoor';
import { connectionText } from './appearance';
import { isTrying } from './connections';
import type { Connections } from './connections';
import { factsText } from './connectionFacts';
import { lineText, pickText } from './displayText';
import { isOffered } from './offers';
import { appendPlain } from './rowItems';
import type { Snippets } from './snippets';

const LABEL_LIMIT = 30;
const SECOND_MS = 1000;
/** Connections that the hover tells of, and characters of each. */
const MAX_LINES = 20;
const LINE_LIMIT = 400;

export interface StatusBarText {
  readonly text: string;
  /** As Markdown. */
  readonly hover: string;
  readonly spoken: string;
}

/** The one status-bar item, and the context keys that tell the same to menus and keybindings. */
export class StatusBar implements vscode.Disposable {
  private readonly item: vscode.StatusBarItem;
  private readonly listeners: vscode.Disposable;
  private readonly keys = new Map<string, unknown>();
  /** Ticks as long as something runs. */
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly backend: Backend,
    private readonly connections: Connections,
    private readonly snippets: Snippets,
    private readonly calls: CallsDoor,
  ) {
    this.item = vscode.window.createStatusBarItem('rpyc.status', vscode.StatusBarAlignment.Left, 50);
    this.item.name = 'RPyC';
    this.item.command = 'rpyc.showMenu';
    const update = (): void => this.update();
    this.listeners = vscode.Disposable.from(
      connections.onDidChange(update),
      connections.onDidChangeProfiles(update),
      backend.onDidChangeStatus(update),
      snippets.onDidChangeRuns(update),
      calls.onDidChangeTreeData(update),
      vscode.window.onDidChangeActiveTextEditor(update),
    );
    this.update();
  }

  dispose(): void {
    clearInterval(this.timer);
    this.listeners.dispose();
    this.item.dispose();
  }

  /** What the item says, as the editor shows it and as it is read out. */
  get shown(): StatusBarText {
    const { text, tooltip, accessibilityInformation } = this.item;
    return {
      text,
      hover: typeof tooltip === 'object' ? tooltip.value : '',
      spoken: accessibilityInformation?.label ?? '',
    };
  }

  private update(): void {
    const states = this.connections.entries.map(({ profile }) => this.connections.state(profile.id));
    const connected = states.filter((state) => state.status === 'connected').length;
    const trying = states.filter(isTrying).length;
    const troubled = states.filter((state) => state.status === 'failed' || state.status === 'lost').length;
    const lost = states.filter((state) => state.status === 'lost').length;
    const running = this.snippets.running.length;
    const stopped = this.backend.status === 'givenUp';

    if (running === 0) {
      clearInterval(this.timer);
      this.timer = undefined;
    } else {
      this.timer ??= setInterval(() => this.update(), SECOND_MS);
    }
    const { waitsForInput } = this.snippets;
    this.item.command = waitsForInput ? 'rpyc.answerInput' : 'rpyc.showMenu';
    const { status } = this.calls;
    const state = this.text({ connected, trying, troubled, running, stopped });
    const text = status === undefined ? state : `${state} ${status.text}`;
    const { production } = this;
    const marked = (words: string): string => (production ? vscode.l10n.t('{0} PRODUCTION', words) : words);
    this.item.text = marked(text);
    this.item.tooltip = this.tooltip();
    this.item.backgroundColor = production
      ? new vscode.ThemeColor('statusBarItem.errorBackground')
      : stopped || lost > 0
        ? new vscode.ThemeColor('statusBarItem.warningBackground')
        : undefined;
    const summary = stopped
      ? vscode.l10n.t('RPyC: background process stopped')
      : vscode.l10n.t('RPyC: {0} connected, {1} connecting, {2} with a problem', connected, trying, troubled);
    const spoken = [summary, ...(status?.lines ?? [])].join('. ');
    this.item.accessibilityInformation = { label: marked(spoken), role: 'button' };
    if (states.length === 0 && this.connections.rejected.length === 0 && status === undefined) {
      this.item.hide();
    } else {
      this.item.show();
    }

    this.setKey('rpyc:profileCount', states.length);
    this.setKey('rpyc:targetCount', connected);
    this.setKey('rpyc:connected', connected > 0);
    for (const [key, command] of [
      ['rpyc:canConnect', 'connect'],
      ['rpyc:canCancelConnecting', 'cancelConnecting'],
      ['rpyc:canDisconnect', 'disconnect'],
    ] as const) {
      this.setKey(
        key,
        states.some(({ status }) => isOffered(command, status)),
      );
    }
    const hasOutput = states.some(({ profileId }) => this.snippets.hasOutput(profileId));
    this.setKey('rpyc:hasOutput', connected > 0 || hasOutput);
    this.setKey('rpyc:inputWaits', waitsForInput);
    this.setKey('rpyc:busy', running > 0 || states.some((state) => state.busy));
    this.setKey('rpyc:backendStopped', stopped);
  }

  private text(now: {
    connected: number;
    trying: number;
    troubled: number;
    running: number;
    stopped: boolean;
  }): string {
    if (now.stopped) {
      return `$(error) RPyC`;
    }
    if (now.trying > 0) {
      return `$(sync~spin) ${vscode.l10n.t('RPyC: connecting')}`;
    }
    if (this.snippets.waitsForInput) {
      const { seconds } = this.snippets;
      return `$(edit) ${vscode.l10n.t('{0}, waits for input', runningText(seconds))}`;
    }
    if (now.running > 0) {
      return `$(sync~spin) ${runningText(this.snippets.seconds)}`;
    }
    if (now.troubled > 0) {
      return `$(warning) RPyC: ${now.connected}`;
    }
    if (now.connected === 0) {
      return '$(vm-outline) RPyC';
    }
    return `$(vm-active) RPyC: ${this.target() ?? now.connected}`;
  }

  /** Something is connected that is marked as production. */
  private get production(): boolean {
    return this.connections.entries.some(
      ({ profile }) => profile.production === true && this.connections.isConnected(profile.id),
    );
  }

  /** What the Python file in front runs on, so that nobody has to run it to find out. */
  private target(): string | undefined {
    const document = vscode.window.activeTextEditor?.document;
    const profileId = document?.languageId === 'python' ? this.snippets.targetOf(document) : undefined;
    return profileId === undefined ? undefined : pickText(this.connections.label(profileId), LABEL_LIMIT);
  }

  private tooltip(): vscode.MarkdownString {
    const tooltip = new vscode.MarkdownString();
    for (const { profile } of this.connections.entries.slice(0, MAX_LINES)) {
      const { label } = profile;
      appendPlain(tooltip, `${label}: ${this.lineOf(profile)}`).appendMarkdown('  \n');
    }
    for (const line of this.calls.status?.lines ?? []) {
      appendPlain(tooltip, line).appendMarkdown('  \n');
    }
    return tooltip;
  }

  private lineOf(profile: Profile): string {
    const state = this.connections.state(profile.id);
    return state.status === 'connected'
      ? lineText(factsText(profile, state), LINE_LIMIT)
      : connectionText(state, profile, this.connections.clock.seconds(profile.id));
  }

  private setKey(key: string, value: unknown): void {
    if (this.keys.get(key) !== value) {
      this.keys.set(key, value);
      void vscode.commands.executeCommand('setContext', key, value);
    }
  }
}

/** What is over within two seconds is not worth a number that changes. */
function runningText(seconds: number): string {
  if (seconds < 2) {
    return vscode.l10n.t('RPyC: running');
  }
  const minutes = Math.floor(seconds / 60);
  return minutes === 0
    ? vscode.l10n.t('RPyC: running {0} s', seconds)
    : vscode.l10n.t('RPyC: running {0} min {1} s', minutes, seconds % 60);
}
