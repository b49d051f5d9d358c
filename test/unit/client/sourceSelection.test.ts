import assert from 'node:assert/strict';

import { sourceToRun } from '../../../client/src/sourceSelection';
import type { SourceLines } from '../../../client/src/sourceSelection';

/** `‹` and `›` mark a selection, `|` a cursor. */
function check(marked: string, expected: SourceLines | undefined): void {
  const places: { line: number; character: number }[] = [];
  const lines = marked.split('\n').map((text, line) => {
    let clean = '';
    for (const character of text) {
      if ('‹›|'.includes(character)) {
        places.push({ line, character: clean.length });
      } else {
        clean += character;
      }
    }
    return clean;
  });
  const [start, end = start] = places;
  assert.ok(start !== undefined && end !== undefined);
  const range = {
    startLine: start.line,
    startCharacter: start.character,
    endLine: end.line,
    endCharacter: end.character,
  };
  assert.deepEqual(sourceToRun(lines, range), expected);
}

describe('What "run selection or line" runs', () => {
  it('runs the line of the cursor', () => check('a = 1\nb =| 2\nc = 3', { source: 'b = 2', line: 1 }));

  it('takes the indentation of a line off', () =>
    check('if x:\n    print|(x)', { source: 'print(x)', line: 1 }));

  it('runs a whole block from its first line', () =>
    check('f|or x in y:  # all\n    a\n\n    b\nc', {
      source: 'for x in y:  # all\n    a\n\n    b',
      line: 0,
    }));

  it('takes the other branches of a block along', () =>
    check('|try:\n  a\nexcept E:\n  b\nfinally:\n  c\nd', {
      source: 'try:\n  a\nexcept E:\n  b\nfinally:\n  c',
      line: 0,
    }));

  it('runs a decorated function from its decorator', () =>
    check('|@one\n@two\ndef f():\n    pass\nx', { source: '@one\n@two\ndef f():\n    pass', line: 0 }));

  it('leaves the blank lines after a block away', () =>
    check('|def f():\n    pass\n\n\nx', { source: 'def f():\n    pass', line: 0 }));

  it('runs just what is selected', () => check('a = ‹1 + 2› * 3', { source: '1 + 2', line: 0 }));

  it('counts half-selected indentation as selected', () =>
    check('if x:\n    ‹a\n    b›\n', { source: 'a\nb', line: 1 }));

  it('leaves out a last line of which nothing is selected', () =>
    check('‹a\nb\n›c', { source: 'a\nb\n', line: 0 }));

  it('has nothing to run on an empty line', () => check('a\n  |\nb', undefined));

  it('has nothing to run in blank lines', () => check('‹ \n\n› a', undefined));

  it('runs a call to the end of its brackets', () =>
    check('pri|nt(\n  [1,  # (\n  2],\n)\nb', { source: 'print(\n  [1,  # (\n  2],\n)', line: 0 }));

  it('runs a function whose head takes several lines', () =>
    check('|def f(\n    a,\n    b,\n) -> int:\n    return a\nx', {
      source: 'def f(\n    a,\n    b,\n) -> int:\n    return a',
      line: 0,
    }));

  it('counts no bracket inside a text', () =>
    check(`|a = '(' + "[\\"{"\nb`, { source: `a = '(' + "[\\"{"`, line: 0 }));

  it('runs a text of several lines as a whole', () =>
    check(`|a = '''one (\n# two\n'''.strip()\nb`, { source: `a = '''one (\n# two\n'''.strip()`, line: 0 }));

  it('follows a backslash at the end of a line', () =>
    check('|a = 1 + \\\n    2\nb', { source: 'a = 1 + \\\n    2', line: 0 }));

  it('follows brackets inside a block', () =>
    check('|if x:\n    f(\n1,\n    )\n    g\nh', { source: 'if x:\n    f(\n1,\n    )\n    g', line: 0 }));

  it('keeps a block whole around a comment that stands further left', () =>
    check('|def f():\n    a\n# note\n    b\nc', { source: 'def f():\n    a\n# note\n    b', line: 0 }));

  it('leaves the comments after a block away', () =>
    check('|def f():\n    a\n# about c\nc', { source: 'def f():\n    a', line: 0 }));

  it('runs a decorated function whose decorator takes several lines', () =>
    check('|@one(\n    1,\n)\ndef f():\n    pass\nx', {
      source: '@one(\n    1,\n)\ndef f():\n    pass',
      line: 0,
    }));

  it('does not read on for ever where a bracket is never closed', () =>
    check('|f(\nb\nc', { source: 'f(', line: 0 }));

  it('takes no indentation off inside a text of several lines', () =>
    check(`if x:\n    |a = '''\n  b\n    '''\n`, { source: `a = '''\n  b\n    '''`, line: 1 }));
});
