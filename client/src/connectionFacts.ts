import * as vscode from 'vscode';
import type { ConnectionState, Profile } from '../../server/src/api/model';
import { isUnverified } from '../../server/src/api/profile';
import { peerParts } from './appearance';
import { addressText } from './kindText';

/** What is known of the peer and of the way to it, a line each: for the hover of its row. */
export function peerLines({ peer, latencyMs }: ConnectionState): readonly string[] {
  if (peer === undefined) {
    return [];
  }
  return [
    ...(peer.address === undefined ? [] : [vscode.l10n.t('the registry says: {0}', peer.address)]),
    peerParts(peer, 'whole').join(' · '),
    vscode.l10n.t('root object: {0}', peer.rootType),
    ...(peer.pid === undefined ? [] : [vscode.l10n.t('process {0}', peer.pid)]),
    ...latencyLines(latencyMs),
    ...(peer.advisories ?? []),
    ...(peer.service === 'classic'
      ? [vscode.l10n.t('classic: whoever connects can run any Python there')]
      : []),
  ];
}

/** The same on one line, for a list of connections. */
export function factsText(profile: Profile, { peer, latencyMs }: ConnectionState): string {
  const parts = peer === undefined ? [] : [...peerParts(peer, 'whole')];
  if (peer?.pid !== undefined) {
    parts.push(vscode.l10n.t('process {0}', peer.pid));
  }
  parts.push(peer?.address ?? addressText(profile.transport), ...trustWord(profile));
  return [...parts, ...latencyLines(latencyMs)].join(' · ');
}

function latencyLines(latencyMs: number | undefined): readonly string[] {
  return latencyMs === undefined ? [] : [vscode.l10n.t('latency {0} ms', latencyText(latencyMs))];
}

function latencyText(ms: number): string {
  return ms.toLocaleString(vscode.env.language, { maximumFractionDigits: ms < 10 ? 1 : 0 });
}

function trustWord(profile: Profile): readonly string[] {
  const { transport } = profile;
  switch (transport.kind) {
    case 'tls':
      return [
        isUnverified(profile)
          ? vscode.l10n.t('certificate NOT verified')
          : transport.pin === undefined
            ? vscode.l10n.t('certificate verified')
            : vscode.l10n.t('certificate pinned'),
      ];
    case 'tcp':
    case 'registry':
      return [vscode.l10n.t('not encrypted')];
    default:
      return [];
  }
}
