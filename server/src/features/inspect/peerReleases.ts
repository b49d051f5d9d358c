import type { Logger } from '../../rpyc/index';
import type { Lease } from '../pool/lease';

export interface PeerReleasesOptions {
  readonly lend: (profileId: string, purpose: 'explore') => Promise<Lease>;
  readonly logger: Logger;
  /** What is done here is part of no action. */
  readonly apart?: (work: () => void) => void;
}

/** What has to be let go on one connection's peer. */
interface Waiting {
  readonly generation: number;
  readonly numbers: number[];
  scheduled: boolean;
}

/**
 * The numbers of the helpers' tables that are held no longer, until their peers were told. They travel with the next
 * page, or in one message of their own for all that are added in one turn. A number that may not have arrived is told
 * again: the helper gives each only once, and passes over those that it does not know.
 */
export class PeerReleases {
  private readonly waiting = new Map<string, Waiting>();

  constructor(private readonly options: PeerReleasesOptions) {}

  /** These go with the next message. */
  add(profileId: string, generation: number, numbers: readonly number[]): void {
    const waiting = this.append(profileId, generation, numbers);
    if (waiting?.scheduled === false && waiting.numbers.length > 0) {
      waiting.scheduled = true;
      const send = (): void => void this.send(profileId);
      setImmediate(() => (this.options.apart === undefined ? send() : this.options.apart(send)));
    }
  }

  /** Those to send along with a page. */
  take(profileId: string, generation: number): readonly number[] {
    const waiting = this.waiting.get(profileId);
    return waiting?.generation === generation ? waiting.numbers.splice(0) : [];
  }

  /** What was taken has perhaps not arrived: it waits for the next message, and causes none. */
  putBack(profileId: string, generation: number, numbers: readonly number[]): void {
    this.append(profileId, generation, numbers);
  }

  /** The connection is gone, and its helper with it. */
  forget(profileId: string): void {
    this.waiting.delete(profileId);
  }

  private append(profileId: string, generation: number, numbers: readonly number[]): Waiting | undefined {
    let waiting = this.waiting.get(profileId);
    if (waiting !== undefined && waiting.generation > generation) {
      return undefined;
    }
    if (waiting?.generation !== generation) {
      waiting = { generation, numbers: [], scheduled: false };
      this.waiting.set(profileId, waiting);
    }
    waiting.numbers.push(...numbers);
    return waiting;
  }

  private async send(profileId: string): Promise<void> {
    const waiting = this.waiting.get(profileId);
    if (waiting === undefined) {
      return;
    }
    const { generation } = waiting;
    waiting.scheduled = false;
    if (waiting.numbers.length === 0) {
      return;
    }
    try {
      const lease = await this.options.lend(profileId, 'explore');
      try {
        if (lease.generation === generation) {
          await this.sendOver(lease);
        } else if (this.waiting.get(profileId) === waiting) {
          this.forget(profileId);
        }
      } finally {
        lease.dispose();
      }
    } catch (error) {
      // Busy, or gone: what is left goes with the next page, or with the connection.
      this.options.logger.debug(
        `Letting go of rows: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  }

  private async sendOver({ agent, profileId, generation }: Lease): Promise<void> {
    const numbers = this.take(profileId, generation);
    if (numbers.length === 0) {
      return;
    }
    try {
      await agent?.ask('release', [numbers]);
    } catch (error) {
      this.putBack(profileId, generation, numbers);
      throw error;
    }
  }
}
