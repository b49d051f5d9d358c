import assert from 'node:assert/strict';

import { nextCount } from '../../../../server/src/rpyc/core/iteration';

describe('The chunks of an iteration', () => {
  it('grow as long as they come fast', () => {
    assert.deepEqual([nextCount(1, 0), nextCount(1, 49), nextCount(512, 10)], [2, 2, 1024]);
  });

  it('shrink to what comes fast, and to one item at least', () => {
    assert.equal(nextCount(1, 50), 1);
    assert.equal(nextCount(1, 2000), 1);
    assert.equal(nextCount(1000, 100), 500);
    assert.equal(nextCount(512, 512_000), 1);
  });
});
