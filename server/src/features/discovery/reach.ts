/** Whether anything listens at an address: a connection is opened, nothing is sent, and it is closed again. */
import { Socket } from 'node:net';

import { type ServerAddress, type ServerReach, MAX_CHECKS } from '../../api/discovery';
import { isHost, isPort } from '../../api/transport';

const SECONDS = 0.8;
const PARALLEL = 32;

/**
 * Tries addresses, several at a time.
 *
 * @returns one word for each of the first `MAX_CHECKS`, in their order
 * @throws the signal's reason
 */
export async function reachOf(
  addresses: readonly ServerAddress[],
  signal: AbortSignal,
): Promise<readonly ServerReach[]> {
  const wanted = addresses.slice(0, MAX_CHECKS);
  const results: ServerReach[] = wanted.map(() => 'unreachable');
  const waiting = wanted.entries();
  const tryInTurn = async (): Promise<void> => {
    for (const [index, address] of waiting) {
      signal.throwIfAborted();
      results[index] = await reach(address, signal);
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, tryInTurn));
  signal.throwIfAborted();
  return results;
}

function reach({ host, port }: ServerAddress, signal: AbortSignal): Promise<ServerReach> {
  if (!isHost(host) || !isPort(port)) {
    return Promise.resolve('unreachable');
  }
  return new Promise((resolve) => {
    const socket = new Socket();
    const timer = setTimeout(() => settle('silent'), SECONDS * 1000);
    const stop = (): void => settle('silent');
    const settle = (result: ServerReach): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', stop);
      socket.destroy();
      resolve(result);
    };
    signal.addEventListener('abort', stop, { once: true });
    socket.once('connect', () => settle('reachable'));
    socket.on('error', ({ code }: NodeJS.ErrnoException) =>
      settle(code === 'ECONNREFUSED' ? 'refused' : 'unreachable'),
    );
    socket.connect({ host, port });
  });
}
