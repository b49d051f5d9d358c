/** What the row of a connection and the status bar tell of it, while it is made and once it is there. */
import assert from 'node:assert/strict';

import type { Profile } from '../../server/src/api/model';
import { checkProfile } from '../../server/src/api/profile';
import { badServer } from '../support/badServers';
import { TestAuthority } from '../support/certificates';
import { eventually, eventuallyOk } from '../support/poll';
import { RPYC_VERSIONS, startClassic } from '../support/pythonPeer';
import {
  closeEditors,
  command,
  connect,
  extension,
  listConnections,
  row,
  snapshot,
  waitForStatus,
} from './editor';
import { profileTo } from './profiles';

function hoverOf(label: string): Promise<string> {
  return extension().exports.hover(row([label]).id);
}

function tls(label: string, transport: object): Profile {
  const checked = checkProfile({ id: label, label, transport: { kind: 'tls', ...transport } });
  return 'profile' in checked ? checked.profile : assert.fail(JSON.stringify(checked.fault));
}

describe('the state of a connection', () => {
  // The status bar tells where the file in front runs.
  before(closeEditors);

  afterEach(async () => {
    for (const { id } of snapshot().profiles) {
      await command('rpyc.disconnect', id);
    }
    await listConnections([]);
  });

  for (const version of RPYC_VERSIONS) {
    it(`tells of rpyc ${version} what runs where, how it is reached and how fast`, async () => {
      await using peer = await startClassic(version);
      await listConnections([profileTo(peer, 'Bench')]);
      await connect('Bench');
      const hover = await hoverOf('Bench');
      for (const fact of [
        `${peer.host}:${peer.port}`,
        'not encrypted',
        `rpyc ${version} · Python 3`,
        '· classic · threaded',
        `process ${peer.pid}`,
        'root object: ',
      ]) {
        assert.ok(unescaped(hover).includes(fact), `${fact} in ${hover}`);
      }
      assert.match(unescaped(hover), /Python 3\.\d+\.\d+ · classic/);
      assert.match(unescaped(hover), /latency \d+(\.\d)? ms/);
      const { statusBar } = snapshot();
      assert.match(statusBar.text, /RPyC: 1$/);
      assert.equal(statusBar.spoken, 'RPyC: 1 connected, 0 connecting, 0 with a problem');
      const line = unescaped(statusBar.hover);
      assert.match(line, /Bench: rpyc .* · classic · threaded · process \d+ · .* · not encrypted · latency/);
    });

    it(`tells whether the certificate of rpyc ${version} is verified, pinned or neither`, async () => {
      await using authority = await TestAuthority.create();
      const files = await authority.issue('server');
      const args = ['--ssl-keyfile', files.key, '--ssl-certfile', files.cert];
      await using peer = await startClassic(version, { args });
      const { host, port } = peer;
      await listConnections([
        tls('Verified', { host, port, ca: authority.ca }),
        tls('Loose', { host, port, insecure: true }),
      ]);
      await connect('Verified');
      assert.match(await hoverOf('Verified'), /the certificate is verified/);
      await connect('Loose');
      assert.match(unescaped(await hoverOf('Loose')), /nobody checks whose certificate it is/);
      const line = unescaped(snapshot().statusBar.hover);
      assert.match(line, /Verified: .* · certificate verified/);
      assert.match(line, /Loose: .* · certificate NOT verified/);
    });
  }

  it('tells the stage and the time while it is made, and is stopped from the menu', async () => {
    await using silent = await badServer();
    await listConnections([profileTo(silent, 'Silent')]);
    const stop = async (): Promise<boolean> => {
      const connecting = command('rpyc.connect', 'Silent');
      await waitForStatus('Silent', 'connecting');
      await eventuallyOk('seconds are counted', () => {
        assert.match(row(['Silent']).description, /… [1-9] s$/);
        assert.match(unescaped(snapshot().statusBar.hover), /Silent: .*… [1-9] s/);
        assert.equal(snapshot().statusBar.spoken, 'RPyC: 0 connected, 1 connecting, 0 with a problem');
      });
      const menu = command('rpyc.showMenu');
      // The first row is what the connection's state allows.
      await eventually('the menu is answered', async () => {
        await command('workbench.action.acceptSelectedQuickOpenItem');
        return snapshot().states['Silent']?.status !== 'connecting';
      });
      await command('workbench.action.closeQuickOpen');
      await menu;
      await connecting;
      return snapshot().states['Silent']?.status === 'disconnected';
    };
    // A busy machine can open the menu when the server has just been given up, after four seconds.
    await eventually('the menu stops it', stop, { timeoutMs: 40_000 });
  });
});

/** Markdown as it is read. */
function unescaped(markdown: string): string {
  return markdown.replace(/\\(?=[!-/:-@[-`{-~])/g, '');
}
