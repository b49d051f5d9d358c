import assert from 'node:assert/strict';

import {
  cut,
  multiLine,
  printed,
  pythonString,
  singleLine,
  valueText,
  valueType,
} from '../../../../server/src/features/inspect/preview';
import {
  type BrineValue,
  Complex,
  Ellipsis,
  Float,
  FrozenSet,
  NotImplemented,
  Slice,
} from '../../../../server/src/rpyc/index';

describe('The texts of the tree', () => {
  it('keep a line a line, and show what would act on the screen', () => {
    assert.equal(singleLine('a\nb\tc\r', 100), 'a\\nb\\tc\\r');
    assert.equal(singleLine('\u001b[2J\u0007\u009b', 100), '\\x1b[2J\\x07\\x9b');
    assert.equal(
      singleLine('\u202eevil\u2066\u200b\ufeff\u2028', 100),
      '\\u202eevil\\u2066\\u200b\\ufeff\\u2028',
    );
    assert.equal(singleLine('plain äöü 😀 עברית', 100), 'plain äöü 😀 עברית');
  });

  it('are never longer than their place, escapes included', () => {
    assert.equal(singleLine('\n'.repeat(1000), 10).length, 10);
    assert.equal(multiLine('\u001b'.repeat(1000), 10).length, 10);
    assert.equal(cut('abc', 3), 'abc');
    assert.equal(cut('abcd', 3), 'ab…');
  });

  it('never end in half a character', () => {
    assert.equal(cut('😀😀😀', 4), '😀…');
    assert.equal(cut('😀😀😀', 5), '😀😀…');
  });

  it('keep the lines of a documentation', () => {
    assert.equal(multiLine('a\n\tb\u001b[0m\u202e', 100), 'a\n\tb\\x1b[0m\\u202e');
  });

  it('leave out what a program meant for a terminal', () => {
    assert.equal(printed('\u001b[31mred\u001b[0m\n\u001b]0;title\u0007done\u0008'), 'red\ndone\\x08');
  });

  const VALUES: [value: BrineValue, type: string, text: string][] = [
    [null, 'NoneType', 'None'],
    [true, 'bool', 'True'],
    [1, 'int', '1'],
    [10n ** 20n, 'int', '100000000000000000000'],
    [1.5, 'float', '1.5'],
    [new Float(2), 'float', '2.0'],
    [NaN, 'float', 'nan'],
    [-Infinity, 'float', '-inf'],
    ['it\'s "x"\n', 'str', "'it\\'s \"x\"\\n'"],
    ["it's", 'str', '"it\'s"'],
    [Uint8Array.of(0, 65, 39, 255), 'bytes', "b'\\x00A\\'\\xff'"],
    [[1], 'tuple', '(1,)'],
    [[1, [null, 'a']], 'tuple', "(1, (None, 'a'))"],
    [new Complex(1, -2), 'complex', 'complex(1.0, -2.0)'],
    [new Slice(1, null), 'slice', 'slice(1, None, None)'],
    [new FrozenSet([1]), 'frozenset', 'frozenset({1})'],
    [Ellipsis, 'ellipsis', 'Ellipsis'],
    [NotImplemented, 'NotImplementedType', 'NotImplemented'],
  ];
  for (const [value, type, text] of VALUES) {
    it(`write ${text} as Python does`, () => {
      assert.deepEqual([valueType(value), valueText(value, 1000)], [type, text]);
    });
  }

  it('stop writing a long value where its place ends', () => {
    assert.equal(valueText('x'.repeat(1_000_000), 20).length, 20);
    assert.equal(
      valueText(
        Array.from({ length: 100_000 }, (_, n) => n),
        20,
      ).length,
      20,
    );
  });

  it('quote keys so that Python reads them back', () => {
    assert.equal(pythonString("a'b\\c\u0000"), '"a\'b\\\\c\\x00"');
  });
});
