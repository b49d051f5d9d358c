import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';

import { type Fault, MAX_PROFILE_TEXT } from '../../../server/src/api/fields';
import type { Profile, Transport, TransportKind } from '../../../server/src/api/model';
import { MAX_STEPS, STEP_NAMES } from '../../../server/src/api/preHandshake';
import {
  PROFILE_COLORS,
  PROFILE_DEFAULTS,
  PROFILE_FIELDS,
  checkProfile,
  isSingle,
  isUnverified,
  targetText,
} from '../../../server/src/api/profile';
import { secretNames } from '../../../server/src/api/secrets';
import { MAX_PORT, TRANSPORT_KINDS, TRANSPORT_RULES, endpointOf } from '../../../server/src/api/transport';
import { REPOSITORY } from '../../support/tools';

const FULL: Profile = {
  id: 'one',
  version: 1,
  label: 'Lab',
  transport: { kind: 'tcp', host: 'lab.example', port: 18813 },
  service: 'classic',
  dialect: 'C',
  oneShot: true,
};

function good(value: unknown): Profile {
  const checked = checkProfile(value);
  return 'profile' in checked ? checked.profile : assert.fail(JSON.stringify(checked.fault));
}

function fault(value: unknown): Fault {
  const checked = checkProfile(value);
  return 'fault' in checked ? checked.fault : assert.fail(`Nothing is wrong with ${JSON.stringify(value)}`);
}

