import assert from 'node:assert/strict';

import { PeerReleases } from '../../../../server/src/features/inspect/peerReleases';
import type { Lease } from '../../../../server/src/features/pool/lease';
import { silentLogger } from '../../../../server/src/rpyc/index';
import { eventually } from '../../../support/poll';

/** A peer that keeps what it is told, and may fail. */
class Peer {
  readonly told: unknown[] = [];
  generation = 1;
  failure: Error | undefined;
  asked = 0;
  leases = 0;
  readonly releases = new PeerReleases({ lend: () => Promise.resolve(this.lease()), logger: silentLogger });

  async ask(method: string, args: readonly unknown[]): Promise<unknown> {
    assert.equal(method, 'release');
    this.asked += 1;
    await Promise.resolve();
    if (this.failure !== undefined) {
      throw this.failure;
    }
    this.told.push(args[0]);
    return null;
  }

  private lease(): Lease {
    this.leases += 1;
    const dispose = (): void => void (this.leases -= 1);
    const { generation } = this;
    return { profileId: 'p', generation, agent: this, dispose } as unknown as Lease;
  }
}

describe('Numbers that are held no longer', () => {
  it('are told in one message for each turn', async () => {
    const peer = new Peer();
    peer.releases.add('p', 1, [1]);
    peer.releases.add('p', 1, [2, 3]);
    await eventually('the peer is told', () => peer.told.length > 0);
    assert.deepEqual(peer.told, [[1, 2, 3]]);
    assert.deepEqual(peer.releases.take('p', 1), []);
    assert.equal(peer.leases, 0);
  });

  it('travel with a page that comes first', () => {
    const { releases } = new Peer();
    releases.add('p', 1, [1]);
    assert.deepEqual(releases.take('p', 1), [1]);
    releases.putBack('p', 1, [1]);
    releases.add('p', 1, [2]);
    assert.deepEqual(releases.take('p', 1), [1, 2]);
  });

  it('wait for the next message where one fails', async () => {
    const peer = new Peer();
    peer.failure = new Error('not now');
    peer.releases.add('p', 1, [1]);
    await eventually('it was tried', () => peer.asked > 0);
    await eventually('the lease is given back', () => peer.leases === 0);
    peer.failure = undefined;
    peer.releases.add('p', 1, [2]);
    await eventually('the peer is told', () => peer.told.length > 0);
    assert.deepEqual(peer.told, [[1, 2]]);
  });

  it('mean nothing to another connection', async () => {
    const peer = new Peer();
    peer.releases.add('p', 1, [1]);
    assert.deepEqual(peer.releases.take('p', 2), []);
    peer.releases.add('p', 2, [7]);
    peer.releases.add('p', 1, [8]);
    peer.generation = 2;
    await eventually('the peer is told', () => peer.told.length > 0);
    assert.deepEqual(peer.told, [[7]]);
  });
});
