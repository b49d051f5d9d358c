import assert from 'node:assert/strict';
import { inspect } from 'node:util';

import {
  Complex,
  Float,
  FrozenSet,
  Kwargs,
  kwargs,
  PyLong,
  Slice,
} from '../../../../server/src/rpyc/core/pyTypes';

describe('Stand-ins for Python values', () => {
  it('are printed as what they are', () => {
    assert.equal(inspect(new Float(2)), 'Float(2)');
    assert.equal(inspect([new Float(-0), new Float(1.5)]), '[ Float(-0), Float(1.5) ]');
    assert.equal(inspect(new PyLong(5)), 'PyLong(5n)');
    assert.equal(inspect(new Complex(1, -2)), 'Complex(1, -2)');
    assert.equal(inspect(new Slice(1, null, 'x')), "Slice(1, null, 'x')");
    assert.equal(inspect(new FrozenSet([1, 'x', new Float(3)])), "FrozenSet(3) [ 1, 'x', Float(3) ]");
    assert.equal(
      inspect(kwargs({ key: 2, float: new Float(2) })),
      "Kwargs { 'key' => 2, 'float' => Float(2) }",
    );
  });

  it('are printed as deep as the inspector goes', () => {
    const nested = new FrozenSet([new FrozenSet([new Slice(new Slice(1, 2), 3)])]);
    assert.equal(inspect(nested, { depth: 0 }), 'FrozenSet(1) [ [FrozenSet] ]');
    assert.match(inspect(nested, { depth: null }), /Slice\(Slice\(1, 2, null\), 3, null\)/);
    assert.equal(inspect({ a: { b: new Complex(1, 2) } }, { depth: 0 }), '{ a: [Object] }');
  });

  it('are written as JSON where that has something for them', () => {
    assert.equal(JSON.stringify({ a: new Float(2), b: [new Float(0.5)] }), '{"a":2,"b":[0.5]}');
  });

  it('give keyword arguments by name, and nothing that was not given', () => {
    const named = new Kwargs([
      ['key', 2],
      ['__proto__', 'own'],
    ]);
    assert.deepEqual(
      ['key', '__proto__', 'constructor', 'toString'].map((name) => named.get(name)),
      [2, 'own', undefined, undefined],
    );
    const object = named.toObject();
    assert.deepEqual(Object.entries(object), named.entries());
    assert.equal(Object.getPrototypeOf(object), null);
    assert.equal(object['constructor'], undefined);
    assert.equal(JSON.stringify(named), '{"key":2,"__proto__":"own"}');
  });
});
