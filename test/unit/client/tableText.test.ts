import assert from 'node:assert/strict';

import { commaSeparated, tabSeparated } from '../../../client/src/tableText';
import type { ShownTable } from '../../../server/src/api/showing';

const TABLE: ShownTable = {
  columns: [
    { name: 'n', typeName: 'int64', numeric: true },
    { name: 'word, "quoted"', typeName: 'object', numeric: false },
  ],
  labelled: true,
  rows: [
    ['a', '-1.5', '=cmd()'],
    ['b', '2', 'tab\there'],
  ],
  start: 0,
  total: 2,
  totalColumns: 2,
};

describe('tables as text', () => {
  it('are pasted into a spreadsheet, where no cell is a formula', () => {
    assert.equal(tabSeparated(TABLE), '\tn\tword, "quoted"\na\t-1.5\t\'=cmd()\nb\t2\ttab here');
  });

  for (const [cell, text] of [
    ['-2+3+cmd()', "'-2+3+cmd()"],
    ['-1e-05', '-1e-05'],
    ['-.5', '-.5'],
    ['-inf', "'-inf"],
    ['@sum', "'@sum"],
  ] as const) {
    it(`give ${cell} as ${text}`, () => {
      const table = { ...TABLE, columns: TABLE.columns.slice(0, 1), labelled: false, rows: [[cell]] };
      assert.equal(tabSeparated(table), `n\n${text}`);
    });
  }

  it('are saved as CSV', () => {
    assert.equal(commaSeparated(TABLE), ',n,"word, ""quoted"""\r\na,-1.5,\'=cmd()\r\nb,2,tab\there\r\n');
  });
});
