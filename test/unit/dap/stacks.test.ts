import assert from 'node:assert/strict';

import { Stacks, THREAD } from '../../../server/src/dap/stacks';

describe('the frames of a peer', () => {
  const sourceOf = (file: string): unknown => {
    const stacks = new Stacks('Lab');
    const frames = [{ file, line: 3, name: 'work' }];
    stacks.snapshot = { number: 1, threads: [{ name: 'MainThread', frames }] };
    return stacks.frames({ threadId: THREAD }).stackFrames[0]?.source;
  };

  it('show the file here where there is one of the same path', () => {
    assert.deepEqual(sourceOf(__filename), { name: 'stacks.test.js', path: __filename });
  });

  it('have no file looked for on a server that the peer names', () => {
    const elsewhere = `/${__filename}`;
    assert.deepEqual(sourceOf(elsewhere), { name: 'stacks.test.js', path: elsewhere, sourceReference: 1 });
  });
});
