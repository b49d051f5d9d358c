import assert from 'node:assert/strict';

import {
  type Answers,
  noAnswers,
  parseCommand,
  parseFarEnd,
  parseMachine,
  profileFrom,
  stepsOf,
  suggestedLabel,
  suggestionFor,
  textFault,
} from '../../../client/src/connectionForm';
import { checkProfile } from '../../../server/src/api/profile';

const PIN = 'AB:'.repeat(31) + 'AB';

function answers(more: Partial<Answers>): Answers {
  return { ...noAnswers(), label: ' Lab ', ...more };
}

/** Answers to all steps of a way, and the transport that they make. */
const WAYS: readonly (readonly [string, Partial<Answers>, object])[] = [
  ['TCP', { texts: { address: ' lab:7 ' } }, { kind: 'tcp', host: 'lab', port: 7 }],
  ['TLS', { kind: 'tls', texts: { address: 'lab' } }, { kind: 'tls', host: 'lab', port: 18821 }],
  [
    'TLS with a CA file and a certificate of our own',
    {
      kind: 'tls',
      trust: 'ca',
      clientCertificate: true,
      texts: { address: 'lab:1', ca: '/ca.pem', cert: '~/me.pem', key: '~/me.key', pin: PIN },
    },
    { kind: 'tls', host: 'lab', port: 1, ca: '/ca.pem', cert: '~/me.pem', key: '~/me.key' },
  ],
  [
    'TLS with a pinned certificate',
    { kind: 'tls', trust: 'pin', texts: { address: 'lab:1', pin: PIN } },
    { kind: 'tls', host: 'lab', port: 1, pin: 'ab'.repeat(32) },
  ],
  [
    'TLS that is not verified',
    { kind: 'tls', trust: 'insecure', texts: { address: 'lab:1' } },
    { kind: 'tls', host: 'lab', port: 1, insecure: true },
  ],
  ['a socket', { kind: 'unix', texts: { path: '/run/x.sock' } }, { kind: 'unix', path: '/run/x.sock' }],
  ['a pipe', { kind: 'pipe', texts: { pipe: 'lab' } }, { kind: 'pipe', name: 'lab' }],
  [
    'SSH, with the far end as it is suggested',
    { kind: 'ssh', texts: { machine: 'me@gate:22' } },
    { kind: 'ssh', host: 'gate', user: 'me', port: 22, remoteHost: 'localhost', remotePort: 18812 },
  ],
  [
    'SSH to a socket',
    { kind: 'ssh', texts: { machine: 'gate', farEnd: '/x.sock' } },
    { kind: 'ssh', host: 'gate', remoteSocket: '/x.sock' },
  ],
  [
    'a program',
    { kind: 'subprocess', texts: { command: 'python3 -m "a b"' } },
    { kind: 'subprocess', command: ['python3', '-m', 'a b'] },
  ],
  [
    'a machine without a server',
    { kind: 'deploy', texts: { machine: 'gate' } },
    { kind: 'deploy', host: 'gate' },
  ],
  [
    'a service by name, wherever its registry is',
    { kind: 'registry', texts: { serviceName: ' TIME ', registry: '' } },
    { kind: 'registry', service: 'TIME' },
  ],
  [
    'a service by name, with a registry by TCP',
    { kind: 'registry', texts: { serviceName: 'TIME', registry: 'tcp://lab:7' } },
    { kind: 'registry', service: 'TIME', registry: { host: 'lab', port: 7, transport: 'tcp' } },
  ],
  [
    'a service by name, with a registry at the usual port',
    { kind: 'registry', texts: { serviceName: 'TIME', registry: 'lab' } },
    { kind: 'registry', service: 'TIME', registry: { host: 'lab', port: 18811, transport: 'udp' } },
  ],
];

