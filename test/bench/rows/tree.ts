/** A wide object in the object tree, over a slow link. */
import { Explorer } from '../../support/explorer';
import { type RpycVersion, startClassic } from '../../support/pythonPeer';
import { Relay } from '../../support/relay';
import type { Row, RowResult } from '../row';
import { summarise } from '../stats';

const LINK_MS = 50;
const MORE_MS = 20;
const OPENINGS = 8;
const ATTRIBUTES = 1000;
/** The most that is asked for at once. */
const PAGE = 500;

const WIDE = `
class Part(object):
    pass
class Wide(object):
    pass
kinds = [lambda n: n, lambda n: 'text %d' % n, lambda n: n / 3, lambda n: [n] * 5, lambda n: {n: n}, lambda n: None,
         lambda n: b'bytes', lambda n: (n, n), lambda n: Part(), lambda n: len]
wide = Wide()
for n in range(${ATTRIBUTES}):
    setattr(wide, 'part_%04d' % n, kinds[n % len(kinds)](n))
`;

async function wide(version: RpycVersion): Promise<RowResult> {
  await using server = await startClassic(version);
  // Half of the round trip each way.
  await using relay = await Relay.start(server);
  await using explorer = await Explorer.connect(relay);
  await explorer.run(WIDE);
  await relay.setDelay(LINK_MS / 2);
  const trip: number[] = [];
  const samples: number[] = [];
  for (let n = -1; n < OPENINGS; n++) {
    const before = performance.now();
    await explorer.value('1');
    const between = performance.now();
    const row = await explorer.find('Namespace', 'wide');
    const found = performance.now();
    const pages = await Promise.all([0, PAGE].map((offset) => explorer.grouped(row, offset, PAGE)));
    const opened = performance.now();
    const shown = pages.reduce((sum, { nodes }) => sum + nodes.length, 0);
    if (shown < ATTRIBUTES) throw new Error(`Only ${shown} rows were shown`);
    if (n < 0) continue;
    trip.push(between - before);
    samples.push(opened - found);
  }
  const ours = summarise(samples);
  return {
    figure: ours.median,
    unit: 'ms',
    target: { value: 2 * LINK_MS + MORE_MS, bound: 'most' },
    rawUnit: 'ms',
    ours,
    theirs: summarise(trip),
    against: 'a small run over the same link',
    note: `the target is two round trips of ${LINK_MS} ms and ${MORE_MS} ms`,
  };
}

export function treeRows(version: RpycVersion): readonly Row[] {
  return [
    {
      name: 'tree',
      what: `${ATTRIBUTES} mixed attributes over a link of ${LINK_MS} ms`,
      run: () => wide(version),
    },
  ];
}
