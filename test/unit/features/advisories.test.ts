import assert from 'node:assert/strict';

import type { PeerInfo } from '../../../server/src/api/model';
import { advisoriesFor, isFrom } from '../../../server/src/features/advisories';

function ids(dialect: PeerInfo['dialect'], release?: string): readonly string[] {
  return advisoriesFor(dialect, release).map((text) => /CVE-\d+-\d+/.exec(text)?.[0] ?? text);
}

describe('Known holes of rpyc', () => {
  it('tells those of the release that runs there, and no other', () => {
    assert.deepEqual(ids('A', '3.4.4'), []);
    assert.deepEqual(ids('B', '4.0.2'), ['CVE-2024-27758']);
    assert.deepEqual(ids('C', '4.1.0'), ['CVE-2019-16328', 'CVE-2024-27758']);
    assert.deepEqual(ids('C', '4.1.1'), ['CVE-2019-16328', 'CVE-2024-27758']);
    assert.deepEqual(ids('C', '4.1.2'), ['CVE-2024-27758']);
    assert.deepEqual(ids('C', '5.3.1'), ['CVE-2024-27758']);
    assert.deepEqual(ids('D', '6.0.0'), []);
    assert.deepEqual(ids('D', '10.0'), []);
  });

  it('tells of a release that is not known what all of its dialect have', () => {
    assert.deepEqual(
      (['A', 'B', 'C', 'D'] as const).map((dialect) => ids(dialect)),
      [[], ['CVE-2024-27758'], ['CVE-2024-27758'], []],
    );
    assert.match(advisoriesFor('C', undefined)[0] ?? '', /rpyc 4\.1 to 5\.3, .* Update it to 6\.0\.0/);
  });

  it('repeats no text of a peer that is no release', () => {
    for (const text of ['4.1.0](command:x)', '4.1.0\u202e', '', '<version denied>']) {
      assert.deepEqual(advisoriesFor('C', text), advisoriesFor('C', undefined));
    }
  });

  it('compares releases by number', () => {
    assert.ok(isFrom('5.10', '5.9.9') && isFrom('5.1.0', '5.1') && isFrom('5.1', '5.1.0'));
    assert.ok(!isFrom('4.99', '5.0') && !isFrom('0', '5.1'));
  });
});
