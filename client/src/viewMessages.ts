import * as vscode from 'vscode';
import type { Backend } from './backend';
import type { Connections } from './connections';

/** What a view tells above its rows. A view without rows has a welcome in its place. */
export interface MessageView {
  message?: string;
}

/** Keeps the message of the connections' view: the process is stopped, or nothing is connected. */
export function tellConnections(
  view: MessageView,
  backend: Backend,
  connections: Connections,
): vscode.Disposable {
  const update = (): void => {
    const hasRows = connections.entries.length + connections.rejected.length > 0;
    view.message = (hasRows ? (stoppedText(backend) ?? idleText(connections)) : undefined) ?? '';
  };
  update();
  return vscode.Disposable.from(
    backend.onDidChangeStatus(update),
    connections.onDidChange(update),
    connections.onDidChangeProfiles(update),
  );
}

/** Keeps the message of the services' view: the process is stopped, and what is shown is of before. */
export function tellServices(view: MessageView, backend: Backend, hasRows: () => boolean): vscode.Disposable {
  return backend.onDidChangeStatus(() => {
    view.message = (hasRows() ? stoppedText(backend) : undefined) ?? '';
  });
}

function stoppedText(backend: Backend): string | undefined {
  return backend.status === 'givenUp'
    ? vscode.l10n.t(
        'The background process of RPyC crashed three times and was left stopped. Choose "Restart Background Process" behind the three dots.',
      )
    : undefined;
}

/** Every connection is closed, or could not be opened. One that was lost still shows what there was. */
function idleText(connections: Connections): string | undefined {
  const states = connections.entries.map(({ profile }) => connections.state(profile.id).status);
  const isIdle = states.length > 0 && states.every((one) => one === 'disconnected' || one === 'failed');
  return isIdle && vscode.workspace.isTrusted
    ? vscode.l10n.t('Nothing is connected: click a connection to connect.')
    : undefined;
}
