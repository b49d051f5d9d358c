import assert from 'node:assert/strict';

import { ConnectingClock } from '../../../client/src/connectingClock';
import type { ConnectionState } from '../../../server/src/api/model';
import { eventually } from '../../support/poll';

function state(profileId: string, more: Partial<ConnectionState>): ConnectionState {
  return { profileId, generation: 0, status: 'connecting', openConnections: 0, busy: false, ...more };
}

describe('ConnectingClock', () => {
  it('ticks for a connection while it is made, over all its stages, and no longer', async () => {
    const ticks: string[] = [];
    const clock = new ConnectingClock((profileId) => ticks.push(profileId));
    clock.note(state('a', { stage: 'resolve' }));
    clock.note(state('b', { status: 'connected' }));
    assert.equal(clock.seconds('a'), 0);
    await eventually('the first second', () => ticks.length > 0);
    assert.deepEqual([...new Set(ticks)], ['a']);
    clock.note(state('a', { stage: 'connect' }));
    assert.ok(clock.seconds('a') >= 1);
    assert.equal(clock.seconds('b'), 0);
    clock.note(state('a', { status: 'failed' }));
    assert.equal(clock.seconds('a'), 0);
    // What waits for the next attempt is not being made.
    clock.note(state('b', { status: 'reconnecting', retryInMs: 1000 }));
    clock.note(state('c', { status: 'reconnecting', stage: 'resolve' }));
    ticks.length = 0;
    await eventually('a second of another one', () => ticks.length > 0);
    assert.deepEqual([...new Set(ticks)], ['c']);
    clock.dispose();
  });
});
