import assert from 'node:assert/strict';

import type { ObjectNode } from '../../../server/src/api/model';
import type { ActionCost, HeldReference } from '../../../server/src/api/wire';
import { type Netref, callattr } from '../../../server/src/rpyc/index';
import { Explorer, named } from '../../support/explorer';
import { eventually } from '../../support/poll';
import { type PythonPeer, RPYC_VERSIONS, startClassic, startPeer } from '../../support/pythonPeer';
import { Relay } from '../../support/relay';

/** What a classic server holds for its clients: class and instance, name of the class, count. */
const TABLES = `
import gc
sorted((str(k[1]), str(k[2]), k[0], slot[1] + 1) for c in gc.get_objects()
 if type(c).__name__ == 'Connection' and type(c).__module__ == 'rpyc.core.protocol' and not c.closed
 for k, slot in c._local_objects._dict.items())
`;
/** The numbers in the helper's table. */
const NUMBERS = `
import gc
sorted(n for o in gc.get_objects() if type(o).__name__ == 'Kept' and type(o).__module__ == 'rpyc_explorer'
 for n in list(o.table) + list(o.undos))
`;

/** An explorer behind a relay, with what its actions cost. */
class Measured implements AsyncDisposable {
  readonly costs: ActionCost[] = [];

  private constructor(
    readonly explorer: Explorer,
    private readonly relay: Relay,
  ) {
    explorer.ledger.costs.switch(true);
    explorer.ledger.costs.onDidFinish((cost) => this.costs.push(cost));
  }

  static async through(relay: Relay): Promise<Measured> {
    return new Measured(await Explorer.connect(relay), relay);
  }

  act<T>(target: string, work: () => Promise<T>): Promise<T> {
    return this.explorer.ledger.costs.measure({ method: 'test', target }, work);
  }

  /** Does the work, and compares what was told of it with what went through the relay. */
  async compare<T>(target: string, work: () => Promise<T>): Promise<T> {
    await this.relay.reset();
    const result = await this.act(target, work);
    const cost = this.costs.at(-1);
    assert.equal(cost?.target, target);
    await eventually('the same bytes at the relay', async () => {
      const { up, down, roundTrips } = await this.relay.counts();
      assert.deepEqual(
        { sent: cost.bytesSent, received: cost.bytesReceived, roundTrips: cost.roundTrips },
        // References that happen to be collected meanwhile are given back on the side of the actions.
        {
          sent: up.bytes - up.housekeepingBytes,
          received: down.bytes - down.housekeepingBytes,
          roundTrips,
        },
      );
      return true;
    });
    return result;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.explorer[Symbol.asyncDispose]();
  }
}

/** Two actions at once on one connection cost what each costs alone. */
async function assertApart(
  measured: Measured,
  one: () => Promise<unknown>,
  other: () => Promise<unknown>,
): Promise<void> {
  const costOf = (target: string): readonly number[] => {
    const cost = measured.costs.findLast((each) => each.target === target);
    assert.ok(cost);
    return [cost.requests, cost.roundTrips, cost.bytesReceived];
  };
  await measured.act('one', one);
  await measured.act('other', other);
  const alone = [costOf('one'), costOf('other')];
  assert.notDeepEqual(alone[0], alone[1]);
  measured.costs.length = 0;
  await Promise.all([measured.act('one', one), measured.act('other', other)]);
  assert.deepEqual([costOf('one'), costOf('other')], alone);
}

function tableOf(references: readonly HeldReference[]): readonly unknown[] {
  return references
    .filter(({ key }) => !key.startsWith('#'))
    .map(({ key, count }) => {
      const [classId, instanceId, ...name] = key.split(',');
      return [classId, instanceId, name.join(','), count];
    })
    .sort((one, other) => String(one).localeCompare(String(other)));
}

async function listed(explorer: Explorer): Promise<readonly HeldReference[]> {
  const { references, total } = await explorer.tree.references.list('p');
  assert.equal(total, references.length);
  return references;
}

function numbersOf(references: readonly HeldReference[]): string {
  const numbers = references.filter(({ key }) => key.startsWith('#')).map(({ key }) => Number(key.slice(1)));
  return `[${numbers.sort((one, other) => one - other).join(', ')}]`;
}

