import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';

import { checkProfile } from '../../server/src/api/profile';
import type { Profile, Transport } from '../../server/src/api/model';
import { type CertificateFiles, TestAuthority } from '../support/certificates';
import { eventually } from '../support/poll';
import { type PythonPeer, RPYC_VERSIONS, startClassic } from '../support/pythonPeer';
import { type Sshd, startSshd } from '../support/sshd';
import { command, connect, expand, listConnections, row, state, waitForRow, waitForStatus } from './editor';

function profile(label: string, transport: Transport): Profile {
  const checked = checkProfile({ id: label, label, transport });
  return 'profile' in checked ? checked.profile : assert.fail(JSON.stringify(checked.fault));
}

for (const version of RPYC_VERSIONS) {
  describe(`connections of every kind to rpyc ${version}`, () => {
    let authority: TestAuthority;
    let files: CertificateFiles;
    let secure: PythonPeer;
    let plain: PythonPeer;
    let sshd: Sshd;

    before(async () => {
      authority = await TestAuthority.create();
      files = await authority.issue('server');
      secure = await startClassic(version, {
        args: ['--ssl-keyfile', files.key, '--ssl-certfile', files.cert],
      });
      plain = await startClassic(version);
      sshd = await startSshd();
      const { host, port } = secure;
      await listConnections([
        profile('Verified', { kind: 'tls', host, port, ca: authority.ca }),
        profile('Pinned', { kind: 'tls', host, port, pin: fingerprint(files.cert) }),
        profile('Not verified', { kind: 'tls', host, port, insecure: true }),
        profile('Stranger', { kind: 'tls', host, port }),
        profile('Tunnel', {
          kind: 'ssh',
          ...sshd.machine,
          remoteHost: plain.host,
          remotePort: plain.port,
        }),
      ]);
    });

    after(async () => {
      for (const id of ['Verified', 'Pinned', 'Not verified', 'Stranger', 'Tunnel']) {
        await command('rpyc.disconnect', id);
      }
      await listConnections([]);
      for (const owned of [secure, plain, sshd, authority]) {
        await owned[Symbol.asyncDispose]();
      }
    });

    it('tells of each how it gets there', () => {
      assert.equal(row(['Verified']).description, `tls: ${secure.host}:${secure.port}`);
      assert.equal(row(['Not verified']).description, `${secure.host}:${secure.port} (not verified)`);
      assert.equal(row(['Tunnel']).description, `ssh: box → ${plain.host}:${plain.port}`);
    });

    for (const label of ['Verified', 'Pinned', 'Not verified', 'Tunnel']) {
      it(`expands a row: ${label}`, async () => {
        const { peer } = await connect(label);
        assert.equal(peer?.pid, (label === 'Tunnel' ? plain : secure).pid);
        await expand([label, 'Builtins']);
        await waitForRow([label, 'Builtins', 'abs']);
        assert.equal(/not verified/.test(row([label]).description), label === 'Not verified');
        await command('rpyc.disconnect', label);
        await waitForStatus(label, 'disconnected');
      });
    }

    it('job 13: refuses a server whose certificate nobody vouches for', async () => {
      await command('rpyc.connect', 'Stranger');
      const { problem } = await waitForStatus('Stranger', 'failed');
      assert.equal(problem?.code, 'ERR_TLS_UNTRUSTED');
      assert.match(row(['Stranger']).description, /^cannot connect · tls: /);
      await command('notifications.clearAll');
    });
  });
}

describe('a connection that needs a secret', () => {
  it('asks for it, and does not connect without it', async () => {
    const checked = checkProfile({
      id: 'Guarded',
      label: 'Guarded',
      transport: { kind: 'tcp', host: '127.0.0.1', port: 1 },
      preHandshake: [{ sendFrame: { secret: 'door' } }],
    });
    assert.ok('profile' in checked);
    await listConnections([checked.profile]);
    let isOver = false;
    void command('rpyc.connect', 'Guarded').then(() => (isOver = true));
    await eventually('the question is closed', async () => {
      await command('workbench.action.closeQuickOpen');
      return isOver;
    });
    assert.equal(state('Guarded').status, 'disconnected');
    await listConnections([]);
  });
});

function fingerprint(file: string): string {
  return new X509Certificate(readFileSync(file)).fingerprint256;
}
