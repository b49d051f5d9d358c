import assert from 'node:assert/strict';

import { agreedContent, profileContent } from '../../../client/src/profileContent';
import type { Profile } from '../../../server/src/api/model';

const PROFILE: Profile = {
  id: 'lab',
  version: 1,
  label: 'Lab',
  transport: { kind: 'tcp', host: 'lab.example', port: 18812 },
  service: 'auto',
};

describe('What consent to a profile of the workspace covers', () => {
  it('is what the profile leads to, however it is written', () => {
    const same: Profile = {
      ...PROFILE,
      id: 'other',
      transport: { port: 18812, host: 'lab.example', kind: 'tcp' },
      dialect: 'auto',
      oneShot: false,
    };
    assert.equal(agreedContent(same), agreedContent(PROFILE));
  });

  const changes: readonly Partial<Profile>[] = [
    { label: 'Laboratory' },
    { transport: { kind: 'tcp', host: 'evil.example', port: 18812 } },
    { transport: { kind: 'tcp', host: 'lab.example', port: 18813 } },
    { service: 'classic' },
    { dialect: 'C' },
    { oneShot: true },
    { transport: { kind: 'tls', host: 'lab.example', port: 18812 } },
    { transport: { kind: 'ssh', host: 'lab.example', port: 18812 } },
    { expose: ['print'] },
    { preHandshake: [{ sendFrame: { secret: 'door' } }] },
    { runOn: { thread: 'main', host: 'other', post: 'evil' } },
  ];
  for (const change of changes) {
    it(`ends with ${JSON.stringify(change)}`, () =>
      assert.notEqual(agreedContent({ ...PROFILE, ...change }), agreedContent(PROFILE)));
  }

  it('is more than what its secrets and answers are kept by, which a thread for its runs does not change', () => {
    const other: Profile = { ...PROFILE, runOn: { thread: 'worker' }, expose: ['print'] };
    assert.equal(profileContent(other), profileContent(PROFILE));
    assert.notEqual(agreedContent(other), agreedContent(PROFILE));
  });
});
