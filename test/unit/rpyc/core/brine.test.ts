import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { dump, dumpable, load } from '../../../../server/src/rpyc/core/brine';
import { ErrorCode, ProtocolError } from '../../../../server/src/rpyc/core/errors';
import {
  type BrineValue,
  Complex,
  Ellipsis,
  Float,
  FrozenSet,
  kwargs,
  NotImplemented,
  PyLong,
  Slice,
} from '../../../../server/src/rpyc/core/pyTypes';
import { fromHex, kindText, toHex } from '../../../support/typedJson';

function checkKind(value: BrineValue): void {
  assert.equal(kindText(load(dump(value))), kindText(value));
}

function checkRefused(bytes: Uint8Array, code: string): void {
  const before = process.memoryUsage().rss;
  const start = performance.now();
  assert.throws(
    () => load(bytes),
    (error) => error instanceof ProtocolError && error.code === code,
  );
  assert.ok(performance.now() - start < 500, 'it takes no time');
  assert.ok(process.memoryUsage().rss - before < 64 * 1024 * 1024, 'it takes no memory');
}

describe('brine kinds', () => {
  const kinds: readonly (readonly [string, BrineValue])[] = [
    ['None', null],
    ['booleans', [true, false]],
    ['small and large ints', [0, -1, 159, 160, -48, -49, 2 ** 53 - 1, -(2 ** 53 - 1)]],
    ['ints beyond 2^53', [2n ** 53n, -(2n ** 53n), 10n ** 1000n]],
    ['fractions', [1.5, -0.1, 5e-324, NaN, Infinity, -Infinity]],
    ['floats without a fraction', [new Float(1), new Float(0), new Float(-0), new Float(1e300)]],
    ['long of Python 2', [new PyLong(5), new PyLong(-(2n ** 70n))]],
    ['text', ['', 'a', 'naïve', '€'.repeat(100), '\ufeffbom', '😀', 'x'.repeat(5000)]],
    ['bytes', [new Uint8Array(0), Uint8Array.of(0, 255), new Uint8Array(300)]],
    ['tuples', [[], [[]], [1, [2, [3]]]]],
    ['slices', [new Slice(null, 1), new Slice(1, 2, -1)]],
    ['frozensets', [new FrozenSet(), new FrozenSet(['a', [1, 2], new FrozenSet([1])])]],
    ['complex', [new Complex(1, -0), new Complex(NaN, Infinity)]],
    ['singletons', [Ellipsis, NotImplemented]],
    ['names of prototypes', ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'then']],
  ];
  for (const [name, value] of kinds) it(`keeps ${name}`, () => checkKind(value));

  it('gives a byte string as memory of its own', () => {
    const bytes = fromHex('0c616263');
    const value = load(bytes);
    assert.ok(value instanceof Uint8Array);
    assert.equal(value.constructor, Uint8Array);
    bytes.fill(0);
    assert.equal(toHex(value), '616263');
  });

  it('writes a bigint of a small value as any int, -0 as a float and undefined as None', () => {
    assert.equal(toHex(dump(5n)), '55');
    assert.equal(toHex(dump(-0)), '188000000000000000');
    assert.equal(toHex(dump(undefined)), '00');
  });

  it('writes a Buffer as bytes', () => {
    assert.equal(toHex(dump(Buffer.from('abc'))), '0c616263');
  });

  it('keeps the bits of a NaN with a sign', () => {
    assert.equal(toHex(dump(load(fromHex('18fff8000000000000')))), '18fff8000000000000');
  });
});

