import * as vscode from 'vscode';
import type { RunInputQuestion } from '../../server/src/api/model';
import { messageText, pickText } from './displayText';
import { showInformation } from './messageBoxes';
import { Turns } from './turns';

const PROMPT_LIMIT = 300;
const LABEL_LIMIT = 60;

/** A box that opens closes the one before it: what several runs ask comes one after the other. */
const turns = new Turns();

/** What waits for its answer now. */
let waiting: Waiting | undefined;

/**
 * Asks the user for the line that a run waits for. Where the box is closed, by Escape or by another one that takes its
 * place, the run goes on waiting, and a message and the status bar lead back to it.
 *
 * @param label of the connection
 * @param token the run waits no more
 * @returns null where the user ends the input
 */
export function askForLine(
  question: RunInputQuestion,
  label: string,
  token: vscode.CancellationToken,
): Promise<string | null> {
  return turns.take(async () => {
    if (token.isCancellationRequested) {
      return null;
    }
    const one = new Waiting(question, pickText(label, LABEL_LIMIT), token);
    waiting = one;
    try {
      one.show();
      return await one.answer;
    } finally {
      waiting = undefined;
      one.dispose();
    }
  });
}

/**
 * Opens the box of what waits for a line, or ends its input.
 *
 * @returns whether anything waits
 */
export function answerInput(how: 'answer' | 'end'): boolean {
  if (waiting === undefined) {
    void showInformation(vscode.l10n.t('No code waits for a line now.'));
    return false;
  }
  if (how === 'end') {
    waiting.finish(null);
  } else {
    waiting.show();
  }
  return true;
}

class Waiting implements vscode.Disposable {
  readonly answer: Promise<string | null>;
  private readonly title: string;
  private readonly cancelled: vscode.Disposable;
  private resolve: (answer: string | null) => void = () => undefined;
  private box: vscode.InputBox | undefined;
  private typed = '';
  private isOver = false;
  private isTold = false;

  constructor(
    private readonly question: RunInputQuestion,
    label: string,
    token: vscode.CancellationToken,
  ) {
    this.answer = new Promise((resolve) => (this.resolve = resolve));
    this.title =
      question.hidden === true
        ? vscode.l10n.t('Code on "{0}" asks for a password', label)
        : vscode.l10n.t('Code on "{0}" asks for a line', label);
    this.cancelled = token.onCancellationRequested(() => this.finish(null));
  }

  /** Opens the box, unless it is open. */
  show(): void {
    if (this.box !== undefined || this.isOver) {
      return;
    }
    const box = vscode.window.createInputBox();
    const end = {
      iconPath: new vscode.ThemeIcon('stop-circle'),
      tooltip: vscode.l10n.t('End Input'),
    };
    this.box = box;
    box.title = this.title;
    box.password = this.question.hidden === true;
    box.value = this.typed;
    box.prompt = messageText(
      pickText(this.question.prompt, PROMPT_LIMIT) ||
        vscode.l10n.t('Enter sends it. When this is closed, the code goes on waiting.'),
    );
    box.buttons = [end];
    box.ignoreFocusOut = true;
    box.onDidAccept(() => this.finish(box.value));
    box.onDidTriggerButton(() => this.finish(null));
    box.onDidHide(() => {
      // What was typed is there again; a password is not kept.
      this.typed = box.password ? '' : box.value;
      this.box = undefined;
      box.dispose();
      if (!this.isOver) {
        void this.tell();
      }
    });
    box.show();
  }

  finish(answer: string | null): void {
    this.isOver = true;
    this.resolve(answer);
    this.box?.hide();
  }

  dispose(): void {
    this.isOver = true;
    this.cancelled.dispose();
    this.box?.dispose();
  }

  /** Says once that the run goes on waiting. */
  private async tell(): Promise<void> {
    if (this.isTold) {
      return;
    }
    this.isTold = true;
    const answer = vscode.l10n.t('Answer…');
    const end = vscode.l10n.t('End Input');
    const choice = await showInformation(vscode.l10n.t('{0}, and goes on waiting.', this.title), answer, end);
    this.isTold = false;
    if (choice !== undefined && this.isOver) {
      void showInformation(vscode.l10n.t('No code waits for a line now.'));
    } else if (choice === answer) {
      this.show();
    } else if (choice === end) {
      this.finish(null);
    }
  }
}
