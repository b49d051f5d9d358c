import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';

import {
  MAX_PORT,
  MAX_PROFILE_TEXT,
  PROFILE_DEFAULTS,
  PROFILE_FIELDS,
  type ProfileFault,
  TRANSPORT_FIELDS,
  checkProfile,
  endpointOf,
} from '../../../server/src/api/profile';
import type { Profile } from '../../../server/src/api/model';
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

function fault(value: unknown): ProfileFault {
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

  it('gives a profile without a name its address for one', () => {
    assert.equal(good({ ...FULL, label: '  ' }).label, 'lab.example:18813');
    assert.equal(good({ ...FULL, label: ' Lab ' }).label, 'Lab');
  });

  it('takes the brackets off an IPv6 address, and shows them in the endpoint', () => {
    const { transport } = good({ ...FULL, transport: { kind: 'tcp', host: '[fe80::1%eth0]', port: 1 } });
    assert.equal(transport.host, 'fe80::1%eth0');
    assert.equal(endpointOf(transport), '[fe80::1%eth0]:1');
  });

  it('takes the longest host there can be', () => {
    const host = 'h'.repeat(MAX_PROFILE_TEXT);
    assert.deepEqual(good(good({ transport: { kind: 'tcp', host } })).transport.host, host);
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
    [{ transport: { ...transport, kind: 'tls' } }, 'transport.kind'],
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

interface Schema {
  readonly type?: string;
  readonly enum?: readonly string[];
  readonly const?: unknown;
  readonly default?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly maxLength?: number;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean;
  readonly properties?: Readonly<Record<string, Schema>>;
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
  const transport: Schema = fields['transport'] ?? {};

  it('knows the fields that the check knows, and no other', () => {
    assert.deepEqual(Object.keys(fields).sort(), [...PROFILE_FIELDS].sort());
    assert.deepEqual(Object.keys(transport.properties ?? {}).sort(), [...TRANSPORT_FIELDS].sort());
    assert.equal(schema.additionalProperties, false);
    assert.equal(transport.additionalProperties, false);
  });

  it('wants the fields without which the check refuses a profile', () => {
    const minimal = { transport: { kind: 'tcp', host: 'lab' } };
    good(minimal);
    assert.deepEqual(schema.required, ['transport']);
    assert.deepEqual([...(transport.required ?? [])].sort(), Object.keys(minimal.transport).sort());
    for (const field of transport.required ?? []) {
      fault({ transport: { ...minimal.transport, [field]: undefined } });
    }
  });

  it('offers only values that the check takes', () => {
    const offered = Object.entries(fields).flatMap(([field, { enum: values = [] }]) =>
      values.map((value) => ({ [field]: value })),
    );
    assert.ok(offered.length >= 6, 'service and dialect offer values');
    for (const change of offered) {
      good({ ...FULL, ...change });
    }
    assert.deepEqual(transport.properties?.['kind']?.enum, ['tcp']);
    assert.equal(fields['version']?.const, PROFILE_DEFAULTS.version);
  });

  it('has the same defaults and bounds', () => {
    const { version, service, dialect, oneShot, port, kind } = PROFILE_DEFAULTS;
    for (const [field, value] of Object.entries({ version, service, dialect, oneShot })) {
      assert.equal(fields[field]?.default, value, field);
    }
    const { port: portSchema, host, kind: kindSchema } = transport.properties ?? {};
    assert.equal(kindSchema?.default, kind);
    assert.equal(portSchema?.default, port);
    assert.deepEqual([portSchema.minimum, portSchema.maximum], [1, MAX_PORT]);
    for (const text of [host, fields['label'], fields['id']]) {
      assert.equal(text?.maxLength, MAX_PROFILE_TEXT);
    }
  });
});
