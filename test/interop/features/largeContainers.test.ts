/** Large things are opened page by page: few requests, few bytes, and nothing is copied on the peer. */
import assert from 'node:assert/strict';

import { Explorer } from '../../support/explorer';
import { RPYC_VERSIONS, startClassic } from '../../support/pythonPeer';
import { Relay } from '../../support/relay';

/** What the tree asks for at once. */
const PAGE_SIZE = 100;
const MEGABYTE = 1_000_000;
const REFUSAL = /Traceback|denied|cannot access/;

const LARGE = `
ones = list(range(1000000))
pairs = dict((str(n), n) for n in range(150000))
`;

/** Most memory that this page of the helper takes on the peer, beside what was there before. */
const PEAK = `
import gc, tracemalloc
agent = [o for o in gc.get_objects() if type(o).__name__ == 'Agent' and type(o).__module__ == 'rpyc_explorer'][0]
def peak(name, offset):
    tracemalloc.start()
    try:
        assert len(agent.page((), 'namespace', (('a', name),), offset, 100, '')[5]) == 100
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
`;

for (const version of RPYC_VERSIONS) {
  describe(`large containers of rpyc ${version}`, function () {
    this.timeout(60_000);
    // Told, since a server logs a guess that is wrong.
    const dialect = version === '5.3.0' ? 'C' : 'D';

    for (const [name, length] of [
      ['ones', 1_000_000],
      ['pairs', 150_000],
    ] as const) {
      it(`opens ${name}, of ${length} items, in one request of less than a megabyte`, async () => {
        await using peer = await startClassic(version);
        await using relay = await Relay.start(peer);
        await using explorer = await Explorer.connect(relay, { profile: { dialect } });
        await explorer.run(LARGE);
        const row = await explorer.find('Namespace', name);
        assert.equal(row.length, length);
        for (const offset of [0, length - PAGE_SIZE]) {
          await relay.reset();
          const page = await explorer.page(row, offset, PAGE_SIZE);
          const { roundTrips, up, down } = await relay.counts();
          assert.deepEqual([page.total, page.nodes.length], [length, PAGE_SIZE]);
          assert.equal(roundTrips, 1);
          assert.ok(up.bytes + down.bytes < MEGABYTE, `${up.bytes + down.bytes} bytes`);
        }
        await explorer.run(PEAK);
        for (const offset of [0, length - PAGE_SIZE]) {
          const peak = Number(await explorer.value(`peak('${name}', ${offset})`));
          assert.ok(peak > 0 && peak < MEGABYTE, `${peak} bytes on the peer from ${offset} on`);
        }
        assert.doesNotMatch(peer.log(), REFUSAL);
      });
    }
  });
}
