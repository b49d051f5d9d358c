/*
 * Ways to connect to a classic server, after the connect functions of rpyc/utils/classic.py. Each is the function of the
 * same name in factory.ts, for a classic peer. Differs on purpose: this client offers the server nothing unless
 * `options.service` says so.
 */

import { DEFAULT_PORT, DEFAULT_SSL_PORT } from '../core/consts';
import { ClassicConnection } from './classicConnection';
import { ClassicClient } from './classicServices';
import type { ConnectOptions, SslConnectOptions } from './connectOptions';
import type { SshMachine } from './ssh';
import { type SshConnectOptions, sshWay } from './sshWay';
import { connectWith, tcpWay, tlsWay, unixWay, type Way } from './ways';

/** As `connectWith`, for a peer that serves classic mode. */
export async function connectClassic(way: Way, options: ConnectOptions): Promise<ClassicConnection> {
  const classicOptions = { service: ClassicClient, ...options };
  return await connectWith(way, classicOptions, (channel, made) => new ClassicConnection(channel, made));
}

/**
 * Connects to a classic server over TCP. Upstream: `rpyc.classic.connect`.
 *
 * @throws as `connect` of the door
 */
export async function connect(
  host: string,
  port: number = DEFAULT_PORT,
  options: ConnectOptions = {},
): Promise<ClassicConnection> {
  return await connectClassic(tcpWay(host, port, options), options);
}

/**
 * Connects to a classic server over TLS. Upstream: `rpyc.classic.ssl_connect`.
 *
 * @throws as `sslConnect` of the door
 */
export async function sslConnect(
  host: string,
  port: number = DEFAULT_SSL_PORT,
  options: SslConnectOptions = {},
): Promise<ClassicConnection> {
  return await connectClassic(tlsWay(host, port, options), options);
}

/**
 * Connects to a classic server behind a Unix socket. Upstream: `rpyc.classic.unix_connect`.
 *
 * @throws as `unixConnect` of the door
 */
export async function unixConnect(path: string, options: ConnectOptions = {}): Promise<ClassicConnection> {
  return await connectClassic(unixWay(path, options), options);
}

/**
 * Connects to a classic server through an SSH tunnel. Upstream: `rpyc.classic.ssh_connect`.
 *
 * @param remotePort a TCP port, or the path of a Unix socket of the machine
 * @throws as `sshConnect` of the door
 */
export async function sshConnect(
  remoteMachine: SshMachine,
  remotePort: number | string = DEFAULT_PORT,
  options: SshConnectOptions = {},
): Promise<ClassicConnection> {
  return await connectClassic(sshWay(remoteMachine, remotePort, options), options);
}
