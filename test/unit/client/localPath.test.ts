import assert from 'node:assert/strict';

import { isLocalPath } from '../../../client/src/localPath';

describe('the path of a file at a peer', () => {
  it('is looked for here where it is absolute, and names no other machine', () => {
    for (const file of ['/usr/lib/abc.py', 'C:\\Python\\abc.py', 'c:/Python/abc.py']) {
      assert.equal(isLocalPath(file), true, file);
    }
    for (const file of ['abc.py', '//server/share/abc.py', '/\\server\\abc.py', '\\\\server\\abc.py']) {
      assert.equal(isLocalPath(file), false, file);
    }
  });
});
