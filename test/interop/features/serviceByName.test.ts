/** Connecting to a service by its name, with real registries and real servers. */
import assert from 'node:assert/strict';

import type { ConnectionState, FoundAddress, Profile } from '../../../server/src/api/model';
import { checkProfile } from '../../../server/src/api/profile';
import { ProblemError } from '../../../server/src/features/problem';
import { closedPort } from '../../support/badServers';
import { eventually } from '../../support/poll';
import { TestPool } from '../../support/pool';
import {
  RPYC_VERSIONS,
  type PythonPeer,
  startClassic,
  startPeer,
  startRegistry,
} from '../../support/pythonPeer';
import { rawRegistry } from '../../support/rawRegistry';
import { REGISTRY_MODES, type RegistryMode } from '../../support/registries';
import { Relay } from '../../support/relay';
import { dump } from '../../../server/src/rpyc/core/brine';

const HOST = '127.0.0.1';

function byName(mode: RegistryMode, port: number, service = 'greeter'): Profile {
  const checked = checkProfile({
    id: 'p',
    label: 'Lab',
    transport: {
      kind: 'registry',
      service,
      registry: { host: HOST, port, transport: mode === 'UDP' ? 'udp' : 'tcp' },
    },
  });
  return 'profile' in checked ? checked.profile : assert.fail(JSON.stringify(checked.fault));
}

/** What a registry tells first of all: the user has to agree to it. */
async function foundBy(
  { pool }: TestPool,
  address?: string,
): Promise<FoundAddress & { readonly message: string }> {
  try {
    await pool.connect('p', undefined, undefined, address);
  } catch (error) {
    assert.ok(error instanceof ProblemError, String(error));
    const { found, message, code } = error.problem;
    assert.equal(code, 'ERR_NEW_ADDRESS', message);
    assert.ok(found !== undefined);
    return { ...found, message };
  }
  return assert.fail('It connected without asking');
}

async function codeOf(trying: Promise<ConnectionState>): Promise<string> {
  try {
    await trying;
  } catch (error) {
    assert.ok(error instanceof ProblemError, String(error));
    return error.problem.code;
  }
  return assert.fail('It connected');
}

/** Kills it without a word to its registry. */
async function leave(peer: PythonPeer): Promise<void> {
  peer.kill('SIGKILL');
  await peer.exited;
}

describe('a service by its name', () => {
  for (const version of RPYC_VERSIONS) {
    for (const mode of REGISTRY_MODES) {
      it(`is found by a registry of rpyc ${version} over ${mode}, and connected to once the user agreed`, async () => {
        await using registry = await startRegistry(version, mode);
        const args = [mode, HOST, String(registry.port)];
        await using peer = await startPeer(version, 'registered_service.py', args);
        await using test = new TestPool([byName(mode, registry.port)]);
        const place = `${HOST}:${peer.port}`;
        const found = await eventually('the service is registered', () => foundBy(test));
        assert.deepEqual(found.address, place);
        assert.deepEqual(found.registries, [`${mode.toLowerCase()} ${HOST} ${registry.port}`]);
        assert.equal(found.before, undefined);
        assert.match(found.message, /press Connect, look at the address, and agree/);
        const { peer: told, status } = await test.pool.connect('p', undefined, undefined, place);
        assert.equal(status, 'connected');
        assert.equal(told?.address, place);
        assert.equal(told.service, 'service');
        const stages = test.states.flatMap(({ stage }) => stage ?? []);
        assert.deepEqual(stages.slice(0, 1), ['resolve']);
      });
    }

    it(`is looked up anew after a loss, and a new address of rpyc ${version} is asked about`, async () => {
      await using registry = await startRegistry(version, 'TCP');
      const args = ['TCP', HOST, String(registry.port)];
      await using first = await startPeer(version, 'registered_service.py', args);
      await using test = new TestPool([byName('TCP', registry.port)]);
      const { address } = await eventually('the service is registered', () => foundBy(test));
      await test.pool.connect('p', undefined, undefined, address);
      await leave(first);
      await test.state({ status: 'lost' });
      await test.pool.disconnect('p');
      await using second = await startPeer(version, 'registered_service.py', args);
      const moved = await eventually('the new server is registered', async () => {
        const found = await foundBy(test, address);
        return found.address === `${HOST}:${second.port}` ? found : undefined;
      });
      assert.equal(moved.before, address);
      assert.match(moved.message, new RegExp(`and not at ${address} as before`));
      const { peer } = await test.pool.connect('p', undefined, undefined, moved.address);
      assert.equal(peer?.address, moved.address);
    });
  }

  it('sends nothing to an address that the user has not agreed to', async () => {
    await using peer = await startClassic('6.0.2');
    await using relay = await Relay.start({ host: HOST, port: peer.port });
    await using registry = await rawRegistry('TCP', () => [dump([[HOST, relay.port]])]);
    await using test = new TestPool([byName('TCP', registry.port)]);
    assert.equal((await foundBy(test)).address, `${HOST}:${relay.port}`);
    assert.equal((await foundBy(test, `${HOST}:1`)).before, `${HOST}:1`);
    const { up, connections } = await relay.counts();
    assert.deepEqual([up.bytes, connections], [0, 0]);
    await test.pool.connect('p', undefined, undefined, `${HOST}:${relay.port}`);
    assert.equal((await relay.counts()).connections >= 1, true);
  });

  it('marks what is odd about the address', async () => {
    await using registry = await rawRegistry('TCP', () => [dump([['8.8.8.8', 443]])]);
    await using test = new TestPool([byName('TCP', registry.port)]);
    const { address, flags } = await foundBy(test);
    assert.equal(address, '8.8.8.8:443');
    assert.deepEqual([...flags].sort(), ['elsewhere', 'otherProtocol', 'public']);
  });

  it('tells a registry that is not there from one that does not know the name', async () => {
    await using registry = await startRegistry('6.0.2', 'TCP');
    await using known = new TestPool([byName('TCP', registry.port, 'nobody')]);
    assert.equal(await codeOf(known.pool.connect('p')), 'ERR_NOT_REGISTERED');
    await using gone = new TestPool([byName('TCP', await closedPort())]);
    assert.equal(await codeOf(gone.pool.connect('p')), 'ERR_NO_REGISTRY');
    await using silent = await rawRegistry('UDP', () => []);
    await using unheard = new TestPool([byName('UDP', silent.port)], { registrySeconds: 0.3 });
    assert.equal(await codeOf(unheard.pool.connect('p')), 'ERR_NO_REGISTRY');
  });
});
