/*
 * Ways to connect to a classic server, after the connect functions of rpyc/utils/classic.py. Each is the function of the
 * same name in factory.ts, for a classic peer. Differs on purpose: this client offers the server nothing unless
 * `options.service` says so.
 */

import type { Readable, Writable } from 'node:stream';

import type { Channel } from '../core/channel';
import { DEFAULT_PORT, DEFAULT_SSL_PORT } from '../core/consts';
import { PipeStream } from '../core/pipeStream';
import type { Stream } from '../core/stream';
import { ClassicConnection } from './classicConnection';
import { ClassicClient } from './classicServices';
import type {
  ConnectOptions,
  MultiprocessConnectOptions,
  SslConnectOptions,
  SubprocConnectOptions,
  ThreadConnectOptions,
} from './connectOptions';
import type { SubprocConnection } from './factory';
import { HOSTED_DIALECT } from './hostedService';
import type { SshMachine } from './ssh';
import { type SshConnectOptions, sshWay } from './sshWay';
import {
  connectWith,
  givenWay,
  processWay,
  stdWay,
  subprocessWay,
  tcpWay,
  threadWay,
  tlsWay,
  unixWay,
  type Way,
} from './ways';

/** As `connectWith`, for a peer that serves classic mode. */
export async function connectClassic(way: Way, options: ConnectOptions): Promise<ClassicConnection> {
  const classicOptions = { ...options, service: options.service ?? ClassicClient };
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

/** Makes a classic connection of a stream. Upstream: `rpyc.classic.connect_stream`. As `connectStream` of the door. */
export async function connectStream(
  stream: Stream,
  options: ConnectOptions = {},
): Promise<ClassicConnection> {
  return await connectClassic(givenWay(stream), options);
}

/** Makes a classic connection of a channel. Upstream: `rpyc.classic.connect_channel`. As `connectChannel` of the door. */
export async function connectChannel(
  channel: Channel,
  options: ConnectOptions = {},
): Promise<ClassicConnection> {
  return await connectClassic(givenWay(channel), options);
}

/** Makes a classic connection of two pipes. Upstream: `rpyc.classic.connect_pipes`. As `connectPipes` of the door. */
export async function connectPipes(
  incoming: Readable,
  outgoing: Writable,
  options: ConnectOptions = {},
): Promise<ClassicConnection> {
  return await connectStream(new PipeStream(incoming, outgoing), options);
}

/**
 * Makes a classic connection to whoever started this process. Upstream: `rpyc.classic.connect_stdpipes`. As
 * `connectStdpipes` of the door; `service: SlaveService` lets the parent use this process.
 */
export async function connectStdpipes(options: ConnectOptions = {}): Promise<ClassicConnection> {
  return await connectClassic(stdWay(), options);
}

/**
 * Starts a classic server on the standard streams of a child process. Upstream: `rpyc.classic.connect_subproc`, which
 * takes the file of a server; here it is the whole command: `['rpyc_classic', '-m', 'stdio']`, or
 * `['python3', '-m', 'rpyc.cli.rpyc_classic', '-m', 'stdio']`. As `connectSubproc` of the door.
 */
export async function connectSubproc(
  args: readonly string[] = ['rpyc_classic', '-m', 'stdio'],
  options: SubprocConnectOptions = {},
): Promise<SubprocConnection<ClassicConnection>> {
  const way = subprocessWay(args, options);
  const connection = await connectClassic(way, options);
  return Object.assign(connection, { proc: way.child() });
}

/** Starts a thread that serves classic mode, and connects to it. Upstream: `rpyc.classic.connect_thread`. */
export async function connectThread(options: ThreadConnectOptions = {}): Promise<ClassicConnection> {
  return await connectClassic(threadWay('slave', options), { ...options, dialect: HOSTED_DIALECT });
}

/** Starts a Node process that serves classic mode, and connects. Upstream: `rpyc.classic.connect_multiprocess`. */
export async function connectMultiprocess(
  options: MultiprocessConnectOptions = {},
): Promise<ClassicConnection> {
  return await connectClassic(processWay('slave', options), { ...options, dialect: HOSTED_DIALECT });
}
