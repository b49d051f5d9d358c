import * as vscode from 'vscode';
import type {
  DeployTransport,
  HostProgram,
  Profile,
  RunThread,
  SshTransport,
  SubprocessTransport,
  Transport,
  TransportKind,
} from '../../server/src/api/model';
import { isUnverified } from '../../server/src/api/profile';
import { endpointOf } from '../../server/src/api/transport';

/** The icon of each kind of connection. */
export const KIND_ICONS: Readonly<Record<TransportKind, string>> = {
  tcp: 'vm-outline',
  tls: 'lock',
  unix: 'plug',
  pipe: 'plug',
  ssh: 'remote',
  subprocess: 'terminal',
  deploy: 'rocket',
  registry: 'radio-tower',
};

/** Where a connection leads, on one line: `ssh: user@host → localhost:18812`. */
export function addressText(transport: Transport): string {
  const address = endpointOf(transport);
  switch (transport.kind) {
    case 'tcp':
    case 'unix':
      return address;
    case 'tls':
      return transport.insecure === true
        ? vscode.l10n.t('{0} (not verified)', address)
        : vscode.l10n.t('tls: {0}', address);
    case 'pipe':
      return vscode.l10n.t('pipe: {0}', address);
    case 'ssh':
      return vscode.l10n.t('ssh: {0}', address);
    case 'subprocess':
      return vscode.l10n.t('program: {0}', address);
    case 'deploy':
      return vscode.l10n.t('ssh: {0}, server brought there', address);
    case 'registry':
      return vscode.l10n.t('by name: {0}', address);
  }
}

/** What a hover tells of the way to the server, a line each. */
export function wayLines(profile: Profile): readonly string[] {
  const { transport, preHandshake = [], expose = [] } = profile;
  const lines = [addressText(transport)];
  if (transport.kind === 'tls') {
    lines.push(trustText(profile));
    if (transport.cert !== undefined) {
      lines.push(vscode.l10n.t('our certificate: {0}', transport.cert));
    }
  } else if (transport.kind === 'tcp') {
    lines.push(vscode.l10n.t('not encrypted'));
  } else if (transport.kind === 'ssh' || transport.kind === 'deploy') {
    lines.push(...sshLines(transport));
  } else if (transport.kind === 'registry') {
    lines.push(vscode.l10n.t('a registry says where it is, not encrypted'));
  } else if (transport.kind === 'subprocess') {
    lines.push(...programLines(transport));
  }
  if (preHandshake.length > 0) {
    lines.push(vscode.l10n.t('steps before the protocol: {0}', preHandshake.length));
  }
  if (expose.length > 0) {
    lines.push(vscode.l10n.t('may call in the editor: {0}', expose.join(', ')));
  }
  if (profile.oneShot === true) {
    lines.push(vscode.l10n.t('takes one client only'));
  }
  if (profile.runOn !== undefined) {
    lines.push(threadText(profile.runOn));
  }
  return lines;
}

function threadText(runOn: RunThread): string {
  if (runOn.thread === 'worker') {
    return vscode.l10n.t('runs in a worker thread');
  }
  if (runOn.post !== undefined) {
    return vscode.l10n.t('runs in the main thread of the host program, by: {0}', runOn.post);
  }
  return runOn.host === 'auto'
    ? vscode.l10n.t('runs in the main thread of the host program')
    : vscode.l10n.t('runs in the main thread of {0}', hostTitle(runOn.host));
}

/** What a program is called; names are the same in every language. */
export function hostTitle(host: HostProgram): string {
  const titles: Partial<Record<HostProgram, string>> = { ida: 'IDA', gdb: 'gdb' };
  return titles[host] ?? host.charAt(0).toUpperCase() + host.slice(1);
}

function trustText(profile: Profile): string {
  if (isUnverified(profile)) {
    return vscode.l10n.t('encrypted, but nobody checks whose certificate it is');
  }
  const { transport } = profile;
  const { pin, ca } = transport.kind === 'tls' ? transport : {};
  if (pin !== undefined) {
    return vscode.l10n.t('encrypted, the certificate is pinned: {0}', pin);
  }
  return ca === undefined
    ? vscode.l10n.t('encrypted, the certificate is verified')
    : vscode.l10n.t('encrypted, the certificate is verified by {0}', ca);
}

/** Each of these can make ssh run programs of somebody's choice. */
function sshLines(transport: SshTransport | DeployTransport): readonly string[] {
  const { identityFile, configFile } = transport;
  const python = transport.kind === 'deploy' ? transport.python : undefined;
  return [
    ...(identityFile === undefined ? [] : [vscode.l10n.t('key: {0}', identityFile)]),
    ...(configFile === undefined ? [] : [vscode.l10n.t('ssh configuration: {0}', configFile)]),
    ...(python === undefined ? [] : [vscode.l10n.t('Python: {0}', python)]),
  ];
}

function programLines({ cwd, env = {} }: SubprocessTransport): readonly string[] {
  const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  return [
    ...(cwd === undefined ? [] : [vscode.l10n.t('folder: {0}', cwd)]),
    ...(variables.length === 0 ? [] : [vscode.l10n.t('variables: {0}', variables.join(' '))]),
  ];
}
