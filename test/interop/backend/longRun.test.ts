/** A run that takes longer than any time limit of rpyc, and the tree beside it. */
import assert from 'node:assert/strict';

import { Connect, ObjectChildren, ObjectRoots, Run } from '../../../server/src/api/messages';
import { Backend } from '../../support/backend';
import { named } from '../../support/explorer';
import { profileTo } from '../../support/pool';
import { RPYC_VERSIONS, startClassic } from '../../support/pythonPeer';

/** Above the 30 s after which rpyc gives up by default, on either side. */
const SECONDS = 45;

/** Opens a row of the tree again and again while the run goes on; how often that was. */
async function explore(backend: Backend, isOver: () => boolean): Promise<number> {
  let opened = 0;
  const builtins = named(await backend.request(ObjectRoots, { profileId: 'p' }), 'Builtins');
  while (!isOver()) {
    const { nodes } = await backend.request(ObjectChildren, {
      handle: builtins.handle,
      offset: 0,
      limit: 100,
      filter: 'print',
    });
    assert.ok(nodes.some(({ name }) => name === 'print'));
    opened += 1;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  return opened;
}

async function runLong(version: (typeof RPYC_VERSIONS)[number]): Promise<void> {
  await using peer = await startClassic(version);
  await using backend = await Backend.start([profileTo(peer)]);
  await backend.request(Connect, { profileId: 'p' });
  let over = false;
  const source = `import time; time.sleep(${SECONDS}); print(1)`;
  const run = backend
    .request(Run, { profileId: 'p', runId: 'r', source, fileName: '/x.py', lineOffset: 0 })
    .finally(() => (over = true));
  const [{ status, elapsedMs }, opened] = await Promise.all([run, explore(backend, () => over)]);
  assert.equal(status, 'done');
  assert.ok(elapsedMs >= SECONDS * 1000);
  assert.equal(backend.output.map(({ text }) => text).join(''), '1\n');
  // The tree was never kept waiting by the run; a busy machine opens fewer rows.
  assert.ok(opened > SECONDS, `${opened} rows`);
}

describe('job 5: run longer than 30 s', () => {
  it(`finishes after ${SECONDS} s on rpyc ${RPYC_VERSIONS.join(' and ')}, and the tree answers all along`, async function () {
    this.timeout(120_000);
    await Promise.all(RPYC_VERSIONS.map(runLong));
  });
});
