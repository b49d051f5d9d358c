import assert from 'node:assert/strict';
import os from 'node:os';

import type { Profile } from '../../../server/src/api/model';
import { Redactor } from '../../../server/src/features/redactor';

function profile(host: string, label: string, port = 18812): Profile {
  return { id: label, version: 1, label, transport: { kind: 'tcp', host, port }, service: 'auto' };
}

function redact(text: string, ...profiles: Profile[]): string {
  const redactor = new Redactor();
  redactor.learn(profiles);
  return redactor.redact(text);
}

describe('Redactor', () => {
  it('takes out hosts and labels, however they are written', () => {
    const lab = profile('Lab.example', 'Furnace');
    assert.equal(
      redact('“FURNACE” at lab.EXAMPLE:18812: ENOTFOUND LAB.example', lab),
      '“<connection to <host-1>>” at <host-1>:18812: ENOTFOUND <host-1>',
    );
    assert.equal(redact('a laboratory and lab.examples', lab), 'a laboratory and lab.examples');
  });

  it('tells two connections to one host', () => {
    const text = redact(
      'a.example:1 b.example:2 A.example:3',
      profile('a.example', 'x1'),
      profile('b.example', 'x2'),
    );
    assert.equal(text, '<host-1>:1 <host-2>:2 <host-1>:3');
  });

  it('leaves the loopback as it is, whatever the connection is called', () => {
    const text = 'localhost:18812, 127.0.0.1:18812, [::1]:18812, ::1, 127.0.1.1';
    assert.equal(
      redact(
        text,
        profile('localhost', 'localhost:18812'),
        profile('127.0.0.1', '127.0.0.1:18812'),
        profile('::1', '[::1]:18812'),
        profile('localhost', 'Localhost'),
      ),
      text,
    );
  });

  it('takes a label that is the address for the address', () => {
    assert.equal(
      redact('“lab.example:18812”, lab.example:18812', profile('lab.example', 'LAB.example:18812')),
      '“<host-1>:18812”, <host-1>:18812',
    );
  });

  const addresses: readonly (readonly [string, string])[] = [
    ['connect ECONNREFUSED 10.1.2.3:18812', 'connect ECONNREFUSED <address-1>:18812'],
    ['10.1.2.3, 10.1.2.4 and 10.1.2.3.', '<address-1>, <address-2> and <address-1>.'],
    ['at [2001:db8::5]:18812', 'at [<address-1>]:18812'],
    ['connect ETIMEDOUT 2001:db8:0:0:0:0:0:5:18812', 'connect ETIMEDOUT <address-1>:18812'],
    ['fe80::1%eth0: no way', '<address-1>: no way'],
    ['FE80::1, fe80::1.', '<address-1>, <address-1>.'],
    ['::ffff:10.1.2.3', '<address-1>'],
  ];
  for (const [text, expected] of addresses) {
    it(`takes out the address in "${text}"`, () => assert.equal(redact(text), expected));
  }

  it('leaves versions, times and counts as they are', () => {
    const text =
      '2026-01-02T12:34:56.789Z rpyc 6.0.2, Python 3.11.2, 999.1.1.1, 1.2.3.4.5, a::b::c, 12:34:56';
    assert.equal(redact(text), text);
  });

  it('takes out secrets, and who is at home here', () => {
    assert.equal(redact('password=hunter2 token: "abc"'), 'password=<secret> token: <secret>');
    assert.equal(redact(`${os.homedir()}/x.py`), '<home>/x.py');
    assert.equal(redact('/home/somebody/x.py'), '/home/<user>/x.py');
  });
});
