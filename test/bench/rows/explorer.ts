/** What a user waits for: first pages of big data, a command beside fifty connections; and what stays on the peer. */
import { Connect, ObjectChildren, ObjectRelease, ObjectRoots, Run } from '../../../server/src/api/messages';
import type { ObjectNode, ObjectPage } from '../../../server/src/api/model';
import { Backend, BACKENDS } from '../../support/backend';
import { Explorer, named } from '../../support/explorer';
import { profileTo } from '../../support/pool';
import { type RpycVersion, runPython, startClassic } from '../../support/pythonPeer';
import { Relay } from '../../support/relay';
import { eventually } from '../../support/poll';
import type { Row, RowResult } from '../row';
import { summarise } from '../stats';

const FIRST_PAGE_MS = 500;
const MOVED_BYTES = 1_000_000;
const OPENINGS = 10;
const PAGE = 100;
const CONNECTIONS = 50;
const ANSWER_MS = 100;
const CYCLES = 10_000;
const WIDTH = 100;

const BIG = [
  { name: 'list', what: 'a list of 1,000,000 items', source: 'big = list(range(1000000))' },
  {
    name: 'dicts',
    what: 'a list of 150,000 dicts',
    source: "big = [{'id': n, 'name': 'record %d' % n} for n in range(150000)]",
  },
  { name: 'array', what: 'a numpy array of 1 GB', source: 'import numpy\nbig = numpy.zeros(125000000)' },
] as const;

async function firstPage(version: RpycVersion, source: string): Promise<RowResult> {
  await using server = await startClassic(version);
  await using relay = await Relay.start(server);
  await using explorer = await Explorer.connect(relay);
  await explorer.value(source);
  const samples: number[] = [];
  await relay.reset();
  for (let n = 0; n < OPENINGS; n++) {
    const before = performance.now();
    const row = await explorer.find('Namespace', 'big');
    const { nodes } = await explorer.page(row, 0, PAGE);
    samples.push(performance.now() - before);
    if (nodes.length === 0) throw new Error('Nothing was shown');
  }
  const { up, down } = await relay.counts();
  const bytes = Math.round((up.bytes + down.bytes) / OPENINGS);
  const ours = summarise(samples);
  return {
    figure: ours.median,
    unit: 'ms',
    target: { value: FIRST_PAGE_MS, bound: 'most' },
    rawUnit: 'ms',
    ours,
    note: `${bytes} bytes were moved for each opening`,
    failures: bytes < MOVED_BYTES ? [] : [`more than ${MOVED_BYTES} bytes`],
  };
}

/** The program that runs in the editor, with fifty connections open; a run of one of them, in turn. */
async function beside(version: RpycVersion): Promise<RowResult> {
  await using server = await startClassic(version);
  const ids = Array.from({ length: CONNECTIONS }, (_, index) => `p${index}`);
  const profiles = ids.map((id) => profileTo(server, { id, label: id }));
  await using backend = await Backend.start(profiles, { program: BACKENDS.bundle });
  for (const profileId of ids) await backend.request(Connect, { profileId });
  const samples: number[] = [];
  for (const profileId of ids) {
    const roots = await backend.request(ObjectRoots, { profileId });
    const { handle } = named(roots, 'Builtins');
    const before = performance.now();
    const { nodes } = await backend.request(ObjectChildren, { handle, offset: 0, limit: PAGE });
    samples.push(performance.now() - before);
    if (nodes.length === 0) throw new Error('Nothing was shown');
  }
  const ours = summarise(samples);
  return {
    figure: ours.p99,
    unit: 'ms',
    target: { value: ANSWER_MS, bound: 'most' },
    rawUnit: 'ms',
    ours,
    note: 'the slowest of them counts; the bundle',
  };
}

/** Another client: how many objects the server holds for each connection, in all. */
const TABLES = `
import rpyc, sys
conn = rpyc.classic.connect('127.0.0.1', int(sys.argv[1]))
conn.execute('''
import gc
gc.collect()
def held():
    from rpyc.core.protocol import Connection
    return sum(len(c._local_objects._dict) for c in gc.get_objects() if type(c) is Connection and not c.closed)
''')
print(conn.eval('held()'))
`;

async function held(version: RpycVersion, port: number): Promise<number> {
  const { stdout, stderr } = await runPython(version, TABLES, [String(port)]);
  if (stdout.trim() === '') throw new Error(stderr);
  return Number(stdout);
}

async function peerTables(version: RpycVersion): Promise<RowResult> {
  await using server = await startClassic(version);
  await using backend = await Backend.start([profileTo(server)], { program: BACKENDS.bundle });
  await backend.request(Connect, { profileId: 'p' });
  const source = `x = [[n] for n in range(${WIDTH})]`;
  await backend.request(Run, { profileId: 'p', runId: 'r', source, fileName: '/bench.py', lineOffset: 0 });
  const children = ({ handle }: ObjectNode): Promise<ObjectPage> =>
    backend.request(ObjectChildren, { handle, offset: 0, limit: 500, filter: '' });
  const roots = await backend.request(ObjectRoots, { profileId: 'p' });
  const list = named((await children(named(roots, 'Namespace'))).nodes, 'x');
  const before = await held(version, server.port);
  for (let done = 0; done < CYCLES; done += WIDTH) {
    const { nodes } = await children(list);
    const parts = (await Promise.all(nodes.map(children))).flatMap((page) => page.nodes);
    await backend.notify(ObjectRelease, { handles: [...nodes, ...parts].map(({ handle }) => handle) });
  }
  let after = Infinity;
  await eventually('the peer has let go', async () => {
    after = await held(version, server.port);
    return after <= before;
  }).catch(() => undefined);
  const ours = summarise([after]);
  return {
    figure: after - before,
    unit: 'objects',
    target: { value: 0, bound: 'most' },
    rawUnit: 'objects',
    ours,
    theirs: summarise([before]),
    against: 'before them',
  };
}

export function explorerRows(version: RpycVersion): readonly Row[] {
  return [
    ...BIG.map(({ name, what, source }) => ({
      name: `first-page-${name}`,
      what: `first page of ${what}`,
      run: () => firstPage(version, source),
    })),
    {
      name: 'fifty-connections',
      what: `a row opened while ${CONNECTIONS} connections are open`,
      run: () => beside(version),
    },
    {
      name: 'peer-tables',
      what: `growth of the peer's tables over ${CYCLES} expansions and collapses`,
      run: () => peerTables(version),
    },
  ];
}
