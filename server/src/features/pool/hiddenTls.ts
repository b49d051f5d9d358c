import {
  type ConnectOptions,
  type Connection,
  ConnectError,
  EOFError,
  ErrorCode,
  ProtocolError,
  sslConnect,
} from '../../rpyc/index';

/** How long a server may take to show that it speaks TLS. */
const PROBE_SECONDS = 1;

/** A pin that no certificate has. */
export const NO_PIN = '0'.repeat(64);

/** What a handshake of TLS can end with, other than that there is none. */
const SPOKE_TLS: ReadonlySet<string> = new Set([
  ErrorCode.tls,
  ErrorCode.tlsPin,
  ErrorCode.tlsVersion,
  ErrorCode.tlsClientCertificate,
]);

/**
 * Makes a hang-up clear: a server that speaks TLS hangs up on whoever does not, without a word. It is asked then, with
 * a handshake that ends before anything is said over it.
 *
 * @param connecting an attempt without TLS
 * @throws what the attempt failed with, or `ERR_NOT_RPYC` with the words that it answers like a TLS server
 */
export async function tellingTls(
  connecting: Promise<Connection>,
  host: string,
  port: number,
  { signal, oneShot = false, preHandshake }: ConnectOptions,
): Promise<Connection> {
  try {
    return await connecting;
  } catch (error) {
    // A server of one client is not knocked at again, and one with a word of its own for us told more than this can.
    const mayAsk = !oneShot && preHandshake === undefined && signal?.aborted !== true;
    if (mayAsk && isHangUp(error) && (await speaksTls(host, port, signal))) {
      const text = `${host}:${port} is not reached without TLS: it answers like a TLS server`;
      throw new ProtocolError(text, ErrorCode.notRpyc, { cause: error });
    }
    throw error;
  }
}

function isHangUp(error: unknown): boolean {
  return error instanceof EOFError || (error instanceof ProtocolError && error.cause instanceof EOFError);
}

async function speaksTls(host: string, port: number, signal: AbortSignal | undefined): Promise<boolean> {
  try {
    // The pin ends it after the handshake, whoever is there.
    const connection = await sslConnect(host, port, { pin: NO_PIN, timeout: PROBE_SECONDS, signal });
    await connection.close();
    return true;
  } catch (error) {
    return error instanceof ConnectError && SPOKE_TLS.has(error.code);
  }
}
