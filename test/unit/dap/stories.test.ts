import assert from 'node:assert/strict';

import { liveStack, toldStacks } from '../../../server/src/dap/stories';

const OTHER = `Traceback (most recent call last):
  File "/far/rpyc/core/protocol.py", line 300, in _dispatch_request
    res = self._HANDLERS[handler](self, *args)
  File "/far/gauge.py", line 4, in read
    return callback()
ValueError: no

========= Remote Traceback (1) =========
Traceback (most recent call last):
  File "/near/back.py", line 9, in callback
    raise ValueError('no')
ValueError: no
`;

const names = (told: ReturnType<typeof liveStack>['above']): readonly string[] =>
  told.map((one) => (one.kind === 'side' ? `[${one.text}]` : one.frame.name));

describe('an error as frames', () => {
  it('has the frames of each program that it passed through, the innermost first, with whose they are', () => {
    const { above, below, live } = liveStack({ name: 'E', count: 2, told: OTHER }, 'Lab');
    assert.deepEqual(names(above), [
      '[2 calls beyond “Lab”]',
      'callback',
      '[beyond “Lab”: the program that it asked]',
      'read',
      '_dispatch_request',
      '[peer: “Lab”]',
    ]);
    assert.deepEqual([names(below), live], [['[editor: asked for this]'], 2]);
  });

  it('tells no sides where there is one', () => {
    const { above, below } = liveStack({ name: 'E', count: 2, told: '' }, 'Lab');
    assert.deepEqual([above, below], [[], []]);
    const error = {
      typeName: 'builtins.ValueError',
      message: 'no',
      traceback: OTHER.split('=====')[0] ?? '',
    };
    const [only, ...others] = toldStacks({ ...error, frames: [] }, 'Lab');
    assert.deepEqual(names(only?.above ?? []), ['read', '_dispatch_request']);
    assert.deepEqual([only?.name, others, only?.below], ['builtins.ValueError: no', [], []]);
  });

  it('has the errors that led to it behind it', () => {
    const traceback = `Traceback (most recent call last):
  File "/a.py", line 1, in inner
    1 / 0
ZeroDivisionError: division by zero

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "/a.py", line 3, in outer
    raise ValueError()
ValueError
`;
    const stacks = toldStacks({ typeName: 'ValueError', message: '', traceback, frames: [] }, 'Lab');
    assert.deepEqual(
      stacks.map(({ name, above }) => [name, ...names(above)]),
      [
        ['ValueError', 'outer'],
        ['ZeroDivisionError: division by zero', 'inner'],
      ],
    );
  });
});
