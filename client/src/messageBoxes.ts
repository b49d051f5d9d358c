import * as vscode from 'vscode';
import { messageText } from './displayText';

/** Tells a failure. @returns the button that was pressed, undefined when the message was closed */
export function showError(message: string, ...buttons: string[]): Thenable<string | undefined> {
  return vscode.window.showErrorMessage(messageText(message), ...buttons);
}

/** Tells why nothing happens. @returns the button that was pressed, undefined when the message was closed */
export function showInformation(message: string, ...buttons: string[]): Thenable<string | undefined> {
  return vscode.window.showInformationMessage(messageText(message), ...buttons);
}

/** Asks for a line. @returns undefined when the box was closed */
export function askLine(
  options: vscode.InputBoxOptions & { readonly prompt: string },
  token?: vscode.CancellationToken,
): Thenable<string | undefined> {
  return vscode.window.showInputBox({ ...options, prompt: messageText(options.prompt) }, token);
}

/** Asks before something is done, and waits for the answer. @returns whether the button was pressed */
export async function confirm(message: string, detail: string, button: string): Promise<boolean> {
  const options = { modal: true, detail: messageText(detail) };
  return (await vscode.window.showWarningMessage(messageText(message), options, button)) === button;
}
