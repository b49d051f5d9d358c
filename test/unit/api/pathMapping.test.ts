import assert from 'node:assert/strict';

import { checkPathMappings, mappedPaths } from '../../../server/src/api/pathMapping';

describe('where the files of a peer are here', () => {
  const at = (file: string, localRoot: string, remoteRoot: string): readonly string[] =>
    mappedPaths(file, [{ localRoot, remoteRoot }]);

  it('is below the local folder where it is below the remote one there', () => {
    assert.deepEqual(at('/srv/app/pkg/a.py', '/home/me/app/', '/srv/app'), ['/home/me/app/pkg/a.py']);
    assert.deepEqual(at('/srv/apple/a.py', '/home/me/app', '/srv/app'), []);
    assert.deepEqual(at('/srv/app', '/home/me/app', '/srv/app'), []);
    assert.deepEqual(at('/a.py', '/home/me', '/'), ['/home/me/a.py']);
  });

  it('takes the ways in which Windows writes a path, on either side', () => {
    assert.deepEqual(at('C:\\App\\pkg\\a.py', '/home/me', 'c:/app'), ['/home/me/pkg/a.py']);
    assert.deepEqual(at('/srv/app/pkg/a.py', 'C:\\work', '/srv/app/'), ['C:\\work\\pkg\\a.py']);
    assert.deepEqual(at('/srv/a\\b.py', '/home/me', '/srv'), ['/home/me/a\\b.py']);
  });

  it('takes files without a folder, as a program names them that was started with such a path', () => {
    assert.deepEqual(at('pkg/a.py', '/home/me', '.'), ['/home/me/pkg/a.py']);
    assert.deepEqual(at('./a.py', '/home/me', '.'), ['/home/me/a.py']);
    assert.deepEqual(at('/a.py', '/home/me', '.'), []);
  });

  it('never leads out of the folder', () => {
    assert.deepEqual(at('/srv/app/../../etc/passwd', '/home/me', '/srv/app'), []);
    assert.deepEqual(at('/srv/app//server/share', '/home/me', '/srv/app'), []);
  });

  it('is tried in the order of the mappings, which are checked', () => {
    const mappings = [
      { localRoot: '/one', remoteRoot: '/srv' },
      { localRoot: '/two', remoteRoot: '/srv/app' },
    ];
    assert.deepEqual(mappedPaths('/srv/app/a.py', mappings), ['/one/app/a.py', '/two/a.py']);
    assert.deepEqual(checkPathMappings(mappings), { mappings });
    for (const wrong of [
      'x',
      [{}],
      [{ localRoot: '/a' }],
      [{ ...mappings[0], more: 1 }],
      [{ localRoot: ' ', remoteRoot: '/' }],
    ]) {
      assert.ok('fault' in checkPathMappings(wrong), JSON.stringify(wrong));
    }
  });
});
