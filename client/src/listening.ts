/** Letting peers connect to the editor: where it listens, for what, and how a Python program gets there. */
import * as vscode from 'vscode';
import type { ListenerInfo, ListenWay } from '../../server/src/api/callbacks';
import { StartListening } from '../../server/src/api/messages';
import type { Backend } from './backend';
import { listenerAddress } from './callItems';
import { requireProcess } from './backend';
import { pickFunctions } from './exposing';
import { showInformation } from './messageBoxes';

interface WayItem extends vscode.QuickPickItem {
  readonly way: ListenWay | 'other';
}

/**
 * Asks where and for what, and listens.
 *
 * @returns undefined where the questions were closed
 * @throws ProblemError
 */
export async function startListening(backend: Backend): Promise<ListenerInfo | undefined> {
  requireProcess();
  const title = vscode.l10n.t('Start Listening for Callbacks');
  const choice = await vscode.window.showQuickPick(wayItems(), {
    title,
    placeHolder: vscode.l10n.t('Who can reach it?'),
    ignoreFocusOut: true,
  });
  if (choice === undefined) {
    return undefined;
  }
  if (choice.way === 'other') {
    void showInformation(
      vscode.l10n.t(
        'RPyC listens on this machine only: from another one, forward a port to it with "ssh -R", and connect to that.',
      ),
    );
    return undefined;
  }
  const names = await pickFunctions(title, []);
  if (names === undefined || names.length === 0) {
    return undefined;
  }
  const listener = await backend.request(StartListening, { way: choice.way, names });
  const copy = vscode.l10n.t('Copy Python That Connects');
  const message = vscode.l10n.t(
    'RPyC listens for callbacks at {0}. Each program that connects is let in by you.',
    listenerAddress(listener),
  );
  void showInformation(message, copy).then(async (pressed) => {
    if (pressed === copy) {
      await vscode.env.clipboard.writeText(pythonThatConnects(listener));
    }
  });
  return listener;
}

function wayItems(): readonly WayItem[] {
  const isWindows = process.platform === 'win32';
  const socket: WayItem = {
    way: 'unix',
    label: vscode.l10n.t('Programs of Yours'),
    detail: vscode.l10n.t('A Unix socket in a folder that only you can open.'),
    iconPath: new vscode.ThemeIcon('plug'),
  };
  const port: WayItem = {
    way: 'loopback',
    label: vscode.l10n.t('Programs of This Machine'),
    detail: vscode.l10n.t('A free port of 127.0.0.1, for programs that know the token.'),
    iconPath: new vscode.ThemeIcon('vm-outline'),
  };
  const other: WayItem = {
    way: 'other',
    label: vscode.l10n.t('Programs of Other Machines…'),
    detail: vscode.l10n.t('How they get here.'),
    iconPath: new vscode.ThemeIcon('remote'),
  };
  return isWindows ? [port, other] : [socket, port, other];
}

/** A program that a user can paste: it holds the token, which is good until the listener ends. */
export function pythonThatConnects({ path, host, port, token, names }: ListenerInfo): string {
  const open =
    path === undefined
      ? [`sock = socket.create_connection((${JSON.stringify(host)}, ${port ?? 0}))`]
      : ['sock = socket.socket(socket.AF_UNIX)', `sock.connect(${JSON.stringify(path)})`];
  return [
    'import socket',
    'import rpyc',
    '',
    ...open,
    '# The token, and what this program calls itself.',
    `sock.sendall(b"${token} worker\\n")`,
    'conn = rpyc.connect_stream(rpyc.SocketStream(sock))',
    example(names[0]),
    '',
  ].join('\n');
}

function example(name: string | undefined): string {
  switch (name) {
    case 'progress':
      return 'conn.root.progress(1, 10, "working")';
    case 'record':
      return 'conn.root.record("started", step=1)';
    case 'open_file':
      return 'conn.root.open_file("README.md", 1)';
    case 'stdout_write':
    case 'stderr_write':
      return `conn.root.${name}("hello\\n")`;
    default:
      return `conn.root.${name ?? 'print'}("hello")`;
  }
}
