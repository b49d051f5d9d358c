/** One call at a time, and many in flight, against a stock Python server. */
import { type RpycVersion, startClassic } from '../../support/pythonPeer';
import { Driver, interleave, pin, type Task } from '../driver';
import type { Row, RowResult, Target } from '../row';

/** The object that both clients use. */
export const SOURCE = `
class Target(object):
    value = 7
    def add(self, left, right):
        return left + right
target = Target()
`;

interface Comparison {
  readonly task: Task;
  readonly rounds: number;
  readonly pinned: boolean;
  readonly target: Target;
  readonly note?: string;
}

/** Both clients do the same to one classic server, in turn. */
async function compare(version: RpycVersion, comparison: Comparison): Promise<RowResult> {
  const { task, rounds, pinned, target } = comparison;
  await using server = await startClassic(version);
  if (pinned) pin(server.pid);
  await using ours = Driver.node({ pinned });
  await using theirs = Driver.python(version, { pinned });
  for (const driver of [ours, theirs]) {
    await driver.run({ task: 'connect', kind: 'classic', port: server.port, source: SOURCE });
  }
  const [our, their] = await interleave(
    [
      { driver: ours, task },
      { driver: theirs, task },
    ],
    rounds,
  );
  if (our === undefined || their === undefined) throw new Error('One side did not measure');
  return {
    figure: their.median / our.median,
    unit: '×',
    target,
    rawUnit: 'µs',
    ours: our,
    theirs: their,
    against: "Python's client",
    note: comparison.note,
  };
}

/** The least that a round trip takes in Node, whatever a library does. */
async function rawRow(version: RpycVersion): Promise<RowResult> {
  await using server = await startClassic(version);
  pin(server.pid);
  await using raw = Driver.node({ pinned: true });
  await using theirs = Driver.python(version, { pinned: true });
  const dialect = version.startsWith('6.') ? 'D' : 'C';
  await raw.run({ task: 'rawConnect', host: server.host, port: server.port, dialect });
  await theirs.run({ task: 'connect', kind: 'classic', port: server.port, source: SOURCE });
  const [our, their] = await interleave(
    [
      { driver: raw, task: { task: 'raw', count: 1500 } },
      { driver: theirs, task: { task: 'getattr', count: 1500 } },
    ],
    4,
  );
  if (our === undefined || their === undefined) throw new Error('One side did not measure');
  return {
    figure: their.median / our.median,
    unit: '×',
    rawUnit: 'µs',
    ours: our,
    theirs: their,
    against: "Python's client",
    note: "a bare socket of Node's that sends a PING and reads nothing of the answer: no client in Node is faster",
  };
}

const least = (value: number): Target => ({ value, bound: 'least' });

export function callRows(version: RpycVersion): readonly Row[] {
  const oneByOne = { rounds: 6, pinned: true } as const;
  return [
    {
      name: 'raw-socket',
      what: 'one PING at a time without any library, pinned',
      run: () => rawRow(version),
    },
    {
      name: 'getattr',
      what: 'one getattr at a time, pinned',
      run: () => compare(version, { ...oneByOne, task: { task: 'getattr', count: 1500 }, target: least(2) }),
    },
    {
      name: 'call',
      what: 'one call at a time, pinned',
      run: () => compare(version, { ...oneByOne, task: { task: 'call', count: 1500 }, target: least(2) }),
    },
    {
      name: 'add',
      what: 'o.add(1, 2), pinned',
      run: () => compare(version, { ...oneByOne, task: { task: 'add', count: 1000 }, target: least(6) }),
    },
    {
      name: 'in-flight',
      what: '64 calls in flight',
      run: () =>
        compare(version, {
          task: { task: 'inFlight', count: 100, width: 64 },
          rounds: 5,
          pinned: false,
          target: least(2),
          note: "Python's client is async_ with a window that is filled up again",
        }),
    },
  ];
}
