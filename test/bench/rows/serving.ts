/** Our server against Python's, both with stock clients and with ours. */
import type { RpycVersion } from '../../support/pythonPeer';
import { Driver, interleave, type Task } from '../driver';
import type { Row, RowResult } from '../row';

async function compare(
  version: RpycVersion,
  options: {
    readonly task: Task;
    readonly rounds: number;
    readonly pinned: boolean;
    readonly ourClient: boolean;
    readonly target: number;
  },
): Promise<RowResult> {
  const { task, rounds, pinned, target } = options;
  await using ourServer = Driver.node({ pinned }, ['serve']);
  await using theirServer = Driver.python(version, { pinned }, ['serve']);
  await using ours = options.ourClient ? Driver.node({ pinned }) : Driver.python(version, { pinned });
  await using theirs = Driver.python(version, { pinned });
  await ours.run({ task: 'connect', kind: 'service', port: await ourServer.port() });
  await theirs.run({ task: 'connect', kind: 'service', port: await theirServer.port() });
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
    target: { value: target, bound: 'least' },
    rawUnit: 'µs',
    ours: our,
    theirs: their,
    against: options.ourClient ? "Python's client and server" : "Python's ThreadedServer",
  };
}

export function servingRows(version: RpycVersion): readonly Row[] {
  return [
    {
      name: 'server',
      what: "our server, Python's client calling root.add(1, 2), pinned",
      run: () =>
        compare(version, {
          task: { task: 'add', count: 700 },
          rounds: 6,
          pinned: true,
          ourClient: false,
          target: 1,
        }),
    },
    {
      name: 'both',
      what: 'our client and our server, 64 calls in flight',
      run: () =>
        compare(version, {
          task: { task: 'inFlight', count: 100, width: 64 },
          rounds: 5,
          pinned: false,
          ourClient: true,
          target: 5,
        }),
    },
  ];
}
