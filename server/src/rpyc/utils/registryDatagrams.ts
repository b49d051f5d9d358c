/*
 * Asking a registry over UDP, after the clients of rpyc/utils/registry.py. Differs on purpose: what is no answer, or
 * does not come from the registry's port, is passed over while there is time, where upstream takes the first datagram.
 */

import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';

import { connectError } from '../core/connectErrors';
import { ConnectError, ErrorCode } from '../core/errors';
import { describeEndpoint } from '../core/stream';
import { after, type Deferred, deferred, onAbort } from '../lib/deferred';
import { DisposableStore } from '../lib/disposable';
import { MAX_LIST_BYTES } from './registryMessages';

export interface DatagramTarget {
  readonly address: string;
  readonly port: number;
  readonly ipv6: boolean;
  /** Whether `address` may be a broadcast address. */
  readonly broadcast: boolean;
  /** Our own address, which decides on the interface; any by default. */
  readonly localAddress?: string | undefined;
}

/** A datagram, and how many seconds after the beginning it is sent. */
export interface TimedDatagram {
  readonly bytes: Uint8Array;
  readonly afterSeconds: number;
}

export interface Responder {
  readonly address: string;
  readonly port: number;
}

export interface AskOptions {
  /** Seconds until nothing more is waited for. */
  readonly timeout: number;
  readonly signal?: AbortSignal | undefined;
}

/** Reads an answer. Undefined goes on waiting. */
export type ReadAnswer<T> = (bytes: Uint8Array, from: Responder) => T | undefined;

/**
 * Sends datagrams and gives what `read` makes of the first answer that it takes; undefined once the time is over.
 *
 * @throws ConnectError with the code of what went wrong: `ERR_DNS`, `ERR_UNREACHABLE`, `ERR_ABORTED`
 */
export async function askByDatagrams<T>(
  target: DatagramTarget,
  requests: readonly TimedDatagram[],
  read: ReadAnswer<T>,
  options: AskOptions,
): Promise<T | undefined> {
  return await withSocket<T | undefined>(target, options, ({ socket, held, send, result }) => {
    socket.on('message', (bytes: Buffer, { address, port }: RemoteInfo) => {
      if (port !== target.port || bytes.length > MAX_LIST_BYTES) return;
      const answer = read(bytes, { address: plainAddress(address), port });
      if (answer !== undefined) result.resolve(answer);
    });
    held.add(after(options.timeout, () => result.resolve(undefined)));
    for (const { bytes, afterSeconds } of requests) {
      if (afterSeconds === 0) send(bytes);
      else held.add(after(afterSeconds, () => send(bytes)));
    }
  });
}

/**
 * Sends one datagram and waits for nothing but its leaving.
 *
 * @throws as `askByDatagrams`, and `ERR_TIMEOUT`
 */
export async function sendDatagram(
  target: DatagramTarget,
  bytes: Uint8Array,
  options: AskOptions,
): Promise<void> {
  const { address, port } = target;
  await withSocket<undefined>(target, options, ({ held, send, result }) => {
    const late = (): ConnectError =>
      new ConnectError(`Nothing could be sent: ${describeEndpoint(address, port)}`, ErrorCode.timeout);
    held.add(after(options.timeout, () => result.reject(late())));
    send(bytes, () => result.resolve(undefined));
  });
}

interface OpenSocket<T> {
  readonly socket: Socket;
  /** Ends with the socket. */
  readonly held: DisposableStore;
  readonly result: Deferred<T>;
  readonly send: (bytes: Uint8Array, sent?: () => void) => void;
}

/** Lends a socket to `use` until its result is there. */
async function withSocket<T>(
  target: DatagramTarget,
  { signal }: AskOptions,
  use: (open: OpenSocket<T>) => void,
): Promise<T> {
  const { address, port, localAddress } = target;
  const where = describeEndpoint(address, port);
  if (signal?.aborted === true) throw askingAborted(where, signal.reason);
  const result = deferred<T>();
  const fail = (error: Error): void => result.reject(connectError(error, where));
  const socket = createSocket(target.ipv6 ? 'udp6' : 'udp4');
  const held = new DisposableStore();
  socket.on('error', fail);
  held.add(onAbort(signal, (reason) => result.reject(askingAborted(where, reason))));
  const send = (bytes: Uint8Array, sent?: () => void): void => {
    socket.send(bytes, port, address, (error) => {
      if (error !== null) fail(error);
      else sent?.();
    });
  };
  socket.bind({ port: 0, ...(localAddress !== undefined && { address: localAddress }) }, () => {
    if (result.settled) return;
    if (target.broadcast) socket.setBroadcast(true);
    use({ socket, held, result, send });
  });
  try {
    return await result.promise;
  } finally {
    held.dispose();
    await new Promise<void>((resolve) => socket.close(resolve));
  }
}

export function askingAborted(where: string, reason: unknown): ConnectError {
  return new ConnectError(`Asking the registry was cancelled: ${where}`, ErrorCode.aborted, {
    cause: reason,
  });
}

const MAPPED = '::ffff:';

/** An IPv4 address that a socket of both families writes as IPv6, as itself: clients of either family can use it. */
export function plainAddress(address: string): string {
  return address.startsWith(MAPPED) && !isIPv6(address.slice(MAPPED.length))
    ? address.slice(MAPPED.length)
    : address;
}
