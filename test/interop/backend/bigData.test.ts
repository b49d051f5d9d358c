/** Job 8 of users.md: objects of any size open at once, and little of them travels. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

import { Connect, ObjectChildren, ObjectRoots, Run } from '../../../server/src/api/messages';
import type { ObjectNode, ObjectPage } from '../../../server/src/api/model';
import { Backend } from '../../support/backend';
import { named } from '../../support/explorer';
import { profileTo } from '../../support/pool';
import { RPYC_VERSIONS, startClassic } from '../../support/pythonPeer';
import { Relay } from '../../support/relay';

const PAGE = 100;
const FIRST_PAGE_MS = 500;
const MOVED_BYTES = 1_000_000;
const BACKEND_MB = 200;
const ITEMS = 1_000_000;
const DICTS = 150_000;
const ARRAY_BYTES = 1_000_000_000;

const SOURCES = {
  numbers: `numbers = list(range(${ITEMS}))`,
  records: `records = [{'id': n, 'name': 'record %d' % n, 'ok': n % 2 == 0} for n in range(${DICTS})]`,
  array: `import numpy\narray = numpy.zeros(${ARRAY_BYTES / 8})`,
} as const;

/** The most memory that a process has had so far, in MB. */
function peakMb(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024;
}

for (const version of RPYC_VERSIONS) {
  const dialect = version === '5.3.0' ? 'C' : 'D';

  describe(`job 8: big data, no freeze, on rpyc ${version}`, function () {
    this.timeout(120_000);

    for (const [name, source] of Object.entries(SOURCES)) {
      it(`job 8: big data, no freeze: ${name}`, async () => {
        await using server = await startClassic(version);
        await using relay = await Relay.start(server);
        await using backend = await Backend.start([profileTo(relay, { dialect })]);
        await backend.request(Connect, { profileId: 'p' });
        const run = { profileId: 'p', runId: 'r', source, fileName: '/x.py', lineOffset: 0 };
        assert.equal((await backend.request(Run, run)).status, 'done');
        const namespace = named(await backend.request(ObjectRoots, { profileId: 'p' }), 'Namespace');
        const children = ({ handle }: ObjectNode, offset = 0): Promise<ObjectPage> =>
          backend.request(ObjectChildren, { handle, offset, limit: PAGE });

        await relay.reset();
        const began = performance.now();
        const node = named((await children(namespace)).nodes, name);
        const page = await children(node);
        const took = performance.now() - began;
        assert.ok(took < FIRST_PAGE_MS, `The first page took ${Math.round(took)} ms`);
        assert.ok(page.nodes.length > 0);
        if (name !== 'array') {
          const total = name === 'numbers' ? ITEMS : DICTS;
          assert.deepEqual({ shown: page.nodes.length, total: page.total }, { shown: PAGE, total });
          // Of one of them what is in it, and the last page.
          const last = await children(node, total - PAGE);
          assert.equal(last.nodes.at(-1)?.name, `[${total - 1}]`);
          if (name === 'records') {
            const record = await children(named(last.nodes, `[${total - 1}]`));
            assert.deepEqual(
              record.nodes.map((each) => each.name),
              ["'id'", "'name'", "'ok'"],
            );
          }
        }
        const { up, down } = await relay.counts();
        const bytes = up.bytes + down.bytes;
        assert.ok(bytes < MOVED_BYTES, `${bytes} bytes were moved`);
        const memory = peakMb(backend.pid);
        assert.ok(memory < BACKEND_MB, `The background process had ${Math.round(memory)} MB`);
        assert.doesNotMatch(server.log(), /Traceback|denied|cannot access/);
      });
    }
  });
}
