import assert from 'node:assert/strict';

import { readArguments, readLiteral } from '../../../../server/src/features/inspect/literal';
import { ProblemError } from '../../../../server/src/features/problem';
import { Float } from '../../../../server/src/rpyc/index';

function refused(source: string, reason: RegExp, read: (source: string) => unknown = readLiteral): void {
  assert.throws(
    () => read(source),
    (error) =>
      error instanceof ProblemError && error.problem.code === 'ERR_LITERAL' && reason.test(error.message),
    source,
  );
}

describe('Literals for services', () => {
  it('reads integers of any size and base', () => {
    const values: readonly (readonly [string, unknown])[] = [
      ['0', 0],
      [' -42 ', -42],
      ['+7', 7],
      ['1_000', 1000],
      ['0x1F', 31],
      ['-0b101', -5],
      ['0o17', 15],
      ['9007199254740993', 9007199254740993n],
      ['-9007199254740993', -9007199254740993n],
    ];
    for (const [source, value] of values) {
      assert.equal(readLiteral(source), value, source);
    }
  });

  it('reads floats as floats, whole ones too', () => {
    for (const [source, value] of [
      ['1.5', 1.5],
      ['2.0', 2],
      ['.5', 0.5],
      ['3.', 3],
      ['-1e3', -1000],
      ['2.5E-1', 0.25],
    ] as const) {
      const read = readLiteral(source);
      assert.ok(read instanceof Float, source);
      assert.equal(read.valueOf(), value);
    }
  });

  it('reads texts, bytes and their escapes', () => {
    assert.equal(readLiteral(`'a"b'`), 'a"b');
    assert.equal(readLiteral(`"it's"`), "it's");
    assert.equal(
      readLiteral(String.raw`'\n\t\\\'\x41\u00fc\U0001f40d\101\q'`),
      "\n\t\\'A\u00fc\u{1f40d}A\\q",
    );
    assert.equal(readLiteral(String.raw`r'\n'`), '\\n');
    assert.deepEqual(readLiteral(String.raw`b'\x00\xffa'`), Buffer.from([0, 255, 97]));
  });

  it('reads constants and tuples', () => {
    assert.deepEqual(readLiteral('(True, (False,), (), None, (1))'), [true, [false], [], null, 1]);
    assert.deepEqual(readLiteral('( 1 , 2 , )'), [1, 2]);
  });

  it('refuses everything else, and says what it takes', () => {
    refused('', /a value is missing/);
    refused('[1]', /a value is missing.*a tuple of these/);
    refused('x', /“x” is not one/);
    refused('1 + 2', /“\+ 2” is not one/);
    refused("__import__('os')", /“__import__” is not one/);
    refused("'open", /a value is missing/);
    refused('(1 2)', /a bracket is not closed/);
    refused('(1', /a bracket is not closed/);
    refused("b'\u00fc'", /ASCII/);
    refused("ub'x'", /not known/);
    refused(String.raw`'\U99999999'`, /no character/);
    refused('('.repeat(50), /nested too deeply/);
    refused('1'.repeat(1_000_001), /too long/);
    refused('01', /begins with 0/);
    refused('1x', /is not one/);
  });

  it('reads the arguments of a call', () => {
    assert.deepEqual(readArguments(''), { values: [], named: [] });
    assert.deepEqual(readArguments("1, 'a,b', key=(1,), other = None,"), {
      values: [1, 'a,b'],
      named: [
        ['key', [1]],
        ['other', null],
      ],
    });
    refused('a=1, 2', /behind one with a name/, readArguments);
    refused('a=1, a=2', /given twice/, readArguments);
    refused('1 2', /is not one/, readArguments);
    refused('*a', /a value is missing/, readArguments);
    refused('a==1', /“a” is not one/, readArguments);
  });
});
