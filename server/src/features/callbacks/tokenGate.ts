import { createHash, timingSafeEqual } from 'node:crypto';
import type { Socket } from 'node:net';

import { AuthenticationError } from '../../rpyc/index';
import { line } from './callValues';

/** The first line of a client: the token and, where it likes, what it is called. */
const MAX_HELLO = 256;
const MAX_NAME = 40;

/**
 * Reads the first line that a client sends, before any byte of the protocol is looked at; what stands behind the line
 * stays in the socket. Nothing is ever answered to who does not know the token.
 *
 * @returns what the client calls itself
 * @throws AuthenticationError
 */
export async function readHello(socket: Socket, token: string, seconds: number): Promise<string> {
  const text = await firstLine(socket, seconds);
  const [given = '', ...rest] = text.split(' ');
  if (!isSame(given, token)) {
    throw new AuthenticationError('it does not know the token');
  }
  return line(rest.join(' ').trim().slice(0, MAX_NAME));
}

function firstLine(socket: Socket, seconds: number): Promise<string> {
  return new Promise((resolve, reject) => {
    let seen = Buffer.alloc(0);
    const finish = (settle: () => void): void => {
      clearTimeout(timer);
      socket.off('data', take);
      socket.off('close', left);
      socket.pause();
      settle();
    };
    const fail = (text: string): void => finish(() => reject(new AuthenticationError(text)));
    const left = (): void => fail('it left before it had said its token');
    const take = (chunk: Buffer): void => {
      seen = Buffer.concat([seen, chunk]);
      const end = seen.subarray(0, MAX_HELLO).indexOf(0x0a);
      if (end >= 0) {
        const rest = seen.subarray(end + 1);
        finish(() => {
          if (rest.length > 0) {
            socket.unshift(rest);
          }
          resolve(seen.subarray(0, end).toString('utf8').replace(/\r$/, ''));
        });
      } else if (seen.length >= MAX_HELLO) {
        fail('its first line is no token');
      }
    };
    const timer = setTimeout(() => fail('it did not say its token in time'), seconds * 1000);
    socket.on('data', take);
    socket.once('close', left);
  });
}

/** Takes as long whatever is given. */
function isSame(given: string, token: string): boolean {
  const hash = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(hash(given), hash(token));
}
