import type * as vscode from 'vscode';
import { type ExtensionApi, ExtensionParts } from './context';

let parts: ExtensionParts | undefined;

export function activate(context: vscode.ExtensionContext): ExtensionApi {
  const since = performance.now();
  parts = new ExtensionParts(context, since);
  context.subscriptions.push(parts);
  return parts.api;
}

export async function deactivate(): Promise<void> {
  await parts?.stop();
  parts = undefined;
}
