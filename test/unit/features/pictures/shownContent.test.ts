import assert from 'node:assert/strict';

import { readMade, shownObject } from '../../../../server/src/features/pictures/shownContent';
import type { MadeContent } from '../../../../server/src/features/pictures/shownContent';

function made(type: string, bytes: Uint8Array): MadeContent {
  return { number: 0, type, count: 1, note: '', length: bytes.length, first: bytes };
}

function png(width: number, height: number): Uint8Array {
  const data = Buffer.alloc(33);
  data.write('\x89PNG\r\n\x1a\n', 'latin1');
  data.writeUInt32BE(width, 16);
  data.writeUInt32BE(height, 20);
  return data;
}

function table(change: object = {}): Uint8Array {
  const document = {
    ...{ columns: [['n', 'int64', true]], index: false, rows: [['1']], start: 0, total: 1, totalColumns: 1 },
    ...change,
  };
  return Buffer.from(JSON.stringify(document));
}

describe('what a peer makes of a value', () => {
  it('is taken in the lengths and kinds that are known', () => {
    const told = [7, 'picture', 'image/png', 3, 'a note\u0000', 5, Buffer.from('abcde')];
    assert.deepEqual(
      { ...readMade(told), first: 5 },
      { number: 7, type: 'image/png', count: 3, note: 'a note\\x00', length: 5, first: 5 },
    );
    for (const [at, value] of [
      [0, -1],
      [2, 'application/pdf'],
      [2, 42],
      [4, 7],
      [5, 9 << 20],
      [6, 'abcde'],
    ] as const) {
      assert.throws(() => readMade(told.map((part, index) => (index === at ? value : part))), /wrong/);
    }
    assert.equal(readMade(told.map((part, index) => (index === 3 ? 1_000_000 : part))).count, 8);
  });

  it('is a picture only where its own bytes say that it is one, and of a size that there is room for', () => {
    const shown = shownObject(made('image/png', png(3, 2)), png(3, 2));
    assert.equal(shown.as, 'picture');
    for (const bytes of [png(0, 2), png(40_000, 1), png(20_000, 20_000), Buffer.from('GIF89a')]) {
      assert.throws(() => shownObject(made('image/png', bytes), bytes), { name: 'ProblemError' });
    }
    const jpeg = Buffer.from('ffd8ffe0000400ffffc0000b080002000301011100ffd9', 'hex');
    assert.equal(shownObject(made('image/jpeg', jpeg), jpeg).as, 'picture');
    const endless = Buffer.from('ffd8ffe00000ffe00000ffe00000', 'hex');
    assert.throws(() => shownObject(made('image/jpeg', endless), endless), { name: 'ProblemError' });
  });

  it('is a table of texts in as many cells as it has columns', () => {
    const bytes = table({ rows: [['1\u202e\n2']] });
    const shown = shownObject(made('application/json', bytes), bytes);
    assert.ok(shown.as === 'table');
    assert.ok(!/[\n\u202e]/.test(shown.table.rows[0]?.[0] ?? ''), shown.table.rows[0]?.[0]);
    for (const wrong of [
      table({ rows: [['1', '2']] }),
      table({ rows: [[1]] }),
      table({ rows: 'none' }),
      table({ rows: Array(2000).fill(['1']) }),
      table({ columns: [[1, 2, 3]] }),
      table({ total: -1 }),
      Buffer.from('null'),
      Buffer.from('{'),
    ]) {
      assert.throws(() => shownObject(made('application/json', wrong), wrong), /wrong/);
    }
  });
});
