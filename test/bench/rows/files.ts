/** Files to a classic server and back: random bytes, which no compression makes shorter. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { type RpycVersion, startClassic } from '../../support/pythonPeer';
import { Driver } from '../driver';
import type { Row, RowResult } from '../row';
import { summarise } from '../stats';
import { SOURCE } from './calls';

const OUR_MB = 100;
/** Python takes half a second for each. */
const THEIR_MB = 4;
const ROUNDS = 3;
const MB = 1_000_000;

async function transfer(
  version: RpycVersion,
  kind: 'upload' | 'download',
  target: number,
): Promise<RowResult> {
  const folder = await mkdtemp(path.join(tmpdir(), 'rpyc-bench-'));
  try {
    const file = (name: string): string => path.join(folder, name);
    await writeFile(file('ours'), randomBytes(OUR_MB * MB));
    await writeFile(file('theirs'), randomBytes(THEIR_MB * MB));
    await using server = await startClassic(version);
    await using ours = Driver.node({ pinned: false });
    await using theirs = Driver.python(version, { pinned: false });
    const our: number[] = [];
    const their: number[] = [];
    for (const driver of [ours, theirs]) {
      await driver.run({ task: 'connect', kind: 'classic', port: server.port, source: SOURCE });
    }
    for (let round = 0; round < ROUNDS; round++) {
      const [mine = NaN] = (await ours.run({ task: kind, from: file('ours'), to: file('our copy') })).samples;
      const [other = NaN] = (await theirs.run({ task: kind, from: file('theirs'), to: file('their copy') }))
        .samples;
      our.push(mine / 1000 / OUR_MB);
      their.push(other / 1000 / THEIR_MB);
    }
    const summary = summarise(our);
    const otherSummary = summarise(their);
    return {
      figure: otherSummary.median / summary.median,
      unit: '×',
      target: { value: target, bound: 'least' },
      rawUnit: 'ms/MB',
      ours: summary,
      theirs: otherSummary,
      against: `Python's own ${kind} of ${THEIR_MB} MB`,
    };
  } finally {
    await rm(folder, { recursive: true });
  }
}

export function fileRows(version: RpycVersion): readonly Row[] {
  return [
    {
      name: 'upload',
      what: `${OUR_MB} MB of random bytes to a classic server`,
      run: () => transfer(version, 'upload', 50),
    },
    {
      name: 'download',
      what: `${OUR_MB} MB of random bytes from a classic server`,
      run: () => transfer(version, 'download', 25),
    },
  ];
}
