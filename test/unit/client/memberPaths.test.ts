import assert from 'node:assert/strict';

import { expressionLines, fitting, splitsOf } from '../../../client/src/memberPaths';

describe('finding a member by what was typed', () => {
  it('takes a path apart, the longest name first', () => {
    assert.deepEqual(splitsOf('os.path.join'), [
      ['os.path', 'join'],
      ['os', 'path.join'],
    ]);
    assert.deepEqual(splitsOf('os.'), [['os', '']]);
    assert.deepEqual(splitsOf('os'), []);
    assert.deepEqual(splitsOf('.x'), []);
  });

  it('puts what fits best first', () => {
    const names = ['xjointly', 'j_o_i_n', 'unrelated', 'joiner', 'join'];
    assert.deepEqual(
      fitting(names, (name) => name, 'JOIN'),
      ['join', 'joiner', 'xjointly', 'j_o_i_n'],
    );
    assert.deepEqual(
      fitting(names, (name) => name, ''),
      names,
    );
  });

  it('inserts one expression per line, and none for a row without one', () => {
    assert.equal(expressionLines(['a.b', undefined, "c['d']"]), "a.b\nc['d']");
    assert.equal(expressionLines([undefined]), '');
  });
});
