import assert from 'node:assert/strict';

import { agoText, listedRecents } from '../../../client/src/recents';

const NOW = Date.UTC(2030, 0, 15, 12);
const MINUTE = 60_000;

describe('The connections that were used', () => {
  it('come newest first, as far as they are still listed', () => {
    const recents = [
      { id: 'old', at: 1 },
      { id: 'gone', at: 3 },
      { id: 'new', at: 2 },
    ];
    assert.deepEqual(
      listedRecents(recents, ['new', 'old', 'never']).map(({ id }) => id),
      ['new', 'old'],
    );
  });

  for (const [passed, text] of [
    [0, 'now'],
    [59_999, 'now'],
    [MINUTE, '1 minute ago'],
    [59 * MINUTE, '59 minutes ago'],
    [60 * MINUTE, '1 hour ago'],
    [24 * 60 * MINUTE, 'yesterday'],
    [72 * 60 * MINUTE, '3 days ago'],
    // The clock of the machine was set back.
    [-MINUTE, 'now'],
  ] as const) {
    it(`tells ${passed} ms as "${text}"`, () => assert.equal(agoText(NOW - passed, NOW, 'en'), text));
  }
});
