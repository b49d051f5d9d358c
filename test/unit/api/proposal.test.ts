import assert from 'node:assert/strict';

import type { Profile } from '../../../server/src/api/model';
import { checkProfile } from '../../../server/src/api/profile';
import { type ProposalSource, checkProposal, profileOfLink } from '../../../server/src/api/proposal';

const PIN = 'ab'.repeat(32);

function good(value: unknown, source: ProposalSource = 'link'): Profile {
  const checked = checkProposal(value, source);
  return 'profile' in checked ? checked.profile : assert.fail(JSON.stringify(checked.fault));
}

function fault(value: unknown, source: ProposalSource = 'link'): string {
  const checked = checkProposal(value, source);
  return 'fault' in checked ? checked.fault.field : assert.fail(JSON.stringify(checked.profile));
}

function linked(query: string): Profile {
  const read = profileOfLink(query);
  return 'profile' in read ? read.profile : assert.fail(JSON.stringify(read.fault));
}

function linkFault(query: string): string {
  const read = profileOfLink(query);
  return 'fault' in read ? read.fault.field : assert.fail(JSON.stringify(read.profile));
}

describe('A proposed connection', () => {
  const ADDRESSES = [
    { kind: 'tcp', host: 'lab', port: 1 },
    { kind: 'tls', host: 'lab', port: 1, pin: PIN, servername: 'other' },
    { kind: 'registry', service: 'TIME', registry: { host: 'lab', port: 1, transport: 'tcp' } },
  ];
  for (const transport of ADDRESSES) {
    it(`may be an address of the kind ${transport.kind}, as the one check takes it`, () => {
      const profile = good({ label: 'Lab', transport });
      assert.deepEqual(profile.transport, transport);
      assert.deepEqual(checkProfile(profile), { profile });
    });
  }

  it('may be a socket or a pipe where an extension proposes it, and not from a link', () => {
    for (const transport of [
      { kind: 'unix', path: '/run/x' },
      { kind: 'pipe', name: 'x' },
    ]) {
      assert.deepEqual(good({ transport }, 'extension').transport, transport);
      assert.equal(fault({ transport }), 'transport.kind');
    }
  });

  const HARMFUL: readonly (readonly [object, string])[] = [
    [{ transport: { kind: 'subprocess', command: ['sh', '-c', 'x'] } }, 'transport.kind'],
    [{ transport: { kind: 'deploy', host: 'lab' } }, 'transport.kind'],
    [{ transport: { kind: 'ssh', host: 'lab' } }, 'transport.kind'],
    [{ transport: { kind: 'ssh', host: 'lab', configFile: '/tmp/evil' } }, 'transport.kind'],
    [{ transport: { kind: 'tls', host: 'lab', insecure: true } }, 'transport.insecure'],
    [{ transport: { kind: 'tls', host: 'lab', ca: '/tmp/ca.pem' } }, 'transport.ca'],
    [{ transport: { kind: 'tls', host: 'lab', cert: '/c', key: '/k' } }, 'transport.cert'],
    [{ transport: { kind: 'tls', host: 'lab', passphrase: { secret: 'mine' } } }, 'transport.passphrase'],
    [{ transport: { kind: 'tls', host: 'lab', minVersion: 'TLSv1' } }, 'transport.minVersion'],
    [{ transport: { kind: 'tcp', host: 'lab' }, preHandshake: [{ send: { secret: 'x' } }] }, 'preHandshake'],
    [{ transport: { kind: 'tcp', host: 'lab' }, id: 'mine' }, 'id'],
    [{ transport: { kind: 'tcp', host: '-oProxyCommand=x' } }, 'transport.host'],
    [{ transport: { kind: 'tcp', host: 'lab' }, label: 'a\u202eb' }, 'label'],
    [{ transport: { kind: 'tcp', host: 'lab' }, label: 'a\u200bb' }, 'label'],
    [{ transport: { kind: '__proto__' } }, 'transport.kind'],
    [{ transport: 'lab:1' }, 'transport.kind'],
  ];
  for (const source of ['link', 'extension'] as const) {
    for (const [value, field] of HARMFUL) {
      it(`may not hold more, from ${source}: ${JSON.stringify(value).slice(0, 70)}`, () => {
        assert.equal(fault(value, source), field);
      });
    }
  }

  it('is no list and no text', () => {
    for (const value of [null, undefined, 'lab', [], 5]) {
      assert.equal(fault(value), 'profile');
    }
  });
});

describe('A link that proposes a connection', () => {
  it('names host, port, kind and label', () => {
    const { transport, label, service } = linked(
      'host=lab.example&port=7&kind=tcp&label=My%20Bench&service=classic',
    );
    assert.deepEqual(transport, { kind: 'tcp', host: 'lab.example', port: 7 });
    assert.deepEqual([label, service], ['My Bench', 'classic']);
  });

  it('takes the usual port and TCP where it says nothing', () => {
    assert.deepEqual(linked('host=lab').transport, { kind: 'tcp', host: 'lab', port: 18812 });
    assert.deepEqual(linked('host=lab&kind=tls').transport, { kind: 'tls', host: 'lab', port: 18821 });
    assert.deepEqual(linked('host=%5B%3A%3A1%5D').transport, { kind: 'tcp', host: '::1', port: 18812 });
  });

  it('names a service, and maybe its registry', () => {
    assert.deepEqual(linked('kind=registry&name=TIME').transport, { kind: 'registry', service: 'TIME' });
    assert.deepEqual(linked('kind=registry&name=TIME&host=lab&mode=tcp').transport, {
      kind: 'registry',
      service: 'TIME',
      registry: { host: 'lab', port: 18811, transport: 'tcp' },
    });
  });

  const BAD: readonly (readonly [string, string])[] = [
    ['', 'transport.host'],
    ['host=lab&run=x', 'run'],
    ['host=lab&host=other', 'host'],
    ['host=lab&command=x', 'command'],
    ['host=lab&preHandshake=x', 'preHandshake'],
    ['host=lab&port=1e4', 'transport.port'],
    ['host=lab&port=0x10', 'transport.port'],
    ['host=lab&port=70000', 'transport.port'],
    ['host=lab&kind=ssh', 'transport.kind'],
    ['host=lab&kind=subprocess', 'transport.kind'],
    ['host=lab&kind=constructor', 'transport.kind'],
    ['host=lab&name=x', 'transport.name'],
    ['host=lab&pin=x&kind=tls', 'transport.pin'],
    ['kind=registry&name=A&pin=x', 'transport.pin'],
    ['host=lab&label=a%E2%80%AEb', 'label'],
    ['host=lab&label=a%0Ab', 'label'],
    ['host=lab&service=root', 'service'],
    ['__proto__=x', '__proto__'],
  ];
  for (const [query, field] of BAD) {
    it(`is refused at ${field}: ${query}`, () => assert.equal(linkFault(query), field));
  }
});
