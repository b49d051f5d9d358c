/** What calls make the editor do by itself: output, messages, documents and progress, none of which can flood it. */
import * as vscode from 'vscode';
import type { CallEffect } from '../../server/src/api/callbacks';
import { lineText, messageText, outputText } from './displayText';
import { showInformation } from './messageBoxes';
import type { RemoteDocuments } from './remoteDocuments';

const TAIL_LIMIT = 65_536;
const TEXT_LIMIT = 500;
const NAME_LIMIT = 60;
/** Between two documents of one peer: only the newest is shown. */
const SHOW_PAUSE_MS = 1000;
/** A progress that nobody goes on with ends by itself. */
const SILENCE_MS = 5 * 60_000;

interface Progress {
  readonly report: (done: number | null, total: number | null, text: string) => void;
  readonly end: () => void;
}

interface Showing {
  readonly timer: NodeJS.Timeout;
  next: (CallEffect & { readonly kind: 'show' }) | undefined;
}

export class CallEffects implements vscode.Disposable {
  private channel: vscode.OutputChannel | undefined;
  private atLineStart = true;
  private lastPeer = '';
  /** The end of what was printed. */
  tail = '';
  /** Peers whose message stands there. */
  private readonly told = new Set<string>();
  private readonly progress = new Map<string, Progress>();
  private readonly shown = new Map<string, Showing>();

  constructor(
    private readonly documents: RemoteDocuments,
    private readonly stop: () => void,
  ) {}

  do(effect: CallEffect): void {
    switch (effect.kind) {
      case 'print':
        this.print(effect.peer, effect.text);
        break;
      case 'notify':
        void this.notify(effect.peer, effect.text);
        break;
      case 'show':
        this.show(effect);
        break;
      case 'progress':
        this.go(effect);
        break;
      case 'gone':
        this.progress.get(effect.peer)?.end();
        break;
    }
  }

  leftOut(characters: number): void {
    if (characters > 0) {
      this.append(`\n${vscode.l10n.t('… {0} characters left out: they came too fast', characters)}\n`);
    }
  }

  dispose(): void {
    this.channel?.dispose();
    for (const { end } of this.progress.values()) {
      end();
    }
    for (const { timer } of this.shown.values()) {
      clearTimeout(timer);
    }
    this.shown.clear();
  }

  private print(peer: string, text: string): void {
    if (peer !== this.lastPeer) {
      this.lastPeer = peer;
      this.append(`${this.atLineStart ? '' : '\n'}▶ ${lineText(peer, NAME_LIMIT)}\n`);
    }
    this.append(outputText(text));
  }

  private append(text: string): void {
    if (text === '') {
      return;
    }
    this.channel ??= vscode.window.createOutputChannel(vscode.l10n.t('RPyC Calls'));
    this.atLineStart = text.endsWith('\n');
    this.tail = (this.tail + text).slice(-TAIL_LIMIT);
    this.channel.append(text);
  }

  /** One message of each peer at a time; the list has the others. */
  private async notify(peer: string, text: string): Promise<void> {
    if (this.told.has(peer)) {
      return;
    }
    this.told.add(peer);
    const stop = vscode.l10n.t('Stop Answering Calls');
    const words = `${lineText(peer, NAME_LIMIT)}: ${lineText(text, TEXT_LIMIT)}`;
    const choice = await showInformation(words, stop);
    this.told.delete(peer);
    if (choice === stop) {
      this.stop();
    }
  }

  private show(effect: CallEffect & { readonly kind: 'show' }): void {
    const { peer } = effect;
    const showing = this.shown.get(peer);
    if (showing !== undefined) {
      showing.next = effect;
      return;
    }
    const timer = setTimeout(() => {
      const next = this.shown.get(peer)?.next;
      this.shown.delete(peer);
      if (next !== undefined) {
        this.show(next);
      }
    }, SHOW_PAUSE_MS);
    this.shown.set(peer, { timer, next: undefined });
    void this.open(effect);
  }

  private async open({ peer, title, text }: CallEffect & { readonly kind: 'show' }): Promise<void> {
    const name = lineText(title === '' ? peer : `${peer} – ${title}`, NAME_LIMIT);
    const uri = this.documents.add(name, '.txt', outputText(text));
    const document = await vscode.workspace.openTextDocument(uri);
    await vscode.window.showTextDocument(document, { preview: true, preserveFocus: true });
  }

  private go({ peer, done, total, text }: CallEffect & { readonly kind: 'progress' }): void {
    const isOver = done === null || (total !== null && done >= total);
    if (isOver) {
      this.progress.get(peer)?.end();
      return;
    }
    const going = this.progress.get(peer) ?? this.begin(peer);
    going.report(done, total, messageText(lineText(text, TEXT_LIMIT)));
  }

  /** Nobody tells any more how far it is. */
  endProgress(): void {
    for (const { end } of [...this.progress.values()]) {
      end();
    }
  }

  private begin(peer: string): Progress {
    let finish: () => void = () => undefined;
    let timer: NodeJS.Timeout | undefined;
    let reporter: vscode.Progress<{ message?: string; increment?: number }> | undefined;
    let percent = 0;
    const over = new Promise<void>((resolve) => (finish = resolve));
    const location = vscode.ProgressLocation.Notification;
    // Both texts would be read for links.
    const title = messageText(lineText(peer, NAME_LIMIT));
    void vscode.window.withProgress({ location, title }, (given) => {
      reporter = given;
      return over;
    });
    const end = (): void => {
      clearTimeout(timer);
      this.progress.delete(peer);
      finish();
    };
    const report: Progress['report'] = (done, total, text) => {
      clearTimeout(timer);
      timer = setTimeout(end, SILENCE_MS);
      const now = total === null || total <= 0 || done === null ? percent : (100 * done) / total;
      reporter?.report({ message: text, increment: Math.max(0, now - percent) });
      percent = Math.max(percent, now);
    };
    const progress = { report, end };
    this.progress.set(peer, progress);
    return progress;
  }
}
