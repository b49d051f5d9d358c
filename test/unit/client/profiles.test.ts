import assert from 'node:assert/strict';

import { parseAddress, readProfiles } from '../../../client/src/profiles';
import type { ProfileField } from '../../../client/src/profiles';
import { hostAndPort } from '../../../server/src/api/transport';
import { parseProfile } from '../../../server/src/features/pool/target';

const tcp = (host: string, port?: number): Record<string, unknown> => ({
  transport: { kind: 'tcp', host, port },
});

function rejectedField(value: unknown): ProfileField | undefined {
  return readProfiles({ user: [value], workspace: undefined }).rejected[0]?.field;
}

describe('Profiles in the settings', () => {
  it('fills in what is left out', () => {
    const { entries, rejected } = readProfiles({ user: [tcp('lab')], workspace: undefined });
    assert.deepEqual(rejected, []);
    assert.deepEqual(entries, [
      {
        origin: 'user',
        index: 0,
        profile: {
          id: 'tcp:lab:18812',
          version: 1,
          label: 'lab:18812',
          transport: { kind: 'tcp', host: 'lab', port: 18812 },
          service: 'auto',
          dialect: 'auto',
          oneShot: false,
        },
      },
    ]);
  });

  it('lists the user first and gives every profile an id of its own', () => {
    const { entries } = readProfiles({
      user: [tcp('a', 1), tcp('a', 1)],
      workspace: [tcp('a', 1), tcp('b', 2)],
    });
    assert.deepEqual(
      entries.map(({ origin, index, profile }) => [origin, index, profile.id]),
      [
        ['user', 0, 'tcp:a:1'],
        ['user', 1, 'tcp:a:1#2'],
        ['workspace', 0, 'tcp:a:1#3'],
        ['workspace', 1, 'tcp:b:2'],
      ],
    );
  });

  it('keeps the id when the label changes', () => {
    const before = readProfiles({ user: [{ ...tcp('a'), label: 'One' }], workspace: undefined });
    const after = readProfiles({ user: [{ ...tcp('a'), label: 'Two' }], workspace: undefined });
    assert.equal(before.entries[0]?.profile.id, after.entries[0]?.profile.id);
  });

  it('sets a wrong entry aside, names its field and keeps the others', () => {
    const { entries, rejected } = readProfiles({ user: [7, tcp('good'), tcp('', 1)], workspace: 'nonsense' });
    assert.deepEqual(rejected, [
      { origin: 'user', index: 0, field: 'profile' },
      { origin: 'user', index: 2, field: 'transport.host' },
    ]);
    assert.equal(entries[0]?.index, 1);
  });

  it('names each field that can be wrong', () => {
    const cases: readonly (readonly [unknown, ProfileField])[] = [
      [null, 'profile'],
      [[], 'profile'],
      [{ ...tcp('a'), version: 2 }, 'version'],
      [{}, 'transport'],
      [{ transport: { host: 'a' } }, 'transport.kind'],
      [{ transport: { kind: 'ftp', host: 'a' } }, 'transport.kind'],
      [{ transport: { kind: 'tls', host: 'a', pin: '00' } }, 'transport.pin'],
      [{ transport: { kind: 'tcp', host: 'a', tls: true } }, 'transport.tls'],
      [{ ...tcp('a'), tls: { ca: 'x' } }, 'tls'],
      [tcp('-oProxyCommand=x'), 'transport.host'],
      [tcp('a b'), 'transport.host'],
      [tcp('a', 0), 'transport.port'],
      [tcp('a', 65536), 'transport.port'],
      [tcp('a', 1.5), 'transport.port'],
      [{ ...tcp('a'), label: 1 }, 'label'],
      [{ ...tcp('a'), service: 'other' }, 'service'],
      [{ ...tcp('a'), dialect: 'E' }, 'dialect'],
      [{ ...tcp('a'), oneShot: 'yes' }, 'oneShot'],
      [{ ...tcp('a'), label: 'two\nlines' }, 'label'],
      [{ ...tcp('a'), group: 1 }, 'group'],
      [{ ...tcp('a'), color: 'pink' }, 'color'],
      [{ ...tcp('a'), production: 'yes' }, 'production'],
      [{ ...tcp('a'), id: '' }, 'id'],
      [{ ...tcp('a'), id: ' ' }, 'id'],
    ];
    for (const [value, field] of cases) {
      assert.equal(rejectedField(value), field, JSON.stringify(value));
    }
  });

  it('gives the background process what it takes as it is', () => {
    const { entries } = readProfiles({
      user: [tcp('lab'), tcp('[::1]', 1), { ...tcp('lab'), label: ' Lab ', service: 'classic' }],
      workspace: undefined,
    });
    assert.equal(entries.length, 3);
    for (const { profile } of entries) {
      assert.deepEqual(parseProfile(profile), profile);
    }
  });

  it('refuses an id that is taken', () => {
    const { rejected } = readProfiles({
      user: [
        { ...tcp('a'), id: 'x' },
        { ...tcp('b'), id: 'x' },
      ],
      workspace: [],
    });
    assert.deepEqual(rejected, [{ origin: 'user', index: 1, field: 'id' }]);
  });
});

