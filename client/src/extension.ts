import type * as vscode from 'vscode';
import { ExtensionParts } from './context';
import type { TestApi } from './testApi';

let parts: ExtensionParts | undefined;

export function activate(context: vscode.ExtensionContext): TestApi {
  const since = performance.now();
  parts = new ExtensionParts(context, since);
  context.subscriptions.push(parts);
  return parts.api;
}

export async function deactivate(): Promise<void> {
  await parts?.stop();
  parts = undefined;
}
