import type { X509Certificate } from 'node:crypto';

import type { CertificateFacts } from '../api/model';
import { ConnectError } from '../rpyc/index';
import { oneLine } from './problemText';

/** A certificate that nobody vouches for, with what it says of itself: whoever knows it can pin it then. */
export class UntrustedCertificateError extends ConnectError {
  constructor(
    message: string,
    code: string,
    readonly facts: CertificateFacts,
    options?: ErrorOptions,
  ) {
    super(message, code, options);
    this.name = 'UntrustedCertificateError';
  }
}

/** What is told of a certificate. Its texts are the server's own word: one line each, and bounded. */
export function certificateFacts(certificate: X509Certificate): CertificateFacts {
  return {
    fingerprint: certificate.fingerprint256.replaceAll(':', '').toLowerCase(),
    subject: nameText(certificate.subject),
    issuer: nameText(certificate.issuer),
    validFrom: oneLine(certificate.validFrom),
    validTo: oneLine(certificate.validTo),
  };
}

/** Node writes a name as lines of `CN=…`; some certificates have none. */
function nameText(name: string | undefined): string {
  return oneLine((name ?? '').split('\n').join(', '));
}
