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

/** Asks before something is done, and waits for the answer. @returns whether the button was pressed */
export async function confirm(message: string, detail: string, button: string): Promise<boolean> {
  const options = { modal: true, detail: messageText(detail) };
  return (await vscode.window.showWarningMessage(messageText(message), options, button)) === button;
}
