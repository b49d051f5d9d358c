/** Calls that leave together: no reply may wait for the delayed acknowledgement of the one before it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { TestAuthority } from '../../support/certificates';
import { type RpycVersion, startClassic } from '../../support/pythonPeer';
import { Driver, interleave, type Task } from '../driver';
import type { Row, RowResult } from '../row';
import { SOURCE } from './calls';

/** A kernel delays an acknowledgement by this, in milliseconds; what takes so much longer than the median met one. */
const STEP_MS = 35;

/** Fails where a sample stands a delayed acknowledgement above the others. */
export function stepFailures(medianMs: number, maxMs: number): readonly string[] {
  if (maxMs - medianMs < STEP_MS) return [];
  return [`a sample of ${maxMs.toFixed(1)} ms is a step of 40 ms above the others`];
}

async function burst(port: number | Task, size: number, limitMs: number): Promise<RowResult> {
  const connecting = typeof port === 'number' ? { kind: 'classic', port, source: SOURCE } : port;
  await using driver = Driver.node({ pinned: false });
  await driver.run({ ...connecting, task: 'connect' });
  const count = size > 100 ? 40 : 500;
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

async function overTcp(version: RpycVersion, size: number, limitMs: number): Promise<RowResult> {
  await using server = await startClassic(version);
  return await burst(server.port, size, limitMs);
}

async function overTls(version: RpycVersion, size: number, limitMs: number): Promise<RowResult> {
  await using authority = await TestAuthority.create();
  const { key, cert } = await authority.issue('bench');
  await using server = Driver.python(version, { pinned: false }, ['serve', 'tls', key, cert]);
  const port = await server.port();
  return await burst({ task: 'connect', kind: 'tls', port, ca: authority.ca }, size, limitMs);
}

async function overUnix(version: RpycVersion, size: number, limitMs: number): Promise<RowResult> {
  const folder = await mkdtemp(path.join(tmpdir(), 'rpyc-bench-'));
  try {
    const file = path.join(folder, 'socket');
    await using server = Driver.python(version, { pinned: false }, ['serve', 'unix', file]);
    await server.port();
    return await burst({ task: 'connect', kind: 'unix', path: file }, size, limitMs);
  } finally {
    await rm(folder, { recursive: true });
  }
}

export function burstRows(version: RpycVersion): readonly Row[] {
  const ways = [
    ['', '', overTcp],
    ['-tls', ' over TLS', overTls],
    ['-unix', ' over a Unix socket', overUnix],
  ] as const;
  return ways.flatMap(([way, how, over]) => [
    { name: `burst-2${way}`, what: `burst of 2 calls${how}`, run: () => over(version, 2, 1) },
    { name: `burst-1000${way}`, what: `burst of 1,000 calls${how}`, run: () => over(version, 1000, 25) },
  ]);
}
