import assert from 'node:assert/strict';

import type { ConnectionState } from '../../../../server/src/api/model';
import { ObjectTree } from '../../../../server/src/features/inspect/objectTree';
import { RunsInProgress } from '../../../../server/src/features/run/runsInProgress';
import { ProblemError } from '../../../../server/src/features/problem';
import { silentLogger } from '../../../../server/src/rpyc/index';

const STATE: ConnectionState = {
  profileId: 'p',
  generation: 1,
  status: 'connected',
  openConnections: 1,
  busy: false,
  peer: {
    dialect: 'D',
    serverKind: 'threaded',
    service: 'classic',
    rootType: 'rpyc.core.service.SlaveService',
  },
};

/** A tree whose helper on the peer answers everything with this. */
function treeWith(answer: unknown, state: ConnectionState = STATE): ObjectTree {
  type Options = ConstructorParameters<typeof ObjectTree>[0];
  const lease = {
    profileId: 'p',
    generation: 1,
    purpose: 'explore',
    agent: { ask: () => Promise.resolve(answer) },
    dispose: () => undefined,
  };
  return new ObjectTree({
    epoch: 'now',
    lend: (() => Promise.resolve(lease)) as unknown as Options['lend'],
    state: () => state,
    label: () => 'Lab',
    runs: new RunsInProgress({
      lendBeside: () => Promise.reject(new Error('not here')),
      label: () => 'Lab',
      askUser: () => Promise.resolve(null),
    }),
    logger: silentLogger,
  });
}

async function codeFor(
  answer: unknown,
  ask: 'children' | 'describe' | 'read' | 'text' | 'resolve',
): Promise<string> {
  const tree = treeWith(answer);
  const [root] = tree.roots('p');
  assert.ok(root);
  const { handle, path } = root;
  const work: Record<typeof ask, () => Promise<unknown>> = {
    children: () => tree.children({ handle, offset: 0, limit: 100 }),
    describe: () => tree.describe(handle),
    read: () => tree.read(handle),
    text: () => tree.text(handle, 100),
    resolve: () => tree.resolve('p', [...path, { kind: 'attr', name: 'x' }]),
  };
  const error: unknown = await work[ask]().then(
    () => assert.fail('It did not fail'),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof ProblemError, String(error));
  return error.problem.code;
}

describe('The tree and a peer that lies', () => {
  const WRONG: unknown[] = [
    null,
    5,
    'ok',
    [],
    ['what'],
    ['ok'],
    ['ok', 1, 2],
    ['ok', -1, 0, false, '', []],
    [['ok']],
  ];
  for (const answer of WRONG) {
    it(`takes ${JSON.stringify(answer)} for no answer`, async () => {
      for (const ask of ['children', 'describe', 'text', 'resolve'] as const) {
        assert.equal(await codeFor(answer, ask), 'ERR_SHAPE', ask);
      }
    });
  }

  it('takes the refusals of the helper for what they are', async () => {
    assert.equal(await codeFor(['gone', 'x is not there'], 'children'), 'ERR_GONE');
    assert.equal(await codeFor(['unread', 'x'], 'children'), 'ERR_UNREAD');
    assert.equal(await codeFor(['stale', 'x'], 'children'), 'ERR_STALE');
    assert.equal(await codeFor(['limit', 'x'], 'children'), 'ERR_HELD_LIMIT');
  });

  it('has no rows for a connection that is not there', () => {
    assert.throws(() => treeWith(null, { ...STATE, status: 'lost' }).roots('p'), ProblemError);
  });

  it('refuses paths that begin nowhere', async () => {
    const tree = treeWith(null);
    const paths = [
      [],
      [{ kind: 'attr', name: 'x' }],
      Array(1000).fill({ kind: 'root', name: 'namespace' }),
    ] as unknown as Parameters<ObjectTree['resolve']>[1][];
    for (const path of paths) {
      await assert.rejects(tree.resolve('p', path), ProblemError);
    }
  });
});
