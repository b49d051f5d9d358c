import assert from 'node:assert/strict';

import { checkRegistry } from '../../../../server/src/api/discovery';
import { isServiceName } from '../../../../server/src/api/transport';
import { addressFlags, isCheckable } from '../../../../server/src/features/discovery/addressFlags';
import { FoundServers } from '../../../../server/src/features/discovery/foundServers';
import type { FoundService, RegistryReport } from '../../../../server/src/rpyc/index';

const NEAR = true;
const FAR = false;

describe('the marks on an address that a registry told', () => {
  const cases: readonly (readonly [
    host: string,
    port: number,
    nearby: boolean,
    flags: string,
    checked: boolean,
  ])[] = [
    ['192.168.1.7', 18812, NEAR, '', true],
    ['192.168.1.7', 18812, FAR, 'elsewhere', true],
    ['127.0.0.1', 18812, NEAR, '', true],
    ['127.0.0.1', 18812, FAR, 'loopback', false],
    ['::1', 18812, FAR, 'loopback', false],
    ['::ffff:127.0.0.1', 18812, FAR, 'loopback', false],
    ['8.8.8.8', 18812, FAR, 'public elsewhere', false],
    ['8.8.8.8', 18812, NEAR, 'public', true],
    ['2001:db8::1', 18812, FAR, 'public elsewhere', false],
    ['fe80::1%eth0', 18812, NEAR, '', true],
    ['0.0.0.0', 18812, FAR, 'notAHost', false],
    ['255.255.255.255', 18812, NEAR, 'notAHost', false],
    ['224.0.0.1', 18812, FAR, 'notAHost', false],
    ['::', 18812, FAR, 'notAHost', false],
    ['example.invalid', 18812, FAR, 'hostName', false],
    ['2130706433', 18812, FAR, 'hostName', false],
    ['192.168.1.7', 22, NEAR, 'otherProtocol', false],
    ['192.168.1.7', 6379, NEAR, 'otherProtocol', false],
    ['192.168.1.7', 18811, NEAR, 'otherProtocol', false],
    ['127.0.0.1', 80, FAR, 'loopback otherProtocol', false],
  ];
  for (const [host, port, nearby, flags, checked] of cases) {
    const place = `${host}:${port} ${nearby ? 'near' : 'far from'} its registry`;
    it(`${place} has ${flags === '' ? 'none' : flags}, and is ${checked ? '' : 'not '}tried unasked`, () => {
      const found = addressFlags(host, port, nearby);
      assert.equal(found.join(' '), flags);
      assert.equal(isCheckable(found), checked);
    });
  }
});

const REGISTRY: RegistryReport = {
  address: '10.0.0.1',
  port: 18811,
  transport: 'udp',
  interface: undefined,
  target: '10.0.0.1',
  answered: true,
  listing: 'allowed',
  truncated: false,
  problem: undefined,
};

function service(name: string, host: string, port: number, more: Partial<FoundService> = {}): FoundService {
  return { name, host, port, registry: REGISTRY, nearby: true, ...more };
}

describe('the servers that registries told', () => {
  it('are each there once, with everyone who told them', () => {
    const servers = new FoundServers();
    const other = { ...REGISTRY, address: '10.0.9.9', transport: 'tcp' as const };
    servers.add([service('lab', '10.0.0.5', 4000), service('LAB', '10.0.0.5', 4000)]);
    servers.add([service('Lab', '10.0.0.5', 4000, { registry: other, nearby: false })]);
    assert.deepEqual(servers.result, {
      servers: [
        {
          name: 'LAB',
          host: '10.0.0.5',
          port: 4000,
          flags: [],
          checkable: true,
          registries: ['udp 10.0.0.1 18811', 'tcp 10.0.9.9 18811'],
        },
      ],
      leftOut: 0,
      truncated: false,
    });
  });

  it('are without those whose names or hosts make no sense', () => {
    const servers = new FoundServers();
    servers.add([
      service('a\u202eb', '10.0.0.5', 4000),
      service('x'.repeat(256), '10.0.0.5', 4000),
      service('', '10.0.0.5', 4000),
      service('fine', '-oProxyCommand=x', 4000),
      service('fine', 'a b', 4000),
    ]);
    assert.deepEqual(servers.result, { servers: [], leftOut: 5, truncated: false });
  });

  it('are ten thousand at most', () => {
    const servers = new FoundServers();
    servers.add(Array.from({ length: 10_001 }, (_, index) => service(`S${index}`, '10.0.0.5', 4000)));
    assert.equal(servers.result.servers.length, 10_000);
    assert.equal(servers.result.truncated, true);
  });
});

describe('what a user writes about registries', () => {
  it('is taken where it makes sense, with the usual port', () => {
    assert.deepEqual(checkRegistry({ mode: 'udp', host: 'lab.local' }), {
      mode: 'udp',
      host: 'lab.local',
      port: 18811,
    });
    for (const wrong of [null, 'x', {}, { mode: 'x', host: 'a' }, { mode: 'tcp', host: '-x' }]) {
      assert.equal(checkRegistry(wrong), undefined);
    }
    assert.equal(checkRegistry({ mode: 'tcp', host: 'a', port: 0 }), undefined);
  });

  it('names services by one line', () => {
    assert.deepEqual(['lab', ' ', 'a\nb', 7, 'a\u200bb'].map(isServiceName), [
      true,
      false,
      false,
      false,
      false,
    ]);
  });
});
