import * as vscode from 'vscode';
import type { CertificateFacts, Problem } from '../../server/src/api/model';
import { connectionText } from './appearance';
import type { Connections } from './connections';
import { pickText } from './displayText';
import { showInformation } from './messageBoxes';
import { isOffered } from './offers';
import type { OfferedCommand } from './offers';
import { showProblem } from './problems';
import type { Mend } from './problems';
import { loadPinning } from './pinning';
import type { ProfileEntry } from './profiles';
import { hasSecrets } from './secretStore';
import type { Settings } from './settings';

const TEXT_LIMIT = 200;

/** Failures that a wrong secret may be behind. */
const SECRET_PROBLEMS = ['ERR_AUTHENTICATION', 'ERR_TLS_CREDENTIALS'];

interface ConnectionItem extends vscode.QuickPickItem {
  readonly profileId?: string;
}

/** Asks the user which connection is meant, and connects on the user's behalf. */
export class ConnectionPicker {
  constructor(
    private readonly connections: Connections,
    private readonly settings: Settings,
  ) {}

  /** The connected classic ones. */
  connectedForRuns(): readonly string[] {
    return this.connections.entries
      .map(({ profile }) => profile.id)
      .filter(
        (id) => this.connections.state(id).peer?.service === 'classic' && this.connections.isConnected(id),
      );
  }

  /** Lets the user pick among those that may run Python, the connected ones first. */
  async pickForRuns(): Promise<string | undefined> {
    const ids = this.connections.entries
      .map(({ profile }) => profile)
      .filter(
        ({ id, service }) => service !== 'service' && this.connections.state(id).peer?.service !== 'service',
      )
      .map(({ id }) => id);
    if (ids.length === 0) {
      const message = vscode.l10n.t(
        'No classic connection can run Python: add one to a server started with rpyc_classic.',
      );
      const add = vscode.l10n.t('Add Connection…');
      if ((await showInformation(message, add)) === add) {
        await vscode.commands.executeCommand('rpyc.addConnection');
      }
      return undefined;
    }
    return this.pick(ids, vscode.l10n.t('Run on which connection?'));
  }

  /** Lets the user pick one for which a command is offered. */
  pickOffered(command: OfferedCommand, placeholder: string): Promise<string | undefined> {
    return this.pickWhere((id) => isOffered(command, this.connections.state(id).status), placeholder);
  }

  /** Lets the user pick one that is fit; the only one is taken without asking. */
  async pickWhere(isFit: (profileId: string) => boolean, placeholder: string): Promise<string | undefined> {
    const ids = this.connections.entries.map(({ profile }) => profile.id).filter(isFit);
    if (ids.length === 0) {
      void showInformation(vscode.l10n.t('There is no connection for this.'));
      return undefined;
    }
    return ids.length === 1 ? ids[0] : this.pick(ids, placeholder);
  }

  /** Connects where that is needed, and tells a failure. @returns whether it is connected now */
  async connect(profileId: string): Promise<boolean> {
    if (this.connections.isConnected(profileId)) {
      return true;
    }
    const outcome = await this.connections.connect(profileId);
    if (outcome.kind === 'failed') {
      void showProblem(outcome.problem, this.mend(profileId, outcome.problem));
    }
    return outcome.kind === 'connected';
  }

  /** What was refused may have been typed wrongly; anything else is tried again as it is. */
  private mend(profileId: string, { code, certificate }: Problem): Mend {
    const entry = this.connections.entry(profileId);
    if (entry !== undefined && certificate !== undefined) {
      const run = (): Promise<unknown> => this.pin(entry, certificate);
      return { title: vscode.l10n.t('Pin This Certificate…'), run };
    }
    if (entry !== undefined && SECRET_PROBLEMS.includes(code) && hasSecrets(entry.profile)) {
      const run = async (): Promise<void> => {
        await this.connections.forgetSecrets(entry);
        await this.connect(profileId);
      };
      return { title: vscode.l10n.t('Type the Secret Again…'), run };
    }
    return { title: vscode.l10n.t('Retry'), run: () => this.connect(profileId) };
  }

  /** Trusts this one certificate from now on, once the user has looked at it, and connects. */
  private async pin(entry: ProfileEntry, certificate: CertificateFacts): Promise<void> {
    const { transport } = entry.profile;
    const { agreesToPin, pinned } = await loadPinning();
    if (transport.kind === 'tls' && (await agreesToPin(entry.profile, certificate))) {
      const change = { transport: pinned(transport, certificate) };
      await this.connect(await this.settings.changeProfile(entry, change));
    }
  }

  private async pick(ids: readonly string[], placeholder: string): Promise<string | undefined> {
    const connected = ids.filter((id) => this.connections.isConnected(id));
    const others = ids.filter((id) => !this.connections.isConnected(id));
    const items: ConnectionItem[] = connected.map((id) => this.item(id));
    if (others.length > 0) {
      items.push({ label: vscode.l10n.t('not connected'), kind: vscode.QuickPickItemKind.Separator });
      items.push(...others.map((id) => this.item(id)));
    }
    const choice = await vscode.window.showQuickPick(items, {
      placeHolder: placeholder,
      matchOnDescription: true,
    });
    return choice?.profileId;
  }

  private item(profileId: string): ConnectionItem {
    const profile = this.connections.entry(profileId)?.profile;
    const state = this.connections.state(profileId);
    return {
      profileId,
      label: pickText(this.connections.label(profileId), TEXT_LIMIT),
      description:
        profile === undefined
          ? ''
          : pickText(connectionText(state, profile, this.connections.clock.seconds(profileId)), TEXT_LIMIT),
    };
  }
}