for (const version of RPYC_VERSIONS) {
  describe(`what actions cost and hold, on servers of rpyc ${version}`, function () {
    this.timeout(60_000);
    let classic: PythonPeer;
    let strict: PythonPeer;

    before(async () => {
      [classic, strict] = await Promise.all([startClassic(version), startPeer(version, 'table_service.py')]);
    });

    after(async () => {
      await Promise.all([classic[Symbol.asyncDispose](), strict[Symbol.asyncDispose]()]);
    });

    it('tells what the relay counts for an action, on a classic server', async () => {
      await using relay = await Relay.start(classic);
      await using measured = await Measured.through(relay);
      const { explorer } = measured;
      await measured.act('run', () =>
        explorer.run(
          'import sys\nitems = [[n] * 100 for n in range(100)]\ntext = "text " * 9000\nsys.stdout.write("told\\n")',
        ),
      );
      // What the run has printed came by a call of the peer's; `print` writes the end of its line apart, which may come by another.
      assert.equal(measured.costs.at(-1)?.callbacks, 1);
      const rows = await measured.compare('expand', () => explorer.page(explorer.root('Namespace')));
      const items = named(rows.nodes, 'items');
      // Both ways of a frame that is compressed.
      await measured.compare('text', () => explorer.tree.text(named(rows.nodes, 'text').handle, 100_000));
      await measured.compare('set', () =>
        explorer.tree.changes.set({ handle: items.handle, source: `[[0] * ${'1'.padStart(5000, ' ')}] * 3` }),
      );
      await assertApart(
        measured,
        () => explorer.page(items),
        () => explorer.tree.describe(named(rows.nodes, 'text').handle),
      );
    });

    it('tells what the relay counts for an action, on a strict service', async () => {
      await using relay = await Relay.start(strict);
      await using measured = await Measured.through(relay);
      const { explorer } = measured;
      // On a slow link what is asked together is one round trip, also for the relay.
      await relay.setDelay(20);
      const rows = await measured.compare('expand', () => explorer.page(explorer.root('Root service')));
      const read = (name: string): Promise<ObjectNode> => explorer.tree.read(named(rows.nodes, name).handle);
      await measured.compare('read', () => read('text'));
      await assertApart(
        measured,
        () => explorer.page(explorer.root('Root service')),
        () => read('text'),
      );
    });

    it('measures nothing while it is switched off', async () => {
      await using explorer = await Explorer.connect(classic);
      const { costs } = explorer.ledger;
      const told: ActionCost[] = [];
      costs.onDidFinish((cost) => told.push(cost));
      const expand = (): Promise<unknown> =>
        costs.measure({ method: 'test', target: '' }, () => explorer.page(explorer.root('Namespace')));
      await expand();
      assert.equal(told.length, 0);
      costs.switch(true);
      await expand();
      costs.switch(false);
      await expand();
      assert.deepEqual(
        told.map(({ requests, failed }) => [requests, failed]),
        [[1, false]],
      );
    });

    it('lists what a classic server holds for the rows, and lets it go', async () => {
      await using explorer = await Explorer.connect(classic);
      const { references } = explorer.tree;
      await explorer.run('items = [[1], [2], [3]]');
      const changes: string[] = [];
      references.isWatched = true;
      references.onDidChange((profileId) => changes.push(profileId));
      const items = await explorer.find('Namespace', 'items');
      const [first, second] = (await explorer.page(items)).nodes;
      assert.ok(first && second);
      await Promise.all([explorer.page(first), explorer.page(second)]);
      await explorer.tree.changes.set({ handle: first.handle, source: '[4]' });
      const before = await listed(explorer);
      assert.deepEqual(
        before.flatMap(({ owner, name }) =>
          owner === 'expanded' || owner === 'undo' ? [[owner, name]] : [],
        ),
        [
          ['expanded', 'items'],
          ['expanded', 'items[0]'],
          ['expanded', 'items[1]'],
          ['undo', 'items'],
        ],
      );
      assert.ok(before.every(({ since }) => since !== undefined && Math.abs(Date.now() - since) < 60_000));
      assert.equal(await explorer.value(NUMBERS), numbersOf(before));
      const table = await explorer.value(TABLES);
      assert.deepEqual(pythonTuples(table), tableOf(await listed(explorer)));
      // A row that is closed lets go of its object.
      explorer.tree.release([second.handle]);
      assert.equal((await listed(explorer)).length, before.length - 1);
      assert.equal(references.release('p', 'rows'), 2);
      const released = await listed(explorer);
      assert.deepEqual(
        released.map(({ owner }) => owner).filter((owner) => owner === 'expanded'),
        [],
      );
      await eventually('the numbers to be gone', async () =>
        (await explorer.value(NUMBERS)) === numbersOf(released) ? true : undefined,
      );
      // Nothing is lost: the row is there, and finds its object again.
      assert.deepEqual(
        (await explorer.page(first)).nodes.map(({ value }) => value),
        ['4'],
      );
      const undo = released.find(({ owner }) => owner === 'undo');
      assert.ok(undo);
      assert.equal(references.release('p', [undo.id, 'row:unknown']), 1);
      assert.ok((await listed(explorer)).every(({ owner }) => owner !== 'undo'));
      assert.ok(changes.length > 0);
    });

    it('lists the references of a strict service as its own table does, and lets them go', async () => {
      await using explorer = await Explorer.connect(strict);
      const { references } = explorer.tree;
      const asPeer = async (): Promise<readonly unknown[]> => {
        const lease = await explorer.pool.lend('p', 'explore');
        try {
          const root = (await lease.connection.root) as Netref;
          const table = (await callattr(root, 'table')) as readonly unknown[];
          return [...table].sort((one, other) => String(one).localeCompare(String(other)));
        } finally {
          lease.dispose();
        }
      };
      // What is given back is on its way for a moment.
      const assertSameTable = (references: readonly HeldReference[]): Promise<unknown> =>
        eventually('the same table at the peer', async () => {
          assert.deepEqual(tableOf(references), await asPeer());
          return true;
        });
      const items = named((await explorer.page(explorer.root('Root service'))).nodes, 'items');
      await explorer.page(await explorer.tree.read(items.handle));
      const before = await listed(explorer);
      assert.ok(before.some(({ owner }) => owner === 'read'));
      assert.ok(before.some(({ owner }) => owner === 'listed'));
      await assertSameTable(before);
      const count = references.release('p', 'rows');
      assert.equal(count, before.length - 1);
      const after = await listed(explorer);
      assert.deepEqual(
        after.map(({ owner }) => owner),
        ['root'],
      );
      await assertSameTable(after);
    });
  });
}

/** `[('1', '2', 'list', 1)]` as it is written in Python. */
function pythonTuples(text: string | undefined): readonly unknown[] {
  const json = (text ?? '').replaceAll('(', '[').replaceAll(')', ']').replaceAll("'", '"');
  const tuples = JSON.parse(json) as readonly unknown[];
  return [...tuples].sort((one, other) => String(one).localeCompare(String(other)));
}
