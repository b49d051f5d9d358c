/*
 * `SSLAuthenticator` of rpyc/utils/authenticators.py. Differs on purpose: what is older than TLS 1.2 is spoken only where
 * that is asked for, and the peer's certificate is told in Node's form.
 */

import type { Socket } from 'node:net';
import { createServer, type TlsOptions, type TLSSocket } from 'node:tls';

import { AuthenticationError } from '../core/errors';
import {
  createCredentials,
  type Pem,
  isNotTls,
  secureContextOptions,
  type TlsCredentials,
} from '../core/tls';
import { deferred } from '../lib/deferred';
import type { Authenticated } from './serverOptions';

/**
 * All of it is plain data, so that a child process can be given it. A server of old clients sets `minVersion`: those of
 * rpyc before 5.1 speak TLS 1.0 unless they are told otherwise.
 */
export interface SSLAuthenticatorOptions extends TlsCredentials {
  /** Python's name for `key`. */
  readonly keyfile?: string | undefined;
  /** Python's name for `cert`. */
  readonly certfile?: string | undefined;
  /** Python's name for `ca`. */
  readonly caCerts?: string | undefined;
  /** Authorities that sign the certificates of clients: with them, a client has to have one. */
  readonly ca?: Pem | readonly Pem[] | undefined;
  /** Whether clients have to show a certificate: `required` where there are authorities, else `none`. */
  readonly certReqs?: 'none' | 'optional' | 'required' | undefined;
}

/**
 * Makes an authenticator that speaks TLS with the client and may ask for its certificate, which becomes the connection's
 * `credentials`: Node's `PeerCertificate`, or null where there is none.
 */
export class SSLAuthenticator {
  private readonly tls: TlsOptions;
  private readonly isCertificateAsked: boolean;

  /**
   * @throws TypeError where key or certificate is missing; ConnectError `ERR_TLS_CREDENTIALS` where they cannot be read
   *   or are of no use
   */
  constructor(readonly options: SSLAuthenticatorOptions) {
    const { keyfile: key = options.key, certfile: cert = options.cert, caCerts: ca = options.ca } = options;
    if (key === undefined || cert === undefined) throw new TypeError('TLS needs a key and a certificate');
    const { certReqs = ca === undefined ? 'none' : 'required' } = options;
    if (certReqs !== 'none' && ca === undefined) {
      throw new TypeError('Certificates of clients can be judged by their authority only: set ca or caCerts');
    }
    this.isCertificateAsked = certReqs !== 'none';
    const credentials = { ...options, key, cert, ca };
    // What is wrong with a key is said now, not when the first client comes.
    createCredentials(credentials);
    this.tls = {
      ...secureContextOptions(credentials),
      requestCert: this.isCertificateAsked,
      rejectUnauthorized: certReqs === 'required',
    };
  }

  /** @throws AuthenticationError where the client does not speak TLS, or shows no certificate that counts */
  async authenticate(socket: Socket): Promise<Authenticated> {
    const secured = await this.handshake(socket);
    const certificate = secured.getPeerCertificate();
    const hasCertificate = Object.keys(certificate).length > 0;
    if (this.isCertificateAsked && hasCertificate && !secured.authorized) {
      secured.destroy();
      throw new AuthenticationError(`The certificate does not count: ${String(secured.authorizationError)}`);
    }
    return { socket: secured, credentials: hasCertificate ? certificate : null };
  }

  /** A server that never listens knows everything about handshakes; it has this one client. */
  private async handshake(socket: Socket): Promise<TLSSocket> {
    const result = deferred<TLSSocket>();
    const server = createServer(this.tls);
    const onClose = (): void => result.reject(new AuthenticationError('The client left in the handshake'));
    server.once('secureConnection', (secured) => result.resolve(secured));
    server.on('tlsClientError', (error) => {
      const reason = isNotTls(error) ? 'the client does not speak TLS' : `TLS failed: ${error.message}`;
      result.reject(new AuthenticationError(reason, { cause: error }));
    });
    socket.once('close', onClose);
    try {
      server.emit('connection', socket);
      return await result.promise;
    } finally {
      socket.off('close', onClose);
    }
  }
}
