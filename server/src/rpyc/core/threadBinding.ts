/*
 * The optional 16-byte prefix of `bind_threads` (rpyc/core/protocol.py, 5.3.1 and later): the id of the sending
 * thread and the id of the thread that the frame is meant for. JavaScript has one thread, hence one constant id.
 */

import { AsyncLocalStorage } from 'node:async_hooks';

import { ProtocolError } from './errors';

export const THREAD_PREFIX_BYTES = 16;

const ID_BYTES = 8;
const NO_THREAD = new Uint8Array(ID_BYTES);
const OWN_THREAD = new Uint8Array(ID_BYTES).fill(1, ID_BYTES - 1);

export interface BoundPayload {
  readonly payload: Uint8Array;
  /** The id of the peer's thread that sent the payload. */
  readonly sender: Uint8Array;
}

/** A thread of the peer that waits for the answer to its request. */
interface ServedThread {
  readonly sender: Uint8Array;
  isWaiting: boolean;
}

/** Writes and reads the prefix, and knows which of the peer's threads the current code works for. */
export class ThreadBinding {
  private readonly servedThread = new AsyncLocalStorage<ServedThread>();

  /**
   * Runs `fn`, and all that it starts, on behalf of a thread of the peer: nested requests go to that thread until the
   * result is there. Then it waits no longer, and what is still sent is for no thread.
   */
  serve<T>(sender: Uint8Array, fn: () => T): T {
    const served: ServedThread = { sender, isWaiting: true };
    const end = (): void => {
      served.isWaiting = false;
    };
    let result: T;
    try {
      result = this.servedThread.run(served, fn);
    } catch (error) {
      end();
      throw error;
    }
    if (result instanceof Promise) result.then(end, end);
    else end();
    return result;
  }

  /** @param target the thread that sent the request which is answered; for a request, nothing */
  wrap(payload: Uint8Array, target?: Uint8Array): Uint8Array {
    const bound = new Uint8Array(THREAD_PREFIX_BYTES + payload.length);
    bound.set(OWN_THREAD);
    const served = this.servedThread.getStore();
    bound.set(target ?? (served?.isWaiting === true ? served.sender : NO_THREAD), ID_BYTES);
    bound.set(payload, THREAD_PREFIX_BYTES);
    return bound;
  }

  /** @throws ProtocolError where the payload is too short to have the prefix */
  unwrap(bound: Uint8Array): BoundPayload {
    if (bound.length <= THREAD_PREFIX_BYTES) {
      throw new ProtocolError('The peer sent a frame without the thread ids that were expected');
    }
    return { sender: bound.slice(0, ID_BYTES), payload: bound.subarray(THREAD_PREFIX_BYTES) };
  }
}
