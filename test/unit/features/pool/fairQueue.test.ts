import assert from 'node:assert/strict';

import { FairQueue } from '../../../../server/src/features/pool/fairQueue';

describe('FairQueue', () => {
  it('lets no more in than its limit, in the order in which they asked', async () => {
    const queue = new FairQueue(2);
    const order: number[] = [];
    let inside = 0;
    let most = 0;
    await Promise.all(
      Array.from({ length: 50 }, async (_, index) => {
        const place = await queue.acquire();
        order.push(index);
        inside += 1;
        most = Math.max(most, inside);
        await Promise.resolve();
        inside -= 1;
        place.dispose();
      }),
    );
    assert.equal(most, 2);
    assert.deepEqual(
      order,
      Array.from({ length: 50 }, (_, index) => index),
    );
    assert.equal(queue.inUse, 0);
  });

  it('counts a place once, however often it is given back', async () => {
    const queue = new FairQueue(1);
    const place = await queue.acquire();
    const second = queue.acquire();
    place.dispose();
    place.dispose();
    await second;
    assert.equal(queue.inUse, 1);
  });

  it('forgets who gives up waiting', async () => {
    const queue = new FairQueue(1);
    const place = await queue.acquire();
    const impatient = new AbortController();
    const given = assert.rejects(queue.acquire(impatient.signal), /enough/);
    const patient = queue.acquire();
    impatient.abort(new Error('enough'));
    await given;
    assert.equal(queue.waiting, 1);
    place.dispose();
    (await patient).dispose();
    assert.equal(queue.inUse, 0);
  });

  it('turns everybody away once it is closed, and keeps places that are in use', async () => {
    const queue = new FairQueue(1);
    const place = await queue.acquire();
    const waiting = assert.rejects(queue.acquire(), /closed for good/);
    queue.dispose(new Error('closed for good'));
    await waiting;
    await assert.rejects(queue.acquire(), /closed for good/);
    place.dispose();
    assert.equal(queue.inUse, 0);
  });

  it('does not admit who has been aborted already', async () => {
    const queue = new FairQueue(1);
    await assert.rejects(queue.acquire(AbortSignal.abort(new Error('before'))), /before/);
    assert.equal(queue.inUse, 0);
  });
});
