import assert from 'node:assert/strict';

import { profileFrom } from '../../../client/src/connectionForm';
import { answersFrom, withoutSpecial, withRest } from '../../../client/src/profileAnswers';
import type { Profile, Transport } from '../../../server/src/api/model';
import { checkProfile } from '../../../server/src/api/profile';

const PIN = 'ab'.repeat(32);

function profile(transport: object): Profile {
  const checked = checkProfile({ label: 'Lab', service: 'classic', transport });
  return 'profile' in checked ? checked.profile : assert.fail(JSON.stringify(checked.fault));
}

const WAYS: readonly Transport[] = [
  { kind: 'tcp', host: 'lab', port: 7 },
  { kind: 'tcp', host: '::1', port: 7 },
  { kind: 'tls', host: 'lab', port: 8 },
  { kind: 'tls', host: 'lab', port: 8, insecure: true },
  { kind: 'tls', host: 'lab', port: 8, ca: '/ca.pem', cert: '/me.pem', key: '/me.key' },
  { kind: 'tls', host: 'lab', port: 8, pin: PIN },
  { kind: 'unix', path: '/run/lab.sock' },
  { kind: 'pipe', name: 'lab' },
  { kind: 'ssh', host: 'gate', user: 'me', port: 22, remoteHost: 'inner', remotePort: 9 },
  { kind: 'ssh', host: 'gate', remoteSocket: '/run/lab.sock' },
  { kind: 'subprocess', command: ['C:\\a b\\python', '-c', 'print("x")', '', "it's"] },
  { kind: 'deploy', host: 'gate' },
  { kind: 'registry', service: 'TIME' },
  { kind: 'registry', service: 'TIME', registry: { host: 'lab', port: 7, transport: 'tcp' } },
];

describe('The dialogue that edits a connection', () => {
  for (const transport of WAYS) {
    it(`begins with what there is: ${JSON.stringify(transport)}`, () => {
      const before = profile(transport);
      const made = profileFrom(answersFrom(before));
      assert.ok(made !== undefined);
      assert.equal(made.label, 'Lab');
      assert.equal(made.service, 'classic');
      assert.deepEqual(profile(withRest(made.transport, before.transport)).transport, before.transport);
    });
  }

  const HOST = { kind: 'tcp', host: 'lab', port: 7 } as const;
  const PASSWORD = { secret: 'the word' };
  const SPECIAL: readonly Partial<Profile>[] = [
    { oneShot: true, dialect: 'B' },
    { preHandshake: [{ send: PASSWORD }, { send: '\n' }] },
    { preHandshake: [{ sendFrame: PASSWORD }], oneShot: true, dialect: 'C' },
    { preHandshake: [{ send: 'HELLO ' }, { send: PASSWORD }, { expect: 'OK' }] },
  ];

  for (const fields of SPECIAL) {
    it(`begins with what is unusual, and keeps it: ${JSON.stringify(fields)}`, () => {
      const before: Profile = { ...profile(HOST), ...fields };
      const answers = answersFrom(before);
      assert.ok(answers.special);
      const made = profileFrom(answers);
      const {
        oneShot = false,
        dialect,
        preHandshake,
      } = {
        ...before,
        ...made,
        ...withoutSpecial(answers, before),
      };
      const wanted = { oneShot: before.oneShot, dialect: before.dialect, preHandshake: before.preHandshake };
      assert.deepEqual({ oneShot, dialect, preHandshake }, wanted);
    });

    it(`takes it out where the server is a usual one now: ${JSON.stringify(fields)}`, () => {
      const before: Profile = { ...profile(HOST), ...fields };
      const answers = { ...answersFrom(before), special: false };
      assert.deepEqual(profileFrom(answers), {
        label: 'Lab',
        transport: HOST,
        service: 'classic',
      });
      const gone = withoutSpecial(answers, before);
      for (const field of Object.keys(fields)) {
        assert.ok(field in gone, field);
      }
    });
  }

  it('keeps a dialect that is written for a server of many clients, and what a program is told', () => {
    const old: Profile = { ...profile(HOST), dialect: 'B' };
    assert.ok(!('dialect' in withoutSpecial(answersFrom(old), old)));
    const program: Profile = { ...profile({ kind: 'subprocess', command: ['serve'] }), oneShot: true };
    assert.ok(!('oneShot' in withoutSpecial(answersFrom(program), program)));
    assert.ok('oneShot' in withoutSpecial({ ...answersFrom(program), kind: 'tcp', special: false }, program));
  });

  it('keeps what it does not ask for, where that still makes sense', () => {
    const before = profile({
      kind: 'tls',
      host: 'lab',
      servername: 'inner',
      minVersion: 'TLSv1.3',
    }).transport;
    const moved: Transport = { kind: 'tls', host: 'other', port: 1, insecure: false };
    assert.deepEqual(withRest(moved, before), { ...moved, servername: 'inner', minVersion: 'TLSv1.3' });
    const plain: Transport = { kind: 'tcp', host: 'other', port: 1 };
    assert.deepEqual(withRest(plain, before), plain);
  });

  it('takes out a way to trust that was chosen before', () => {
    const before = profile({ kind: 'tls', host: 'lab', ca: '/ca.pem' }).transport;
    const pinned: Transport = { kind: 'tls', host: 'lab', port: 18821, pin: PIN };
    assert.deepEqual(withRest(pinned, before), pinned);
  });
});
