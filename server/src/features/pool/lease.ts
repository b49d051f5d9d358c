import type { RunThread } from '../../api/model';
import type { Connection, Disposable } from '../../rpyc/index';
import type { Agent } from '../agent';

/**
 * `explore` reads, and shares a connection. `run` has one to itself, on classic peers; `call` does so on services, too.
 * `change` takes the one for runs, so that a slow setter keeps nobody from reading; while that is in use it shares the
 * other, so that a value can be changed while a run goes on.
 */
export type LeasePurpose = 'explore' | 'run' | 'call' | 'change';

/** A connection that is lent. Give it back by disposing it; it may have ended meanwhile. */
export interface Lease extends Disposable {
  readonly connection: Connection;
  readonly profileId: string;
  /** Objects of another generation are stale. */
  readonly generation: number;
  /** Present on classic peers. */
  readonly agent: Agent | undefined;
  readonly purpose: LeasePurpose;
  /** Where what the user runs is run; undefined for the connection's own thread. */
  readonly runOn: RunThread | undefined;
}
