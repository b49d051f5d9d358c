/*
 * Making connections, after rpyc/utils/factory.py. Differs on purpose: the peer's dialect is found out, every stage has
 * a time limit, and a failure says at which stage it happened and what answered.
 */

import { DEFAULT_PORT } from '../core/consts';
import { Connection } from '../core/protocol';
import { connectTcp, describeEndpoint, type Stream } from '../core/stream';
import { type ConnectOptions, DEFAULT_TIMEOUT_SECONDS } from './connectOptions';
import { type ConnectionMaker, establish } from './dialectDiscovery';

/**
 * Connects to an RPyC server over TCP.
 *
 * @throws ConnectError, ProtocolError or EOFError; the code says what went wrong: `ERR_REFUSED`, `ERR_DNS`, `ERR_TIMEOUT`,
 *   `ERR_UNREACHABLE`, `ERR_NOT_RPYC`, `ERR_DIALECT`, `ERR_DIALECT_REQUIRED`, `ERR_CLOSED`, `ERR_LIMIT`, `ERR_ABORTED`
 */
export async function connect(
  host: string,
  port: number = DEFAULT_PORT,
  options: ConnectOptions = {},
): Promise<Connection> {
  return await connectWith(host, port, options, (channel, made) => new Connection(channel, made));
}

/** As `connect`, for connections of any kind. */
export async function connectWith<T extends Connection>(
  host: string,
  port: number,
  options: ConnectOptions,
  make: ConnectionMaker<T>,
): Promise<T> {
  const { timeout = DEFAULT_TIMEOUT_SECONDS, signal, keepalive, ipv6, onStage } = options;
  const where = describeEndpoint(host, port);
  const open = (): Promise<Stream> => connectTcp({ host, port, timeout, signal, keepalive, ipv6, onStage });
  return await establish(where, open, options, make);
}