describe('checkProfile', () => {
  it('takes a profile as it is', () => {
    assert.deepEqual(good(FULL), FULL);
    assert.deepEqual(good(good(FULL)), FULL);
  });

  it('fills in what is left out', () => {
    assert.deepEqual(good({ transport: { kind: 'tcp', host: '::1' } }), {
      id: 'tcp:[::1]:18812',
      version: 1,
      label: '[::1]:18812',
      transport: { kind: 'tcp', host: '::1', port: 18812 },
      service: 'auto',
      dialect: 'auto',
      oneShot: false,
    });
  });

  it('keeps what marks a profile, and leaves out what marks nothing', () => {
    const marks = { group: 'Bench', color: 'blue', production: true } as const;
    assert.deepEqual(good({ ...FULL, ...marks, group: ' Bench ' }), { ...FULL, ...marks });
    assert.deepEqual(good({ ...FULL, group: ' ', production: false }), FULL);
    assert.equal(targetText({ ...FULL, ...marks }), targetText(FULL));
  });

  it('takes mappings of folders, and disconnects nobody for them', () => {
    const pathMappings = [{ localRoot: '${workspaceFolder}', remoteRoot: '/srv/app' }];
    const mapped = good({ ...FULL, pathMappings });
    assert.deepEqual(mapped, { ...FULL, pathMappings });
    assert.equal(targetText(mapped), targetText(FULL));
    assert.deepEqual(good({ ...FULL, pathMappings: [] }), FULL);
    assert.equal(fault({ ...FULL, pathMappings: [{ localRoot: '/a' }] }).field, 'pathMappings');
  });

  it('takes the thread for runs, and leaves out the usual one', () => {
    const at = (runOn: unknown): unknown => good({ ...FULL, runOn }).runOn;
    assert.deepEqual(at({ thread: 'worker' }), { thread: 'worker' });
    assert.deepEqual(at({ thread: 'main' }), { thread: 'main', host: 'auto' });
    assert.deepEqual(at({ thread: 'main', host: 'ida' }), { thread: 'main', host: 'ida' });
    const other = { thread: 'main', host: 'other', post: 'loop.post' };
    assert.deepEqual(at({ ...other, post: ' loop.post ' }), other);
    assert.deepEqual(good({ ...FULL, runOn: { thread: 'connection' } }), FULL);
    const changed = good({ ...FULL, runOn: other });
    assert.equal(targetText(changed), targetText(FULL), 'nobody is disconnected for it');
    for (const [runOn, field] of [
      ['main', 'runOn'],
      [{}, 'runOn.thread'],
      [{ thread: 'gui' }, 'runOn.thread'],
      [{ thread: 'worker', host: 'ida' }, 'runOn.host'],
      [{ thread: 'main', host: 'emacs' }, 'runOn.host'],
      [{ thread: 'main', host: 'ida', post: 'x' }, 'runOn.post'],
      [{ thread: 'main', host: 'other' }, 'runOn.post'],
      [{ thread: 'main', host: 'other', post: ' ' }, 'runOn.post'],
      [{ thread: 'main', host: 'other', post: 'a\nb' }, 'runOn.post'],
    ] as const) {
      assert.equal(fault({ ...FULL, runOn }).field, field, JSON.stringify(runOn));
    }
  });

  it('gives a profile without a name its address for one', () => {
    assert.equal(good({ ...FULL, label: '  ' }).label, 'lab.example:18813');
    assert.equal(good({ ...FULL, label: ' Lab ' }).label, 'Lab');
  });

  it('takes the brackets off an IPv6 address, and shows them in the endpoint', () => {
    const { transport } = good({ ...FULL, transport: { kind: 'tcp', host: '[fe80::1%eth0]', port: 1 } });
    assert.ok(transport.kind === 'tcp');
    assert.equal(transport.host, 'fe80::1%eth0');
    assert.equal(endpointOf(transport), '[fe80::1%eth0]:1');
  });

  it('takes the longest host there can be', () => {
    const host = 'h'.repeat(MAX_PROFILE_TEXT);
    const { transport } = good(good({ transport: { kind: 'tcp', host } }));
    assert.deepEqual(transport, { kind: 'tcp', host, port: 18812 });
  });

  const { transport } = FULL;
  const bad: readonly (readonly [Record<string, unknown>, string])[] = [
    [{ id: '' }, 'id'],
    [{ id: ' ' }, 'id'],
    [{ id: 7 }, 'id'],
    [{ id: 'two\nlines' }, 'id'],
    [{ id: 'x'.repeat(256) }, 'id'],
    [{ version: 2 }, 'version'],
    [{ version: null }, 'version'],
    [{ label: 1 }, 'label'],
    [{ label: 'two\nlines' }, 'label'],
    [{ label: 'x'.repeat(256) }, 'label'],
    [{ service: 'slave' }, 'service'],
    [{ service: null }, 'service'],
    [{ dialect: 'E' }, 'dialect'],
    [{ oneShot: 'yes' }, 'oneShot'],
    [{ tls: { ca: 'x' } }, 'tls'],
    [{ constructor: 1 }, 'constructor'],
    [{ transport: undefined }, 'transport'],
    [{ transport: 'lab:18812' }, 'transport'],
    [{ transport: { host: 'lab', port: 1 } }, 'transport.kind'],
    [{ transport: { ...transport, kind: 'ftp' } }, 'transport.kind'],
    [{ transport: { ...transport, kind: 'constructor' } }, 'transport.kind'],
    [{ transport: { ...transport, port: null } }, 'transport.port'],
    [{ transport: { ...transport, tls: true } }, 'transport.tls'],
    [{ transport: { ...transport, host: '' } }, 'transport.host'],
    [{ transport: { ...transport, host: '-oProxyCommand=x' } }, 'transport.host'],
    [{ transport: { ...transport, host: 'a b' } }, 'transport.host'],
    [{ transport: { ...transport, host: 'http://lab' } }, 'transport.host'],
    [{ transport: { ...transport, host: '[lab]' } }, 'transport.host'],
    [{ transport: { ...transport, host: 'x'.repeat(256) } }, 'transport.host'],
    [{ transport: { ...transport, port: 0 } }, 'transport.port'],
    [{ transport: { ...transport, port: 65536 } }, 'transport.port'],
    [{ transport: { ...transport, port: '18812' } }, 'transport.port'],
    [{ transport: { ...transport, port: 1.5 } }, 'transport.port'],
  ];
  for (const [change, field] of bad) {
    it(`names the field ${field} in ${JSON.stringify(change).slice(0, 60)}`, () => {
      const { field: named, rule } = fault({ ...FULL, ...change });
      assert.equal(named, field);
      assert.match(rule, /^(must be|is not) /);
    });
  }

  it('refuses what is no object at all', () => {
    for (const value of [null, undefined, 'lab:18812', 5, [FULL]]) {
      assert.equal(fault(value).field, 'profile');
    }
  });

  it('takes names of prototypes for unknown fields', () => {
    assert.equal(fault(JSON.parse('{"__proto__": {"label": "x"}}')).field, '__proto__');
  });
});

