import { MAX_WATCHED, type WatchAnswer, type WatchParams } from '../../api/watch';
import type { Lease } from '../pool/lease';
import { inTime } from './agentSource';
import { watchByAgent } from './agentWatch';
import type { ServiceWatch } from './serviceWatch';
import { goneError, stillReadingError } from './treeProblems';

const MAX_PATH = 200;

export interface WatchingOptions {
  /** Borrows the connection that explores. */
  readonly borrow: <T>(
    profileId: string,
    signal: AbortSignal | undefined,
    use: (lease: Lease) => Promise<T>,
  ) => Promise<T>;
  readonly serviceWatch: (lease: Lease, evaluate: boolean) => ServiceWatch;
  readonly label: (profileId: string) => string;
}

/**
 * Reads what is watched, again and again. However often it is asked and however slow the link is, a connection has one
 * such request under way: the peer may go on with one that nobody waits for any more.
 */
export class Watching {
  private readonly underWay = new Set<string>();

  constructor(private readonly options: WatchingOptions) {}

  /**
   * What lies at the end of each path, in their order. One round trip on a classic peer.
   *
   * @param signal stops waiting
   * @throws ProblemError `ERR_STILL_READING` while an answer of this connection is to come; `ERR_BUSY`; not connected
   */
  async read(
    { profileId, paths, evaluate = true }: WatchParams,
    signal?: AbortSignal,
  ): Promise<readonly WatchAnswer[]> {
    if (!Array.isArray(paths) || paths.length > MAX_WATCHED || !paths.every(isPath)) {
      throw goneError('What is watched is no list of paths, or too long');
    }
    if (this.underWay.has(profileId)) {
      throw stillReadingError(this.options.label(profileId));
    }
    this.underWay.add(profileId);
    const answer = this.options
      .borrow(profileId, signal, (lease) =>
        lease.agent === undefined
          ? this.options.serviceWatch(lease, evaluate).read(paths)
          : watchByAgent(lease.agent, paths, evaluate),
      )
      .finally(() => this.underWay.delete(profileId));
    return inTime(answer, signal);
  }
}

/** Something below a root: the roots themselves have no value. */
function isPath(path: unknown): boolean {
  return Array.isArray(path) && path.length > 1 && path.length <= MAX_PATH;
}
