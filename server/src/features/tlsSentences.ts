import type { Transport } from '../api/model';
import { ErrorCode } from '../rpyc/index';

/**
 * One sentence about a TLS handshake that came to nothing.
 *
 * @param at names the server
 * @param message what the library says
 */
export function tlsSentence(
  code: string,
  at: string,
  message: string,
  transport: Transport | undefined,
): string | undefined {
  const tls = transport?.kind === 'tls' ? transport : undefined;
  const fingerprint = /fingerprint ([0-9a-f]{64})/.exec(message)?.[1];
  const toPin = fingerprint === undefined ? '' : `, which is ${fingerprint} if nobody is in between`;
  switch (code) {
    case ErrorCode.notTls:
      return `${at} does not speak TLS: set the kind of the connection to TCP, or correct the port.`;
    case ErrorCode.tlsUntrusted:
      return `The certificate of ${at} comes from an authority that is not trusted here: set the CA file of the connection to the certificate of that authority, or pin the SHA-256 fingerprint of the server's certificate${toPin}.`;
    case ErrorCode.tlsSelfSigned:
      return `The certificate of ${at} is self-signed: use it as the CA file of the connection, or pin its SHA-256 fingerprint${toPin}.`;
    case ErrorCode.tlsName:
      return `The certificate of ${at} is for another host name: use the name that it was made for, or write that name into the field servername.`;
    case ErrorCode.tlsExpired:
      return /not valid yet/.test(message)
        ? `The certificate of ${at} is not valid yet: check the clocks of both machines.`
        : `The certificate of ${at} has expired: have it renewed on the server, and check the clock of this machine.`;
    case ErrorCode.tlsPin: {
      const is = fingerprint === undefined ? '' : ` but ${fingerprint}`;
      return `The certificate of ${at} is not the pinned one${is}: ask whoever runs the server whether it was renewed, and only then pin the new one.`;
    }
    case ErrorCode.tlsVersion:
      return `${at} speaks only versions of TLS that are no longer safe; if the server's RPyC is 4.1 or older, it insists on TLS 1.0: update rpyc on the server, or reach it through SSH.`;
    case ErrorCode.tlsClientCertificate:
      return tls?.cert === undefined
        ? `${at} lets in only clients with a certificate that it knows: set the certificate and the key of the connection, or check that it is an RPyC server.`
        : `${at} does not accept the certificate of this connection: use one that is signed by the authority that the server trusts.`;
    case ErrorCode.tlsCredentials: {
      const file = /TLS option (ca|cert|key) cannot be read/.exec(message)?.[1];
      return file === undefined
        ? `The certificates of the connection to ${at} cannot be used: check that certificate and key belong together, and the passphrase of the key.`
        : `The file in the field ${file} of the connection to ${at} cannot be read: correct its path, or its permissions.`;
    }
    case ErrorCode.tls:
      return `Encryption with ${at} could not be agreed upon: see the log, and check which versions of TLS and which certificates the server takes.`;
    default:
      return undefined;
  }
}