describe('brine dump refuses', () => {
  const cyclic: unknown[] = [];
  cyclic.push([cyclic]);
  // eslint-disable-next-line no-sparse-arrays -- the hole is what is tested
  const sparse = [1, , 2];

  it('an integral number that is no longer exact', () => {
    assert.throws(() => dump(2 ** 53), RangeError);
    assert.throws(() => dump([-(2 ** 60)]), RangeError);
  });

  it('an int of more digits than Python reads', () => {
    assert.equal(dump(10n ** 4299n).length, 5 + 4300);
    assert.throws(() => dump(10n ** 4300n), RangeError);
  });

  it('a lone surrogate', () => {
    for (const text of ['\ud800', 'abc\udfff', `${'x'.repeat(100)}\ud83d`]) {
      assert.throws(() => dump(text), TypeError);
    }
  });

  it('a cyclic array and a sparse one, which are no mere references either', () => {
    assert.throws(() => dump(cyclic as BrineValue), TypeError);
    assert.throws(() => dumpable(cyclic), TypeError);
    assert.throws(() => dump(sparse), TypeError);
    assert.throws(() => dumpable(sparse), TypeError);
  });

  it('a slice in a frozenset, which Python could not read', () => {
    assert.throws(() => dump(new FrozenSet([new Slice(1, 2)])), TypeError);
    assert.throws(() => dump(new FrozenSet([[new Slice(1, 2)]])), TypeError);
  });

  it('whatever goes by reference', () => {
    for (const value of [{}, new Map(), new Set(), new Date(), () => 1, Symbol('s'), kwargs({})]) {
      assert.equal(dumpable(value), false);
      assert.equal(dumpable([1, [value]]), false);
      assert.equal(dumpable(new Slice(value as BrineValue, null)), false);
      assert.throws(() => dump([value as BrineValue]), TypeError);
    }
  });

  it('nothing that it gives back from load', () => {
    let value: BrineValue = null;
    for (let depth = 0; depth < 200; depth++) value = [value];
    assert.equal(kindText(load(dump(value))), kindText(value));
    assert.throws(() => dump([value]), TypeError);
  });
});

describe('brine on its short ways', () => {
  function headOf(length: number): readonly number[] {
    if (length === 0) return [0x01];
    if (length <= 4) return [0x0a + length - 1];
    return length <= 255 ? [0x0e, length] : [0x0f, 0, 0, length >> 8, length & 255];
  }

  for (const letter of ['x', 'é', '€', '😀', 'x€é😀']) {
    it(`writes and reads text of ${letter} of any length`, () => {
      for (let count = 0; count <= 90; count++) {
        const text = letter.repeat(count);
        const bytes = Buffer.from(text);
        const dumped = dump(text);
        assert.equal(toHex(dumped), toHex(Buffer.concat([Buffer.from([8, ...headOf(bytes.length)]), bytes])));
        assert.equal(load(dumped), text);
      }
    });
  }

  it('writes integers of any number of digits as decimal text', () => {
    for (let power = 3; power <= 15; power++) {
      for (const value of [10 ** power - 1, 10 ** power, 1 - 10 ** power, -(10 ** power)]) {
        const digits = Buffer.from(String(value));
        const expected = Buffer.concat([Buffer.from([0x16, digits.length]), digits]);
        assert.equal(toHex(dump(value)), toHex(expected));
        assert.equal(load(expected), value);
      }
    }
  });

  it('gives each value bytes of its own', () => {
    const first = dump(['first', 1.5, 4711]);
    const before = toHex(first);
    dump(['second value that is longer', 2.5, 1234567]);
    assert.equal(toHex(first), before);
    const long = dump('x'.repeat(100_000));
    dump('y'.repeat(100_000));
    assert.equal(load(long), 'x'.repeat(100_000));
  });

  it('goes on after a value that cannot be written', () => {
    assert.throws(() => dump(['text', '\ud800']), TypeError);
    assert.throws(() => dump(['text', 2 ** 60]), RangeError);
    assert.deepEqual(load(dump(['text', 1])), ['text', 1]);
  });
});