const PIN = 'ab'.repeat(32);

/** One of each kind with every field that it can have, as it comes out of the check. */
const WHOLE: Readonly<Record<TransportKind, Transport>> = {
  tcp: { kind: 'tcp', host: 'lab', port: 1 },
  tls: {
    kind: 'tls',
    host: 'lab',
    port: 1,
    ca: '/etc/ca.pem',
    cert: '~/me.pem',
    key: 'C:\\me.key',
    passphrase: { secret: 'my key' },
    pin: PIN,
    servername: 'other.example',
    minVersion: 'TLSv1.3',
    insecure: false,
  },
  unix: { kind: 'unix', path: '/run/rpyc.sock' },
  pipe: { kind: 'pipe', name: '\\\\.\\pipe\\rpyc' },
  ssh: {
    kind: 'ssh',
    host: 'gate',
    user: 'me',
    port: 22,
    identityFile: '~/.ssh/lab',
    configFile: '~/.ssh/lab_config',
    remoteHost: 'inner',
    remotePort: 18812,
  },
  subprocess: { kind: 'subprocess', command: ['python3', '-c', 'a\nb'], cwd: '/tmp', env: { A: '1' } },
  deploy: {
    kind: 'deploy',
    host: 'gate',
    user: 'me',
    port: 22,
    identityFile: '/key',
    configFile: '/config',
    python: 'python3.8',
  },
  registry: {
    kind: 'registry',
    service: 'TIME',
    registry: { host: 'lab', port: 18811, transport: 'tcp' },
  },
};

const to = (transport: unknown, more: object = {}): object => ({ transport, ...more });

