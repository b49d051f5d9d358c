import assert from 'node:assert/strict';

import type { Profile } from '../../../../server/src/api/model';
import { isSameTarget, parseProfile } from '../../../../server/src/features/pool/target';
import { ProblemError } from '../../../../server/src/features/problem';

const GOOD: Profile = {
  id: 'one',
  version: 1,
  label: 'Lab',
  transport: { kind: 'tcp', host: 'lab.example', port: 18812 },
  service: 'auto',
};

function refuses(change: Record<string, unknown>, sentence: string): void {
  assert.throws(
    () => parseProfile({ ...GOOD, ...change }),
    (error: unknown) => {
      assert.ok(error instanceof ProblemError);
      assert.equal(error.problem.code, 'ERR_PROFILE');
      assert.equal(error.problem.message, sentence);
      return true;
    },
  );
}

describe('parseProfile', () => {
  it('takes a profile, and fills in what it leaves out', () => {
    assert.deepEqual(parseProfile(GOOD), { ...GOOD, dialect: 'auto', oneShot: false });
  });

  it('says which field of which connection is wrong, and what it has to be', () => {
    refuses(
      { tls: { ca: 'x' } },
      'The field “tls” of “Lab” is not a known field: correct it in the settings.',
    );
    refuses(
      { label: 7, service: 'slave' },
      'The field “label” of a connection must be one line of at most 255 characters: correct it in the settings.',
    );
    refuses(
      { transport: { ...GOOD.transport, port: 0 } },
      'The field “transport.port” of “Lab” must be a whole number from 1 to 65535: correct it in the settings.',
    );
  });

  it('makes one bounded line of the label and the field', () => {
    refuses(
      { label: 'a\n\u202Eb', ['x\ny']: 1 },
      'The field “x y” of “a b” is not a known field: correct it in the settings.',
    );
  });

  it('refuses what is no object at all', () => {
    for (const value of [null, 'lab:18812', 5, [GOOD]]) {
      assert.throws(() => parseProfile(value), ProblemError);
    }
  });
});

describe('isSameTarget', () => {
  it('looks at where a profile leads, not at what it is called', () => {
    assert.ok(isSameTarget(GOOD, { ...GOOD, label: 'Other', dialect: 'auto', oneShot: false }));
    assert.ok(!isSameTarget(GOOD, { ...GOOD, transport: { kind: 'tcp', host: 'lab.example', port: 18813 } }));
    assert.ok(!isSameTarget(GOOD, { ...GOOD, service: 'classic' }));
  });
});
