import assert from 'node:assert/strict';

import { Deadlines } from '../../../../server/src/rpyc/lib/deadlines';

/** Adds a wait and tells when it has ended. */
function wait(deadlines: Deadlines, seconds: number, ended: number[]): Promise<void> {
  return new Promise((resolve) => {
    deadlines.add(seconds, () => {
      ended.push(seconds);
      resolve();
    });
  });
}

function timers(): number {
  return process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
}

describe('deadlines', () => {
  it('end in their order, whichever began first', async () => {
    const deadlines = new Deadlines();
    const ended: number[] = [];
    await Promise.all([0.02, 0.001, 0.01, 0].map((seconds) => wait(deadlines, seconds, ended)));
    assert.deepEqual(ended, [0, 0.001, 0.01, 0.02]);
    deadlines.dispose();
  });

  it('do not end where they were disposed', async () => {
    const deadlines = new Deadlines();
    const ended: number[] = [];
    deadlines.add(0.001, () => ended.push(-1))?.dispose();
    await wait(deadlines, 0.005, ended);
    assert.deepEqual(ended, [0.005]);
    void wait(deadlines, 0.001, ended);
    deadlines.dispose();
    await wait(new Deadlines(), 0.005, ended);
    assert.deepEqual(ended, [0.005, 0.005]);
  });

  it('may begin while others end', async () => {
    const deadlines = new Deadlines();
    const ended: number[] = [];
    await wait(deadlines, 0.001, ended);
    await wait(deadlines, 0.001, ended);
    assert.equal(ended.length, 2);
    deadlines.dispose();
  });

  it('that are due together end each other', async () => {
    const deadlines = new Deadlines();
    const ended: string[] = [];
    const second = deadlines.add(0.002, () => ended.push('second'));
    deadlines.add(0.001, () => {
      ended.push('first');
      second?.dispose();
    });
    // Both are due when the timer is late.
    const until = performance.now() + 5;
    while (performance.now() < until);
    await wait(deadlines, 0.001, []);
    assert.deepEqual(ended, ['first']);
    deadlines.dispose();
  });

  it('never end beyond what a timer can do', () => {
    const deadlines = new Deadlines();
    for (const seconds of [Infinity, 1e9, NaN])
      assert.equal(
        deadlines.add(seconds, () => undefined),
        undefined,
      );
    deadlines.dispose();
  });

  it('share one timer that keeps no process alive', () => {
    const before = timers();
    const deadlines = new Deadlines();
    for (let n = 0; n < 1000; n++) deadlines.add(30, () => undefined);
    assert.equal(timers(), before);
    deadlines.dispose();
  });
});