describe('The kinds of transports', () => {
  for (const kind of TRANSPORT_KINDS) {
    it(`takes ${kind} with all that it can have, and gives it an address and an id`, () => {
      const profile = good(to(WHOLE[kind]));
      assert.deepEqual(profile.transport, WHOLE[kind]);
      assert.deepEqual(good(profile), profile);
      assert.ok(profile.id.startsWith(`${kind}:`), profile.id);
      assert.equal(profile.label, endpointOf(profile.transport));
    });
  }

  const ADDRESSES: readonly (readonly [Transport, string])[] = [
    [WHOLE.tls, 'lab:1'],
    [WHOLE.unix, '/run/rpyc.sock'],
    [WHOLE.ssh, 'me@gate:22 → inner:18812'],
    [{ kind: 'ssh', host: 'gate', remoteSocket: '/x.sock' }, 'gate → /x.sock'],
    [{ kind: 'subprocess', command: ['a b', '-c', 'x "y"\nz'] }, '"a b" -c "x \\"y\\" z"'],
    [{ kind: 'deploy', host: 'gate' }, 'gate'],
    [WHOLE.registry, 'TIME @ lab:18811'],
    [{ kind: 'registry', service: 'TIME' }, 'TIME'],
  ];
  for (const [transport, address] of ADDRESSES) {
    it(`is called ${address}`, () => assert.equal(endpointOf(transport), address));
  }

  it('fills in what is left out', () => {
    assert.deepEqual(good(to({ kind: 'tls', host: 'lab' })).transport, {
      kind: 'tls',
      host: 'lab',
      port: 18821,
    });
    assert.deepEqual(good(to({ kind: 'ssh', host: 'lab' })).transport, {
      kind: 'ssh',
      host: 'lab',
      remoteHost: 'localhost',
      remotePort: 18812,
    });
    const registry = { kind: 'registry', service: ' TIME ', registry: { host: 'lab' } };
    assert.deepEqual(good(to(registry)).transport, {
      kind: 'registry',
      service: 'TIME',
      registry: { host: 'lab', port: 18811, transport: 'udp' },
    });
    const socket = { kind: 'ssh', host: 'lab', remoteSocket: '/x' };
    assert.deepEqual(good(to(socket)).transport, socket);
  });

  it('takes a fingerprint as programs print it', () => {
    const printed = `SHA256=${'AB:'.repeat(31)}AB`;
    const { transport } = good(to({ kind: 'tls', host: 'lab', pin: printed }));
    assert.ok(transport.kind === 'tls');
    assert.equal(transport.pin, PIN);
  });

  const BAD: readonly (readonly [object, string])[] = [
    [{ kind: 'tls', host: 'lab', tls: true }, 'tls'],
    [{ kind: 'tls', host: 'lab', ca: 'ca.pem' }, 'ca'],
    [{ kind: 'tls', host: 'lab', pin: 'abc' }, 'pin'],
    [{ kind: 'tls', host: 'lab', pin: 7 }, 'pin'],
    [{ kind: 'tls', host: 'lab', insecure: 'yes' }, 'insecure'],
    [{ kind: 'tls', host: 'lab', insecure: true, pin: PIN }, 'insecure'],
    [{ kind: 'tls', host: 'lab', insecure: true, ca: '/ca' }, 'insecure'],
    [{ kind: 'tls', host: 'lab', cert: '/c' }, 'key'],
    [{ kind: 'tls', host: 'lab', key: '/k' }, 'cert'],
    [{ kind: 'tls', host: 'lab', passphrase: { secret: 'x' } }, 'passphrase'],
    [{ kind: 'tls', host: 'lab', cert: '/c', key: '/k', passphrase: 'open' }, 'passphrase'],
    [{ kind: 'tls', host: 'lab', minVersion: 'SSLv3' }, 'minVersion'],
    [{ kind: 'tls', host: 'lab', servername: '-x' }, 'servername'],
    [{ kind: 'unix' }, 'path'],
    [{ kind: 'unix', path: 'rpyc.sock' }, 'path'],
    [{ kind: 'unix', path: '/a\nb' }, 'path'],
    [{ kind: 'pipe', name: 'a/b' }, 'name'],
    [{ kind: 'ssh', host: '-oProxyCommand=x' }, 'host'],
    [{ kind: 'ssh', host: 'gate', user: '-l' }, 'user'],
    [{ kind: 'ssh', host: 'gate', user: 'a;b' }, 'user'],
    [{ kind: 'ssh', host: 'gate', remoteHost: '-x' }, 'remoteHost'],
    [{ kind: 'ssh', host: 'gate', remotePort: 0 }, 'remotePort'],
    [{ kind: 'ssh', host: 'gate', remoteSocket: 'x' }, 'remoteSocket'],
    [{ kind: 'ssh', host: 'gate', remoteSocket: '/x', remotePort: 1 }, 'remotePort'],
    [{ kind: 'ssh', host: 'gate', identityFile: '-i' }, 'identityFile'],
    [{ kind: 'subprocess', command: 'rpyc_classic -m stdio' }, 'command'],
    [{ kind: 'subprocess', command: [] }, 'command'],
    [{ kind: 'subprocess', command: [''] }, 'command'],
    [{ kind: 'subprocess', command: ['a', 7] }, 'command'],
    [{ kind: 'subprocess', command: ['a\0'] }, 'command'],
    [{ kind: 'subprocess', command: ['a'], env: { A: 1 } }, 'env'],
    [{ kind: 'subprocess', command: ['a'], env: { 'A=': '1' } }, 'env'],
    [{ kind: 'subprocess', command: ['a'], host: 'lab' }, 'host'],
    [{ kind: 'deploy', host: 'gate', python: '-m' }, 'python'],
    [{ kind: 'registry' }, 'service'],
    [{ kind: 'registry', service: ' ' }, 'service'],
    [{ kind: 'registry', service: 'A\u202eB' }, 'service'],
    [{ kind: 'registry', service: 'TIME', host: 'lab' }, 'host'],
    [{ kind: 'registry', service: 'TIME', registry: 'lab' }, 'registry'],
    [{ kind: 'registry', service: 'TIME', registry: { port: 1 } }, 'registry'],
    [{ kind: 'registry', service: 'TIME', registry: { host: '-x' } }, 'registry'],
    [{ kind: 'registry', service: 'TIME', registry: { host: 'lab', transport: 'http' } }, 'registry'],
    [{ kind: 'registry', service: 'TIME', registry: { host: 'lab', mode: 'udp' } }, 'registry'],
  ];
  for (const [transport, field] of BAD) {
    it(`names the field ${field} in ${JSON.stringify(transport)}`, () => {
      const { field: named, rule } = fault(to(transport));
      assert.equal(named, `transport.${field}`);
      assert.match(rule, /^(must be|is not) /);
    });
  }

  it('tells which have one connection only, and which are not verified', () => {
    const single = TRANSPORT_KINDS.filter((kind) => isSingle(good(to(WHOLE[kind]))));
    assert.deepEqual(single, ['subprocess', 'deploy']);
    assert.ok(isSingle(good(to(WHOLE.tcp, { oneShot: true }))));
    assert.ok(isUnverified(good(to({ kind: 'tls', host: 'lab', insecure: true }))));
    assert.ok(!isUnverified(good(to(WHOLE.tls))));
  });

  it('tells two targets apart by every field', () => {
    for (const kind of TRANSPORT_KINDS) {
      const whole = good(to(WHOLE[kind]));
      const reversed = Object.fromEntries(Object.entries(WHOLE[kind]).reverse()) as unknown as Transport;
      assert.equal(targetText({ ...whole, label: 'x', id: 'y', transport: reversed }), targetText(whole));
      for (const field of Object.keys(TRANSPORT_RULES[kind])) {
        if (field in WHOLE[kind]) {
          const other = { ...WHOLE[kind], [field]: 'other' };
          assert.notEqual(targetText({ ...whole, transport: other }), targetText(whole), `${kind} ${field}`);
        }
      }
    }
  });
});

