/**
 * How to use TLS.
 *
 * | Lines of the how-tos | Here     |
 * | -------------------- | -------- |
 * | 1646–1662            | `server` |
 * | 1666–1671            | `client` |
 */
import * as rpyc from '../../server/src/rpyc/index';

/** Files in PEM. */
export interface Certificate {
  readonly key: string;
  readonly cert: string;
}

/** With `ca`, only clients whose certificate that authority has signed are let in. */
export async function server(
  my: Certificate,
  { ca, port = 12345 }: { ca?: string; port?: number } = {},
): Promise<rpyc.ThreadedServer> {
  const authenticator = new rpyc.SSLAuthenticator({ keyfile: my.key, certfile: my.cert, caCerts: ca });
  const server = new rpyc.ThreadedServer({ service: rpyc.SlaveService, port, authenticator });
  await server.start();
  return server;
}

/** Unlike Python's, this client makes sure of the server: `ca` is the authority that has signed its certificate. */
export async function client(
  hostname: string,
  port: number,
  my: Certificate,
  ca: string,
): Promise<rpyc.ClassicConnection> {
  const conn = await rpyc.classic.sslConnect(hostname, port, { key: my.key, cert: my.cert, ca });
  return conn;
}
