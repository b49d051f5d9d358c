import assert from 'node:assert/strict';

import { LabBench, type Reading } from '../../../server/src/cli/demo/labBench';

function live(seed: number, steps: number): Reading[] {
  const bench = new LabBench(seed);
  const readings: Reading[] = [];
  bench.onDidStep((reading) => readings.push(reading));
  bench.motor.exposed_move(40);
  for (let step = 0; step < steps; step++) bench.step();
  bench.dispose();
  return readings;
}

describe('The demo bench', () => {
  it('lives the same life for the same seed, and another for another', () => {
    assert.deepEqual(live(1, 50), live(1, 50));
    assert.notDeepEqual(live(1, 50), live(2, 50));
  });

  it('moves its motor at its speed, and writes down where it arrived', () => {
    const bench = new LabBench(1);
    assert.equal(bench.motor.exposed_move(25, 20), 1.25);
    const positions = [1, 2, 3].map(() => {
      bench.step();
      return bench.motor.exposed_position;
    });
    assert.deepEqual(positions, [10, 20, 25]);
    assert.equal(bench.motor.exposed_moving, false);
    assert.deepEqual(bench.logbook.exposed_newest(1), ['1.5 s: motor arrived at 25 mm']);
  });

  it('warms towards what the heater is set to', () => {
    const bench = new LabBench(1);
    bench.thermometer.exposed_heat(80);
    for (let step = 0; step < 200; step++) bench.step();
    assert.ok(Math.abs(bench.thermometer.exposed_mean() - 80) < 2);
  });

  it('refuses what would break it', () => {
    const bench = new LabBench(1);
    assert.throws(() => bench.motor.exposed_move(1000), /from 0 to 400 mm/);
    assert.throws(() => bench.motor.exposed_move(NaN), RangeError);
    assert.throws(() => bench.thermometer.exposed_heat(1e6), RangeError);
    assert.throws(() => bench.logbook.exposed_add(7 as unknown as string), TypeError);
  });

  it('keeps a bounded history', () => {
    const bench = new LabBench(1);
    for (let step = 0; step < 2500; step++) bench.step();
    assert.equal([...bench.thermometer.exposed_history].length, 2000);
  });
});
