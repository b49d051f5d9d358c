/*
 * Making connections, after rpyc/utils/factory.py. Differs on purpose: the peer's dialect is found out, every stage has
 * a time limit, a failure says at which stage it happened and what answered, and TLS checks who the peer is.
 */

import type { ChildProcess } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';

import type { Channel } from '../core/channel';
import { DEFAULT_PORT, DEFAULT_SSL_PORT } from '../core/consts';
import { PipeStream } from '../core/pipeStream';
import type { Connection } from '../core/protocol';
import type { Stream } from '../core/stream';
import type {
  ConnectOptions,
  MultiprocessConnectOptions,
  SslConnectOptions,
  SubprocConnectOptions,
  ThreadConnectOptions,
} from './connectOptions';
import { HOSTED_DIALECT } from './hostedService';
import type { ModuleExport } from './serviceModule';
import type { SshMachine } from './ssh';
import { type SshConnectOptions, sshWay } from './sshWay';
import {
  connectWith,
  givenWay,
  makeConnection,
  processWay,
  stdWay,
  subprocessWay,
  tcpWay,
  threadWay,
  tlsWay,
  unixWay,
} from './ways';

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

/**
 * Makes a connection of a stream, which becomes its own. Upstream: `rpyc.connect_stream`. Nothing can be tried out on
 * the only stream that there is: `options` name the peer's dialect, or say that it speaks first.
 *
 * @throws as `connect`; `ERR_DIALECT_REQUIRED` without `dialect`, `listenFirst` and anything remembered
 */
export async function connectStream(stream: Stream, options: ConnectOptions = {}): Promise<Connection> {
  return await connectWith(givenWay(stream), options, makeConnection);
}

/**
 * Makes a connection of a channel, which becomes its own and keeps its limits, compression and trace. Upstream:
 * `rpyc.connect_channel`.
 *
 * @throws as `connectStream`
 */
export async function connectChannel(channel: Channel, options: ConnectOptions = {}): Promise<Connection> {
  return await connectWith(givenWay(channel), options, makeConnection);
}

/**
 * Makes a connection of two pipes, which become its own. Upstream: `rpyc.connect_pipes`.
 *
 * @throws as `connectStream`
 */
export async function connectPipes(
  incoming: Readable,
  outgoing: Writable,
  options: ConnectOptions = {},
): Promise<Connection> {
  return await connectStream(new PipeStream(incoming, outgoing), options);
}

/**
 * Makes a connection over this process's standard input and output, to whoever started it. Upstream:
 * `rpyc.connect_stdpipes`. The peer's dialect shows with its first request, and is waited for by nobody: until then
 * nothing can be asked of it, unless `options` name the dialect. What the program prints goes to standard error.
 */
export async function connectStdpipes(options: ConnectOptions = {}): Promise<Connection> {
  return await connectWith(stdWay(), options, makeConnection);
}

/** A connection to a child process, which ends with it. */
export type SubprocConnection<T extends Connection = Connection> = T & { readonly proc: ChildProcess };

/**
 * Starts a program that speaks RPyC on its standard input and output, and connects to it. Upstream:
 * `rpyc.connect_subproc`. The child belongs to the connection: closing ends its input, and a child that does not end
 * within `killAfter` seconds is killed. One that waits for us to speak first needs `listenFirst: false`, and may then be
 * started twice to find out its dialect.
 *
 * @param args the program and its arguments; there is no shell
 * @throws as `connect`; `ERR_SUBPROCESS` where the program cannot be started, or ends before it speaks
 */
export async function connectSubproc(
  args: readonly string[],
  options: SubprocConnectOptions = {},
): Promise<SubprocConnection> {
  const way = subprocessWay(args, options);
  const connection = await connectWith(way, options, makeConnection);
  return Object.assign(connection, { proc: way.child() });
}

/**
 * Starts a thread that serves, and connects to it. Upstream: `rpyc.connect_thread`, which opens a port for it; here
 * nobody else can connect. The thread ends with the connection.
 *
 * @param remoteService what the thread serves; nothing, by default
 * @throws ConnectError `ERR_SUBPROCESS` where the service cannot be loaded
 */
export async function connectThread(
  remoteService?: ModuleExport,
  options: ThreadConnectOptions = {},
): Promise<Connection> {
  const ours = { ...options, dialect: HOSTED_DIALECT } as const;
  return await connectWith(threadWay(remoteService ?? 'void', options), ours, makeConnection);
}

/**
 * Starts a Node process that serves, and connects to it. Upstream: `rpyc.connect_multiprocess`, whose `args` are the
 * `options` of the service here. The child ends with the connection.
 *
 * @param remoteService what the child serves; nothing, by default
 * @throws ConnectError `ERR_SUBPROCESS` where the service cannot be loaded
 */
export async function connectMultiprocess(
  remoteService?: ModuleExport,
  options: MultiprocessConnectOptions = {},
): Promise<Connection> {
  const ours = { ...options, dialect: HOSTED_DIALECT } as const;
  return await connectWith(processWay(remoteService ?? 'void', options), ours, makeConnection);
}
