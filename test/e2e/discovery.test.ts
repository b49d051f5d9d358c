/** Job 9 in the editor: look for services, see them, connect to one from its row. */
import assert from 'node:assert/strict';

import * as vscode from 'vscode';

import { eventually } from '../support/poll';
import { type PythonPeer, RPYC_VERSIONS, startPeer, startRegistry } from '../support/pythonPeer';
import { command, extension, listConnections, snapshot, waitForStatus } from './editor';

const HOST = '127.0.0.1';

async function set(name: string, value: unknown): Promise<void> {
  await vscode.workspace.getConfiguration().update(name, value, vscode.ConfigurationTarget.Global);
}

/** The rows of the view: `label  description`, indented. */
function rows(): string[] {
  return snapshot().services.map(
    ({ depth, label, description }) => `${'  '.repeat(depth)}${label}  ${description}`,
  );
}

function waitForRows(...wanted: readonly string[]): Promise<boolean> {
  return eventually(`the rows ${wanted.join(' | ')}`, () => {
    const now = rows();
    assert.ok(
      wanted.every((row) => now.includes(row)),
      now.join('\n'),
    );
    return true;
  });
}

/** Runs a command that asks whether to connect, and answers yes. */
async function agree(id: string, row: string, done: () => boolean): Promise<void> {
  const asked = command(id, row);
  await eventually('the question is answered', async () => {
    if (!done()) {
      await command('workbench.action.acceptSelectedQuickOpenItem');
    }
    return done();
  });
  await asked;
}

describe('job 9: the view of the services', () => {
  before(async () => {
    await extension().activate();
    // Tests stay on this machine.
    await set('rpyc.discovery.broadcast', false);
  });

  after(async () => {
    await command('rpyc.stopDemo');
    await command('rpyc.stopRegistry');
    await listConnections([]);
    for (const name of ['registries', 'discovery.names']) {
      await set(`rpyc.${name}`, undefined);
    }
  });

  for (const [index, version] of RPYC_VERSIONS.entries()) {
    const mode = (['UDP', 'TCP'] as const)[index] ?? 'UDP';
    const kind = mode === 'UDP' ? 'udp' : 'tcp';

    it(`job 9: shows what a registry of rpyc ${version} lists, and connects from the row`, async () => {
      await using registry = await startRegistry(version, mode, ['--listing', 'True']);
      await using peer = await startPeer(version, 'registered_service.py', [
        mode,
        HOST,
        String(registry.port),
      ]);
      await set('rpyc.registries', [{ mode: kind, host: HOST, port: registry.port }]);
      await command('rpyc.lookForServices');
      await eventually('the service is registered', async () => {
        await command('rpyc.lookForServices');
        return rows().length > 0;
      });
      const place = `${HOST}:${peer.port}`;
      await waitForRows('GREETER  1 server', `  ${place}  reachable`, 'Registries  1 answered');
      const row = `server GREETER ${HOST} ${peer.port}`;
      const added = (): boolean => snapshot().profiles.length > 0;
      await agree('rpyc.connectService', row, added);
      const [profile] = snapshot().profiles;
      assert.ok(profile !== undefined);
      assert.equal(profile.label, `GREETER at ${place}`);
      await waitForStatus(profile.id, 'connected');
      await command('rpyc.disconnect', profile.id);
      await listConnections([]);
      await leave(peer);
      await command('rpyc.lookForServices');
      await eventually('the server is marked', () =>
        rows().includes(`  ${place}  not reachable: nothing listens there`),
      );
    });

    it(`job 9: tells that a registry of rpyc ${version} forbids listing, and finds a typed name`, async () => {
      await using registry = await startRegistry(version, mode);
      await using peer = await startPeer(version, 'registered_service.py', [
        mode,
        HOST,
        String(registry.port),
      ]);
      await set('rpyc.registries', [{ mode: kind, host: HOST, port: registry.port }]);
      await set('rpyc.discovery.names', []);
      await command('rpyc.lookForServices');
      assert.deepEqual([snapshot().discovery, rows()], ['forbidden', []]);
      await eventually('the service is registered', async () => {
        await command('rpyc.findService', 'greeter');
        return rows().length > 0;
      });
      await waitForRows('GREETER  1 server', `  ${HOST}:${peer.port}  reachable`);
      await waitForRows('Registries  1 answered, 1 of them tells no names');
      assert.deepEqual(vscode.workspace.getConfiguration().get('rpyc.discovery.names'), ['greeter']);
    });
  }

  it('starts a registry and a demo server in the window, which find each other, and stops them', async () => {
    await set('rpyc.registries', []);
    // As the welcome of the connections does.
    await command('rpyc.startDemo', { port: 0, connect: true });
    const [demo] = snapshot().profiles;
    await waitForStatus(demo?.id ?? '', 'connected');
    await listConnections([]);
    await command('rpyc.startRegistry', { mode: 'tcp', port: 0 });
    await eventually('the demo server is listed', () => {
      const now = rows();
      assert.ok(now.includes('LAB  1 server'), now.join('\n'));
      return now.some((row) => /^ {2}127\.0\.0\.1:\d+ {2}reachable$/.test(row));
    });
    await command('rpyc.stopDemo');
    await command('rpyc.stopRegistry');
    await eventually('both are gone', () => !rows().some((row) => row.includes('of this window')));
  });
});

/** The server goes without a word to its registry. */
async function leave(peer: PythonPeer): Promise<void> {
  peer.kill('SIGKILL');
  await peer.exited;
}
