import assert from 'node:assert/strict';

import { withArticle } from '../../../../server/src/rpyc/lib/article';

describe('Nouns in messages', () => {
  it('have the article that goes with them', () => {
    assert.deepEqual(['object', 'OrderedDict', 'function', 'uuid', 'iterator', 'date'].map(withArticle), [
      'An object',
      'An OrderedDict',
      'A function',
      'A uuid',
      'An iterator',
      'A date',
    ]);
  });
});
