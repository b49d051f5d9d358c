import * as vscode from 'vscode';
import type * as debugSessions from './debugSessions';
import { DEBUG_TYPE } from './debugType';

/** Offers debug sessions on connections. Their code is loaded with the first one. */
export class Debugging implements vscode.Disposable {
  private readonly owned: vscode.Disposable;

  constructor(private readonly parts: debugSessions.DebugParts) {
    const provider: vscode.DebugConfigurationProvider = {
      provideDebugConfigurations: async () => (await load()).configurations(parts),
      resolveDebugConfiguration: async (_folder, configuration) =>
        (await load()).resolveConfiguration(parts, configuration),
    };
    this.owned = vscode.Disposable.from(
      vscode.debug.registerDebugConfigurationProvider(DEBUG_TYPE, provider),
      vscode.debug.registerDebugConfigurationProvider(
        DEBUG_TYPE,
        { provideDebugConfigurations: async () => (await load()).configurations(parts) },
        vscode.DebugConfigurationProviderTriggerKind.Dynamic,
      ),
      vscode.debug.registerDebugAdapterDescriptorFactory(DEBUG_TYPE, {
        createDebugAdapterDescriptor: async (session) => (await load()).createAdapter(parts, session),
      }),
      vscode.debug.onDidChangeActiveStackItem((item) => {
        // VS Code goes by itself to frames with a source only.
        if (item instanceof vscode.DebugThread && item.session.type === DEBUG_TYPE) {
          void vscode.commands.executeCommand('workbench.action.debug.callStackBottom');
        }
      }),
    );
  }

  /** Opens the Debug Console on a connection. @param given its profile; without it the user picks */
  async openConsole(given: string | undefined): Promise<void> {
    await (await load()).openConsole(this.parts, given);
  }

  /** Shows frames in the session on a connection: see `showFrames`. */
  async showFrames(given: string | undefined, kind: 'failure' | 'stacks', failure?: string): Promise<void> {
    await (await load()).showFrames(this.parts, given, { kind, failure });
  }

  dispose(): void {
    this.owned.dispose();
  }
}

function load(): Promise<typeof debugSessions> {
  return import(/* webpackChunkName: "debugSessions" */ './debugSessions.js');
}
