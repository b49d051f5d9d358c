import assert from 'node:assert/strict';

import { readSignature } from '../../../../server/src/features/live/signature';

/** The parameter that is written, between marks. */
function active(parts: readonly string[], position: number, keyword?: string): string | undefined {
  const { label, parameters, active: at } = readSignature('f', parts, '', { position, keyword });
  const [start, end] = at === undefined ? [] : (parameters[at] ?? []);
  return start === undefined ? undefined : label.slice(start, end);
}

describe('a signature at a call', () => {
  it('is written as in Python', () => {
    const { label, parameters } = readSignature('find', ['a', '/', 'b: int = 1', '*', 'c'], 'str', {
      position: 0,
      keyword: undefined,
    });
    assert.equal(label, 'find(a, /, b: int = 1, *, c) -> str');
    assert.deepEqual(
      parameters.map(([start, end]) => label.slice(start, end)),
      ['a', 'b: int = 1', 'c'],
    );
  });

  it('knows which parameter is written', () => {
    const parts = ['a', '/', 'b=1', '*', 'c', '**more'];
    assert.deepEqual(
      [0, 1, 2].map((at) => active(parts, at)),
      ['a', 'b=1', undefined],
    );
    assert.deepEqual(
      ['b', 'c', 'other'].map((name) => active(parts, 3, name)),
      ['b=1', 'c', '**more'],
    );
    assert.deepEqual(
      [0, 1, 7].map((at) => active(['a', '*rest', 'c'], at)),
      ['a', '*rest', '*rest'],
    );
    assert.equal(active([], 0), undefined);
  });
});
