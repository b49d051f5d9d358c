import assert from 'node:assert/strict';

import { CostHistory, KEPT_COSTS, sizeOf } from '../../../client/src/costModel';
import type { ActionCost } from '../../../server/src/api/wire';

function cost(id: number, profileId = 'p'): ActionCost {
  return {
    id,
    profileId,
    method: 'rpyc/objects/children',
    target: 'items',
    roundTrips: 1,
    requests: 1,
    callbacks: 0,
    bytesSent: 100,
    bytesReceived: 200,
    elapsedMs: 5,
    at: 0,
    failed: false,
  };
}

describe('CostHistory', () => {
  it('keeps the last actions of each connection, the newest first, until it is cleared', () => {
    const history = new CostHistory();
    for (let id = 1; id <= KEPT_COSTS + 10; id++) {
      history.add(cost(id), `row ${id % 2}`);
    }
    history.add(cost(1000, 'q'), 'other');
    const ids = history.of('p').map(({ id }) => id);
    assert.equal(ids.length, KEPT_COSTS);
    assert.deepEqual(ids.slice(0, 2), [KEPT_COSTS + 10, KEPT_COSTS + 9]);
    assert.equal(history.ofRow('row 1')?.id, KEPT_COSTS + 9);
    history.clear('p');
    assert.deepEqual(history.of('p'), []);
    assert.equal(history.ofRow('row 1'), undefined);
    assert.equal(history.ofRow('other')?.id, 1000);
  });

  it('keeps the cost of a bounded number of rows', () => {
    const history = new CostHistory();
    for (let id = 1; id <= 2000; id++) {
      history.add(cost(id), `row ${id}`);
    }
    assert.equal(history.ofRow('row 1'), undefined);
    assert.equal(history.ofRow('row 2000')?.id, 2000);
  });

  it('writes sizes in the unit that keeps them short', () => {
    const texts = [0, 820, 999, 1400, 9960, 999_700, 1_234_567, 5e12].map((bytes) => {
      const { value, unit } = sizeOf(bytes);
      return `${value} ${unit}`;
    });
    assert.deepEqual(texts, ['0 B', '820 B', '999 B', '1.4 kB', '10 kB', '1 MB', '1.2 MB', '5000 GB']);
  });
});
