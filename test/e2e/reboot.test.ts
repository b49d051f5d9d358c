import assert from 'node:assert/strict';

import { eventuallyOk } from '../support/poll';
import { type PythonPeer, RPYC_VERSIONS } from '../support/pythonPeer';
import { command, connect, expand, listConnections, row, rowsUnder, snapshot, waitForStatus } from './editor';
import { profileTo } from './profiles';
import { startJourneyPeer } from './secondClient';

/** How soon a loss shows, and how soon after its return a server is connected again. */
const AT_ONCE_MS = 1000;
const BACK_MS = 5000;

for (const version of RPYC_VERSIONS) {
  describe(`a reboot of the server of rpyc ${version}`, () => {
    const lab = `Rebooted ${version}`;
    const module = [lab, 'Modules', 'abc'];
    let peer: PythonPeer;

    before(async () => {
      peer = await startJourneyPeer(version);
      await listConnections([profileTo(peer, lab)]);
      await connect(lab);
    });

    after(async () => {
      await command('rpyc.disconnect', lab);
      await listConnections([]);
      await peer[Symbol.asyncDispose]();
      await command('notifications.clearAll');
    });

    it('job 12: survive a reboot: greys at once, is back with the same rows, and says that all is new', async () => {
      await expand([lab, 'Modules']);
      await expand(module);
      const expanded = snapshot().rows.filter((each) => each.expanded);
      const ids = expanded.map(({ id }) => id);
      assert.ok(ids.length >= 3);

      const { port } = peer;
      peer.kill();
      await eventuallyOk(
        'all that was there is grey',
        () => {
          const objects = snapshot().rows.filter(
            ({ depth, kind }) => depth > 0 && kind !== 'note' && kind !== 'more',
          );
          assert.ok(objects.length > 3 && objects.every(({ grey }) => grey));
        },
        { timeoutMs: AT_ONCE_MS },
      );
      await peer.exited;

      peer = await startJourneyPeer(version, { port });
      await waitForStatus(lab, 'connected', BACK_MS);
      await eventuallyOk('the same rows are open, and fresh', () => {
        const rows = snapshot().rows.filter(({ kind }) => kind !== 'note' && kind !== 'more');
        assert.ok(rows.every(({ grey }) => !grey));
        assert.deepEqual(
          rows.filter((each) => each.expanded).map(({ id }) => id),
          ids,
        );
        assert.ok(rowsUnder(module).length > 0);
      });
      const [note] = rowsUnder([lab]);
      assert.match(note?.label ?? '', /^The server was started anew: nothing of before is left in it/);
      assert.equal(row([lab, note?.label ?? '']).kind, 'note');
    });
  });
}
