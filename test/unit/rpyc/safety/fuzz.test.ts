/** A short run of the fuzzer (`npm run fuzz` makes long ones), and everything that a run has ever found. */
import assert from 'node:assert/strict';

import { keptCases } from '../../../fuzz/cases';
import { checkBrine } from '../../../fuzz/brineTargets';
import { fuzz, replayCase } from '../../../fuzz/fuzz';

const INPUTS = 50_000;
const SEED = 20_200_613;

describe('Fuzzing', () => {
  it(`breaks nothing with ${INPUTS} seeded inputs over brine, frames, servers and clients`, async function () {
    this.timeout(120_000);
    const report = await fuzz({ seed: SEED, inputs: INPUTS });
    assert.deepEqual(report.failures, []);
    assert.ok(report.inputs >= INPUTS);
    const dialects = ['A', 'B', 'C', 'D'];
    const sides = dialects.flatMap((dialect) => [`client ${dialect}`, `server ${dialect}`]);
    const targets = ['brine', 'frames', ...sides];
    for (const target of targets) {
      assert.ok(
        (report.perTarget[target] ?? 0) > INPUTS / 40,
        `${target}: ${report.perTarget[target]} inputs`,
      );
    }
  });

  it('makes the same inputs of the same seed', async () => {
    const [first, second] = [await fuzz({ seed: 7, inputs: 2000 }), await fuzz({ seed: 7, inputs: 2000 })];
    assert.deepEqual(first.perTarget, second.perTarget);
    assert.notDeepEqual((await fuzz({ seed: 8, inputs: 2000 })).perTarget, first.perTarget);
  });

  it('sees a promise that is broken', () => {
    // What decodes and is none of ours has to be told: here the checks are given a decoder's error of another kind.
    assert.throws(() => checkBrine(undefined as unknown as Uint8Array), assert.AssertionError);
  });

  for (const { name, input } of keptCases()) {
    it(`is answered as it should be by what once broke: ${name}`, async () => {
      await replayCase(input);
    });
  }
});