describe('The pre-handshake of a profile', () => {
  const steps = [{ send: 'ma' }, { expect: { hex: '00fF' } }, { sendFrame: { secret: 'pass word' } }];
  const withSteps = (preHandshake: unknown): object => to(WHOLE.tcp, { preHandshake });

  it('is taken as it is, and names its secrets', () => {
    const profile = good(withSteps(steps));
    assert.deepEqual(profile.preHandshake, steps);
    assert.deepEqual(secretNames(profile), ['pass word']);
    assert.deepEqual(secretNames(good(to(WHOLE.tls))), ['my key']);
    assert.equal('preHandshake' in good(withSteps([])), false);
  });

  const BAD: readonly (readonly [unknown, string])[] = [
    ['password', 'preHandshake'],
    [Array(MAX_STEPS + 1).fill({ send: 'x' }), 'preHandshake'],
    [['x'], 'preHandshake[0]'],
    [[{ send: 'x', expect: 'y' }], 'preHandshake[0]'],
    [[{ send: 'x' }, { say: 'y' }], 'preHandshake[1]'],
    [[{ send: 7 }], 'preHandshake[0].send'],
    [[{ send: { hex: 'abc' } }], 'preHandshake[0].send'],
    [[{ sendFrame: { secret: '' } }], 'preHandshake[0].sendFrame'],
    [[{ sendFrame: { secret: 'x', value: 'y' } }], 'preHandshake[0].sendFrame'],
    [[{ send: 'x'.repeat(5000) }], 'preHandshake[0].send'],
  ];
  for (const [value, field] of BAD) {
    it(`names the field ${field} in ${JSON.stringify(value).slice(0, 60)}`, () =>
      assert.equal(fault(withSteps(value)).field, field));
  }
});

