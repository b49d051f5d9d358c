/** Calls that leave together: no reply may wait for the delayed acknowledgement of the one before it. */
import { type RpycVersion, startClassic } from '../../support/pythonPeer';
import { Driver, interleave } from '../driver';
import type { Row, RowResult } from '../row';
import { SOURCE } from './calls';

/** A kernel delays an acknowledgement by this, in milliseconds; what takes so much longer than the median met one. */
const STEP_MS = 35;

/** Fails where a sample stands a delayed acknowledgement above the others. */
export function stepFailures(medianMs: number, maxMs: number): readonly string[] {
  if (maxMs - medianMs < STEP_MS) return [];
  return [`a sample of ${maxMs.toFixed(1)} ms is a step of 40 ms above the others`];
}

async function burst(version: RpycVersion, size: number, limitMs: number): Promise<RowResult> {
  await using server = await startClassic(version);
  await using driver = Driver.node({ pinned: false });
  await driver.run({ task: 'connect', kind: 'classic', port: server.port, source: SOURCE });
  const count = Math.ceil(500 / Math.sqrt(size));
  const [ours] = await interleave([{ driver, task: { task: 'bursts', count, size } }], 4);
  if (ours === undefined) throw new Error('Nothing was measured');
  const ms = { ...ours, median: ours.median / 1000, p99: ours.p99 / 1000, max: ours.max / 1000 };
  return {
    figure: ms.median,
    unit: 'ms',
    target: { value: limitMs, bound: 'most' },
    rawUnit: 'ms',
    ours: ms,
    note: `longest ${ms.max.toFixed(1)} ms`,
    failures: stepFailures(ms.median, ms.max),
  };
}

export function burstRows(version: RpycVersion): readonly Row[] {
  return [
    { name: 'burst-2', what: 'burst of 2 calls', run: () => burst(version, 2, 1) },
    { name: 'burst-1000', what: 'burst of 1,000 calls', run: () => burst(version, 1000, 25) },
  ];
}
