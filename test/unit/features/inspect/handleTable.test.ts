import assert from 'node:assert/strict';

import {
  type Entry,
  HandleTable,
  type Held,
  rootFacts,
} from '../../../../server/src/features/inspect/handleTable';
import { readRow } from '../../../../server/src/features/inspect/rows';

class Fixture {
  readonly gone: number[] = [];
  readonly table: HandleTable;
  readonly root: Entry;
  private lastNumber = 0;

  constructor(limits = { rows: 1000, held: 1000 }) {
    this.table = new HandleTable('now', limits, (_entry, held) => {
      if (held.kind === 'number') {
        this.gone.push(held.number);
      }
    });
    this.root = this.addRoot(1);
  }

  addRoot(generation: number): Entry {
    const facts = rootFacts('namespace', 'namespace', { name: 'Namespace', typeName: '', value: '' });
    return this.table.addRoot('p', generation, 'namespace', facts);
  }

  add(parent: Entry, name: string): Entry {
    return this.table.addPart(parent, readRow([['a', name], name, 'object', 'T', '', 5, null]));
  }

  hold(entry: Entry): Held {
    this.lastNumber += 1;
    return this.table.hold(entry, { kind: 'number', number: this.lastNumber });
  }

  isGood(entry: Entry): boolean {
    return this.table.profileOf(this.table.nodeOf(entry).handle) !== undefined;
  }
}

describe('The table of handles', () => {
  it('finds rows by handle, and knows their path and expression', () => {
    const { table, root, add } = bound();
    const row = add(add(root, 'x'), 'y');
    const node = table.nodeOf(row);
    assert.equal(table.find(node.handle), row);
    assert.equal(table.profileOf(node.handle), 'p');
    assert.equal(node.expression, 'x.y');
    assert.deepEqual(node.path, [
      { kind: 'root', name: 'namespace' },
      { kind: 'attr', name: 'x' },
      { kind: 'attr', name: 'y' },
    ]);
  });

  it('refuses handles of another start, and of closed rows', () => {
    const { table, root, add } = bound();
    const { handle } = table.nodeOf(add(root, 'x'));
    const isStale = { name: 'ProblemError', message: /refresh the tree/ };
    assert.throws(() => table.find({ ...handle, epoch: 'before' }), isStale);
    table.release([handle, handle, { epoch: 'now', id: 12345 }]);
    assert.throws(() => table.find(handle), isStale);
  });

  it('lets go of what a closed row held, once', () => {
    const fixture = new Fixture();
    const row = fixture.add(fixture.root, 'x');
    fixture.hold(row);
    const { handle } = fixture.table.nodeOf(row);
    fixture.table.release([handle]);
    fixture.table.release([handle]);
    assert.deepEqual(fixture.gone, [1]);
    assert.equal(fixture.table.heldCount('p'), 0);
  });

  it('keeps the first of two objects that came for one row, and nothing for a closed row', () => {
    const fixture = new Fixture();
    const row = fixture.add(fixture.root, 'x');
    const first = fixture.hold(row);
    assert.equal(fixture.hold(row), first);
    assert.deepEqual(fixture.table.hold(row, { kind: 'number', number: 1 }), first);
    assert.deepEqual(fixture.gone, [2]);
    fixture.table.release([fixture.table.nodeOf(row).handle]);
    fixture.hold(row);
    assert.deepEqual(fixture.gone, [2, 1, 3]);
  });

  it('lets go of the least recently used first, and of the way to a used row last', () => {
    const fixture = new Fixture({ rows: 1000, held: 3 });
    const { table, root } = fixture;
    const parent = fixture.add(root, 'parent');
    const child = fixture.add(parent, 'child');
    const other = fixture.add(root, 'other');
    for (const entry of [parent, child, other]) {
      fixture.hold(entry);
    }
    table.find(table.nodeOf(child).handle);
    fixture.hold(fixture.add(root, 'newest'));
    assert.deepEqual(fixture.gone, [3]);
    assert.equal(other.held, undefined);
    assert.ok(fixture.isGood(other), 'its row stays');
  });

  it('closes the least recently used rows beyond the limit, and says so once', () => {
    const fixture = new Fixture({ rows: 4, held: 10 });
    const first = fixture.add(fixture.root, 'first');
    const second = fixture.add(fixture.root, 'second');
    fixture.hold(second);
    fixture.table.find(fixture.table.nodeOf(first).handle);
    fixture.add(fixture.root, 'third');
    assert.equal(fixture.table.takeEvicted(), false);
    fixture.add(fixture.root, 'fourth');
    assert.deepEqual([fixture.isGood(first), fixture.isGood(second)], [true, false]);
    assert.deepEqual([fixture.table.takeEvicted(), fixture.table.takeEvicted()], [true, false]);
    assert.deepEqual(fixture.gone, [1]);
    assert.equal(fixture.table.size, 4);
  });

  it('forgets the rows of a connection that is gone, without a word to the peer', () => {
    const fixture = new Fixture();
    const row = fixture.add(fixture.root, 'x');
    fixture.hold(row);
    fixture.addRoot(2);
    assert.deepEqual([fixture.isGood(row), fixture.gone.length], [false, 0]);
    assert.throws(() => fixture.add(row, 'y'), /refresh the tree/);
    fixture.table.forget('p');
    assert.equal(fixture.table.size, 0);
  });
});

function bound(): Pick<Fixture, 'table' | 'root'> & { add: (parent: Entry, name: string) => Entry } {
  const fixture = new Fixture();
  const { table, root } = fixture;
  return { table, root, add: (parent, name) => fixture.add(parent, name) };
}
