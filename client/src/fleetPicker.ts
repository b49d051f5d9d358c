/** Asks on which connections a piece of code is to run. */
import * as vscode from 'vscode';
import { connectionText } from './appearance';
import type { Connections } from './connections';
import { pickText } from './displayText';
import { showInformation } from './messageBoxes';

const TEXT_LIMIT = 200;
const KEY = 'severalByDocument';
const KEPT_DOCUMENTS = 200;

interface TargetItem extends vscode.QuickPickItem {
  readonly profileId?: string;
}

export class FleetPicker {
  constructor(
    private readonly connections: Connections,
    private readonly memory: vscode.Memento,
  ) {}

  /** Those that may run Python: strict services run no code. */
  get usable(): readonly string[] {
    return this.connections.entries.map(({ profile }) => profile.id).filter((id) => !this.isService(id));
  }

  /** @returns undefined where the user wants none */
  async pick(uri: vscode.Uri): Promise<readonly string[] | undefined> {
    const { usable } = this;
    if (usable.length === 0) {
      void showInformation(
        vscode.l10n.t('No classic connection can run Python: add one to a server started with rpyc_classic.'),
      );
      return undefined;
    }
    const choice = await vscode.window.showQuickPick(this.items(usable, this.remembered(uri)), {
      title: vscode.l10n.t('Run on Several Connections'),
      placeHolder: this.placeHolder(usable.length),
      canPickMany: true,
      matchOnDescription: true,
      ignoreFocusOut: true,
    });
    const ids = choice?.flatMap(({ profileId }) => (profileId === undefined ? [] : [profileId])) ?? [];
    if (choice !== undefined && ids.length === 0) {
      void showInformation(vscode.l10n.t('No connection was chosen: mark those that are to run it.'));
    }
    return ids.length === 0 ? undefined : ids;
  }

  /** What a document has run on is marked when it is run again. */
  async remember(uri: vscode.Uri, profileIds: readonly string[]): Promise<void> {
    const key = uri.toString();
    const others = Object.entries(this.all()).filter(([known]) => known !== key);
    await this.memory.update(KEY, Object.fromEntries([...others, [key, profileIds]].slice(-KEPT_DOCUMENTS)));
  }

  private isService(profileId: string): boolean {
    const declared = this.connections.entry(profileId)?.profile.service;
    return declared === 'service' || this.connections.state(profileId).peer?.service === 'service';
  }

  /** The last choice; without one, what is connected and no production. */
  private remembered(uri: vscode.Uri): (profileId: string) => boolean {
    const last = this.all()[uri.toString()];
    return (id) =>
      last === undefined
        ? this.connections.isConnected(id) && this.connections.entry(id)?.profile.production !== true
        : last.includes(id);
  }

  private all(): Readonly<Record<string, readonly string[] | undefined>> {
    return this.memory.get<Record<string, readonly string[]>>(KEY) ?? {};
  }

  private items(usable: readonly string[], isPicked: (profileId: string) => boolean): readonly TargetItem[] {
    const item = (profileId: string): TargetItem => ({
      ...this.item(profileId),
      picked: isPicked(profileId),
    });
    const connected = usable.filter((id) => this.connections.isConnected(id));
    const others = usable.filter((id) => !this.connections.isConnected(id));
    const separator = { label: vscode.l10n.t('not connected'), kind: vscode.QuickPickItemKind.Separator };
    return [...connected.map(item), ...(others.length === 0 ? [] : [separator, ...others.map(item)])];
  }

  private item(profileId: string): TargetItem {
    const profile = this.connections.entry(profileId)?.profile;
    const state = this.connections.state(profileId);
    const seconds = this.connections.clock.seconds(profileId);
    return {
      profileId,
      label: pickText(this.connections.label(profileId), TEXT_LIMIT),
      description: profile === undefined ? '' : pickText(connectionText(state, profile, seconds), TEXT_LIMIT),
    };
  }

  private placeHolder(usable: number): string {
    const left = this.connections.entries.length - usable;
    return left === 0
      ? vscode.l10n.t('Mark the connections that are to run it')
      : vscode.l10n.t(
          'Mark the connections that are to run it; strict services run no code ({0} left out)',
          left,
        );
  }
}
