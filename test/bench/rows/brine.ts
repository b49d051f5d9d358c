/** The codec alone, against Python's and against msgpackr, on the same values. */
import { brine, type BrineValue } from '../../../server/src/rpyc/index';
import type { RpycVersion } from '../../support/pythonPeer';
import { Driver, interleave } from '../driver';
import type { Row, RowResult } from '../row';

const NUMBERS = Array.from({ length: 500 }, (_, n) => (n * 7919) % 1_000_003);

/** Only types that all three codecs have. */
const VALUES: ReadonlyMap<string, BrineValue> = new Map<string, BrineValue>([
  [
    'request',
    [
      1,
      4711,
      [
        8,
        [
          2,
          [
            [3, ['builtins.Target', 93925071, 139757689]],
            [1, 'add'],
            [1, [1, 2]],
          ],
        ],
      ],
    ],
  ],
  ['numbers', NUMBERS],
  ['floats', NUMBERS.map((number) => number / 7 + 0.01)],
  ['names', NUMBERS.slice(0, 300).map((number) => `attribute_${number}`)],
  ['rows', NUMBERS.slice(0, 100).map((n) => [`row ${n}`, n, n / 3 + 0.1, n % 2 === 0, null, `größe ${n}`])],
]);

type Operation = 'Dump' | 'Load';

async function compare(
  version: RpycVersion,
  operation: Operation,
  other: 'python' | 'msgpackr',
  target: number,
): Promise<RowResult> {
  await using ours = Driver.node({ pinned: false });
  await using theirs =
    other === 'python' ? Driver.python(version, { pinned: false }) : Driver.node({ pinned: false });
  const encoded = Object.fromEntries(
    [...VALUES].map(([name, value]) => [name, Buffer.from(brine.dump(value)).toString('base64')]),
  );
  for (const driver of [ours, theirs]) await driver.run({ task: 'brineValues', values: encoded });
  const task = other === 'python' ? `brine${operation}` : `packr${operation}`;
  const parts = [];
  for (const [name, value] of VALUES) {
    const count = Math.ceil(200_000 / brine.dump(value).length);
    const [our, their] = await interleave(
      [
        { driver: ours, task: { task: `brine${operation}`, name, count } },
        { driver: theirs, task: { task, name, count: other === 'python' ? Math.ceil(count / 4) : count } },
      ],
      5,
    );
    if (our === undefined || their === undefined) throw new Error('One side did not measure');
    parts.push({ name, our, their, ratio: their.median / our.median });
  }
  const [first] = parts;
  if (first === undefined) throw new Error('There are no values');
  const logs = parts.map(({ ratio }) => Math.log(ratio));
  return {
    figure: Math.exp(logs.reduce((sum, log) => sum + log, 0) / logs.length),
    unit: '×',
    target: { value: target, bound: 'least' },
    rawUnit: 'µs',
    ours: first.our,
    theirs: first.their,
    against: other === 'python' ? "Python's brine" : 'msgpackr',
    note: `geometric mean of ${parts.map(({ name, ratio }) => `${name} ${ratio.toFixed(2)}`).join(', ')}; raw numbers are of the first`,
  };
}

export function brineRows(version: RpycVersion): readonly Row[] {
  const row = (operation: Operation, other: 'python' | 'msgpackr', target: number): Row => ({
    name: `brine-${operation.toLowerCase()}-${other}`,
    what: `brine.${operation.toLowerCase()}`,
    run: () => compare(version, operation, other, target),
  });
  return [
    row('Dump', 'python', 8),
    row('Load', 'python', 7),
    row('Dump', 'msgpackr', 0.7),
    row('Load', 'msgpackr', 0.45),
  ];
}
