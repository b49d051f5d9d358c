/** The plain shapes of what actions cost, and of what is held on a peer. */
import type { Handle, ObjectPath } from './model';

/** Which of the two the client shows, and so wants to be told of. */
export interface WireShown {
  readonly costs: boolean;
  readonly references: boolean;
}

/** What one finished request of the client's caused on the wire. */
export interface ActionCost {
  /** Grows with each action of this start of the process. */
  readonly id: number;
  readonly profileId: string;
  /** Of the request. */
  readonly method: string;
  /** Expression or name of the row that it was about; empty where it was about none. */
  readonly target: string;
  /** The way to that row. */
  readonly path?: ObjectPath;
  /** Answers that had to be waited for, one after the other: what is asked together is one. */
  readonly roundTrips: number;
  readonly requests: number;
  /** What the peer asked of us meanwhile. */
  readonly callbacks: number;
  /**
   * On the wire, with frames and compression; within TLS or SSH. What keeps house is not counted: references that are given
   * back, pings, and empty frames of 6 bytes.
   */
  readonly bytesSent: number;
  readonly bytesReceived: number;
  readonly elapsedMs: number;
  /** When it ended, in milliseconds since 1970. */
  readonly at: number;
  readonly failed: boolean;
}

/** For what a reference is held. */
export type ReferenceOwner =
  /** A row that was opened, read, or listed with its object. */
  | 'expanded'
  | 'read'
  | 'listed'
  /** What undoes a change. */
  | 'undo'
  /** The result of a call. */
  | 'result'
  /** The root object, as long as the connection is open. */
  | 'root'
  /** The helper of a classic peer, which keeps the objects of the rows by number. */
  | 'helper'
  /** For a moment, while something is asked. */
  | 'use';

export interface HeldReference {
  /** Names it for a release. */
  readonly id: string;
  readonly owner: ReferenceOwner;
  /** Expression or name of the row; empty where there is none. */
  readonly name: string;
  readonly typeName: string;
  /** What the peer knows it by: a number of the helper's, or class id, instance id and name of the class. */
  readonly key: string;
  /** References that the peer counts for it. */
  readonly count: number;
  /** Milliseconds since 1970; absent where that was not taken down. */
  readonly since?: number;
  /** It can be let go by itself. */
  readonly releasable: boolean;
  /** Of rows: the way there, and the handle. */
  readonly path?: ObjectPath;
  readonly handle?: Handle;
  /** The connection that it is held on: one for runs may be open beside the one that explores. */
  readonly forRuns: boolean;
}

export interface HeldReferences {
  readonly references: readonly HeldReference[];
  /** All of them, listed or not. */
  readonly total: number;
  /** Objects of ours that the peer holds. */
  readonly lent: number;
}
