import assert from 'node:assert/strict';

import { Explorer, named } from '../../support/explorer';
import { RPYC_VERSIONS, startClassic } from '../../support/pythonPeer';
import { eventually } from '../../support/poll';
import { Relay } from '../../support/relay';

const VALUES = `
import time
def lines():
    for n in range(137): yield n
def fails():
    yield 'a'
    raise OSError('unplugged')
def blocks():
    yield 1
    waiting.append(True)
    while True: time.sleep(0.01)
waiting = []
lines, fails, blocks = lines(), fails(), blocks()
`;

for (const version of RPYC_VERSIONS) {
  describe(`taking from generators, and rpyc ${version}`, function () {
    this.timeout(60_000);

    it('takes in one request what is asked for, keeps it under Results, and can be interrupted', async () => {
      await using server = await startClassic(version);
      await using relay = await Relay.start(server);
      await using explorer = await Explorer.connect(relay);
      await explorer.run(VALUES);
      const { nodes } = await explorer.page(explorer.root('Namespace'));
      assert.deepEqual(
        nodes.filter(({ iterator }) => iterator).map(({ name }) => name),
        ['blocks', 'fails', 'lines'],
      );
      const { changes } = explorer.tree;
      const take = (name: string, callId = name): ReturnType<typeof changes.take> =>
        changes.take({ handle: named(nodes, name).handle, callId, count: 1000 });
      await relay.reset();
      const first = await take('lines');
      assert.equal((await relay.counts()).roundTrips, 1);
      assert.deepEqual([first.taken, first.ending, first.node?.length], [100, 'count', 100]);
      assert.deepEqual(first.node?.path[0], { kind: 'root', name: 'results' });
      const second = await take('lines');
      assert.deepEqual([second.taken, second.ending], [37, 'exhausted']);
      assert.ok(second.node !== undefined);
      assert.equal((await explorer.page(second.node, 36)).nodes[0]?.value, '136');
      assert.deepEqual(await take('lines').then(({ taken, node }) => [taken, node]), [0, undefined]);

      const failed = await take('fails');
      assert.deepEqual([failed.taken, failed.ending, failed.error?.message], [1, 'error', 'unplugged']);
      assert.match(failed.node?.name ?? '', /^#3 1 × next\(fails\), OSError$/);

      const stopped = take('blocks', 'block');
      await eventually('it blocks', async () => {
        const row = await explorer.find('Namespace', 'waiting');
        return row.value === '[True]';
      });
      await explorer.runs.interrupt({ profileId: 'p', runId: 'block', insist: true });
      const { taken, error } = await stopped;
      assert.deepEqual([taken, error?.typeName], [1, 'builtins.KeyboardInterrupt']);
    });
  });
}
