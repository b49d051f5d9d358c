import assert from 'node:assert/strict';

import { ResultPages } from '../../../client/src/resultPages';
import { RunValues } from '../../../client/src/runValues';
import type { Handle, HeldValue } from '../../../server/src/api/model';

describe('pages of results', () => {
  it('are gone back and forth in, and end at both ends', () => {
    const pages = new ResultPages<string>(() => undefined);
    for (const source of ['one', 'two', 'three']) {
      pages.open(source);
    }
    assert.deepEqual([pages.index, pages.count], [2, 3]);
    assert.equal(pages.go(1)?.source, 'three');
    assert.equal(pages.go(-1)?.source, 'two');
    assert.equal(pages.go(-5)?.source, 'one');
    assert.equal(pages.open('two').source, 'two');
    assert.deepEqual([pages.index, pages.count], [1, 3]);
  });

  it('are twenty at most: the oldest go, but not the one that is looked at', () => {
    const dropped: string[] = [];
    const pages = new ResultPages<string>(({ source }) => dropped.push(source));
    for (let number = 0; number < 25; number++) {
      pages.open(`page ${number}`);
    }
    assert.deepEqual([pages.count, pages.index], [20, 19]);
    assert.deepEqual(dropped.slice(0, 2), ['page 0', 'page 1']);
    pages.clear();
    assert.equal(dropped.length, 25);
  });

  it('hold no more than there is room for', () => {
    const dropped: string[] = [];
    const pages = new ResultPages<string>(({ source }) => dropped.push(source));
    for (const source of ['one', 'two', 'three']) {
      const text = 'x'.repeat(20_000_000);
      pages.fill(pages.open(source), { as: 'text', text });
    }
    assert.deepEqual([dropped, pages.current?.source], [['one'], 'three']);
  });
});

describe('values of runs', () => {
  const handle = (id: number): Handle => ({ epoch: 'test', id });
  let released: number[] = [];
  const values = (): RunValues => {
    released = [];
    return new RunValues({
      notify: (_message, params) =>
        released.push(...(params as { handles: readonly Handle[] }).handles.map(({ id }) => id)),
    });
  };
  const held = (id: number, shown = id): HeldValue => ({
    value: handle(id),
    shown: { handle: handle(shown), as: 'picture' },
  });

  it('are let go when nobody uses them any more, each handle once', () => {
    const value = values().add({ runId: 'r', profileId: 'p', title: 't', held: held(1) });
    const [one, other] = [value.use(), value.use()];
    one.dispose();
    one.dispose();
    assert.deepEqual([released, value.parts === undefined], [[], false]);
    other.dispose();
    assert.deepEqual([released, value.parts === undefined], [[1], true]);
    assert.deepEqual(released, [1]);
  });

  it('are found by their run, or the newest of a kind, while they are held', () => {
    const all = values();
    const one = all.add({ runId: 'one', profileId: 'p', title: 't', held: held(1, 2) });
    all.add({ runId: 'two', profileId: 'p', title: 't', held: { value: handle(3) } });
    assert.equal(
      all.find('one', () => true),
      one,
    );
    assert.equal(
      all.find(undefined, ({ shown }) => shown !== undefined),
      one,
    );
    one.use().dispose();
    assert.deepEqual(released, [1, 2]);
    assert.equal(
      all.find('one', () => true),
      undefined,
    );
  });

  it('are thirty at most: the oldest go, whoever uses them', () => {
    const all = values();
    const oldest = all.add({ runId: 'run 0', profileId: 'p', title: 't', held: held(0) });
    oldest.use();
    for (let id = 1; id <= 30; id++) {
      all.add({ runId: `run ${id}`, profileId: 'p', title: 't', held: held(id) });
    }
    assert.deepEqual([released, oldest.parts], [[0], undefined]);
  });
});
