/*
 * TLS over a socket, after the `ssl_connect` of rpyc/core/stream.py. Differs on purpose: the peer has to prove who it is
 * unless a lax connection is asked for, old versions of TLS have to be asked for, and each failure has a code.
 */

import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { isIP, type Socket } from 'node:net';
import {
  connect,
  createSecureContext,
  DEFAULT_CIPHERS,
  type SecureContext,
  type SecureContextOptions,
  type SecureVersion,
  type TLSSocket,
} from 'node:tls';

import { after, deferred, onAbort } from '../lib/deferred';
import { DisposableStore } from '../lib/disposable';
import { errorText } from '../lib/errorText';
import { aborted, connectError, systemCode, timedOut } from './connectErrors';
import { ConnectError, ErrorCode } from './errors';

/** PEM text, bytes of it, or the name of a file that holds it: text without a PEM header is a file name. */
export type Pem = string | Uint8Array;

/** What both sides of TLS can be told. */
export interface TlsCredentials {
  /** Certificates of the authorities that the other side's certificate may come from; by default those of Node. */
  readonly ca?: Pem | readonly Pem[] | undefined;
  /** Our own certificate, with its chain. */
  readonly cert?: Pem | undefined;
  /** The private key of `cert`. */
  readonly key?: Pem | undefined;
  /** Opens an encrypted `key`. */
  readonly passphrase?: string | undefined;
  /** OpenSSL's list of ciphers. */
  readonly ciphers?: string | undefined;
  /** `TLSv1.2` by default. Below that, OpenSSL's security level is lowered to 0 unless `ciphers` says otherwise. */
  readonly minVersion?: SecureVersion | undefined;
  readonly maxVersion?: SecureVersion | undefined;
}

/** What a client of TLS can be told. */
export interface TlsOptions extends TlsCredentials {
  /**
   * SHA-256 fingerprint of the peer's certificate, in hexadecimal digits, with or without colons, or as openssl
   * prints it; several are alternatives. A pin stands for the authority and the name, unless `ca` or `rejectUnauthorized: true` is given too.
   */
  readonly pin?: string | readonly string[] | undefined;
  /** The name that the certificate has to be for, and that the server is told; the host by default. */
  readonly servername?: string | undefined;
  /** Whether authority, host name and dates are checked: true by default. Python's client checks less. */
  readonly rejectUnauthorized?: boolean | undefined;
}

const DEFAULT_MIN_VERSION: SecureVersion = 'TLSv1.2';
const OLD_VERSIONS: ReadonlySet<string> = new Set(['TLSv1', 'TLSv1.1']);

/** Node's form of the credentials, with files read. */
export function secureContextOptions(options: TlsCredentials): SecureContextOptions {
  const { ca, cert, key, passphrase, minVersion = DEFAULT_MIN_VERSION, maxVersion } = options;
  const ciphers =
    options.ciphers ?? (OLD_VERSIONS.has(minVersion) ? `${DEFAULT_CIPHERS}:@SECLEVEL=0` : undefined);
  const authorities = ca === undefined ? undefined : isList(ca) ? ca : [ca];
  return {
    minVersion,
    ...(maxVersion !== undefined && { maxVersion }),
    ...(ciphers !== undefined && { ciphers }),
    ...(authorities !== undefined && { ca: authorities.map((pem) => readPem(pem, 'ca')) }),
    ...(cert !== undefined && { cert: readPem(cert, 'cert') }),
    ...(key !== undefined && { key: readPem(key, 'key') }),
    ...(passphrase !== undefined && { passphrase }),
  };
}

function isList(ca: Pem | readonly Pem[]): ca is readonly Pem[] {
  return Array.isArray(ca);
}

function readPem(pem: Pem, option: string): string | Buffer {
  if (typeof pem !== 'string') return Buffer.from(pem);
  if (pem.includes('-----BEGIN ')) return pem;
  try {
    return readFileSync(pem);
  } catch (error) {
    const text = `File of the TLS option ${option} cannot be read: ${pem}`;
    throw new ConnectError(text, ErrorCode.tlsCredentials, { cause: error });
  }
}

/**
 * Credentials that are ready for use.
 *
 * @throws ConnectError `ERR_TLS_CREDENTIALS` where they cannot be read or do not belong together
 */
export function createCredentials(options: TlsCredentials): SecureContext {
  const made = secureContextOptions(options);
  try {
    // Node passes over an authority that is none, and trusts nobody then.
    for (const authority of [made.ca ?? []].flat()) new X509Certificate(authority);
    return createSecureContext(made);
  } catch (error) {
    const reason = errorText(error);
    throw new ConnectError(`TLS credentials are of no use: ${reason}`, ErrorCode.tlsCredentials, {
      cause: error,
    });
  }
}

/**
 * A SHA-256 fingerprint as lower-case hexadecimal digits, also from the line that `openssl x509 -fingerprint -sha256`
 * prints.
 *
 * @throws ConnectError `ERR_TLS_CREDENTIALS` where it is none
 */
