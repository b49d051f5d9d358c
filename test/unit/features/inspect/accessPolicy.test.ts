import assert from 'node:assert/strict';

import type { PeerInfo } from '../../../../server/src/api/model';
import { AccessPolicy, isRefusal } from '../../../../server/src/features/inspect/accessPolicy';
import { RemoteError } from '../../../../server/src/rpyc/index';

type Peer = Pick<PeerInfo, 'dialect' | 'rpycVersion'>;

const SERVICE = 'demo.CalcService';

/** What DIR lists of a service, as far as it matters. */
const NAMES = [
  'exposed_add',
  'exposed_get_service_name',
  'get_service_name',
  'public',
  '_secret',
  '__secret',
  '__class__',
  '__dict__',
  '__doc__',
  '__len__',
  '__format__',
  '_rpyc_setattr',
];

/** Each version of RPyC that is in use, and what its default policy lets through of these names. */
const PEERS: readonly (readonly [what: string, peer: Peer, hasFormat: boolean])[] = [
  ['3.4.4', { dialect: 'A' }, false],
  ['4.0.2', { dialect: 'B' }, false],
  ['4.1.5', { dialect: 'C', rpycVersion: '4.1.5' }, false],
  ['an unknown one from 4.1 to 5.3', { dialect: 'C' }, false],
  ['5.0.1', { dialect: 'C', rpycVersion: '5.0.1' }, false],
  ['5.1.0', { dialect: 'C', rpycVersion: '5.1.0' }, true],
  ['5.3.1', { dialect: 'C', rpycVersion: '5.3.1' }, true],
  ['6.0.2', { dialect: 'D', rpycVersion: '6.0.2' }, true],
  ['an unknown one of 6', { dialect: 'D' }, true],
];

function blocked(policy: AccessPolicy, names = NAMES, typeName = SERVICE): readonly string[] {
  const subject = { typeName, names: new Set(names) };
  return names.filter((name) => policy.obstacleTo(subject, name) !== undefined);
}

function ruleFor(policy: AccessPolicy, name: string, names = NAMES, typeName = SERVICE): string {
  return policy.obstacleTo({ typeName, names: new Set(names) }, name)?.rule ?? '';
}

function attributeError(message: string): RemoteError {
  return new RemoteError({
    module: 'builtins',
    typeName: 'AttributeError',
    args: [message],
    attributes: new Map(),
    remoteTraceback: '',
  });
}

