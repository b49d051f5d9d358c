/** Shows what a link or another extension proposes, and asks. Loaded when somebody first proposes something. */
import * as vscode from 'vscode';
import type { Profile } from '../../server/src/api/model';
import type { CheckedProfile } from '../../server/src/api/profile';
import { checkProposal, profileOfLink } from '../../server/src/api/proposal';
import { addressText, wayLines } from './kindText';
import { lineText } from './displayText';
import { confirm, showError } from './messageBoxes';
import { listAndConnect } from './serviceConnections';
import type { ServiceConnectionParts } from './serviceConnections';

export type ProposalParts = ServiceConnectionParts;

const LINK_PATH = '/connect';
const NAME_LIMIT = 100;

export async function proposeByLink(parts: ProposalParts, uri: vscode.Uri): Promise<boolean> {
  if (uri.path !== LINK_PATH) {
    void showError(vscode.l10n.t('This link is not one that RPyC knows: only links to /connect are.'));
    return false;
  }
  const checked = profileOfLink(uri.query);
  if ('fault' in checked) {
    const { field, rule } = checked.fault;
    void showError(vscode.l10n.t('The link proposes no connection that can be used: {0} {1}.', field, rule));
    return false;
  }
  return propose(parts, checked.profile, vscode.l10n.t('A link'));
}

export async function proposeByExtension(
  parts: ProposalParts,
  value: unknown,
  by: unknown,
): Promise<boolean> {
  const checked: CheckedProfile = checkProposal(value, 'extension');
  if ('fault' in checked) {
    throw new Error(`${checked.fault.field} ${checked.fault.rule}`);
  }
  return propose(parts, checked.profile, extensionText(by));
}

async function propose(parts: ProposalParts, profile: Profile, who: string): Promise<boolean> {
  if (!vscode.workspace.isTrusted) {
    void showError(
      vscode.l10n.t(
        'RPyC takes no proposals in Restricted Mode: trust this workspace to connect to a remote Python.',
      ),
    );
    return false;
  }
  const agreed = await confirm(
    vscode.l10n.t(
      '{0} proposes the connection "{1}" to {2}.',
      who,
      profile.label,
      addressText(profile.transport),
    ),
    [
      vscode.l10n.t('Add it only if you know the server, and whoever gave you this.'),
      // All that decides what happens, so that nothing is agreed to unseen.
      [kindLine(profile), ...wayLines(profile)].join('\n'),
    ].join('\n\n'),
    vscode.l10n.t('Add and Connect'),
  );
  if (!agreed) {
    return false;
  }
  const { label, transport, service, dialect, oneShot } = profile;
  await listAndConnect(parts, [
    {
      label,
      transport,
      service,
      ...(dialect === undefined || dialect === 'auto' ? {} : { dialect }),
      ...(oneShot === true ? { oneShot } : {}),
    },
  ]);
  return true;
}

function kindLine({ transport, service }: Profile): string {
  const kind =
    transport.kind === 'registry' ? vscode.l10n.t('service by name') : transport.kind.toUpperCase();
  switch (service) {
    case 'classic':
      return vscode.l10n.t('{0}, a classic server', kind);
    case 'service':
      return vscode.l10n.t('{0}, a service', kind);
    case 'auto':
      return kind;
  }
}

/** Nothing tells for sure which extension calls: what it says of itself is shown as its own word. */
function extensionText(by: unknown): string {
  const extension = typeof by === 'string' ? vscode.extensions.getExtension(by) : undefined;
  if (extension === undefined) {
    return vscode.l10n.t('An extension');
  }
  const manifest = extension.packageJSON as Readonly<Record<string, unknown>>;
  const name = typeof manifest['displayName'] === 'string' ? manifest['displayName'] : extension.id;
  return vscode.l10n.t('An extension that says it is "{0}" ({1})', lineText(name, NAME_LIMIT), extension.id);
}
