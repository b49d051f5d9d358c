import assert from 'node:assert/strict';

import { eventually } from '../support/poll';
import { type PythonPeer, RPYC_VERSIONS } from '../support/pythonPeer';
import {
  command,
  connect,
  expand,
  hasMore,
  listConnections,
  loadMore,
  row,
  rowsUnder,
  waitForRow,
} from './editor';
import { profileTo } from './profiles';
import { onPeer, startJourneyPeer } from './secondClient';

/** A property that gives one item more each time that it is read. */
const COUNTING = `import journey
journey.readings = []
type(journey.gauge).reading = property(lambda self: journey.readings.append(1) or list(journey.readings))`;

for (const version of RPYC_VERSIONS) {
  describe(`a property of rpyc_classic ${version} that was read`, () => {
    const bench = `Readings ${version}`;
    const modules = [bench, 'Modules'];
    const gauge = [...modules, 'journey', 'gauge'];
    const reading = [...gauge, 'reading'];
    let peer: PythonPeer;

    before(async () => {
      peer = await startJourneyPeer(version);
      await listConnections([profileTo(peer, bench)]);
      await onPeer(version, peer, COUNTING, '0');
      await connect(bench);
    });

    after(async () => {
      await command('rpyc.disconnect', bench);
      await listConnections([]);
      await peer[Symbol.asyncDispose]();
    });

    it('is read again when asked, with what is open under it, and at no other time', async () => {
      const timesRead = (): Promise<number> =>
        onPeer<number>(version, peer, 'import journey', 'len(journey.readings)');
      await expand(modules);
      while (!rowsUnder(modules).some(({ label }) => label === 'journey') && hasMore(modules)) {
        await loadMore(modules);
      }
      await expand(gauge.slice(0, -1));
      await expand(gauge);
      assert.match((await waitForRow(reading)).description, /click to read/);
      assert.equal(await timesRead(), 0);
      await command('rpyc.readValue', row(reading).id);
      await expand(reading);
      assert.deepEqual(
        rowsUnder(reading).map(({ label }) => label),
        ['[0]'],
      );
      assert.equal(await timesRead(), 1);
      await command('rpyc.readAgain', row(reading).id);
      await eventually('both items', () => rowsUnder(reading).length === 2);
      assert.match(row(reading).description, /\[1, 1\]/);
      assert.equal(await timesRead(), 2);
    });

    it('stands beside the threads of the program, which tell where they are', async () => {
      const threads = [bench, 'Threads'];
      await expand(threads);
      const main = await waitForRow([...threads, 'MainThread']);
      assert.deepEqual([main.kind, main.icon], ['thread', 'pulse']);
      assert.match(main.description, /^accept, socket\.py:\d+/);
    });
  });
}
