/** One piece of code on several connections at once: its way through the queue, and how each of them is stopped. */
import * as vscode from 'vscode';
import { ForgetFailures } from '../../server/src/api/messages';
import type { Backend } from './backend';
import type { Connections } from './connections';
import { FleetModel, isOver } from './fleetModel';
import type { FleetTarget } from './fleetModel';
import { FleetQueue } from './fleetQueue';
import { askToStop, stillRunning } from './interruption';
import { BACKEND_LOST, problemOf } from './problems';
import { CANCELLED } from './snippets';
import type { RunnableCode, Snippets } from './snippets';

/** As many begin at once; those that take longer than the patience do not hold up the rest. */
const AT_ONCE = 8;
const PATIENCE_MS = 5000;

/** What is run, without the connection. */
export type FleetCode = Omit<RunnableCode, 'profileId'>;

export interface FleetRunParts {
  readonly backend: Backend;
  readonly connections: Connections;
  readonly snippets: Snippets;
}

export class FleetRun implements vscode.Disposable {
  readonly model: FleetModel;
  private readonly changed = new vscode.EventEmitter<void>();
  private readonly allEnded = new vscode.EventEmitter<void>();
  private readonly queue: FleetQueue;
  /** Stops waiting for a connection that is being made. */
  private readonly givingUp = new Map<string, () => void>();
  private isDisposed = false;

  /** Something of its rows changed. */
  readonly onDidChange = this.changed.event;
  /** None of them waits or runs any more. */
  readonly onDidEnd = this.allEnded.event;

  constructor(
    private readonly parts: FleetRunParts,
    readonly code: FleetCode,
    targets: readonly FleetTarget[],
  ) {
    this.model = new FleetModel(targets, () => performance.now());
    this.queue = new FleetQueue(AT_ONCE, PATIENCE_MS, (profileId) => this.runOne(profileId));
  }

  get isOver(): boolean {
    return this.model.open.length === 0;
  }

  /** Runs it on these, or all; what they had before goes. */
  start(profileIds = this.model.rows.map(({ profileId }) => profileId)): void {
    this.forget(profileIds);
    profileIds.forEach((id) => this.model.restart(id));
    this.changed.fire();
    this.queue.add(profileIds);
  }

  /** Asks these to stop, or all that have not ended; harder, those that were asked before. */
  async interrupt(profileIds = this.model.open.map(({ profileId }) => profileId)): Promise<void> {
    await Promise.all(profileIds.map((profileId) => this.interruptOne(profileId)));
  }

  /** Chooses what the others are compared with. */
  refer(profileId: string): void {
    this.model.refer(profileId);
    this.changed.fire();
  }

  /** Runs go on as any other does; nothing is told of them any more. */
  dispose(): void {
    this.isDisposed = true;
    this.forget(this.model.rows.map(({ profileId }) => profileId));
    this.queue.dispose();
    for (const giveUp of this.givingUp.values()) {
      giveUp();
    }
    this.changed.dispose();
    this.allEnded.dispose();
  }

  /** Nobody goes back to what these raised. */
  private forget(profileIds: readonly string[]): void {
    const failures = profileIds.flatMap((id) => this.model.row(id)?.result?.error?.failure ?? []);
    if (failures.length > 0) {
      this.parts.backend.notify(ForgetFailures, { failures });
    }
  }

  private async interruptOne(profileId: string): Promise<void> {
    const row = this.model.row(profileId);
    if (row === undefined || isOver(row)) {
      return;
    }
    if (this.queue.withdraw(profileId)) {
      this.model.endWithout(profileId, 'interrupted', vscode.l10n.t('It was stopped before it had begun.'));
      this.told();
      return;
    }
    const giveUp = this.givingUp.get(profileId);
    if (giveUp !== undefined) {
      giveUp();
      return;
    }
    if (row.runId === undefined) {
      return;
    }
    try {
      this.model.asked(profileId, vscode.l10n.t('It is asked to stop…'));
      this.changed.fire();
      const { going, place } = await askToStop(this.parts, profileId, row.runId);
      if (going) {
        this.model.remark(profileId, stillRunning(row.label, place));
      }
    } catch (error) {
      this.model.remark(profileId, problemOf(error).message);
    }
    this.changed.fire();
  }

  private async runOne(profileId: string): Promise<void> {
    try {
      if (await this.connect(profileId)) {
        await this.run(profileId);
      }
    } catch (error) {
      this.model.endWithout(profileId, 'failed', problemOf(error).message);
    }
    this.told();
  }

  /** @returns whether it is connected; if not, its row says why */
  private async connect(profileId: string): Promise<boolean> {
    const { connections } = this.parts;
    if (connections.isConnected(profileId)) {
      return true;
    }
    this.model.connecting(profileId);
    this.changed.fire();
    const isOurs = connections.state(profileId).status !== 'connecting';
    const gaveUp = new Promise<'gaveUp'>((resolve) => {
      this.givingUp.set(profileId, () => resolve('gaveUp'));
    });
    try {
      const outcome = await Promise.race([connections.connect(profileId), gaveUp]);
      if (outcome === 'gaveUp') {
        this.model.endWithout(profileId, 'interrupted', vscode.l10n.t('Connecting was stopped.'));
        if (isOurs) {
          await connections.disconnect(profileId);
        }
        return false;
      }
      if (outcome.kind !== 'connected') {
        const cancelled = vscode.l10n.t('Connecting was cancelled.');
        const remark = outcome.kind === 'failed' ? outcome.problem.message : cancelled;
        this.model.endWithout(profileId, outcome.kind === 'failed' ? 'unreached' : 'interrupted', remark);
      }
      return outcome.kind === 'connected';
    } finally {
      this.givingUp.delete(profileId);
    }
  }

  private run(profileId: string): Promise<void> {
    const { model } = this;
    return this.parts.snippets.run(
      { profileId, ...this.code },
      {
        begun: (runId) => {
          model.running(profileId, runId);
          this.changed.fire();
        },
        printed: (output) => {
          model.print(profileId, output);
          this.changed.fire();
        },
        ended: (_runId, result) => {
          if (result !== undefined) {
            model.end(profileId, result);
          }
          return Promise.resolve();
        },
        lost: ({ code, message }) => {
          const state = code === CANCELLED ? 'interrupted' : code === BACKEND_LOST ? 'lost' : 'failed';
          model.endWithout(profileId, state, message);
        },
      },
    );
  }

  private told(): void {
    if (this.isDisposed) {
      return;
    }
    this.changed.fire();
    if (this.isOver) {
      this.allEnded.fire();
    }
  }
}
