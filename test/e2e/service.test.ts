import assert from 'node:assert/strict';

import { eventually } from '../support/poll';
import { type PythonPeer, RPYC_VERSIONS, startPeer } from '../support/pythonPeer';
import {
  click,
  command,
  expand,
  hover,
  listConnections,
  row,
  rowsUnder,
  select,
  waitForRow,
  waitForStatus,
} from './editor';
import { profileTo } from './profiles';

const REFUSAL = /AttributeError|Exception caught|cannot access/;

for (const version of RPYC_VERSIONS) {
  describe(`a service of rpyc ${version} under the default policy`, () => {
    const name = `Service ${version}`;
    const root = [name, 'Root service'];
    const privates = [...root, 'Private'];
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
      await expand(privates);
      assert.match(row([...privates, '_secret']).description, /private to the service/);
    });

    it('job 4: shows in grey what is out of reach, with the rule that blocks it', async () => {
      const looks = (name: string, above = root): unknown => {
        const { grey, icon, expanded } = row([...above, name]);
        return [grey, icon, expanded];
      };
      assert.deepEqual(looks('add'), [false, 'symbol-method', false]);
      assert.deepEqual(looks('version'), [false, 'eye-closed', false]);
      assert.deepEqual(looks('private'), [true, 'symbol-method', false]);
      assert.deepEqual(looks('_secret', privates), [true, 'lock', false]);
      assert.match(await hover([...root, 'add']), /Adds two numbers/);
      const rule = plain(await hover([...root, 'private']));
      assert.match(rule, /Only names that begin with exposed_ can be reached \(allow_public_attrs is off\)/);
      assert.match(
        plain(await hover([...privates, '_secret'])),
        /private to the service \(allow_all_attrs is off\)/,
      );
    });

    it('tells in the hover of the connection which known holes its release has', async () => {
      const text = plain(await hover([name]));
      assert.equal(text.includes('CVE-2024-27758'), version === '5.3.0', text);
    });

    it('reads data when it is asked to', async () => {
      const data = [...root, 'version'];
      assert.match(row(data).description, /click to read/);
      await select(data, () => row(data).description.includes('(1, 2)'));
    });
  });
}

/** Markdown without the backslashes that keep its marks from being any. */
function plain(markdown: string): string {
  return markdown.replace(/\\(?=[!-/:-@[-`{-~])/g, '');
}

for (const version of RPYC_VERSIONS) {
  describe(`what a service of rpyc ${version} is expected to refuse`, () => {
    const name = `Policy ${version}`;
    const root = [name, 'Root service'];
    const privates = [...root, 'Private'];
    let peer: PythonPeer;

    before(async () => {
      peer = await startPeer(version, 'open_service.py', ['public']);
      await listConnections([profileTo(peer, name)]);
      await command('rpyc.connect', name);
      await waitForStatus(name, 'connected');
      await expand(root);
    });

    after(async () => {
      await command('rpyc.disconnect', name);
      await listConnections([]);
      await peer[Symbol.asyncDispose]();
    });

    it('job 4: is not read by a click, and nothing of it is in the log of the server', async () => {
      await expand(privates);
      const blocked = [...privates, '_count'];
      assert.equal(row(blocked).grey, true);
      await click(blocked);
      await command('rpyc.readValue', row(blocked).id);
      assert.equal(row(blocked).grey, true);
      assert.doesNotMatch(peer.log(), REFUSAL);
    });

    it('job 4: is tried after one question, and corrects what is known where it is given', async () => {
      assert.equal(row([...root, 'get_question']).grey, true);
      const trying = command('rpyc.tryAnyway', row([...root, 'get_question']).id);
      await eventually('it was given', async () => {
        await command('workbench.action.acceptSelectedQuickOpenItem');
        return !row([...root, 'get_question']).grey;
      });
      await trying;
      assert.doesNotMatch(peer.log(), REFUSAL);
      // Of this connection it is not asked again.
      await command('rpyc.tryAnyway', row([...privates, '_count']).id);
      await eventually('it was refused', () => row([...privates, '_count']).description.includes('refused'));
      assert.match(peer.log(), REFUSAL);
    });
  });
}
