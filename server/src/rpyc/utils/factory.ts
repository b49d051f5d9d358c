/*
 * Making connections, after rpyc/utils/factory.py. Differs on purpose: the peer's dialect is found out, every stage has
 * a time limit, a failure says at which stage it happened and what answered, and TLS checks who the peer is.
 */

import { DEFAULT_PORT, DEFAULT_SSL_PORT } from '../core/consts';
import type { Connection } from '../core/protocol';
import type { ConnectOptions, SslConnectOptions } from './connectOptions';
import type { SshMachine } from './ssh';
import { type SshConnectOptions, sshWay } from './sshWay';
import { connectWith, makeConnection, tcpWay, tlsWay, unixWay } from './ways';

/**
 * Connects to an RPyC server over TCP. Upstream: `rpyc.connect`.
 *
 * @param host a name or an address; one of IPv6 may stand in brackets and name its interface: `[fe80::1%eth0]`
 * @throws ConnectError, ProtocolError or EOFError; the code says what went wrong: `ERR_REFUSED`, `ERR_DNS`, `ERR_TIMEOUT`,
 *   `ERR_UNREACHABLE`, `ERR_NOT_RPYC`, `ERR_DIALECT`, `ERR_DIALECT_REQUIRED`, `ERR_CLOSED`, `ERR_LIMIT`, `ERR_ABORTED`;
 *   AuthenticationError where the pre-handshake is refused
 */
export async function connect(
  host: string,
  port: number = DEFAULT_PORT,
  options: ConnectOptions = {},
): Promise<Connection> {
  return await connectWith(tcpWay(host, port, options), options, makeConnection);
}

/**
 * Connects over TLS. Upstream: `rpyc.ssl_connect`, which trusts any peer unless told otherwise; here the certificate
 * has to come from a trusted authority and to name the host, or to be the pinned one.
 *
 * @throws as `connect`, and ConnectError with one of `ERR_NOT_TLS`, `ERR_TLS_UNTRUSTED`, `ERR_TLS_SELF_SIGNED`,
 *   `ERR_TLS_NAME`, `ERR_TLS_EXPIRED`, `ERR_TLS_PIN`, `ERR_TLS_VERSION`, `ERR_TLS_CLIENT_CERTIFICATE`,
 *   `ERR_TLS_CREDENTIALS`, `ERR_TLS`
 */
export async function sslConnect(
  host: string,
  port: number = DEFAULT_SSL_PORT,
  options: SslConnectOptions = {},
): Promise<Connection> {
  return await connectWith(tlsWay(host, port, options), options, makeConnection);
}

/**
 * Connects to a Unix socket; on Windows to a named pipe, `\\.\pipe\…`. Upstream: `rpyc.unix_connect`.
 *
 * @throws as `connect`; `ERR_REFUSED` where nothing listens at the path
 */
export async function unixConnect(path: string, options: ConnectOptions = {}): Promise<Connection> {
  return await connectWith(unixWay(path, options), options, makeConnection);
}

/**
 * Connects through an SSH tunnel. Upstream: `rpyc.ssh_connect`, whose tunnel has a port on this side that anybody here may
 * use; this one has none, and ends with the connection.
 *
 * @param remoteMachine stays open when the connection closes
 * @param remotePort a TCP port, or the path of a Unix socket of the machine
 * @param options `timeout` is for the server's answer; the machine has a time of its own for SSH
 * @throws as `connect` and `SshMachine.tunnel`
 */
export async function sshConnect(
  remoteMachine: SshMachine,
  remotePort: number | string,
  options: SshConnectOptions = {},
): Promise<Connection> {
  return await connectWith(sshWay(remoteMachine, remotePort, options), options, makeConnection);
}
