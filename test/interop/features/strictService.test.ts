import assert from 'node:assert/strict';

import type { ObjectNode, Problem } from '../../../server/src/api/model';
import type { Netref } from '../../../server/src/rpyc/index';
import { Explorer, named } from '../../support/explorer';
import { RPYC_VERSIONS, startPeer } from '../../support/pythonPeer';
import { Relay } from '../../support/relay';

async function rootRows(explorer: Explorer): Promise<readonly ObjectNode[]> {
  return (await explorer.page(explorer.root('Root service'), 0, 500)).nodes;
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  const error: unknown = await work.then(
    () => assert.fail('It did not fail'),
    (reason: unknown) => reason,
  );
  return (error as { readonly problem: Problem }).problem.code;
}

async function touched(explorer: Explorer): Promise<unknown> {
  const lease = await explorer.pool.lend('p', 'explore');
  try {
    const root = (await lease.connection.root) as Netref;
    return await root['touched']?.();
  } finally {
    lease.dispose();
  }
}

for (const version of RPYC_VERSIONS) {
  describe(`object tree of a strict service and rpyc ${version}`, function () {
    this.timeout(60_000);

    it('has the root service alone', async () => {
      await using server = await startPeer(version, 'shelf_service.py');
      await using explorer = await Explorer.connect(server);
      assert.deepEqual(
        explorer.tree.roots('p').map(({ name, kind }) => [name, kind]),
        [['Root service', 'service']],
      );
    });

    it('shows what can be reached and why not the rest, and is refused nothing', async () => {
      await using server = await startPeer(version, 'shelf_service.py');
      await using relay = await Relay.start(server);
      await using explorer = await Explorer.connect(relay);
      // On a slow link it shows that requests leave together.
      await relay.setDelay(100);
      await relay.reset();
      const rows = await rootRows(explorer);
      const counts = await relay.counts();
      assert.equal(counts.roundTrips, 1);
      assert.equal(counts.down.exceptions, 0);
      // Whether INSPECT lists class methods, as these are, depends on the version.
      const own = rows.filter(({ name }) => !name.startsWith('get_service'));
      const facts = own.map(({ name, kind, value }) => [name, kind, value]);
      assert.deepEqual(facts.slice(0, 6), [
        ['add', 'method', 'Adds two numbers.'],
        ['costly', 'unread', 'click to read'],
        ['label', 'unread', 'click to read'],
        ['things', 'unread', 'click to read'],
        ['touched', 'method', ''],
        ['version', 'unread', 'click to read'],
      ]);
      // The service has it under its plain name, too: one row tells of both.
      assert.equal(rows.filter(({ name }) => name === 'get_service_name').length, 1);
      assert.notEqual(named(rows, 'get_service_name').value, 'not exposed by the service');
      assert.equal(named(rows, 'public').value, 'not exposed by the service');
      assert.equal(named(rows, 'hidden').value, 'not exposed by the service');
      assert.equal(named(rows, '_secret').value, 'private to the service');
      assert.deepEqual(await touched(explorer), []);
    });

    it('reads values on request', async () => {
      await using server = await startPeer(version, 'shelf_service.py');
      await using explorer = await Explorer.connect(server);
      const rows = await rootRows(explorer);
      const label = await explorer.tree.read(named(rows, 'label').handle);
      assert.deepEqual([label.kind, label.typeName, label.value], ['string', 'str', "'shelf'"]);
      const pair = await explorer.tree.read(named(rows, 'version').handle);
      assert.deepEqual([pair.kind, pair.value, pair.expandable], ['tuple', '(1, 2)', true]);
      assert.deepEqual(
        (await explorer.page(pair)).nodes.map(({ name, value }) => [name, value]),
        [
          ['[0]', '1'],
          ['[1]', '2'],
        ],
      );
      assert.equal((await explorer.tree.read(named(rows, 'costly').handle)).value, '42');
      assert.deepEqual(await touched(explorer), ['costly']);
      assert.deepEqual(await explorer.tree.text(label.handle, 100), { text: "'shelf'", truncated: false });
    });

    it('pages through a list that came by reference', async () => {
      await using server = await startPeer(version, 'shelf_service.py');
      await using relay = await Relay.start(server);
      await using explorer = await Explorer.connect(relay);
      const things = await explorer.tree.read(named(await rootRows(explorer), 'things').handle);
      assert.deepEqual([things.kind, things.expandable], ['list', true]);
      // On a slow link it shows that requests leave together.
      await relay.setDelay(100);
      await relay.reset();
      const page = await explorer.page(things, 200, 100);
      const counts = await relay.counts();
      assert.ok(counts.roundTrips <= 2, `${counts.roundTrips} round trips`);
      assert.equal(counts.down.exceptions, 0);
      assert.deepEqual([page.total, page.more, page.nodes.length], [250, false, 50]);
      const [first] = page.nodes;
      assert.ok(first);
      assert.deepEqual([first.name, first.kind, first.typeName], ['[200]', 'dict', 'dict']);
      assert.equal((await explorer.tree.text(first.handle, 100)).text, "{'name': 200}");
      explorer.tree.release(page.nodes.map(({ handle }) => handle));
      assert.equal(explorer.tree.heldCount('p'), 1);
    });

    it('takes no more of an answer than it shows', async () => {
      await using server = await startPeer(version, 'sprawling_service.py');
      await using explorer = await Explorer.connect(server);
      const root = explorer.root('Root service');
      const page = await explorer.page(root, 19_900, 500);
      assert.deepEqual([page.total, page.more, page.nodes.length], [20_000, false, 100]);
      assert.match(page.note ?? '', /more than 20,000 names/);
    });

    it('believes no sequence that gives more than it was asked for', async () => {
      await using server = await startPeer(version, 'sprawling_service.py');
      await using explorer = await Explorer.connect(server);
      const { handle } = named(await rootRows(explorer), 'sequence');
      const sequence = await explorer.tree.read(handle);
      assert.equal(sequence.kind, 'list');
      const page = await explorer.page(sequence, 0, 10);
      assert.deepEqual([page.nodes.length, page.total, page.more], [10, Number.MAX_SAFE_INTEGER, true]);
    });

    it('makes rows for a page of a long tuple, not for all of it', async () => {
      await using server = await startPeer(version, 'sprawling_service.py');
      await using explorer = await Explorer.connect(server);
      const { handle } = named(await rootRows(explorer), 'long');
      const long = await explorer.tree.read(handle);
      assert.equal(long.kind, 'tuple');
      const { nodes, total } = await explorer.page(long, 99_990, 100);
      assert.deepEqual([nodes.length, nodes[0]?.name, total], [10, '[99990]', 100_000]);
    });

    it('tells documentation without reading anything', async () => {
      await using server = await startPeer(version, 'shelf_service.py');
      await using explorer = await Explorer.connect(server);
      const rows = await rootRows(explorer);
      const { documentation } = await explorer.tree.describe(named(rows, 'add').handle);
      assert.equal(documentation, 'Adds two numbers.\n\nSlowly.');
      await explorer.tree.describe(named(rows, 'costly').handle);
      assert.deepEqual(await touched(explorer), []);
    });

    it('says what a refusal means, and finds rows again by path', async () => {
      await using server = await startPeer(version, 'shelf_service.py');
      await using explorer = await Explorer.connect(server);
      const rows = await rootRows(explorer);
      await assert.rejects(explorer.tree.read(named(rows, '_secret').handle), /private to the service/);
      const { path } = named(rows, 'label');
      assert.equal((await explorer.tree.resolve('p', path)).value, 'click to read');
      const gone = explorer.tree.resolve('p', [...path.slice(0, 1), { kind: 'attr', name: 'nothing' }]);
      assert.equal(await codeOf(gone), 'ERR_GONE');
    });
  });
}
