import assert from 'node:assert/strict';

import type { ObjectNode } from '../../../server/src/api/model';
import { Explorer, named } from '../../support/explorer';
import { PolicyBench, asked, refusals } from '../../support/policyBench';
import { RPYC_VERSIONS, startClassic } from '../../support/pythonPeer';
import { Relay } from '../../support/relay';

const MOTOR = `
class Motor(object):
    limit = 9
    def __init__(self):
        self.speed, self._port = 1, 7
        self.on_stop = lambda: None
    def start(self):
        """Starts."""
    def _reset(self):
        """Resets."""
    @property
    def load(self):
        touched.append('load')
        return Motor()
touched = []
motor = Motor()
for n in range(150):
    setattr(Motor, 'step_%03d' % n, Motor.start)
`;

const shown = (nodes: readonly ObjectNode[]): readonly string[] =>
  nodes.map(({ name, kind, length }) => (kind === 'group' ? `${name} (${length})` : name));

for (const version of RPYC_VERSIONS) {
  describe(`groups of names and rpyc ${version}`, function () {
    this.timeout(60_000);

    it('come with the page of a classic object, and open with one request each, in pages', async () => {
      await using server = await startClassic(version);
      await using relay = await Relay.start(server);
      await using explorer = await Explorer.connect(relay);
      await explorer.run(MOTOR);
      const motor = named((await explorer.page(explorer.root('Namespace'))).nodes, 'motor');
      const ask = async <T>(work: () => Promise<T>): Promise<T> => {
        await relay.reset();
        const result = await work();
        const counts = await relay.counts();
        assert.deepEqual([counts.roundTrips, asked(counts), counts.down.exceptions], [1, 1, 0]);
        return result;
      };
      const page = await ask(() => explorer.grouped(motor));
      const names = shown(page.nodes);
      assert.deepEqual(names.slice(0, 6), [
        'limit',
        'load',
        'on_stop',
        'speed',
        'Methods (151)',
        'Private (2)',
      ]);
      assert.match(names[6] ?? '', /^Special \(\d\d\)$/);
      assert.deepEqual([page.total, page.more], [7, false]);

      const methods = named(page.nodes, 'Methods');
      assert.deepEqual(
        [methods.expandable, methods.expression, methods.callable],
        [true, undefined, undefined],
      );
      const first = await ask(() => explorer.grouped(methods));
      assert.deepEqual([first.total, first.more, first.nodes.length], [151, true, 100]);
      const [start] = first.nodes;
      // Its way is that of the method, wherever it is shown.
      assert.deepEqual([start?.name, start?.expression], ['start', 'motor.start']);
      assert.deepEqual(start?.path.slice(1), [
        { kind: 'attr', name: 'motor' },
        { kind: 'attr', name: 'start' },
      ]);
      const rest = await ask(() => explorer.grouped(methods, 100));
      assert.deepEqual([rest.more, rest.nodes.at(-1)?.name], [false, 'step_149']);
      const privates = await ask(() => explorer.grouped(named(page.nodes, 'Private')));
      assert.deepEqual(shown(privates.nodes), ['_port', '_reset']);
      const again = await ask(() => explorer.tree.resolve('p', methods.path));
      assert.deepEqual({ ...again, handle: methods.handle }, methods);

      // Those of a value that no path leads to again.
      const load = await explorer.tree.read(named(page.nodes, 'load').handle);
      const inside = await ask(() => explorer.grouped(load));
      assert.equal((await ask(() => explorer.grouped(named(inside.nodes, 'Methods')))).nodes.length, 100);
      assert.equal(await explorer.value('touched'), "['load']");
      assert.deepEqual(refusals(server), []);
    });

    it('are made of what a strict service lists anyway, without a refusal', async () => {
      await using bench = await PolicyBench.start(version);
      const { explorer, server } = bench;
      const [page, counts] = await bench.counted(() => explorer.grouped(explorer.root('Root service')));
      assert.deepEqual([asked(counts), counts.down.exceptions], [2, 0]);
      // The methods of a service are what it is there for.
      assert.deepEqual(
        [named(page.nodes, 'get_answer').kind, named(page.nodes, 'get_question').kind],
        ['method', 'method'],
      );
      assert.deepEqual(
        shown(page.nodes.filter(({ kind }) => kind === 'group')).map((name) => name.replace(/\d+/, 'n')),
        ['Private (n)', 'Special (n)'],
      );
      const privates = await explorer.grouped(named(page.nodes, 'Private'));
      assert.equal(privates.total, named(page.nodes, 'Private').length);
      assert.match(named(privates.nodes, '_count').value, /private to the service/);

      const question = await explorer.tree.read(named(page.nodes, 'question').handle);
      const [inside, insideCounts] = await bench.counted(() => explorer.grouped(question));
      assert.deepEqual([asked(insideCounts), insideCounts.down.exceptions], [2, 0]);
      assert.deepEqual(shown(inside.nodes).slice(0, 3), ['words', 'public', 'Methods (2)']);
      const [methods, methodCounts] = await bench.counted(() =>
        explorer.grouped(named(inside.nodes, 'Methods')),
      );
      assert.deepEqual([methodCounts.roundTrips, methodCounts.down.exceptions], [1, 0]);
      assert.deepEqual(shown(methods.nodes), ['ask', 'whisper']);
      const ask = named(methods.nodes, 'ask');
      assert.deepEqual([ask.callable, ask.path.at(-1)], [true, { kind: 'attr', name: 'exposed_ask' }]);
      const again = await explorer.tree.resolve('p', named(page.nodes, 'Private').path);
      assert.deepEqual(shown([again]), shown([named(page.nodes, 'Private')]));
      assert.deepEqual(refusals(server), []);
    });
  });
}
