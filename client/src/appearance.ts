import * as vscode from 'vscode';
import type {
  ConnectionState,
  ObjectKind,
  ObjectNode,
  PeerInfo,
  Profile,
  ServerKind,
  TransportKind,
} from '../../server/src/api/model';
import { isUnverified } from '../../server/src/api/profile';
import { KIND_ICONS, addressText } from './kindText';

interface Icon {
  readonly id: string;
  readonly color?: string;
}

const OBJECT_ICONS: Readonly<Record<ObjectKind, Icon>> = {
  none: { id: 'symbol-null', color: 'symbolIcon.nullForeground' },
  boolean: { id: 'symbol-boolean', color: 'symbolIcon.booleanForeground' },
  number: { id: 'symbol-number', color: 'symbolIcon.numberForeground' },
  array: { id: 'symbol-array', color: 'symbolIcon.arrayForeground' },
  table: { id: 'table' },
  struct: { id: 'symbol-structure', color: 'symbolIcon.structForeground' },
  enum: { id: 'symbol-enum-member', color: 'symbolIcon.enumeratorMemberForeground' },
  generator: { id: 'sync' },
  frame: { id: 'debug-stackframe' },
  thread: { id: 'pulse' },
  file: { id: 'file' },
  socket: { id: 'plug' },
  string: { id: 'symbol-string', color: 'symbolIcon.stringForeground' },
  bytes: { id: 'file-binary' },
  list: { id: 'symbol-array', color: 'symbolIcon.arrayForeground' },
  tuple: { id: 'symbol-array', color: 'symbolIcon.arrayForeground' },
  dict: { id: 'symbol-object', color: 'symbolIcon.objectForeground' },
  set: { id: 'symbol-enum', color: 'symbolIcon.enumeratorForeground' },
  module: { id: 'symbol-module', color: 'symbolIcon.moduleForeground' },
  class: { id: 'symbol-class', color: 'symbolIcon.classForeground' },
  function: { id: 'symbol-function', color: 'symbolIcon.functionForeground' },
  method: { id: 'symbol-method', color: 'symbolIcon.methodForeground' },
  property: { id: 'symbol-property', color: 'symbolIcon.propertyForeground' },
  exception: { id: 'bug' },
  object: { id: 'symbol-variable', color: 'symbolIcon.variableForeground' },
  namespace: { id: 'symbol-namespace', color: 'symbolIcon.namespaceForeground' },
  modules: { id: 'library' },
  builtins: { id: 'package' },
  threads: { id: 'pulse' },
  service: { id: 'server-process' },
  results: { id: 'output' },
  group: { id: 'list-tree' },
  unread: { id: 'eye-closed', color: 'disabledForeground' },
};

/** @param grey what it shows is of before, or out of reach */
export function objectIcon(
  { kind, blocked }: Pick<ObjectNode, 'kind' | 'blocked'>,
  grey: boolean,
): vscode.ThemeIcon {
  const icon = OBJECT_ICONS[kind];
  const id = blocked !== undefined && kind === 'unread' ? 'lock' : icon.id;
  return themeIcon(grey || blocked !== undefined ? { id, color: 'disabledForeground' } : icon);
}

/** State and kind: a lock where the certificate is verified, a warning where it is not. */
export function connectionIcon(state: ConnectionState, profile: Profile): vscode.ThemeIcon {
  const { kind } = profile.transport;
  const unverified = isUnverified(profile);
  const name = profile.color ?? (profile.production === true ? 'red' : undefined);
  const color = name === undefined ? {} : { color: `rpyc.connection.${name}` };
  switch (state.status) {
    case 'connected':
      if (state.busy) {
        return themeIcon({ id: 'loading~spin' });
      }
      return unverified
        ? themeIcon(UNVERIFIED)
        : themeIcon({ id: kind === 'tcp' ? 'vm-active' : KIND_ICONS[kind], color: 'charts.green', ...color });
    case 'connecting':
    case 'reconnecting':
      return themeIcon({ id: 'loading~spin' });
    case 'failed':
      return themeIcon({ id: 'error', color: 'problemsErrorIcon.foreground' });
    case 'lost':
      return themeIcon({ id: 'debug-disconnect', color: 'disabledForeground' });
    case 'disconnected':
      return themeIcon(unverified ? UNVERIFIED : { id: KIND_ICONS[kind], ...color });
  }
}

const UNVERIFIED: Icon = { id: 'unlock', color: 'problemsWarningIcon.foreground' };

/**
 * What stands beside the connection's name.
 *
 * @param seconds that connecting has taken so far
 */