describe('Profiles of the private store', () => {
  it('stand behind those of the user, before those of the workspace', () => {
    const { entries } = readProfiles({
      user: [tcp('a')],
      private: [tcp('b'), tcp('a')],
      workspace: [tcp('b')],
    });
    assert.deepEqual(
      entries.map(({ origin, index, profile }) => [origin, index, profile.id]),
      [
        ['user', 0, 'tcp:a:18812'],
        ['private', 0, 'tcp:b:18812'],
        ['private', 1, 'tcp:a:18812#2'],
        ['workspace', 0, 'tcp:b:18812#2'],
      ],
    );
  });

  it('are checked as those of the settings, and give way where an id is taken', () => {
    const { entries, rejected } = readProfiles({
      user: [{ ...tcp('a'), id: 'x' }],
      private: [
        { ...tcp('b'), id: 'x' },
        { ...tcp('c'), production: 1 },
      ],
      workspace: [{ ...tcp('d'), id: 'x#2' }],
    });
    assert.deepEqual(
      entries.map(({ profile }) => profile.id),
      ['x', 'x#2'],
    );
    assert.deepEqual(rejected, [
      { origin: 'private', index: 1, field: 'production' },
      { origin: 'workspace', index: 0, field: 'id' },
    ]);
  });
});

describe('Addresses as people type them', () => {
  const cases: readonly (readonly [string, ReturnType<typeof parseAddress>])[] = [
    ['', 'empty'],
    ['   ', 'empty'],
    ['lab', { host: 'lab', port: 18812 }],
    [' lab:1234 ', { host: 'lab', port: 1234 }],
    ['10.0.0.7:80', { host: '10.0.0.7', port: 80 }],
    ['[::1]:18813', { host: '::1', port: 18813 }],
    ['[fe80::1%eth0]', { host: 'fe80::1%eth0', port: 18812 }],
    ['::1', { host: '::1', port: 18812 }],
    ['rechner-ä:1', { host: 'rechner-ä', port: 1 }],
    ['lab:', 'port'],
    ['lab:0', 'port'],
    ['lab:65536', 'port'],
    ['lab:abc', 'port'],
    [':18812', 'host'],
    ['-oProxyCommand=x', 'host'],
    ['http://lab', 'host'],
    ['two words', 'host'],
  ];
  for (const [text, expected] of cases) {
    it(`reads ${JSON.stringify(text)}`, () => assert.deepEqual(parseAddress(text), expected));
  }

  it('writes what it can read back', () => {
    assert.deepEqual(parseAddress(hostAndPort('::1', 7)), { host: '::1', port: 7 });
    assert.equal(hostAndPort('lab', 7), 'lab:7');
  });
});
