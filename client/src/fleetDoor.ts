import type * as vscode from 'vscode';
import type { FleetCommandId } from './commandIds';
import type { FleetParts, FleetRuns, FleetSnapshot } from './fleetRuns';

/** The way to runs on several connections: their code is loaded with the first of them. */
export class FleetDoor implements vscode.Disposable {
  private loading: Promise<FleetRuns> | undefined;
  private loaded: FleetRuns | undefined;
  private isDisposed = false;

  constructor(private readonly parts: FleetParts) {}

  async run(id: FleetCommandId, given: unknown): Promise<void> {
    await (await this.load()).command(id, given);
  }

  /** The newest table, for tests. */
  snapshot(): FleetSnapshot | undefined {
    return this.loaded?.snapshot();
  }

  dispose(): void {
    this.isDisposed = true;
    this.loaded?.dispose();
  }

  private load(): Promise<FleetRuns> {
    this.loading ??= import(/* webpackChunkName: "fleet" */ './fleetRuns.js').then(
      ({ FleetRuns: Loaded }) => {
        const runs = new Loaded(this.parts);
        this.loaded = runs;
        if (this.isDisposed) {
          runs.dispose();
        }
        return runs;
      },
    );
    return this.loading;
  }
}
