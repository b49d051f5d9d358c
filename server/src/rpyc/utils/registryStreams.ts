/*
 * Asking a registry over TCP, after the clients of rpyc/utils/registry.py: a connection for each command, the answer
 * ended by the registry. Differs on purpose: an answer that arrives in pieces is put together.
 */

import { connectTcp, type ConnectTcpOptions, type SocketStream } from '../core/stream';
import { after, deferred, onAbort } from '../lib/deferred';
import { DisposableStore } from '../lib/disposable';
import { type AskOptions, askingAborted } from './registryDatagrams';
import { MAX_LIST_BYTES } from './registryMessages';

/**
 * Connects, sends a command and gives what `read` makes of the answer; undefined where none that it takes comes before
 * the time is over, the registry hangs up or too much has come.
 *
 * @throws ConnectError as `connectTcp`
 */
export async function askByTcp<T>(
  target: Pick<ConnectTcpOptions, 'host' | 'port' | 'ipv6' | 'localAddress'>,
  request: Uint8Array,
  read: (bytes: Uint8Array) => T | undefined,
  { timeout, signal }: AskOptions,
): Promise<T | undefined> {
  const deadline = performance.now() + timeout * 1000;
  const stream = await connectTcp({ ...target, timeout, signal });
  try {
    const seconds = Math.max(0, (deadline - performance.now()) / 1000);
    return await converse(stream, request, read, { timeout: seconds, signal });
  } finally {
    stream.destroy();
  }
}

async function converse<T>(
  stream: SocketStream,
  request: Uint8Array,
  read: (bytes: Uint8Array) => T | undefined,
  { timeout, signal }: AskOptions,
): Promise<T | undefined> {
  const result = deferred<T | undefined>();
  const held = new DisposableStore();
  let received: Uint8Array = new Uint8Array();
  held.add(
    stream.onDidReceive((bytes) => {
      received = Buffer.concat([received, bytes]);
      const answer = received.length > MAX_LIST_BYTES ? undefined : read(received);
      if (answer !== undefined || received.length > MAX_LIST_BYTES) result.resolve(answer);
    }),
  );
  held.add(stream.onDidClose(() => result.resolve(undefined)));
  held.add(after(timeout, () => result.resolve(undefined)));
  held.add(onAbort(signal, (reason) => result.reject(askingAborted(stream.description, reason))));
  stream.start();
  try {
    stream.write([request]);
    return await result.promise;
  } finally {
    held.dispose();
  }
}
