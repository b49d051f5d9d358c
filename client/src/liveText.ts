import * as vscode from 'vscode';
import type { Backend } from './backend';
import type { Connections } from './connections';
import type { Snippets } from './snippets';

export interface LiveTextParts {
  readonly backend: Backend;
  readonly connections: Connections;
  readonly snippets: Snippets;
}

/**
 * Completion, hovers and signatures from live objects, in texts that have run on a connection. Their code is loaded, and
 * the editor told of them, once there is such a text and something is connected.
 */
export class LiveText implements vscode.Disposable {
  private readonly listeners: vscode.Disposable;
  private registered: Promise<vscode.Disposable> | undefined;

  constructor(private readonly parts: LiveTextParts) {
    const look = (): void => this.look();
    this.listeners = vscode.Disposable.from(
      parts.connections.onDidChange(look),
      parts.snippets.onDidChangeRuns(look),
    );
  }

  dispose(): void {
    this.listeners.dispose();
    void this.registered?.then((providers) => void providers.dispose());
  }

  private look(): void {
    const { connections, snippets } = this.parts;
    if (snippets.boundProfiles().some((profileId) => connections.isConnected(profileId))) {
      this.listeners.dispose();
      this.registered ??= import(/* webpackChunkName: "liveProviders" */ './liveProviders.js').then(
        ({ registerProviders }) => registerProviders(this.parts),
      );
    }
  }
}
