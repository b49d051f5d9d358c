/** What travels between a test and the process of its relay. */

export interface RelayTarget {
  readonly host: string;
  readonly port: number;
}

/** What went one way. */
export interface RelayDirection {
  /** On the wire, with headers. */
  bytes: number;
  /** Of these, what keeps house: DEL, PING, CLOSE and the replies to them, and frames without a message. */
  housekeepingBytes: number;
  frames: number;
  replies: number;
  exceptions: number;
  /** Requests by handler number. */
  requests: Record<number, number>;
}

export interface RelayCounts {
  /** Connections accepted so far. */
  connections: number;
  /** Connections open now. */
  open: number;
  /**
   * How often, at least, the client had to wait for an answer before it could ask on: the longest chain of
   * requests each of which was sent after the reply to the one before. Requests sent together count once; DEL
   * and CLOSE, for which nobody waits, not at all.
   */
  roundTrips: number;
  /** From the client to the server. */
  up: RelayDirection;
  /** From the server to the client. */
  down: RelayDirection;
}

export type RelayCommand =
  | { readonly kind: 'listen'; readonly target: RelayTarget; readonly delayMs: number }
  | { readonly kind: 'counts' | 'reset' | 'cut' }
  | { readonly kind: 'hold'; readonly held: boolean }
  | { readonly kind: 'delay'; readonly delayMs: number };

export interface RelayAnswer {
  readonly port: number;
  readonly counts: RelayCounts;
}

export function emptyCounts(): RelayCounts {
  return { connections: 0, open: 0, roundTrips: 0, up: emptyDirection(), down: emptyDirection() };
}

function emptyDirection(): RelayDirection {
  return { bytes: 0, housekeepingBytes: 0, frames: 0, replies: 0, exceptions: 0, requests: {} };
}