describe('brine limits', () => {
  it('a huge tuple', () => checkRefused(fromHex('15ffffffff00'), ErrorCode.protocol));
  it('a huge byte string', () => checkRefused(fromHex('0fffffffff00'), ErrorCode.protocol));
  it('a huge text', () => checkRefused(fromHex('080fffffffff00'), ErrorCode.protocol));
  it('a huge integer', () => checkRefused(fromHex('17ffffffff31'), ErrorCode.limit));
  it('10^5 nested tuples', () => checkRefused(Buffer.alloc(100_000, 0x10), ErrorCode.limit));
  it('10^5 nested frozensets', () => checkRefused(Buffer.alloc(100_000, 0x1a), ErrorCode.limit));
  it('10^5 nested slices', () => checkRefused(Buffer.alloc(100_000, 0x19), ErrorCode.limit));
  it('10^5 nested longs', () => checkRefused(Buffer.alloc(100_000, 0x09), ErrorCode.protocol));
  it('10^5 nested texts', () => checkRefused(Buffer.alloc(100_000, 0x08), ErrorCode.protocol));

  it('an integer of 10 MB', () => {
    const bytes = Buffer.alloc(5 + 10_000_000, '1');
    bytes[0] = 0x17;
    bytes.writeUInt32BE(10_000_000, 1);
    checkRefused(bytes, ErrorCode.limit);
  });

  it('more items than allowed, counted over all containers and before they are made', () => {
    const bytes = Buffer.alloc(5 + 5_000_000);
    bytes[0] = 0x15;
    bytes.writeUInt32BE(5_000_000, 1);
    checkRefused(bytes, ErrorCode.limit);
    const limits = { maxDepth: 10, maxItems: 5, maxIntDigits: 10 };
    assert.deepEqual(load(dump([1, [2]]), limits), [1, [2]]);
    assert.throws(() => load(dump([[1, 2], 3]), limits), ProtocolError);
    assert.throws(() => load(fromHex('1a0d61626364'), limits), ProtocolError);
  });

  it('small values that take much memory', () => {
    // In a process of its own, whose heap says by itself whether it was enough.
    const library = require.resolve('../../../../server/src/rpyc/index');
    const program = `
      const { brine } = require(${JSON.stringify(library)});
      for (const unit of ['01', '02', '1a02', '183ff0000000000000', '0950']) {
        const count = 3000000;
        const bytes = Buffer.alloc(5 + (count * unit.length) / 2).fill(unit, 5, 'hex');
        bytes[0] = 0x15;
        bytes.writeUInt32BE(count, 1);
        try { brine.load(bytes); console.log(unit, 'was read'); } catch (error) { console.log(error.code); }
      }`;
    const { stdout, stderr } = spawnSync(process.execPath, ['--max-old-space-size=64', '-e', program], {
      encoding: 'utf8',
    });
    assert.deepEqual(stdout.trim().split('\n'), Array<string>(5).fill(ErrorCode.limit), stderr);
  });

  it('a frozenset of floats of 309 digits costs no more than its bytes', () => {
    const values = Array.from({ length: 1000 }, (_, index) => new Float(1e308 - index * 1e293));
    const set = new FrozenSet([...values, BigInt(1e308)]);
    assert.equal(set.size, new Set(values.map(Number)).size, 'the int equals the first float');
    assert.ok(set.has(BigInt(1e308)));
    assert.equal(set.has(BigInt(1e308) + 1n), false);
    assert.equal(new FrozenSet([2n ** 60n, new Float(2 ** 60), new PyLong(2n ** 60n)]).size, 1);
  });

  it('sets in sets in sets around a large value cost no more than their bytes', () => {
    let value: BrineValue = new Uint8Array(200_000);
    for (let level = 0; level < 90; level++) value = new FrozenSet([level, value]);
    const start = performance.now();
    checkKind(value);
    assert.ok(performance.now() - start < 2000);
  });
});

describe('values of Python', () => {
  it('a frozenset counts equal members once, as Python compares', () => {
    assert.equal(new FrozenSet([1, true, new Float(1), 1n, new PyLong(1), new Complex(1, 0)]).size, 1);
    assert.equal(new FrozenSet([[1, 'a'], [true, 'a']]).size, 1); // prettier-ignore
    assert.equal(new FrozenSet([new FrozenSet([1, 2]), new FrozenSet([2, 1])]).size, 1);
    assert.equal(new FrozenSet(['1', 1, Uint8Array.of(49), null]).size, 4);
    assert.equal(new FrozenSet([NaN, NaN]).size, 2);
    assert.equal(new FrozenSet(['a,s1:b', ['a', 'b']]).size, 2);
  });

  it('a frozenset tells what it has', () => {
    const set = new FrozenSet([1, ['a'], new FrozenSet([2])]);
    assert.ok(set.has(true) && set.has(['a']) && set.has(new FrozenSet([new Float(2)])));
    assert.ok(!set.has('a') && !new FrozenSet().has(null));
    assert.equal([...set].length, 3);
  });

  it('a float gives its number and prints as Python does', () => {
    assert.equal(new Float(2).valueOf() + 1, 3);
    assert.equal(String(new Float(1)), '1.0');
    assert.equal(String(new Float(-0)), '-0.0');
  });
});
