/*
 * What a connection sends in its idle moments: references given back (DEL, as the finaliser of rpyc/core/netref.py
 * sends it), and empty frames against delayed acknowledgements.
 */

import type { Disposable } from '../lib/disposable';
import { ErrorCode, ProtocolError } from './errors';
import type { RemoteReference } from './reference';

export interface HousekeepingHost {
  /** Ends the connection. */
  fail(error: Error): void;
  /** References that may be given back without an answer. */
  readonly limit: number;
  /** Those that were given back and not answered. */
  readonly releasesDue: number;
  /** Sends one DEL. Must not throw. */
  sendRelease(reference: RemoteReference): void;
  /** Sends an empty frame. Must not throw. */
  sendKeepalive(): void;
  /** Replies that the peer owes. */
  readonly due: number;
  /** Grows with each frame that is sent. */
  readonly framesSent: number;
}

/** Releases sent in one go; what is beyond waits for the next turn of the event loop. */
const BATCH = 500;

export class Housekeeping implements Disposable {
  private queue: RemoteReference[] = [];
  private scheduled: NodeJS.Immediate | undefined;
  /** How many frames had been sent when the answer to this turn's receipt was put off; undefined with nothing put off. */
  private framesAtReceipt: number | undefined;
  private disposed = false;

  constructor(private readonly host: HousekeepingHost) {}

  /** Gives a reference back soon: behind the requests of this turn, never in front of one. */
  release(reference: RemoteReference): void {
    if (this.disposed) return;
    this.queue.push(reference);
    this.schedule();
    const { limit } = this.host;
    // A peer that sends references in answers to nothing makes us give them back, whether it reads that or not.
    if (this.queue.length + this.host.releasesDue <= limit) return;
    const text = `The peer leaves more than ${limit} returned references unanswered`;
    this.host.fail(new ProtocolError(text, ErrorCode.limit));
  }

  /** Something has arrived and was dealt with, when `framesSent` was as told. */
  received(framesSent: number): void {
    if (this.framesAtReceipt !== undefined || this.disposed || this.host.due === 0) return;
    this.framesAtReceipt = framesSent;
    // After all that goes on from what has arrived, in promises: it may send something.
    queueMicrotask(this.afterTurn);
  }

  dispose(): void {
    this.disposed = true;
    this.queue = [];
    if (this.scheduled !== undefined) clearImmediate(this.scheduled);
    this.scheduled = undefined;
  }

  private readonly afterTurn = (): void => {
    process.nextTick(this.acknowledge);
  };

  private readonly acknowledge = (): void => {
    // rpyc leaves Nagle's algorithm on: its next small reply waits for the acknowledgement of the last one, which our
    // system delays by 40 ms unless something travels back to carry it.
    const isSilent = this.host.framesSent === this.framesAtReceipt;
    this.framesAtReceipt = undefined;
    if (isSilent && !this.disposed && this.host.due > 0) this.host.sendKeepalive();
  };

  private schedule(): void {
    this.scheduled ??= setImmediate(() => {
      this.scheduled = undefined;
      this.run();
    });
  }

  private run(): void {
    const batch = this.queue.splice(0, BATCH);
    for (const reference of batch) this.host.sendRelease(reference);
    if (this.queue.length > 0) this.schedule();
  }
}
