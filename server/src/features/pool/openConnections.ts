import { type Connection, type Disposable, toDisposable } from '../../rpyc/index';
import type { Agent } from '../agent';

/** A connection that is open now. */
export interface OpenConnection {
  readonly connection: Connection;
  readonly agent: Agent | undefined;
  /** Milliseconds since 1970. */
  readonly since: number;
}

/** The connections of all profiles that are open, whatever they are lent for. */
export class OpenConnections {
  private readonly open = new Map<string, Set<OpenConnection>>();

  /** Disposing it takes the connection out. */
  add(profileId: string, connection: Connection, agent: Agent | undefined): Disposable {
    const all = this.open.get(profileId) ?? new Set();
    this.open.set(profileId, all);
    const one: OpenConnection = { connection, agent, since: Date.now() };
    all.add(one);
    return toDisposable(() => {
      all.delete(one);
      if (all.size === 0 && this.open.get(profileId) === all) {
        this.open.delete(profileId);
      }
    });
  }

  /** Those of one profile, the oldest first. */
  of(profileId: string): readonly OpenConnection[] {
    return [...(this.open.get(profileId) ?? [])];
  }
}
