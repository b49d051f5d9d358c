import assert from 'node:assert/strict';

import { Explorer, named } from '../../support/explorer';
import { RPYC_VERSIONS, startClassic } from '../../support/pythonPeer';
import { Relay } from '../../support/relay';

const VALUES = `
import collections, dataclasses, enum, numpy, pandas
class Mode(enum.Enum):
    IDLE = 0
    SWEEP = 1
Point = collections.namedtuple('Point', 'x y')
Trace = dataclasses.make_dataclass('Trace', ['rate', 'mode'])
trace = Trace(48000, Mode.SWEEP)
point = Point(1, 2)
samples = numpy.arange(6.0).reshape(2, 3)
huge = numpy.zeros((1000, 131072))
table = pandas.DataFrame({'t': [0.1, 0.2], 'name': ['a', 'b']})
ticks = (n for n in range(3))
`;

const PAGE_BYTES = 1_000_000;

for (const version of RPYC_VERSIONS) {
  describe(`kinds of objects and rpyc ${version}`, function () {
    this.timeout(60_000);

    it('shows in a row what each of them holds', async () => {
      await using server = await startClassic(version);
      await using explorer = await Explorer.connect(server);
      await explorer.run(VALUES);
      const { nodes } = await explorer.page(explorer.root('Namespace'));
      const shown = (name: string): readonly string[] => {
        const { kind, value } = named(nodes, name);
        return [kind, value];
      };
      assert.deepEqual(shown('trace'), ['struct', 'Trace(rate=48000, mode=Mode.SWEEP = 1)']);
      assert.deepEqual(shown('point'), ['struct', 'Point(x=1, y=2)']);
      assert.deepEqual(shown('samples'), ['array', '2×3 float64']);
      assert.deepEqual(shown('table'), ['table', '2 rows × 2 columns']);
      assert.equal(named(nodes, 'ticks').kind, 'generator');
      assert.deepEqual(
        (await explorer.page(named(nodes, 'trace'))).nodes.slice(0, 2).map(({ name }) => name),
        ['rate', 'mode'],
      );
      assert.equal(await explorer.value('list(ticks)'), '[0, 1, 2]');
    });

    it('opens an array of a gigabyte, a row of it and a column of a table with one request each', async () => {
      await using server = await startClassic(version);
      await using relay = await Relay.start(server);
      await using explorer = await Explorer.connect(relay);
      await explorer.run(VALUES);
      const namespace = (await explorer.page(explorer.root('Namespace'))).nodes;
      await relay.reset();
      const rows = await explorer.page(named(namespace, 'huge'));
      const items = await explorer.page(named(rows.nodes, '[99]'), 131_000);
      assert.equal(rows.nodes.length, 100);
      assert.deepEqual([items.nodes[0]?.name, items.nodes[0]?.value], ['[131000]', '0.0']);
      const columns = await explorer.page(named(namespace, 'table'));
      const names = await explorer.page(named(columns.nodes, "'name'"));
      assert.deepEqual(
        names.nodes.slice(0, 2).map(({ value }) => value),
        ["'a'", "'b'"],
      );
      const counts = await relay.counts();
      assert.equal(counts.roundTrips, 4);
      assert.ok(counts.down.bytes < PAGE_BYTES, `${counts.down.bytes} bytes`);
    });

    it('leads to an item by an expression that Python understands', async () => {
      await using server = await startClassic(version);
      await using explorer = await Explorer.connect(server);
      await explorer.run(VALUES);
      for (const path of [
        ['samples', '[1]', '[2]'],
        ['point', 'y'],
        ['table', "'name'"],
        ['Mode', "'SWEEP'"],
        ['trace', 'mode'],
      ]) {
        const node = await explorer.find('Namespace', ...path);
        const value = await explorer.value(node.expression ?? '');
        assert.notEqual(value, undefined, path.join(' '));
      }
    });
  });
}