export function normaliseFingerprint(fingerprint: string): string {
  const digits = fingerprint.replace(/^\s*sha-?256(?: fingerprint)?[:=]/i, '').replace(/[:\s]/g, '');
  if (!/^[0-9a-f]{64}$/i.test(digits)) {
    const form = '64 hexadecimal digits, with or without colons, such as 0E:C2:…:7F';
    const given = JSON.stringify(fingerprint.slice(0, 120));
    throw new ConnectError(`A pin is a SHA-256 fingerprint, ${form}: not ${given}`, ErrorCode.tlsCredentials);
  }
  return digits.toLowerCase();
}

/** A client's options, read and checked. */
export interface TlsClient {
  readonly context: SecureContext;
  readonly pins: readonly string[] | undefined;
  readonly options: TlsOptions;
}

/**
 * Reads a client's options, so that what is wrong with them is said before anything is connected.
 *
 * @throws ConnectError `ERR_TLS_CREDENTIALS`, also for a pin that is none
 */
export function prepareTls(options: TlsOptions): TlsClient {
  const { pin } = options;
  const pins =
    pin === undefined ? undefined : (typeof pin === 'string' ? [pin] : pin).map(normaliseFingerprint);
  return { context: createCredentials(options), pins, options };
}

export interface TlsEndpoint {
  /** Names the endpoint, for people. */
  readonly where: string;
  readonly host: string;
  /** Seconds for the TLS handshake. */
  readonly timeout?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Speaks TLS, as a client, over a socket that is connected. The socket is destroyed where that fails.
 *
 * @throws ConnectError with the code of what went wrong
 */
export async function startTls(socket: Socket, endpoint: TlsEndpoint, client: TlsClient): Promise<TLSSocket> {
  const { where, timeout, signal } = endpoint;
  const held = new DisposableStore();
  const result = deferred<undefined>();
  const secured = connectOver(socket, endpoint.host, client);
  secured.on('error', (error: Error) => result.reject(tlsError(error, where, socket.bytesRead)));
  secured.once('close', () => result.reject(tlsEnd(where, socket.bytesRead)));
  secured.once('secureConnect', () => result.resolve(undefined));
  held.add(after(timeout, () => result.reject(timedOut(where, 'tls', timeout))));
  held.add(onAbort(signal, (reason) => result.reject(aborted(where, reason))));
  try {
    await result.promise;
    checkPin(secured, client.pins, where);
    return secured;
  } catch (error) {
    secured.destroy();
    socket.destroy();
    throw error;
  } finally {
    held.dispose();
  }
}

function connectOver(socket: Socket, host: string, { context, pins, options }: TlsClient): TLSSocket {
  const isPinned = pins !== undefined && options.ca === undefined;
  // A certificate names an address without the interface through which it is reached.
  const name = options.servername ?? host.replace(/%.*$/, '');
  return connect({
    socket,
    host: name,
    secureContext: context,
    rejectUnauthorized: options.rejectUnauthorized ?? !isPinned,
    // Addresses have no place in the name that the server is told.
    ...(isIP(name) === 0 && { servername: name }),
  });
}

function checkPin(socket: TLSSocket, pins: readonly string[] | undefined, where: string): void {
  if (pins === undefined) return;
  const certificate = socket.getPeerX509Certificate();
  const fingerprint = certificate?.fingerprint256;
  const seen = fingerprint === undefined ? undefined : normaliseFingerprint(fingerprint);
  if (seen !== undefined && pins.includes(seen)) return;
  throw new ConnectError(
    `Certificate of ${where} has the fingerprint ${seen ?? 'of none'}, which is not the pinned one`,
    ErrorCode.tlsPin,
    // Whoever asks the user whether to trust it shows what it says of itself.
    { cause: certificate },
  );
}

type Explanation = readonly [code: ErrorCode, text: string];

const UNTRUSTED: Explanation = [
  ErrorCode.tlsUntrusted,
  'comes from an authority that is not trusted here: give its certificate as ca, or pin this one',
];
const EXPIRED = 'set the clock, renew it, or pin it';
const NOT_TLS: Explanation = [
  ErrorCode.notTls,
  'does not speak TLS: connect without it, or correct the port',
];
const TOO_OLD: Explanation = [
  ErrorCode.tlsVersion,
  'speaks no version of TLS that is allowed here: renew the server, or set minVersion',
];
const OUR_CERTIFICATE: Explanation = [
  ErrorCode.tlsClientCertificate,
  'wants a client certificate that it trusts: give cert and key',
];

/** About the peer's certificate; of others the text goes on from the endpoint. */
const certificateErrors: ReadonlyMap<string, Explanation> = new Map([
  [
    'DEPTH_ZERO_SELF_SIGNED_CERT',
    [ErrorCode.tlsSelfSigned, 'is self-signed: pin its fingerprint, or give it as ca'],
  ],
  ['SELF_SIGNED_CERT_IN_CHAIN', UNTRUSTED],
  ['UNABLE_TO_GET_ISSUER_CERT', UNTRUSTED],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', UNTRUSTED],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', UNTRUSTED],
  ['CERT_SIGNATURE_FAILURE', UNTRUSTED],
  ['CERT_UNTRUSTED', UNTRUSTED],
  ['CERT_REJECTED', UNTRUSTED],
  ['CERT_REVOKED', UNTRUSTED],
  ['INVALID_CA', UNTRUSTED],
  ['INVALID_PURPOSE', UNTRUSTED],
  ['CERT_HAS_EXPIRED', [ErrorCode.tlsExpired, `has expired: ${EXPIRED}`]],
  ['CERT_NOT_YET_VALID', [ErrorCode.tlsExpired, `is not valid yet: ${EXPIRED}`]],
  [
    'ERR_TLS_CERT_ALTNAME_INVALID',
    [ErrorCode.tlsName, 'is for another name: use a name that it is for, or set servername'],
  ],
] satisfies [string, Explanation][]);

