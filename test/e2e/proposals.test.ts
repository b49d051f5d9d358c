/** Other extensions propose connections: nothing is listed and nothing connects before the user agrees. */
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';

import { checkProfile } from '../../server/src/api/profile';
import { badServer } from '../support/badServers';
import { TestAuthority } from '../support/certificates';
import { RPYC_VERSIONS, startClassic } from '../support/pythonPeer';
import { command, extension, listConnections, snapshot, waitForStatus } from './editor';

describe('proposals of other extensions', () => {
  before(() => listConnections([]));

  it('ask the user first, and are kept nowhere until then', async () => {
    await using trap = await badServer();
    const transport = { kind: 'tcp', host: trap.host, port: trap.port };
    const { proposeConnection } = extension().exports;
    // A workbench under test refuses to show a question that waits for its answer, and says which.
    await assert.rejects(
      proposeConnection({ label: 'Bench', transport }, 'rpyc-explorer.rpyc-explorer'),
      (error: Error) => {
        const place = `${trap.host}:${trap.port}`;
        const who = 'An extension that says it is "Remote Python Call (RPyC)" (rpyc-explorer.rpyc-explorer)';
        assert.ok(
          error.message.includes(`${who} proposes the connection "Bench" to ${place}.`),
          error.message,
        );
        return true;
      },
    );
    await assert.rejects(proposeConnection({ transport }), /An extension proposes the connection/);
    assert.deepEqual(snapshot().profiles, []);
    assert.equal(trap.visits(), 0);
  });

  it('hold an address and nothing else', async () => {
    const { proposeConnection } = extension().exports;
    for (const [profile, field] of [
      [{ transport: { kind: 'subprocess', command: ['touch', '/tmp/x'] } }, 'transport.kind'],
      [{ transport: { kind: 'ssh', host: 'lab' } }, 'transport.kind'],
      [{ transport: { kind: 'tls', host: 'lab', insecure: true } }, 'transport.insecure'],
      [{ transport: { kind: 'tcp', host: 'lab' }, preHandshake: [] }, 'preHandshake'],
      [{ transport: { kind: 'tcp', host: 'lab' }, id: 'other' }, 'id'],
    ] as const) {
      await assert.rejects(proposeConnection(profile), (error: Error) => error.message.startsWith(field));
    }
    assert.deepEqual(snapshot().profiles, []);
  });
});

describe('a self-signed certificate', () => {
  after(async () => {
    await command('notifications.clearAll');
    await listConnections([]);
  });

  for (const version of RPYC_VERSIONS) {
    it(`of rpyc ${version} is refused, and told with all that pinning it needs`, async () => {
      await using authority = await TestAuthority.create();
      const key = authority.ca.replace(/pem$/, 'key');
      await using peer = await startClassic(version, {
        args: ['--ssl-keyfile', key, '--ssl-certfile', authority.ca],
      });
      const { host, port } = peer;
      const checked = checkProfile({ id: 'Own', label: 'Own', transport: { kind: 'tls', host, port } });
      assert.ok('profile' in checked);
      await listConnections([checked.profile]);
      await command('rpyc.connect', 'Own');
      const { problem } = await waitForStatus('Own', 'failed');
      assert.equal(problem?.code, 'ERR_TLS_SELF_SIGNED');
      const seen = new X509Certificate(readFileSync(authority.ca));
      assert.deepEqual(problem.certificate, {
        fingerprint: seen.fingerprint256.replaceAll(':', '').toLowerCase(),
        subject: 'CN=test authority',
        issuer: 'CN=test authority',
        validFrom: seen.validFrom,
        validTo: seen.validTo,
      });
    });
  }
});
