/*
 * Sequence numbers and open requests: the part of `_request_callbacks` in rpyc/core/protocol.py. No I/O.
 */

import type { BrineValue } from './pyTypes';

/** What becomes of a request. Exactly one of the functions is called, once. */
export interface OpenRequest {
  /** The reply's boxed value. */
  readonly succeed: (boxed: BrineValue) => void;
  readonly fail: (error: Error) => void;
  /** Nobody waits for it: it only gives references back. */
  readonly isHousekeeping: boolean;
}

export class PendingRequests {
  private readonly open = new Map<number, OpenRequest>();
  private next = 0;
  private housekeeping = 0;

  /** Requests that somebody waits for. */
  get size(): number {
    return this.open.size - this.housekeeping;
  }

  /** Replies that the peer owes, whoever waits for them. */
  get due(): number {
    return this.open.size;
  }

  /** The number that the next request will have. */
  get nextSeq(): number {
    return this.next;
  }

  /** Takes the next number for a request whose frame has been made with it. */
  add(request: OpenRequest): number {
    const seq = this.next++;
    this.open.set(seq, request);
    if (request.isHousekeeping) this.housekeeping++;
    return seq;
  }

  /** Ends the wait for a reply and tells who waited; undefined for a late reply or a number never used. */
  take(seq: BrineValue): OpenRequest | undefined {
    if (typeof seq !== 'number') return undefined;
    const request = this.open.get(seq);
    if (request === undefined) return undefined;
    this.open.delete(seq);
    if (request.isHousekeeping) this.housekeeping--;
    return request;
  }

  failAll(error: Error): void {
    const requests = [...this.open.values()];
    this.open.clear();
    this.housekeeping = 0;
    for (const request of requests) request.fail(error);
  }
}