const handshakeErrors: ReadonlyMap<string, Explanation> = new Map([
  ['ERR_SSL_WRONG_VERSION_NUMBER', NOT_TLS],
  ['ERR_SSL_PACKET_LENGTH_TOO_LONG', NOT_TLS],
  ['ERR_SSL_UNEXPECTED_MESSAGE', NOT_TLS],
  ['ERR_SSL_HTTP_REQUEST', NOT_TLS],
  ['ERR_SSL_RECORD_LAYER_FAILURE', NOT_TLS],
  ['ERR_SSL_UNSUPPORTED_PROTOCOL', TOO_OLD],
  ['ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION', TOO_OLD],
  ['ERR_SSL_NO_PROTOCOLS_AVAILABLE', TOO_OLD],
  // What a server says whose only version its own OpenSSL forbids: rpyc up to 4.1.5 insists on TLS 1.0.
  [
    'ERR_SSL_TLSV1_ALERT_INTERNAL_ERROR',
    [
      ErrorCode.tlsVersion,
      'finds no version of TLS that it can speak: rpyc up to 4.1.5 insists on TLS 1.0, so renew the server',
    ],
  ],
  // Before TLS 1.3, a server that misses our certificate says no more than that the handshake failed.
  [
    'ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE',
    [
      ErrorCode.tlsClientCertificate,
      'refuses the handshake: it may want a client certificate (cert and key), or shares no cipher',
    ],
  ],
  ['ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', OUR_CERTIFICATE],
  ['ERR_SSL_TLSV1_ALERT_UNKNOWN_CA', OUR_CERTIFICATE],
  ['ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE', OUR_CERTIFICATE],
  ['ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED', OUR_CERTIFICATE],
  ['ERR_SSL_SSLV3_ALERT_CERTIFICATE_REVOKED', OUR_CERTIFICATE],
  ['ERR_SSL_SSLV3_ALERT_CERTIFICATE_UNKNOWN', OUR_CERTIFICATE],
  ['ERR_SSL_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE', OUR_CERTIFICATE],
] satisfies [string, Explanation][]);

/** Whether a handshake failed since the other side speaks something else. */
export function isNotTls(error: Error): boolean {
  return handshakeErrors.get(systemCode(error)) === NOT_TLS;
}

/** An error of a TLS socket, during the handshake or later: alerts of TLS 1.3 may come after it. */
export function tlsError(error: Error, where: string, bytesRead: number): ConnectError {
  const cause = { cause: error };
  const code = systemCode(error);
  const certificate = certificateErrors.get(code);
  if (certificate !== undefined) {
    return new ConnectError(`Certificate of ${where} ${certificate[1]}`, certificate[0], cause);
  }
  const handshake = handshakeErrors.get(code);
  if (handshake !== undefined) return new ConnectError(`${where} ${handshake[1]}`, handshake[0], cause);
  if (code === 'ECONNRESET' && bytesRead === 0) return tlsEnd(where, bytesRead, error);
  if (code.startsWith('ERR_SSL_')) {
    return new ConnectError(`TLS with ${where} failed: ${error.message}`, ErrorCode.tls, cause);
  }
  return connectError(error, where);
}

/** As `tlsError`, for a stream that is in use: what is not TLS's own doing is left as it is. */
export function explainTlsEnd(error: Error, where: string): Error {
  return systemCode(error).startsWith('ERR_SSL_') ? tlsError(error, where, 1) : error;
}

function tlsEnd(where: string, bytesRead: number, cause?: unknown): ConnectError {
  const options = cause === undefined ? {} : { cause };
  if (bytesRead > 0) {
    return new ConnectError(`${where} ended the connection during the TLS handshake`, ErrorCode.tls, options);
  }
  return new ConnectError(`${where} ends the connection instead of speaking TLS`, ErrorCode.notTls, options);
}
