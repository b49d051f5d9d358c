import * as vscode from 'vscode';
import { messageText } from './displayText';

/** What a step ends with: a value, the back button, or nothing because the dialogue was closed. */
export type StepResult<T> =
  { readonly kind: 'value'; readonly value: T } | { readonly kind: 'back' } | { readonly kind: 'closed' };

export interface StepPosition {
  readonly title: string;
  readonly step: number;
  readonly totalSteps: number;
}

export interface TextStep extends StepPosition {
  readonly value: string;
  readonly prompt: string;
  readonly placeholder?: string;
  /** The text is the path of a file, which can be chosen in a dialogue: this is the button's name. */
  readonly browse?: string;
  /** @returns what is wrong with the text, or undefined */
  readonly check: (text: string) => string | undefined;
}

export interface PickStep<I extends vscode.QuickPickItem> extends StepPosition {
  readonly items: readonly I[];
  readonly placeholder: string;
  readonly active: I | undefined;
}

/** One step that asks for a text. */
export function askText(step: TextStep): Promise<StepResult<string>> {
  const input = vscode.window.createInputBox();
  input.value = step.value;
  // VS Code makes links of what looks like one, also of those that run commands.
  const check = (text: string): string | undefined => {
    const fault = step.check(text);
    return fault === undefined ? undefined : messageText(fault);
  };
  input.prompt = messageText(step.prompt);
  input.placeholder = step.placeholder;
  const { browse } = step;
  return run(input, step, (finish) => {
    if (browse !== undefined) {
      const button = { iconPath: new vscode.ThemeIcon('folder-opened'), tooltip: browse };
      input.buttons = [...input.buttons, button];
      input.onDidTriggerButton(async (pressed) => {
        const chosen =
          pressed === button ? await vscode.window.showOpenDialog({ openLabel: browse }) : undefined;
        input.value = chosen?.[0]?.fsPath ?? input.value;
      });
    }
    input.onDidChangeValue((text) => {
      // Nobody is told off for a field that is not filled in yet.
      input.validationMessage = text.trim() === '' ? undefined : check(text);
    });
    input.onDidAccept(() => {
      const fault = check(input.value);
      input.validationMessage = fault;
      if (fault === undefined) {
        finish({ kind: 'value', value: input.value.trim() });
      }
    });
  });
}

/** One step that offers a choice. */
export function askPick<I extends vscode.QuickPickItem>(step: PickStep<I>): Promise<StepResult<I>> {
  const pick = vscode.window.createQuickPick<I>();
  pick.items = step.items;
  pick.placeholder = step.placeholder;
  pick.matchOnDetail = true;
  if (step.active !== undefined) {
    pick.activeItems = [step.active];
  }
  return run(pick, step, (finish) => {
    pick.onDidAccept(() => {
      const value = pick.activeItems[0];
      if (value !== undefined) {
        finish({ kind: 'value', value });
      }
    });
  });
}

function run<T>(
  input: vscode.InputBox | vscode.QuickPick<vscode.QuickPickItem>,
  position: StepPosition,
  listen: (finish: (result: StepResult<T>) => void) => void,
): Promise<StepResult<T>> {
  return new Promise((resolve) => {
    input.title = position.title;
    if (position.totalSteps > 1) {
      input.step = position.step;
      input.totalSteps = position.totalSteps;
    }
    input.ignoreFocusOut = true;
    input.buttons = position.step > 1 ? [vscode.QuickInputButtons.Back] : [];
    const finish = (result: StepResult<T>): void => {
      resolve(result);
      input.dispose();
    };
    listen(finish);
    input.onDidTriggerButton((button) => {
      if (button === vscode.QuickInputButtons.Back) {
        finish({ kind: 'back' });
      }
    });
    input.onDidHide(() => finish({ kind: 'closed' }));
    input.show();
  });
}
