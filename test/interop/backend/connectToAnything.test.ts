/** Job 1 of users.md: an address is enough. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';

import { Connect, Disconnect, ObjectChildren, ObjectRoots, Run } from '../../../server/src/api/messages';
import { checkProfile } from '../../../server/src/api/profile';
import type { Profile } from '../../../server/src/api/model';
import { Backend } from '../../support/backend';
import { named } from '../../support/explorer';
import { pythonEnv, type RpycVersion, startClassic } from '../../support/pythonPeer';
import { SPOKEN_VERSIONS } from '../../support/rpycPeers';
import { dialectOfVersion, fullNumberOfVersion } from '../../support/versions';

/** What connecting on this machine may take. */
const CONNECT_MS = 1000;

/** What the settings hold of a connection of which nothing but the address is known. */
function profileOf(host: string, port: number): Profile {
  const checked = checkProfile({ label: 'Lab', transport: { kind: 'tcp', host, port } });
  return 'profile' in checked ? checked.profile : assert.fail(JSON.stringify(checked.fault));
}

function pythonVersionOf(version: RpycVersion): string {
  const code = 'import sys; sys.stdout.write(".".join(map(str, sys.version_info[:3])))';
  const { python, env } = pythonEnv(version);
  return spawnSync(python, ['-c', code], { env, encoding: 'utf8' }).stdout;
}

describe('job 1: connect to anything', function () {
  this.timeout(60_000);

  for (const version of SPOKEN_VERSIONS) {
    it(`job 1: connect to anything: rpyc ${version}, by host and port alone`, async () => {
      await using peer = await startClassic(version);
      const profile = profileOf(peer.host, peer.port);
      const profileId = profile.id;
      await using backend = await Backend.start([profile]);
      const began = performance.now();
      const state = await backend.request(Connect, { profileId });
      const took = performance.now() - began;
      assert.ok(took < CONNECT_MS, `It took ${Math.round(took)} ms`);

      assert.equal(state.status, 'connected');
      assert.equal(state.peer?.rpycVersion, fullNumberOfVersion(version));
      assert.equal(state.peer.pythonVersion?.split(' ')[0], pythonVersionOf(version));
      assert.equal(state.peer.dialect, dialectOfVersion(version));
      assert.equal(state.peer.service, 'classic');
      assert.equal(state.peer.serverKind, 'threaded');
      assert.equal(state.peer.pid, peer.pid);

      const roots = await backend.request(ObjectRoots, { profileId });
      const { handle } = named(roots, 'Modules');
      const { nodes } = await backend.request(ObjectChildren, {
        handle,
        offset: 0,
        limit: 20,
        filter: 'sys',
      });
      named(nodes, 'sys');
      const source = 'print("hello")\n6 * 7';
      const run = await backend.request(Run, {
        profileId,
        runId: 'r',
        source,
        fileName: '/x.py',
        lineOffset: 0,
      });
      assert.deepEqual({ status: run.status, value: run.value }, { status: 'done', value: '42' });
      assert.equal(backend.output.map(({ text }) => text).join(''), 'hello\n');
      await backend.request(Disconnect, { profileId });
    });
  }
});
