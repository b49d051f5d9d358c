import assert from 'node:assert/strict';

import { cellsOf, partToRun } from '../../../client/src/runUnits';

const CELLS = ['import os', '', '# %% first', 'a = 1', 'a', '', '#%%', '# only words', '', '# %%', 'b = 2'];

function cursor(line: number): Parameters<typeof partToRun>[1] {
  return { startLine: line, startCharacter: 0, endLine: line, endCharacter: 0 };
}

describe('What is run at once', () => {
  it('is the cell around the cursor', () => {
    assert.deepEqual(partToRun(CELLS, cursor(4), 'cell'), {
      source: '# %% first\na = 1\na\n',
      line: 2,
      lastLine: 4,
      next: 6,
    });
  });

  it('is a cell that its mark begins, where the cursor is on it', () => {
    assert.equal(partToRun(CELLS, cursor(9), 'cell')?.source, '# %%\nb = 2');
  });

  it('counts what stands before the first mark as a cell, where it is code', () => {
    assert.deepEqual(
      cellsOf(CELLS).map(({ startLine, endLine }) => [startLine, endLine]),
      [
        [0, 2],
        [2, 6],
        [6, 9],
        [9, 11],
      ],
    );
    assert.deepEqual(
      cellsOf(['# words', '# %%', 'a']).map(({ startLine }) => startLine),
      [1],
    );
  });

  it('is the whole file without marks', () => {
    assert.deepEqual(cellsOf(['a', 'b']), []);
    assert.equal(partToRun(['a', 'b'], cursor(1), 'cell')?.source, 'a\nb');
    assert.deepEqual(partToRun(CELLS, cursor(0), 'file'), {
      source: CELLS.join('\n'),
      line: 0,
      lastLine: 10,
      next: undefined,
    });
  });

  it('is nothing where there is no code', () => {
    assert.equal(partToRun(CELLS, cursor(7), 'cell'), undefined);
    assert.equal(partToRun(['', '# words'], cursor(0), 'file'), undefined);
  });

  it('moves on behind a statement, to the next line that is not blank', () => {
    const lines = ['for a in b:', '    a', '', '', 'c'];
    assert.deepEqual(partToRun(lines, cursor(0), 'selection'), {
      source: 'for a in b:\n    a',
      line: 0,
      lastLine: 1,
      next: 4,
    });
    assert.equal(partToRun(lines, cursor(4), 'selection')?.next, undefined);
  });
});
