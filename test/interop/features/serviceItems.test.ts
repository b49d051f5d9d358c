import assert from 'node:assert/strict';

import type { ObjectNode } from '../../../server/src/api/model';
import { Handler } from '../../../server/src/rpyc/index';
import { named } from '../../support/explorer';
import { eventually } from '../../support/poll';
import { PolicyBench, asked, refusals, requests } from '../../support/policyBench';
import { OLDER_RPYC_VERSIONS, RPYC_VERSIONS } from '../../support/pythonPeer';

function shown(nodes: readonly ObjectNode[]): readonly (readonly [string, string])[] {
  return nodes.map(({ name, value }) => [name, value]);
}

async function callOf(
  { explorer }: PolicyBench,
  { handle }: ObjectNode,
): Promise<{
  readonly status: string;
  readonly node?: ObjectNode;
}> {
  return explorer.tree.changes.call({ handle, callId: 'c', source: '' });
}

for (const version of [...RPYC_VERSIONS, ...OLDER_RPYC_VERSIONS]) {
  /** Before 4.0 only iterators give their items in one request. */
  const steps = version.startsWith('3.') ? 1 : 0;

  describe(`containers of a strict service and rpyc ${version}`, function () {
    this.timeout(60_000);

    it('job 4: shows the items of a dictionary, its keys in two requests and all values in one round trip', async () => {
      await using bench = await PolicyBench.start(version);
      const { explorer, server } = bench;
      const numbers = await bench.read('numbers');
      assert.deepEqual([numbers.kind, numbers.expandable], ['dict', true]);
      await bench.relay.setDelay(100);
      const [page, counts] = await bench.counted(() => explorer.page(numbers, 100, 100));
      await bench.relay.setDelay(0);
      assert.deepEqual([page.total, page.more, page.nodes.length], [250, true, 100]);
      const [first] = page.nodes;
      assert.deepEqual([first?.name, first?.value, first?.kind], ['100', '10000', 'number']);
      assert.deepEqual(
        [asked(counts), requests(counts, Handler.buffiter), counts.roundTrips, counts.down.exceptions],
        [2 + steps + 100, 1, 2 + steps, 0],
      );
      const found = await explorer.page(numbers, 0, 100, '24');
      assert.deepEqual(shown(found.nodes).slice(0, 3), [
        ['24', '576'],
        ['124', '15376'],
        ['224', '50176'],
      ]);
      assert.deepEqual([found.total, found.more], [13, false]);
      assert.deepEqual(refusals(server), []);
    });

    it('shows keys and values of every kind, and looks into them', async () => {
      await using bench = await PolicyBench.start(version);
      const { explorer, server } = bench;
      const mixed = (await explorer.page(await bench.read('mixed'))).nodes;
      assert.deepEqual(mixed.map(({ name, kind }) => [name, kind]).sort(), [
        ["'a'", 'number'],
        ["('b', 2)", 'list'],
        ['None', 'dict'],
      ]);
      assert.deepEqual(shown((await explorer.page(named(mixed, 'None'))).nodes), [["'c'", '4']]);
      assert.deepEqual(shown((await explorer.page(named(mixed, "('b', 2)"))).nodes), [['[0]', '3']]);
      const ordered = (await explorer.page(await bench.read('ordered'))).nodes;
      assert.deepEqual(shown(ordered), [
        ["'first'", '1'],
        ["'second'", '2'],
      ]);
      assert.deepEqual(refusals(server), []);
    });

    it('sets and deletes items of a dictionary, and puts them back', async () => {
      await using bench = await PolicyBench.start(version);
      const { explorer } = bench;
      const { tree } = explorer;
      const ordered = await bench.read('ordered');
      const values = async (): Promise<unknown> => shown((await explorer.page(ordered)).nodes);
      const first = named((await explorer.page(ordered)).nodes, "'first'");
      assert.deepEqual([first.editable, first.deletable], [true, true]);
      const set = await tree.changes.set({ handle: first.handle, source: '10' });
      assert.equal(set.status, 'done');
      assert.deepEqual(await values(), [
        ["'first'", '10'],
        ["'second'", '2'],
      ]);
      assert.equal((await tree.changes.undo(set.undo ?? -1)).status, 'done');
      const deleted = await tree.changes.delete(first.handle);
      assert.deepEqual(await values(), [["'second'", '2']]);
      assert.ok(deleted.status === 'done' && deleted.undo !== undefined);
      assert.equal((await tree.changes.undo(deleted.undo)).status, 'done');
      assert.deepEqual(await values(), [
        ["'second'", '2'],
        ["'first'", '1'],
      ]);
    });

    it('job 4: pages through sets and queues in two requests', async () => {
      await using bench = await PolicyBench.start(version);
      const { explorer, server } = bench;
      const letters = await bench.read('letters');
      assert.equal(letters.kind, 'set');
      const [inside, counts] = await bench.counted(() => explorer.page(letters));
      assert.deepEqual([asked(counts), counts.down.exceptions, inside.total], [2 + steps, 0, 3]);
      assert.deepEqual(inside.nodes.map(({ value }) => value).sort(), ["'a'", "'b'", "'c'"]);

      const queue = await bench.read('queue');
      const [rest, more] = await bench.counted(() => explorer.page(queue, 100, 100));
      assert.deepEqual([asked(more), more.down.exceptions], [2 + steps, 0]);
      assert.deepEqual([rest.total, rest.more, rest.nodes.length], [150, false, 50]);
      assert.deepEqual(shown(rest.nodes.slice(0, 1)), [['[100]', '100']]);
      const found = await explorer.page(queue, 0, 100, '14');
      assert.deepEqual(shown(found.nodes).slice(0, 3), [
        ['[14]', '14'],
        ['[114]', '114'],
        ['[140]', '140'],
      ]);
      assert.deepEqual([found.total, found.more], [12, false]);
      assert.deepEqual(refusals(server), []);
    });

    it('shows what came by value without asking, and frozen sets of objects', async () => {
      await using bench = await PolicyBench.start(version);
      const { explorer, server } = bench;
      const frozen = await bench.read('frozen');
      const [inside, counts] = await bench.counted(() => explorer.page(frozen));
      assert.deepEqual(inside.nodes.map(({ value }) => value).sort(), ['1', '2']);
      assert.equal(asked(counts), 0);
      const objects = await explorer.page(await bench.read('frozen_objects'));
      assert.match(objects.nodes[0]?.typeName ?? '', /Box$/);
      const row = (await explorer.page(await bench.read('row'))).nodes;
      assert.deepEqual(
        row.map(({ name, kind }) => [name, kind]),
        [
          ['[0]', 'number'],
          ['[1]', 'string'],
          ['[2]', 'list'],
        ],
      );
      assert.deepEqual(shown((await explorer.page(await bench.read('row'), 0, 100, '1')).nodes), [
        ['[1]', "'two'"],
      ]);
      assert.deepEqual(refusals(server), []);
    });

    it('takes nothing from a generator that was not asked for', async () => {
      await using bench = await PolicyBench.start(version);
      const { explorer, server } = bench;
      const { tree } = explorer;
      const make = named(await bench.rows(), 'generator');
      const made = await tree.changes.call({ handle: make.handle, callId: 'c', source: '' });
      assert.ok(made.status === 'done' && made.node !== undefined);
      const page = await explorer.page(made.node);
      assert.match(page.note ?? '', /given only once/);
      await tree.describe(made.node.handle);
      await tree.text(made.node.handle, 100);
      const taken = async (): Promise<unknown> => {
        const { handle } = named(await bench.rows(), 'taken');
        const told = await tree.changes.call({ handle, callId: 'c', source: '' });
        return told.status === 'done' ? told.node?.value : told;
      };
      assert.equal(await taken(), '()');
      const next = page.nodes.find(({ name }) => name === '__next__' || name === 'next');
      assert.ok(next?.callable === true, JSON.stringify(page.nodes));
      await tree.changes.call({ handle: next.handle, callId: 'c', source: '' });
      assert.equal(await taken(), '(0,)');
      assert.deepEqual(refusals(server), []);
    });

    it('holds what a page shows, and nothing of what it passed over', async () => {
      await using bench = await PolicyBench.start(version);
      const { explorer } = bench;
      const boxes = await bench.read('boxes');
      const lent = named(await bench.rows(), 'lent');
      const count = async (): Promise<number> => {
        const { status, node } = await callOf(bench, lent);
        assert.equal(status, 'done');
        return Number(node?.value);
      };
      const before = await count();
      const page = await explorer.page(boxes, 100, 100);
      assert.deepEqual([page.nodes.length, page.total], [50, 150]);
      await eventually('what was passed over is let go', async () => (await count()) === before + 50);
      explorer.tree.release(page.nodes.map(({ handle }) => handle));
      await eventually('the rows are let go', async () => (await count()) === before);
    });
  });
}
