import assert from 'node:assert/strict';

import { outputOf } from '../../../../server/src/features/run/runOutput';

describe('Output of a run', () => {
  it('is taken as the helper sends it', () => {
    assert.deepEqual(outputOf('r', 'stdout', 'a\n', 0), {
      runId: 'r',
      stream: 'stdout',
      text: 'a\n',
      dropped: 0,
    });
    assert.deepEqual(outputOf('r', 'stderr', '', 7), { runId: 'r', stream: 'stderr', text: '', dropped: 7 });
  });

  it('is passed over where it makes no sense', () => {
    assert.equal(outputOf('r', 'stdin', 'a', 0), undefined);
    assert.equal(outputOf('r', 'stdout', 5, 0), undefined);
    assert.equal(outputOf('r', 'stdout', '', 0), undefined);
  });

  it('is bounded, and believes no odd count', () => {
    assert.equal(outputOf('r', 'stdout', 'x'.repeat(3_000_000), 0)?.text.length, 1_000_000);
    for (const dropped of [-1, 1.5, 'many', null, Infinity]) {
      assert.equal(outputOf('r', 'stdout', 'a', dropped)?.dropped, 0);
    }
  });
});
