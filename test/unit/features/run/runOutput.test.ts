import assert from 'node:assert/strict';

import { outputsOf } from '../../../../server/src/features/run/runOutput';

describe('Output of a run', () => {
  it('is taken as the helper sends it', () => {
    const pieces = [
      ['stdout', 'a\n'],
      ['stderr', 'b'],
      ['stdout', 'c'],
    ];
    assert.deepEqual(outputsOf('r', pieces, 7), [
      { runId: 'r', stream: 'stdout', text: 'a\n', dropped: 7 },
      { runId: 'r', stream: 'stderr', text: 'b', dropped: 0 },
      { runId: 'r', stream: 'stdout', text: 'c', dropped: 0 },
    ]);
    assert.deepEqual(outputsOf('r', [['stderr', '']], 7), [
      { runId: 'r', stream: 'stderr', text: '', dropped: 7 },
    ]);
  });

  it('is passed over where it makes no sense', () => {
    for (const pieces of [undefined, null, 5, 'stdout', [], ['stdout'], [[]], ['stdout', 'a'], [null]]) {
      assert.deepEqual(outputsOf('r', pieces, 0), []);
    }
    const pieces = [
      ['stdin', 'a'],
      ['stdout', 5],
      ['stdout', ''],
      ['stderr', 'kept'],
    ];
    assert.deepEqual(outputsOf('r', pieces, 0), [{ runId: 'r', stream: 'stderr', text: 'kept', dropped: 0 }]);
  });

  it('is bounded, and believes no odd count', () => {
    const long = ['stdout', 'x'.repeat(900_000)];
    const total = outputsOf('r', [long, long, long], 0).reduce((sum, { text }) => sum + text.length, 0);
    assert.equal(total, 1_000_000);
    assert.equal(outputsOf('r', Array(1_000_000).fill(['stdout', 'x']), 0).length, 10_000);
    for (const dropped of [-1, 1.5, 'many', null, Infinity]) {
      assert.equal(outputsOf('r', [['stdout', 'a']], dropped)[0]?.dropped, 0);
    }
  });
});
