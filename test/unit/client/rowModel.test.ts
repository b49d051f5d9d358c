import assert from 'node:assert/strict';

import type { Handle, ObjectNode, ObjectPage, PathStep } from '../../../server/src/api/model';
import { RowModel } from '../../../client/src/rowModel';
import type { ObjectSource } from '../../../client/src/rowModel';
import type { ObjectRow, Row } from '../../../client/src/rows';
import { objectRowId } from '../../../client/src/rows';

/** A backend in a few lines: `items` of a list under one root, and a handle that goes stale on demand. */
class FakeSource implements ObjectSource {
  connected = true;
  items = 250;
  epoch = 'one';
  failure: Error | undefined;
  note: string | undefined;
  /** Holds answers back until it is settled. */
  gate: Promise<void> | undefined;
  readonly calls: string[] = [];
  readonly released: number[] = [];
  /** Names of rows that the user does not want to see. */
  hidden: readonly string[] = [];

  roots(): Promise<readonly ObjectNode[]> {
    this.calls.push('roots');
    return Promise.resolve([this.node([{ kind: 'root', name: 'namespace' }], 'namespace', 1)]);
  }

  async children({
    handle,
    offset,
    limit,
  }: {
    handle: Handle;
    offset: number;
    limit: number;
  }): Promise<ObjectPage> {
    this.calls.push(`children ${offset}`);
    const total = this.items;
    await this.gate;
    if (this.failure !== undefined) {
      throw this.failure;
    }
    if (handle.epoch !== this.epoch) {
      throw new Error('stale');
    }
    if (this.note !== undefined) {
      return { nodes: [], offset, more: false, note: this.note };
    }
    const nodes = Array.from({ length: Math.max(0, Math.min(limit, total - offset)) }, (_, i) =>
      this.node(
        [...this.pathOf(handle), { kind: 'index', index: offset + i }],
        `[${offset + i}]`,
        this.handleId(handle, offset + i),
      ),
    );
    return { nodes, offset, total, more: offset + nodes.length < total };
  }

  resolve(_profileId: string, path: readonly PathStep[]): Promise<ObjectNode> {
    this.calls.push('resolve');
    return Promise.resolve(this.node(path, 'resolved', 99));
  }

  async read(handle: Handle): Promise<ObjectNode> {
    this.calls.push('read');
    await this.gate;
    return Promise.resolve(this.node([{ kind: 'root', name: 'namespace' }], 'read', handle.id));
  }

  isHidden(node: ObjectNode): boolean {
    return this.hidden.includes(node.name);
  }

  release(handles: readonly Handle[]): void {
    this.released.push(...handles.map((handle) => handle.id));
  }

  isConnected(): boolean {
    return this.connected;
  }

  isStale(error: unknown): boolean {
    return error instanceof Error && error.message === 'stale';
  }

  messageOf(error: unknown): string {
    return String(error);
  }

  /** The first level counts from 2; each item below has numbers of its own. */
  private handleId(parent: Handle, index: number): number {
    return parent.id === 1 || parent.id === 99 ? index + 2 : parent.id * 1000 + index;
  }

  private pathOf({ id }: Handle): readonly PathStep[] {
    const root: PathStep = { kind: 'root', name: 'namespace' };
    return id === 1 || id === 99 ? [root] : [root, { kind: 'index', index: id - 2 }];
  }

  private node(path: readonly PathStep[], name: string, id: number): ObjectNode {
    const handle = { epoch: this.epoch, id };
    return { handle, path, name, kind: 'list', typeName: 'list', value: this.epoch, expandable: true };
  }
}

function closedGate(): { promise: Promise<void>; open: () => void } {
  let open = (): void => undefined;
  const promise = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { promise, open };
}

async function opened(source: FakeSource): Promise<{ model: RowModel; root: ObjectRow }> {
  const model = new RowModel(source);
  const [root] = await model.childrenOf(model.connectionRow('p'));
  assert.ok(root?.kind === 'object');
  return { model, root };
}

const kinds = (rows: readonly Row[]): string[] => [...new Set(rows.map((row) => row.kind))];