describe('The dialogue that adds a connection', () => {
  for (const [name, given, transport] of WAYS) {
    it(`makes a profile of the answers for ${name}`, () => {
      const all = answers(given);
      const profile = profileFrom(all);
      assert.deepEqual(profile?.transport, transport);
      assert.equal(profile.label, 'Lab');
      assert.ok('profile' in checkProfile(profile), 'the one check takes it');
      assert.notEqual(suggestedLabel(all), '');
      for (const step of stepsOf(all)) {
        const text = all.texts[step as keyof Answers['texts']];
        assert.equal(text === undefined ? undefined : textFault(step as 'address', text), undefined, step);
      }
    });
  }

  it('asks what the kind needs and no more', () => {
    const steps = (more: Partial<Answers>): string => stepsOf(answers(more)).join(' ');
    assert.equal(steps({}), 'kind address service label');
    assert.equal(steps({ kind: 'tls' }), 'kind address trust clientCertificate service label');
    assert.equal(
      steps({ kind: 'tls', trust: 'pin', clientCertificate: true }),
      'kind address trust pin clientCertificate cert key service label',
    );
    assert.equal(steps({ kind: 'ssh' }), 'kind machine farEnd service label');
    assert.equal(steps({ kind: 'deploy' }), 'kind machine label');
    assert.equal(steps({ kind: 'registry' }), 'kind serviceName registry service label');
  });

  it('asks about an unusual server only where the user says that it is one', () => {
    const steps = (more: Partial<Answers>): string => stepsOf(answers({ special: true, ...more })).join(' ');
    assert.equal(steps({}), 'kind address service oneClient greeting style label');
    assert.equal(steps({ oneClient: true }), 'kind address service oneClient dialect greeting style label');
    assert.equal(steps({ kind: 'subprocess' }), 'kind command service greeting style label');
    assert.equal(steps({ kind: 'deploy' }), 'kind machine label');
  });

  it('makes a profile of a server that takes one client and wants a password', () => {
    const texts = { address: 'lab:1' };
    const special = { special: true, oneClient: true, dialect: 'C', texts } as const;
    const line = profileFrom(answers({ ...special, greeting: 'passwordLine' }));
    const secret = { secret: 'password of Lab' };
    assert.deepEqual(line, {
      label: 'Lab',
      transport: { kind: 'tcp', host: 'lab', port: 1 },
      service: 'auto',
      oneShot: true,
      dialect: 'C',
      preHandshake: [{ send: secret }, { send: '\n' }],
    });
    assert.ok('profile' in checkProfile(line), 'the one check takes it');
    const frame = profileFrom(answers({ ...special, greeting: 'passwordFrame' }));
    assert.deepEqual(frame?.preHandshake, [{ sendFrame: secret }]);
    assert.ok('profile' in checkProfile(frame), 'the one check takes it');
    // Answers to questions that are no longer asked count no more.
    assert.deepEqual(Object.keys(profileFrom(answers({ ...special, special: false })) ?? {}), [
      'label',
      'transport',
      'service',
    ]);
  });

  it('makes no profile while an answer is missing or wrong', () => {
    for (const given of [
      { texts: {} },
      { texts: { address: 'a b' } },
      { kind: 'tls', trust: 'ca', texts: { address: 'lab' } },
      { kind: 'tls', clientCertificate: true, texts: { address: 'lab', cert: '/c' } },
      { kind: 'ssh', texts: { machine: '-oProxyCommand=x' } },
      { kind: 'subprocess', texts: { command: '"open' } },
      { kind: 'registry', texts: { serviceName: 'TIME', registry: 'http://lab' } },
      { kind: 'registry', texts: { registry: 'lab' } },
    ] as const satisfies readonly Partial<Answers>[]) {
      assert.equal(profileFrom(answers(given)), undefined, JSON.stringify(given));
    }
  });

  it('keeps the answers of a way that the user came back from', () => {
    const first = answers({ kind: 'tls', trust: 'pin', texts: { address: 'lab:1', pin: PIN } });
    assert.equal(suggestionFor('address', { ...first, kind: 'tcp' }), 'lab:1');
    assert.deepEqual(profileFrom({ ...first, kind: 'tcp' })?.transport, {
      kind: 'tcp',
      host: 'lab',
      port: 1,
    });
  });

  const FAULTS: readonly (readonly [Parameters<typeof textFault>[0], string, string])[] = [
    ['address', ' ', 'empty'],
    ['address', 'lab:0', 'port'],
    ['ca', 'ca.pem', 'path'],
    ['pin', '1234', 'pin'],
    ['pipe', 'a/b', 'pipe'],
    ['machine', '-l@gate', 'user'],
    ['machine', 'me@', 'host'],
    ['machine', 'me@-gate', 'host'],
    ['machine', 'gate:0', 'port'],
    ['farEnd', '/', 'socket'],
    ['farEnd', 'localhost:70000', 'port'],
    ['command', 'a "b', 'quote'],
    ['command', '""', 'command'],
  ];
  for (const [step, text, fault] of FAULTS) {
    it(`says ${fault} of ${JSON.stringify(text)} for ${step}`, () =>
      assert.equal(textFault(step, text), fault));
  }

  it('reads machines and far ends as people write them', () => {
    assert.deepEqual(parseMachine('me@corp@gate'), { host: 'gate', user: 'me@corp' });
    assert.deepEqual(parseMachine('[::1]:22'), { host: '::1', port: 22 });
    assert.deepEqual(parseFarEnd('18813'), { remoteHost: 'localhost', remotePort: 18813 });
    assert.deepEqual(parseFarEnd('inner'), { remoteHost: 'inner', remotePort: 18812 });
  });

  const COMMANDS: readonly (readonly [string, readonly string[]])[] = [
    ['rpyc_classic -m stdio', ['rpyc_classic', '-m', 'stdio']],
    ['  "a b"  c ', ['a b', 'c']],
    [`x -c 'print("a")' ""`, ['x', '-c', 'print("a")', '']],
    ['x "a \\"b\\" \\\\"', ['x', 'a "b" \\']],
    ['C:\\Python\\python.exe -x=a" b"c', ['C:\\Python\\python.exe', '-x=a bc']],
    ['x $HOME;ls', ['x', '$HOME;ls']],
  ];
  for (const [line, words] of COMMANDS) {
    it(`splits ${line}`, () => assert.deepEqual(parseCommand(line), { words }));
  }
});
