import assert from 'node:assert/strict';

import { CallRate } from '../../../../server/src/features/callbacks/callRate';

describe('the rate of calls', () => {
  it('is not used up by those that are turned away', () => {
    const rate = new CallRate(0.001, 3);
    for (let n = 0; n < 3; n++) {
      assert.ok(rate.tryTake());
    }
    for (let n = 0; n < 10_000; n++) {
      assert.ok(!rate.tryTake());
    }
    // The next one is due after one turn, however many came meanwhile.
    const wait = rate.take();
    assert.ok(wait > 0 && wait <= 1_000_000, String(wait));
  });
});
