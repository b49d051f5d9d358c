/*
 * `SSLAuthenticator` of rpyc/utils/authenticators.py. Differs on purpose: nothing older than TLS 1.2 is spoken, and the
 * peer's certificate is told in Node's form.
 */

import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { createServer, type SecureVersion, type TlsOptions, type TLSSocket } from 'node:tls';

import { AuthenticationError } from '../core/errors';
import { deferred } from '../lib/deferred';
import type { Authenticated } from './serverOptions';

type Pem = string | Uint8Array | readonly (string | Uint8Array)[];

/** All of it is plain data, so that a child process can be given it. */
export interface SSLAuthenticatorOptions {
  /** The server's private key in PEM: a file, or the text itself. */
  readonly keyfile?: string | undefined;
  readonly key?: Pem | undefined;
  readonly passphrase?: string | undefined;
  /** The server's certificate and its chain in PEM. */
  readonly certfile?: string | undefined;
  readonly cert?: Pem | undefined;
  /** Authorities that sign the certificates of clients: with them, a client has to have one. */
  readonly caCerts?: string | undefined;
  readonly ca?: Pem | undefined;
  /** Whether clients have to show a certificate: `required` where there are authorities, else `none`. */
  readonly certReqs?: 'none' | 'optional' | 'required' | undefined;
  /** In OpenSSL's form. */
  readonly ciphers?: string | undefined;
  /** TLS 1.2 by default. */
  readonly minVersion?: SecureVersion | undefined;
}

/**
 * Makes an authenticator that speaks TLS with the client and may ask for its certificate, which becomes the connection's
 * `credentials`: Node's `PeerCertificate`, or null where there is none.
 */
export class SSLAuthenticator {
  private readonly tls: TlsOptions;
  private readonly isCertificateAsked: boolean;

  /** @throws TypeError where key or certificate is missing; the system's error for a file that cannot be read */
  constructor(readonly options: SSLAuthenticatorOptions) {
    const key = readPem(options.key, options.keyfile);
    const cert = readPem(options.cert, options.certfile);
    const ca = readPem(options.ca, options.caCerts);
    if (key === undefined || cert === undefined) throw new TypeError('TLS needs a key and a certificate');
    const { certReqs = ca === undefined ? 'none' : 'required', passphrase, ciphers } = options;
    if (certReqs !== 'none' && ca === undefined) {
      throw new TypeError('Certificates of clients can be judged by their authority only: set ca or caCerts');
    }
    this.isCertificateAsked = certReqs !== 'none';
    this.tls = {
      key,
      cert,
      ...(ca === undefined ? {} : { ca }),
      ...(passphrase === undefined ? {} : { passphrase }),
      ...(ciphers === undefined ? {} : { ciphers }),
      minVersion: options.minVersion ?? 'TLSv1.2',
      requestCert: this.isCertificateAsked,
      rejectUnauthorized: certReqs === 'required',
    };
    // What is wrong with a key is said now, not when the first client comes.
    createServer(this.tls);
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
      result.reject(new AuthenticationError(`TLS failed: ${error.message}`, { cause: error }));
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

type PemOption = string | Buffer | (string | Buffer)[];

function readPem(pem: Pem | undefined, file: string | undefined): PemOption | undefined {
  if (file !== undefined) return readFileSync(file);
  if (pem === undefined || typeof pem === 'string') return pem;
  return isBytes(pem)
    ? Buffer.from(pem)
    : pem.map((part) => (typeof part === 'string' ? part : Buffer.from(part)));
}

function isBytes(pem: Exclude<Pem, string>): pem is Uint8Array {
  return pem instanceof Uint8Array;
}