interface Schema {
  readonly type?: string;
  readonly enum?: readonly string[];
  readonly const?: unknown;
  readonly default?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly maxLength?: number;
  readonly maxItems?: number;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly oneOf?: readonly Schema[];
  readonly items?: Schema;
}

interface Manifest {
  readonly contributes: {
    readonly configuration: {
      readonly properties: Readonly<Record<string, { readonly items?: Schema }>>;
    };
  };
}

describe('The schema of the setting rpyc.profiles', () => {
  const manifest = JSON.parse(readFileSync(path.join(REPOSITORY, 'package.json'), 'utf8')) as Manifest;
  const schema = manifest.contributes.configuration.properties['rpyc.profiles']?.items ?? {};
  const fields = schema.properties ?? {};
  const variants = new Map(
    (fields['transport']?.oneOf ?? []).map((variant) => [variant.properties?.['kind']?.const, variant]),
  );

  it('knows the fields and kinds that the check knows, and no other', () => {
    assert.deepEqual(Object.keys(fields).sort(), [...PROFILE_FIELDS].sort());
    assert.equal(schema.additionalProperties, false);
    assert.deepEqual(fields['color']?.enum, PROFILE_COLORS);
    assert.deepEqual([...variants.keys()], TRANSPORT_KINDS);
  });

  for (const kind of TRANSPORT_KINDS) {
    const rules = TRANSPORT_RULES[kind];

    it(`has the fields of ${kind}, with the same defaults and bounds`, () => {
      const { additionalProperties, properties = {}, required = [] } = variants.get(kind) ?? {};
      assert.equal(additionalProperties, false);
      assert.deepEqual(Object.keys(properties).sort(), ['kind', ...Object.keys(rules)].sort());
      const needed = Object.keys(rules).filter((name) => rules[name]?.required === true);
      assert.deepEqual(required, ['kind', ...needed]);
      for (const [name, field] of Object.entries(properties)) {
        assert.equal(field.default, rules[name]?.fallback, name);
        if (field.type === 'integer') {
          assert.deepEqual([field.minimum, field.maximum], [1, MAX_PORT], name);
        }
        for (const value of field.enum ?? []) {
          assert.notEqual(rules[name]?.read(value), undefined, `${name} ${value}`);
        }
        if (field.type === 'string' && field.maxLength !== undefined) {
          const text = (length: number): string => `/${'x'.repeat(length - 1)}`;
          const longest = [text(field.maxLength), 'x'.repeat(field.maxLength)];
          assert.ok(
            longest.some((value) => rules[name]?.read(value) !== undefined),
            `${name} may be as long as the schema says`,
          );
          const longer = [text(field.maxLength + 1), 'x'.repeat(field.maxLength + 1)];
          assert.ok(
            longer.every((value) => rules[name]?.read(value) === undefined),
            `${name} may not be longer`,
          );
        }
      }
    });
  }

  it('has the steps of the pre-handshake', () => {
    const { items, maxItems } = fields['preHandshake'] ?? {};
    assert.equal(maxItems, MAX_STEPS);
    assert.deepEqual(Object.keys(items?.properties ?? {}), [...STEP_NAMES]);
  });

  it('wants the fields without which the check refuses a profile', () => {
    good({ transport: { kind: 'tcp', host: 'lab' } });
    assert.deepEqual(schema.required, ['transport']);
    fault({});
  });

  it('offers only values that the check takes', () => {
    const offered = Object.entries(fields).flatMap(([field, { enum: values = [] }]) =>
      values.map((value) => ({ [field]: value })),
    );
    assert.ok(offered.length >= 6, 'service and dialect offer values');
    for (const change of offered) {
      good({ ...FULL, ...change });
    }
    assert.equal(fields['version']?.const, PROFILE_DEFAULTS.version);
  });

  it('has the same defaults and bounds', () => {
    for (const [field, value] of Object.entries(PROFILE_DEFAULTS)) {
      assert.equal(fields[field]?.default, value, field);
    }
    for (const text of [fields['label'], fields['id']]) {
      assert.equal(text?.maxLength, MAX_PROFILE_TEXT);
    }
  });
});
