import assert from 'node:assert/strict';

import { DiscoveryModel } from '../../../client/src/discoveryModel';
import type { FoundServer, RegistryAnswer, ServiceSearchResult } from '../../../server/src/api/discovery';

const ID = 'udp 10.0.0.1 18811';

function answer(status: RegistryAnswer['status'], id = ID): RegistryAnswer {
  const [mode = 'udp', host = '', port] = id.split(' ');
  return { id, mode: mode as 'udp', host, port: Number(port), interfaces: [], status, truncated: false };
}

function server(name: string, port: number, more: Partial<FoundServer> = {}): FoundServer {
  return { name, host: '10.0.0.5', port, flags: [], checkable: true, registries: [ID], ...more };
}

function result(
  servers: readonly FoundServer[],
  registries: readonly RegistryAnswer[] = [answer('listed')],
): ServiceSearchResult {
  return { servers, registries, leftOut: 0, truncated: false };
}

/** The rows as text, those under another indented. */
function drawn(model: DiscoveryModel): string[] {
  return model.top.flatMap((row) => [row.id, ...model.childrenOf(row).map(({ id }) => `  ${id}`)]);
}

describe('the rows of the services', () => {
  let model: DiscoveryModel;

  beforeEach(() => {
    model = new DiscoveryModel();
  });

  it('are none before anybody was asked', () => {
    assert.equal(model.state, 'unasked');
    assert.deepEqual(model.top, []);
  });

  it('are grouped by name, with the registries below', () => {
    model.accept(result([server('MOTOR', 2), server('LAB', 1), server('MOTOR', 3)]), 1000);
    assert.equal(model.state, 'found');
    assert.deepEqual(drawn(model), [
      'group LAB',
      '  server LAB 10.0.0.5 1',
      'group MOTOR',
      '  server MOTOR 10.0.0.5 2',
      '  server MOTOR 10.0.0.5 3',
      'registries',
      `  registry ${ID}`,
    ]);
  });

  for (const [status, state] of [
    ['silent', 'silent'],
    ['failed', 'silent'],
    ['listed', 'empty'],
    ['byName', 'empty'],
    ['forbidden', 'forbidden'],
  ] as const) {
    it(`give way to the words for "${state}" where a registry is ${status}`, () => {
      model.accept(result([], [answer(status)]), 1000);
      assert.equal(model.state, state);
      assert.equal(model.top.length, status === 'failed' ? 1 : 0);
    });
  }

  it('keep a server that nobody told this time, and its age, until a registry would have forgotten it', () => {
    model.accept(result([server('LAB', 1)]), 1000);
    model.accept(result([], [answer('silent')]), 200_000);
    const [group] = model.top;
    assert.ok(group?.kind === 'group');
    assert.equal(group.servers[0]?.toldAt, 1000);
    model.accept(result([], [answer('silent')]), 242_000);
    assert.deepEqual(model.top, []);
  });

  it('drop a server at once where the registry that told it has answered without it', () => {
    model.accept(result([server('LAB', 1)]), 1000);
    model.accept(result([]), 2000);
    assert.equal(model.state, 'empty');
  });

  it('try each ordinary address once, and those that answered again only when the user asks', () => {
    const odd = server('LAB', 22, { flags: ['otherProtocol'], checkable: false });
    model.accept(result([server('LAB', 1), server('ALIAS', 1), server('LAB', 2), odd]), 1000);
    const wanted = model.toCheck(true);
    assert.deepEqual(
      wanted.map(({ port }) => port),
      [1, 2],
    );
    model.acceptReach(wanted, ['reachable', 'refused']);
    assert.deepEqual(
      model.toCheck(false).map(({ port }) => port),
      [2],
    );
    const reach = model.top.flatMap((row) =>
      row.kind === 'group' ? row.servers.map((each) => [each.id, each.reach]) : [],
    );
    assert.deepEqual(reach, [
      ['server ALIAS 10.0.0.5 1', 'reachable'],
      ['server LAB 10.0.0.5 1', 'reachable'],
      ['server LAB 10.0.0.5 2', 'refused'],
      ['server LAB 10.0.0.5 22', undefined],
    ]);
    assert.equal(model.toCheck(true).length, 2);
  });

  it('say that not everything is shown', () => {
    model.accept({ ...result([server('LAB', 1)]), leftOut: 3 }, 1000);
    assert.deepEqual(drawn(model).slice(2, 3), ['leftOut']);
  });

  it('begin with what runs in this window', () => {
    model.acceptLocal({
      registry: { mode: 'udp', host: '0.0.0.0', port: 1 },
      demo: { host: '127.0.0.1', port: 2 },
    });
    assert.deepEqual(drawn(model), ['local registry', 'local demo']);
    const own = 'udp 127.0.0.1 1';
    const both = server('BOTH', 2, { registries: [own, ID] });
    model.accept(result([server('OWN', 1, { registries: [own] }), both], [answer('listed', own)]), 1000);
    model.acceptLocal({});
    assert.deepEqual(drawn(model).slice(0, 2), ['group BOTH', '  server BOTH 10.0.0.5 2']);
  });

  it('are closed where there are very many', () => {
    model.accept(result(Array.from({ length: 10_000 }, (_, index) => server(`S${index}`, 1))), 1000);
    assert.equal(model.opensGroups, false);
    assert.equal(model.top.length, 10_001);
  });
});
