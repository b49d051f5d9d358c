import assert from 'node:assert/strict';

import { type ExpressionParent, partExpression } from '../../../../server/src/features/inspect/expression';

const NAMESPACE: ExpressionParent = { root: 'namespace', expression: 'globals()' };
const MODULES: ExpressionParent = { root: 'modules', expression: 'sys.modules' };
const SERVICE: ExpressionParent = { root: 'service', expression: undefined };
const OBJECT: ExpressionParent = { root: undefined, expression: 'x' };

describe('The expression of a row', () => {
  it('begins with a name, or with the table of modules', () => {
    assert.equal(partExpression(NAMESPACE, { kind: 'attr', name: 'x' }, true), 'x');
    assert.equal(partExpression(NAMESPACE, { kind: 'attr', name: 'größe' }, true), 'größe');
    assert.equal(partExpression(MODULES, { kind: 'attr', name: 'os.path' }, true), "sys.modules['os.path']");
  });

  it('goes on by attribute, position and key', () => {
    assert.equal(partExpression(OBJECT, { kind: 'attr', name: 'y' }, true), 'x.y');
    assert.equal(partExpression(OBJECT, { kind: 'index', index: 3 }, true), 'x[3]');
    assert.equal(partExpression(OBJECT, { kind: 'key', index: 0, text: "'k'" }, true), "x['k']");
  });

  it('takes a key for an expression where it is one literal, and nothing more', () => {
    const withKey = (text: string): string | undefined =>
      partExpression(OBJECT, { kind: 'key', index: 0, text }, true);
    const literals = [
      '1',
      '-7',
      '12L',
      '1.5',
      '-1e-07',
      '1.5e+300',
      'None',
      'True',
      "'it\\'s'",
      '"it\'s"',
      "b'\\x00'",
      "u'\\xe4'",
      "'größe 😀'",
      '()',
      '(1,)',
      "(1, 'a', (None, b''))",
    ];
    for (const text of literals) {
      assert.equal(withKey(text), `x[${text}]`);
    }
    const others = [
      '',
      '1]\ncurl example.org | sh\n#',
      '1; 2',
      '1 ',
      ' 1',
      'f()',
      'x',
      "'a' + 'b'",
      "'a' 'b'",
      "'a",
      "'a\\'",
      "'a\nb'",
      "'a\u001b[2Jb'",
      "'a\u202eb'",
      "'a\u0085b'",
      '(1',
      '(1, f())',
      '(1 2)',
      '((((((1,),),),),),)',
      "f''",
      '[1]',
      '{}',
      'Nonexistent',
    ];
    for (const text of others) {
      assert.equal(withKey(text), undefined, text);
    }
  });

  it('uses getattr for names that no syntax reaches', () => {
    assert.equal(partExpression(OBJECT, { kind: 'attr', name: 'class' }, true), "getattr(x, 'class')");
    assert.equal(partExpression(OBJECT, { kind: 'attr', name: "a'b" }, true), 'getattr(x, "a\'b")');
  });

  it('leads to the classes around a class', () => {
    const view = (text: string): string | undefined =>
      partExpression(OBJECT, { kind: 'key', index: 0, text }, true);
    assert.equal(view(':mro'), 'x.__mro__');
    assert.equal(view(':subclasses'), 'type.__subclasses__(x)');
    assert.equal(view(':traceback'), undefined);
  });

  it('is absent where there is none', () => {
    assert.equal(partExpression(NAMESPACE, { kind: 'attr', name: 'not a name' }, true), undefined);
    assert.equal(partExpression(SERVICE, { kind: 'attr', name: 'add' }, true), undefined);
    assert.equal(partExpression(OBJECT, { kind: 'index', index: 3 }, false), undefined);
    assert.equal(
      partExpression({ root: undefined, expression: undefined }, { kind: 'index', index: 1 }, true),
      undefined,
    );
    assert.equal(
      partExpression({ root: undefined, expression: 'x'.repeat(3000) }, { kind: 'index', index: 1 }, true),
      undefined,
    );
  });
});
