import assert from 'node:assert/strict';

import { type PythonPeer, RPYC_VERSIONS, startPeer } from '../support/pythonPeer';
import {
  command,
  expand,
  listConnections,
  row,
  rowsUnder,
  select,
  waitForRow,
  waitForStatus,
} from './editor';
import { profileTo } from './profiles';

for (const version of RPYC_VERSIONS) {
  describe(`a service of rpyc ${version} under the default policy`, () => {
    const name = `Service ${version}`;
    const root = [name, 'Root service'];
    let peer: PythonPeer;

    before(async () => {
      peer = await startPeer(version, 'strict_service.py');
      await listConnections([profileTo(peer, name)]);
    });

    after(async () => {
      await command('rpyc.disconnect', name);
      await listConnections([]);
      await peer[Symbol.asyncDispose]();
    });

    it('shows its root and nothing of the Python behind it', async () => {
      await command('rpyc.connect', name);
      const { peer: told } = await waitForStatus(name, 'connected');
      assert.equal(told?.service, 'service');
      assert.match(told.rootType, /CalcService$/);
      await waitForRow(root);
      assert.deepEqual(
        rowsUnder([name]).map(({ label }) => label),
        ['Root service'],
      );
    });

    it('tells methods from data, and what is out of reach', async () => {
      await expand(root);
      const add = row([...root, 'add']);
      assert.deepEqual([add.kind, add.description], ['method', 'Adds two numbers.  ·  method']);
      assert.match(row([...root, 'private']).description, /not exposed by the service/);
      assert.match(row([...root, '_secret']).description, /private to the service/);
    });

    it('reads data when it is asked to', async () => {
      const data = [...root, 'version'];
      assert.match(row(data).description, /click to read/);
      await select(data, () => row(data).description.includes('(1, 2)'));
    });
  });
}
