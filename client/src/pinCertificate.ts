/** Asks whether a certificate that nobody vouches for is the right one. Loaded when somebody wants to pin one. */
import * as vscode from 'vscode';
import type { CertificateFacts, Profile, TlsTransport } from '../../server/src/api/model';
import { endpointOf } from '../../server/src/api/transport';
import { lineText } from './displayText';
import { confirm } from './messageBoxes';

const TEXT_LIMIT = 300;

/** @returns whether the user says that this is the certificate of the server */
export function agreesToPin(
  { transport }: Pick<Profile, 'transport'>,
  facts: CertificateFacts,
): Promise<boolean> {
  const { fingerprint, subject, issuer, validFrom, validTo } = facts;
  const line = (text: string): string => lineText(text, TEXT_LIMIT);
  return confirm(
    vscode.l10n.t('Trust this certificate of {0} from now on, and no other?', endpointOf(transport)),
    [
      vscode.l10n.t('SHA-256 fingerprint: {0}', fingerprintText(fingerprint)),
      [
        vscode.l10n.t('made for: {0}', line(subject)),
        vscode.l10n.t('made by: {0}', line(issuer)),
        vscode.l10n.t('valid from {0} to {1}', line(validFrom), line(validTo)),
      ].join('\n'),
      vscode.l10n.t(
        'Somebody in between could show a certificate of their own. Compare the fingerprint with that of the server\'s file: "openssl x509 -noout -fingerprint -sha256 -in" and its name prints it there.',
      ),
    ].join('\n\n'),
    vscode.l10n.t('Pin and Connect'),
  );
}

/** The same way with this one certificate trusted, in the place of any authority. */
export function pinned(transport: TlsTransport, { fingerprint }: CertificateFacts): TlsTransport {
  const kept = Object.entries(transport).filter(([field]) => field !== 'ca' && field !== 'insecure');
  return { ...(Object.fromEntries(kept) as unknown as TlsTransport), pin: fingerprint };
}

/** As openssl prints it. */
function fingerprintText(fingerprint: string): string {
  return (fingerprint.toUpperCase().match(/../g) ?? []).join(':');
}
