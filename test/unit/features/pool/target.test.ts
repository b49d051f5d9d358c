import assert from 'node:assert/strict';

import type { Profile } from '../../../../server/src/api/model';
import { endpointOf, isSameTarget, parseProfile } from '../../../../server/src/features/pool/target';
import { ProblemError } from '../../../../server/src/features/problem';

const GOOD: Profile = {
  id: 'one',
  version: 1,
  label: 'Lab',
  transport: { kind: 'tcp', host: 'lab.example', port: 18812 },
  service: 'auto',
};

function refuses(change: Record<string, unknown>, field: string): void {
  assert.throws(
    () => parseProfile({ ...GOOD, ...change }),
    (error: unknown) => {
      assert.ok(error instanceof ProblemError);
      assert.equal(error.problem.code, 'ERR_PROFILE');
      assert.ok(error.problem.message.includes(`“${field}”`), error.problem.message);
      return true;
    },
  );
}

describe('parseProfile', () => {
  it('takes a profile as it is', () => {
    assert.deepEqual(parseProfile(GOOD), GOOD);
    const full: Profile = { ...GOOD, dialect: 'C', oneShot: true };
    assert.deepEqual(parseProfile(full), full);
  });

  it('takes the brackets off an IPv6 address, and shows them in the endpoint', () => {
    const profile = parseProfile({
      ...GOOD,
      transport: { kind: 'tcp', host: '[fe80::1%eth0]', port: 18812 },
    });
    assert.equal(profile.transport.host, 'fe80::1%eth0');
    assert.equal(endpointOf(profile.transport), '[fe80::1%eth0]:18812');
  });

  const transport = GOOD.transport;
  const bad: readonly (readonly [Record<string, unknown>, string])[] = [
    [{ id: '' }, 'id'],
    [{ id: 7 }, 'id'],
    [{ version: 2 }, 'version'],
    [{ version: undefined }, 'version'],
    [{ label: '' }, 'label'],
    [{ label: 'two\nlines' }, 'label'],
    [{ label: 'x'.repeat(256) }, 'label'],
    [{ service: 'slave' }, 'service'],
    [{ dialect: 'E' }, 'dialect'],
    [{ oneShot: 'yes' }, 'oneShot'],
    [{ tls: { ca: 'x' } }, 'tls'],
    [{ transport: 'lab:18812' }, 'transport'],
    [{ transport: { ...transport, kind: 'ssh' } }, 'transport.kind'],
    [{ transport: { ...transport, host: '' } }, 'transport.host'],
    [{ transport: { ...transport, host: '-oProxyCommand=x' } }, 'transport.host'],
    [{ transport: { ...transport, host: 'a b' } }, 'transport.host'],
    [{ transport: { ...transport, host: 'http://lab' } }, 'transport.host'],
    [{ transport: { ...transport, port: 0 } }, 'transport.port'],
    [{ transport: { ...transport, port: 65536 } }, 'transport.port'],
    [{ transport: { ...transport, port: '18812' } }, 'transport.port'],
    [{ transport: { ...transport, port: 1.5 } }, 'transport.port'],
    [{ transport: { ...transport, proxy: 'x' } }, 'transport.proxy'],
  ];
  for (const [change, field] of bad) {
    it(`names the field ${field} in ${JSON.stringify(change).slice(0, 60)}`, () => refuses(change, field));
  }

  it('refuses what is no object at all', () => {
    for (const value of [null, 'lab:18812', 5, [GOOD]]) {
      assert.throws(() => parseProfile(value), ProblemError);
    }
  });

  it('takes names of prototypes for unknown fields', () => {
    assert.throws(() => parseProfile(JSON.parse('{"__proto__": {"label": "x"}}')), ProblemError);
  });
});

describe('isSameTarget', () => {
  it('looks at where a profile leads, not at what it is called', () => {
    assert.ok(isSameTarget(GOOD, { ...GOOD, label: 'Other', dialect: 'auto', oneShot: false }));
    assert.ok(!isSameTarget(GOOD, { ...GOOD, transport: { ...GOOD.transport, port: 18813 } }));
    assert.ok(!isSameTarget(GOOD, { ...GOOD, service: 'classic' }));
  });
});
