import assert from 'node:assert/strict';

import { ShapeError, readPage, readRow } from '../../../../server/src/features/inspect/rows';

const GOOD: readonly unknown[] = [['a', 'x'], 'x', 'list', 'list', '[1]', 5 + 8, 1];

describe('A row of the helper', () => {
  it('is read', () => {
    assert.deepEqual(readRow(GOOD), {
      step: { kind: 'attr', name: 'x' },
      name: 'x',
      kind: 'list',
      typeName: 'list',
      value: '[1]',
      expandable: true,
      reachable: true,
      unread: false,
      access: { editable: true, deletable: false, callable: false, iterator: false, showable: false },
      length: 1,
    });
    assert.deepEqual(readRow([['k', 2, "'k'"], "'k'", 'property', 'property', '', 2 + 16 + 32 + 64, null]), {
      step: { kind: 'key', index: 2, text: "'k'" },
      name: "'k'",
      kind: 'property',
      typeName: 'property',
      value: 'click to read',
      expandable: false,
      reachable: false,
      unread: true,
      access: { editable: false, deletable: true, callable: true, iterator: true, showable: false },
    });
  });

  it('is cut and cleaned, but for the step that goes back', () => {
    const row = readRow([
      ['a', 'n\u202e'],
      'n\u202e',
      'object',
      't'.repeat(5000),
      '\n'.repeat(5000),
      0,
      null,
    ]);
    assert.deepEqual(row.step, { kind: 'attr', name: 'n\u202e' });
    assert.equal(row.name, 'n\\u202e');
    assert.ok(row.typeName.length <= 200);
    assert.ok(row.value.length <= 200);
  });

  const replaced = (position: number, value: unknown): unknown[] => GOOD.with(position, value);
  const WRONG: [what: string, row: unknown][] = [
    ['no tuple', 'row'],
    ['too short', GOOD.slice(0, 5)],
    ['too long', [...GOOD, 1]],
    ['an unknown step', replaced(0, ['x', 1])],
    ['a step without a name', replaced(0, ['a', 1])],
    ['a negative position', replaced(0, ['i', -1])],
    ['an endless step', replaced(0, ['a', 'x'.repeat(2000)])],
    ['a name that is no text', replaced(1, 5)],
    ['an unknown kind', replaced(2, 'constructor')],
    ['a type that is no text', replaced(3, null)],
    ['a value that is no text', replaced(4, [])],
    ['flags that are no number', replaced(5, '1')],
    ['a length that is no number', replaced(6, 'long')],
  ];
  for (const [what, row] of WRONG) {
    it(`is refused with ${what}`, () => {
      assert.throws(() => readRow(row), ShapeError);
    });
  }

  it('comes in pages that are checked, too', () => {
    assert.deepEqual(readPage(1, true, 'a\nnote', [GOOD]), {
      rows: [readRow(GOOD)],
      total: 1,
      more: true,
      note: 'a\\nnote',
    });
    assert.throws(() => readPage(1, false, '', 'rows'), ShapeError);
    assert.throws(() => readPage(-1, false, '', []), ShapeError);
    assert.throws(() => readPage(1, false, 5, []), ShapeError);
    assert.throws(() => readPage(1, false, '', Array(100_000).fill(GOOD)), ShapeError);
  });
});