describe('Rows of the tree', () => {
  it('come in pages, with a row for the rest', async () => {
    const source = new FakeSource();
    const { model, root } = await opened(source);
    const rows = await model.childrenOf(root);
    const last = rows.at(-1);
    assert.equal(rows.length, 101);
    assert.deepEqual(last?.kind === 'more' && [last.shown, last.total], [100, 250]);

    const first = await model.loadMore(root);
    assert.equal(first?.node.name, '[100]');
    await model.loadMore(root);
    const all = await model.childrenOf(root);
    assert.equal(all.length, 250);
    assert.deepEqual(kinds(all), ['object']);
    assert.equal(await model.loadMore(root), undefined);
    assert.deepEqual(source.calls, ['roots', 'children 0', 'children 100', 'children 200']);
  });

  it('are asked for once, and once only by two who want them at the same time', async () => {
    const source = new FakeSource();
    const { model, root } = await opened(source);
    await Promise.all([model.childrenOf(root), model.childrenOf(root)]);
    await model.childrenOf(root);
    assert.deepEqual(source.calls, ['roots', 'children 0']);
  });

  it('are the same rows with fresh values, and as many, after a reconnect', async () => {
    const source = new FakeSource();
    const { model, root } = await opened(source);
    const before = await model.childrenOf(root);
    await model.loadMore(root);
    model.expand(root);
    source.epoch = 'two';
    model.invalidate('p');

    const [again] = await model.childrenOf(model.connectionRow('p'));
    assert.equal(again, root);
    const after = await model.childrenOf(root);
    assert.equal(after.length, 201);
    assert.equal(after[0], before[0]);
    assert.equal(after[0]?.kind === 'object' && after[0].node.value, 'two');
    assert.equal(model.isExpanded(root), true);
  });

  it('stay as they were while the connection is gone, and nobody is asked', async () => {
    const source = new FakeSource();
    const { model, root } = await opened(source);
    await model.childrenOf(root);
    source.connected = false;
    model.invalidate('p');
    const asked = source.calls.length;
    assert.equal((await model.childrenOf(root)).length, 101);
    assert.equal(source.calls.length, asked);
  });

  it('are released when they are closed, and asked for again when opened again', async () => {
    const source = new FakeSource();
    const { model, root } = await opened(source);
    model.expand(root);
    const [child] = await model.childrenOf(root);
    assert.ok(child?.kind === 'object');
    await model.childrenOf(child);
    model.collapse(root);
    const hundred = (first: number): number[] => Array.from({ length: 100 }, (_, i) => first + i);
    const expected = [1, ...hundred(2), ...hundred(2000)];
    assert.deepEqual(
      [...new Set(source.released)].sort((a, b) => a - b),
      expected,
    );
    const asked = source.calls.length;
    assert.equal(model.expand(root), true);
    await model.childrenOf(root);
    assert.equal(source.calls.length, asked + 1);
    assert.equal(model.expand(root), false);
  });

  it('keep the handle of a value that was read, since no path leads to it', async () => {
    const source = new FakeSource();
    const { model, root } = await opened(source);
    await model.read(root);
    await model.childrenOf(root);
    source.released.length = 0;
    model.collapse(root);
    assert.equal(source.released.includes(root.node.handle.id), false);
    assert.equal(source.released.length, 100);
  });

  it('let the handles of the rows go that they replace', async () => {
    const source = new FakeSource();
    source.items = 3;
    const { model, root } = await opened(source);
    await model.childrenOf(root);
    source.items = 2;
    model.invalidateUnder(root);
    await model.childrenOf(root);
    assert.deepEqual(source.released, [4]);
    assert.equal((await model.childrenOf(root)).length, 2);
  });

  it('say that the connection is busy, and come back when it is not', async () => {
    const source = new FakeSource();
    const { model, root } = await opened(source);
    source.note = 'busy';
    const [note] = await model.childrenOf(root);
    assert.equal(note?.kind === 'note' && note.message, 'busy');
    assert.deepEqual(model.failed('p'), [root]);
    source.note = undefined;
    assert.equal((await model.childrenOf(root)).length, 101);
    assert.deepEqual(model.failed('p'), []);
  });

  it('find their object again when the handle is stale', async () => {
    const source = new FakeSource();
    const { model, root } = await opened(source);
    source.epoch = 'two';
    assert.equal((await model.childrenOf(root)).length, 101);
    assert.deepEqual(source.calls, ['roots', 'children 0', 'resolve', 'children 0']);
  });

  it('tell a failure in their place, and try again when asked anew', async () => {
    const source = new FakeSource();
    const { model, root } = await opened(source);
    source.failure = new Error('broken');
    const [note] = await model.childrenOf(root);
    assert.equal(note?.kind === 'note' && note.message, 'Error: broken');
    assert.deepEqual(model.loaded(root), [note]);
    source.failure = undefined;
    assert.equal((await model.childrenOf(root)).length, 101);
    assert.equal(model.loaded(root).length, 101);
  });

  it('that a search found stand first until their page is loaded', async () => {
    const source = new FakeSource();
    const { model, root } = await opened(source);
    const path: readonly PathStep[] = [
      { kind: 'root', name: 'namespace' },
      { kind: 'index', index: 150 },
    ];
    const node = await source.resolve('p', path);
    const row = await model.reveal(root, node);
    assert.equal((await model.childrenOf(root))[0], row);
    await model.loadMore(root);
    const rows = await model.childrenOf(root);
    assert.equal(rows.filter((other) => other === row).length, 1);
    assert.equal(rows[150], row);
  });

  it('are gone with their connection', async () => {
    const source = new FakeSource();
    const { model, root } = await opened(source);
    await model.childrenOf(root);
    model.forget('p');
    assert.deepEqual(model.loaded(root), []);
    assert.equal(model.objectById(root.id), undefined);
  });

  it('have ids made of the path alone', () => {
    const id = objectRowId('a/b', [
      { kind: 'root', name: 'modules' },
      { kind: 'key', index: 3, text: "'x/y'" },
      { kind: 'attr', name: 'half\ud800pair \u{1f600}' },
    ]);
    assert.equal(id, `c:a%2Fb/r:modules/k:'x%2Fy'/a:half%5Cud800pair%20%F0%9F%98%80`);
  });

  it('are hidden without being asked for, and counted all the same', async () => {
    const source = new FakeSource();
    const { model, root } = await opened(source);
    const all = await model.childrenOf(root);
    source.hidden = ['[1]', '[99]'];
    const seen = await model.childrenOf(root);
    assert.deepEqual(
      all.flatMap((row) => (row.kind === 'object' && !seen.includes(row) ? [row.node.name] : [])),
      ['[1]', '[99]'],
    );
    assert.equal((await model.loadMore(root))?.node.name, '[100]');
    assert.deepEqual([model.hidesSome(root), model.hidesSome(all[0] as ObjectRow)], [true, false]);
    source.hidden = [];
    assert.equal((await model.childrenOf(root)).length, 201);
    assert.deepEqual(source.calls, ['roots', 'children 0', 'children 100']);
  });

  it('know what they stand under', async () => {
    const { model, root } = await opened(new FakeSource());
    const [child] = await model.childrenOf(root);
    assert.equal(child?.kind, 'object');
    assert.equal(child.parent, root);
    assert.equal(root.parent, model.connectionRow('p'));
  });

  it('are added once by two who ask for the next page at the same time', async () => {
    const source = new FakeSource();
    const { model, root } = await opened(source);
    await model.childrenOf(root);
    const [first, second] = await Promise.all([model.loadMore(root), model.loadMore(root)]);
    assert.equal(first?.node.name, '[100]');
    assert.equal(second, first);
    const rows = await model.childrenOf(root);
    assert.equal(rows.length, 201);
    assert.deepEqual(source.calls, ['roots', 'children 0', 'children 100']);
  });

  it('are read once by two who ask for the value at the same time', async () => {
    const source = new FakeSource();
    const { model, root } = await opened(source);
    await Promise.all([model.read(root), model.read(root)]);
    assert.deepEqual(source.calls, ['roots', 'read']);
    await model.read(root);
    assert.deepEqual(source.calls, ['roots', 'read', 'read']);
  });

  it('under a value are asked for anew once it was read again', async () => {
    const source = new FakeSource();
    const { model, root } = await opened(source);
    await model.read(root);
    await model.childrenOf(root);
    await model.childrenOf(root);
    assert.deepEqual(source.calls, ['roots', 'read', 'children 0']);
    assert.equal(root.wasRead, true);
    await model.read(root);
    await model.childrenOf(root);
    assert.deepEqual(source.calls, ['roots', 'read', 'children 0', 'read', 'children 0']);
  });

  it('are not added to where a refresh came first', async () => {
    const source = new FakeSource();
    const { model, root } = await opened(source);
    await model.childrenOf(root);
    const gate = closedGate();
    source.gate = gate.promise;
    const more = model.loadMore(root);
    source.gate = undefined;
    model.invalidateUnder(root);
    await model.childrenOf(root);
    gate.open();
    assert.equal(await more, undefined);
    assert.equal((await model.childrenOf(root)).length, 101);
    assert.ok(source.released.includes(102), 'the late page is let go');
  });

  it('let all go that was held under a row that is no more', async () => {
    const source = new FakeSource();
    source.items = 3;
    const { model, root } = await opened(source);
    const rows = await model.childrenOf(root);
    const last = rows[2];
    assert.ok(last?.kind === 'object');
    const [under] = await model.childrenOf(last);
    assert.ok(under !== undefined);
    source.items = 2;
    model.invalidateUnder(root);
    await model.childrenOf(root);
    assert.deepEqual(source.released, [4, 4000, 4001, 4002]);
    assert.equal(model.objectById(last.id), undefined);
    assert.equal(model.objectById(under.id), undefined);
  });

  it('are asked for anew where a refresh comes while they are on their way', async () => {
    const source = new FakeSource();
    source.items = 1;
    const { model, root } = await opened(source);
    const gate = closedGate();
    source.gate = gate.promise;
    const early = model.childrenOf(root);
    source.gate = undefined;
    source.items = 2;
    model.invalidateUnder(root);
    const fresh = await model.childrenOf(root);
    gate.open();
    assert.equal(fresh.length, 2);
    assert.equal((await early).length, 2);
    assert.equal((await model.childrenOf(root)).length, 2);
  });
});
