import assert from 'node:assert/strict';

import type { ObjectNode } from '../../../server/src/api/model';
import { Explorer, named } from '../../support/explorer';
import { RPYC_VERSIONS, startClassic } from '../../support/pythonPeer';
import { Relay } from '../../support/relay';

const VALUES = `
class Base(object): pass
class Probe(Base):
    def __getattr__(self, name): touched.append(name)
    def __repr__(self): touched.append('repr')
class Late(Probe): pass
touched = []
def measure(depth):
    probe = Probe()
    raise ValueError('too deep')
try:
    measure(3)
except ValueError as error:
    failure = error
data = bytes(1 << 30)
`;

const PAGE_BYTES = 100_000;

for (const version of RPYC_VERSIONS) {
  describe(`what opening a row shows first, and rpyc ${version}`, function () {
    this.timeout(60_000);

    it('opens classes, exceptions, frames and a gigabyte of bytes with one request each, and runs nothing', async () => {
      await using server = await startClassic(version);
      await using relay = await Relay.start(server);
      await using explorer = await Explorer.connect(relay);
      await explorer.run(VALUES);
      const connected = server.log().length;
      const before = explorer.tree.heldCount('p');
      const { nodes } = await explorer.page(explorer.root('Namespace'));
      await relay.reset();
      const opened: ObjectNode[] = [];
      const open = async (node: ObjectNode): Promise<readonly ObjectNode[]> => {
        opened.push(node);
        return (await explorer.page(node)).nodes;
      };
      const probe = await open(named(nodes, 'Probe'));
      const classes = await open(named(probe, 'MRO'));
      const below = await open(named(probe, 'Subclasses'));
      const failure = await open(named(nodes, 'failure'));
      const trace = await open(named(failure, 'Traceback'));
      const frame = await open(named(trace, '[1]'));
      const lines = await open(named(nodes, 'data'));
      const { roundTrips, down } = await relay.counts();
      assert.equal(roundTrips, 7);
      assert.ok(down.bytes < PAGE_BYTES, `${down.bytes} bytes`);
      assert.deepEqual(
        [classes, below].map((rows) => rows.map(({ kind }) => kind)),
        [['class', 'class', 'class'], ['class']],
      );
      assert.equal(classes[1]?.expression, 'Probe.__mro__[1]');
      assert.equal(await explorer.value(`${below[0]?.expression} is Late`), 'True');
      assert.match(trace[1]?.value ?? '', /^measure, snippet\.py:\d+$/);
      assert.deepEqual(
        frame.slice(0, 2).map(({ name }) => name),
        ['depth', 'probe'],
      );
      assert.match(lines[1]?.value ?? '', /^(00 ){7}00 {2}\|\.{8}\|$/);
      const last = await explorer.page(named(nodes, 'data'), 2 ** 27 - 1);
      assert.deepEqual(
        last.nodes.map(({ name }) => name),
        ['0x3ffffff8'],
      );
      explorer.tree.release([...opened, ...nodes].map(({ handle }) => handle));
      assert.equal(explorer.tree.heldCount('p'), before);
      assert.equal(await explorer.value('touched'), '[]');
      assert.doesNotMatch(server.log().slice(connected), /Traceback|denied|cannot access/);
    });
  });
}
