import assert from 'node:assert/strict';

import { type LineChange, moved } from '../../../client/src/resultMarks';

const LINES = { startLine: 5, lastLine: 7 };

function change(startLine: number, endLine: number, insertedLines: number, atLineStart = false): LineChange {
  return { startLine, endLine, insertedLines, atLineStart };
}

describe('The lines of a result', () => {
  it('stay where the text behind them changes', () => {
    assert.deepEqual(moved(LINES, change(8, 9, 0)), LINES);
  });

  it('move with lines that come or go above', () => {
    assert.deepEqual(moved(LINES, change(1, 1, 2)), { startLine: 7, lastLine: 9 });
    assert.deepEqual(moved(LINES, change(1, 3, 0)), { startLine: 3, lastLine: 5 });
    assert.deepEqual(moved(LINES, change(4, 4, 0)), LINES);
  });

  it('move with a line that is put right in front of them, and one that is taken away there', () => {
    assert.deepEqual(moved(LINES, change(5, 5, 1, true)), { startLine: 6, lastLine: 8 });
    assert.deepEqual(moved(LINES, change(4, 5, 0, true)), { startLine: 4, lastLine: 6 });
  });

  it('are no more where their own text changes', () => {
    assert.equal(moved(LINES, change(6, 6, 0)), undefined);
    assert.equal(moved(LINES, change(5, 5, 0, true)), undefined);
    assert.equal(moved(LINES, change(7, 7, 1)), undefined);
    assert.equal(moved(LINES, change(3, 6, 0)), undefined);
    assert.equal(moved(LINES, change(0, 20, 1)), undefined);
  });
});
