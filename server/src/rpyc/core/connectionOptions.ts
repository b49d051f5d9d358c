/*
 * What a connection is made with, and what it counts.
 */

import type { Logger } from '../lib/logger';
import type { Config, Limits } from './config';
import type { DialectName } from './dialect';
import type { Connection } from './protocol';
import type { RequestLane } from './serving';

/** What a connection offers its peer: the object is the root that the peer gets. */
export interface ConnectionService {
  onConnect(connection: Connection): void | Promise<void>;
  onDisconnect(connection: Connection): void;
}

/** What a connection is made with. */
export interface ConnectionOptions {
  readonly service: ConnectionService;
  readonly config?: Partial<Config> | undefined;
  /** `auto` takes the dialect in which the peer speaks first; `old` is A, B or C, whichever it shows. */
  readonly dialect: DialectName | 'auto' | 'old';
  readonly limits?: Partial<Limits> | undefined;
  readonly logger?: Logger | undefined;
  /** Where the peer's requests wait for their turn; they are served as they come where it is left out. */
  readonly lane?: RequestLane | undefined;
  /** Whether each request of ours waits for the one before it: see `ConnectOptions`. */
  readonly serialCalls?: boolean | undefined;
}

/** The traffic so far. */
export interface ConnectionCounters {
  readonly requestsSent: number;
  readonly bytesSent: number;
  readonly bytesReceived: number;
  readonly framesSent: number;
  readonly framesReceived: number;
}