describe('The policy of a strict service, predicted', () => {
  for (const [what, peer, hasFormat] of PEERS) {
    it(`knows what rpyc ${what} lets through by default`, () => {
      assert.deepEqual(blocked(new AccessPolicy(peer)), [
        'public',
        '_secret',
        '__secret',
        '__class__',
        '__dict__',
        ...(hasFormat ? [] : ['__format__']),
        '_rpyc_setattr',
      ]);
    });
  }

  it('says which rule blocks a name, in plain words', () => {
    const policy = new AccessPolicy({ dialect: 'D' });
    assert.equal(
      ruleFor(policy, 'public'),
      'Only names that begin with exposed_ can be reached (allow_public_attrs is off).',
    );
    assert.match(ruleFor(policy, '_secret'), /begin with an underscore.*allow_all_attrs is off/);
    assert.match(ruleFor(policy, '__class__'), /RPyC holds safe/);
    assert.equal(ruleFor(policy, 'exposed_add'), '');
  });

  it('corrects itself when a public name was given', () => {
    const policy = new AccessPolicy({ dialect: 'D' });
    policy.learnGiven(SERVICE, 'public');
    assert.deepEqual(blocked(policy), ['_secret', '__secret', '__class__', '__dict__', '_rpyc_setattr']);
    // For every object of the connection.
    assert.deepEqual(blocked(policy, ['other', '_other'], 'demo.Other'), ['_other']);
  });

  it('corrects itself when a private name was given, and again when one is refused', () => {
    const policy = new AccessPolicy({ dialect: 'C' });
    policy.learnGiven(SERVICE, '_secret');
    assert.deepEqual(blocked(policy), []);
    policy.learnRefused(SERVICE, '__class__');
    assert.deepEqual(blocked(policy), ['__secret', '__class__', '__dict__', '__format__', '_rpyc_setattr']);
  });

  it('notices a server that uses another prefix, and one that has no safe names', () => {
    const policy = new AccessPolicy({ dialect: 'D' });
    policy.learnRefused(SERVICE, 'exposed_add');
    const names = ['exposed_add', 'exposed_sub', 'sub', '__len__'];
    assert.deepEqual(blocked(policy, names), ['exposed_add', 'exposed_sub', 'sub']);
    assert.match(ruleFor(policy, 'exposed_sub', names), /another prefix/);
    policy.learnRefused(SERVICE, '__len__');
    assert.match(ruleFor(policy, '__doc__', [...names, '__doc__']), /allow_safe_attrs is off/);
  });

  it('remembers a single name that was refused or given', () => {
    const policy = new AccessPolicy({ dialect: 'D' });
    policy.learnRefused(SERVICE, '_secret');
    assert.equal(ruleFor(policy, '_secret'), 'The server refused this name when it was asked for.');
    policy.learnGiven(SERVICE, '_secret');
    assert.equal(ruleFor(policy, '_secret'), '');
  });

  it('predicts nothing of an object that decides itself, and learns nothing from it for others', () => {
    const policy = new AccessPolicy({ dialect: 'D' });
    const names = ['_rpyc_getattr', '_rpyc_setattr', 'exposed_x', 'shown'];
    const restricted = 'rpyc.utils.helpers.Restricted';
    assert.deepEqual(blocked(policy, names, restricted), names);
    assert.match(ruleFor(policy, 'shown', names, restricted), /decides itself/);
    policy.learnGiven(restricted, 'shown');
    policy.learnRefused(restricted, 'exposed_x');
    assert.deepEqual(blocked(policy, names, restricted), ['_rpyc_getattr', '_rpyc_setattr', 'exposed_x']);
    assert.deepEqual(blocked(policy, ['exposed_x', 'shown'], 'demo.Other'), ['shown']);
    assert.ok(policy.refuses(restricted, attributeError('shown')));
    assert.ok(!policy.refuses('demo.Other', attributeError('shown')));
  });

  it('knows the services of 3.3 to 3.4.3, which put the prefix before every name', () => {
    const policy = new AccessPolicy({ dialect: 'A' });
    const names = ['_rpyc_getattr', 'exposed_add', 'exposed_get_service_name', 'public', '__doc__'];
    assert.deepEqual(blocked(policy, names), ['_rpyc_getattr', 'public', '__doc__']);
    assert.match(ruleFor(policy, 'public', names), /3\.3 to 3\.4\.3/);
  });

  it('tells a refusal of the policy from an error of the code behind a name', () => {
    assert.ok(isRefusal(attributeError("cannot access 'x'")));
    assert.ok(!isRefusal(attributeError("'A' object has no attribute 'x'")));
    assert.ok(!isRefusal(new Error("AttributeError: cannot access 'x'")));
  });

  it('takes names of JavaScript objects for names', () => {
    const policy = new AccessPolicy({ dialect: 'D' });
    const names = ['__proto__', 'constructor', 'prototype', 'then', 'toString', 'exposed_then'];
    assert.deepEqual(blocked(policy, names), ['__proto__', 'constructor', 'prototype', 'toString']);
    policy.learnGiven('__proto__', '__proto__');
    assert.deepEqual(blocked(policy, ['__proto__', 'constructor'], 'constructor'), []);
    assert.equal(ruleFor(new AccessPolicy({ dialect: 'D' }), 'constructor', ['constructor']) === '', false);
  });
});