export function connectionText(state: ConnectionState, profile: Profile, seconds = 0): string {
  const text = stateText(state, profile, seconds);
  return profile.production === true ? vscode.l10n.t('PRODUCTION · {0}', text) : text;
}

function stateText(state: ConnectionState, profile: Profile, seconds: number): string {
  const address = addressText(profile.transport);
  switch (state.status) {
    case 'connected': {
      const peer = state.peer === undefined ? address : peerText(state.peer);
      const text = isUnverified(profile) ? vscode.l10n.t('not verified · {0}', peer) : peer;
      return state.busy ? vscode.l10n.t('running · {0}', text) : text;
    }
    case 'connecting':
      return stageText(state, profile.transport.kind, seconds);
    case 'reconnecting':
      return state.retryInMs !== undefined && state.retryInMs > 0
        ? vscode.l10n.t('lost, next try in {0} s', Math.ceil(state.retryInMs / 1000))
        : withSeconds(vscode.l10n.t('reconnecting…'), seconds);
    case 'failed':
      return vscode.l10n.t('cannot connect · {0}', address);
    case 'lost':
      return vscode.l10n.t('connection lost · {0}', address);
    case 'disconnected':
      return address;
  }
}

/** What is going on while a connection is made, and for how long it has been. */
export function stageText(state: ConnectionState, kind: TransportKind, seconds: number): string {
  return withSeconds(stageWords(state, kind), seconds);
}

function withSeconds(text: string, seconds: number): string {
  return seconds === 0 ? text : vscode.l10n.t('{0} {1} s', text, seconds);
}

function stageWords({ stage }: ConnectionState, kind: TransportKind): string {
  switch (stage) {
    case 'resolve':
      return kind === 'tcp' || kind === 'tls'
        ? vscode.l10n.t('looking up the host…')
        : kind === 'registry'
          ? vscode.l10n.t('asking the registry…')
          : reachingText(kind);
    case 'tls':
      return vscode.l10n.t('setting up encryption…');
    case 'authenticate':
      return vscode.l10n.t('saying who we are…');
    case 'handshake':
      return vscode.l10n.t('talking to the server…');
    case 'root':
      return vscode.l10n.t('asking for the service…');
    default:
      return reachingText(kind);
  }
}

function reachingText(kind: TransportKind): string {
  switch (kind) {
    case 'ssh':
      return vscode.l10n.t('logging in over SSH…');
    case 'deploy':
      return vscode.l10n.t('bringing a server there…');
    case 'subprocess':
      return vscode.l10n.t('starting the program…');
    default:
      return vscode.l10n.t('connecting…');
  }
}

/** The versions of rpyc that speak a dialect, for a peer that does not tell its own. */
const DIALECT_VERSIONS: Readonly<Record<PeerInfo['dialect'], string>> = {
  A: '3.3–3.4',
  B: '4.0',
  C: '4.1–5.3',
  D: '6.0',
};

/** `rpyc 5.3.0 · Python 3.11 · threaded`, as far as the peer tells. */
export function peerText(peer: PeerInfo): string {
  return peerParts(peer, 'short').join(' · ');
}

/** @param form `short` is for a row: what is usual is left out */
export function peerParts(peer: PeerInfo, form: 'short' | 'whole'): string[] {
  const parts = [`rpyc ${peer.rpycVersion ?? DIALECT_VERSIONS[peer.dialect]}`];
  if (peer.pythonVersion !== undefined) {
    const numbers = peer.pythonVersion.split('.').slice(0, form === 'short' ? 2 : 3);
    parts.push(`Python ${numbers.join('.')}`);
  }
  if (peer.service === 'service') {
    parts.push(vscode.l10n.t('service'));
  } else if (form === 'whole') {
    parts.push(vscode.l10n.t('classic'));
  }
  if (peer.serverKind !== 'unknown') {
    parts.push(serverText(peer.serverKind));
  }
  return parts;
}

function serverText(kind: Exclude<ServerKind, 'unknown'>): string {
  switch (kind) {
    case 'threaded':
      return vscode.l10n.t('threaded');
    case 'pool':
      return vscode.l10n.t('thread pool');
    case 'forking':
      return vscode.l10n.t('forking');
    case 'oneshot':
      return vscode.l10n.t('one client only');
    case 'stdio':
      return vscode.l10n.t('over a pipe');
  }
}

function themeIcon({ id, color }: Icon): vscode.ThemeIcon {
  return new vscode.ThemeIcon(id, color === undefined ? undefined : new vscode.ThemeColor(color));
}
