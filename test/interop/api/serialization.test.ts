/** The entries of `rpyc.core.brine` and `rpyc.core.vinegar`: the same bytes and bodies as Python's own. */
import assert from 'node:assert/strict';

import {
  brine,
  type BrineValue,
  Complex,
  Ellipsis,
  Float,
  FrozenSet,
  getattr,
  type Netref,
  NotImplemented,
  PythonError,
  RemoteError,
  RpycError,
  Slice,
  type_,
  vinegar,
} from '../../../server/src/rpyc/index';
import { describeApi } from '../../support/apiEntry';

const SAMPLES: readonly BrineValue[] = [
  ...[null, true, false, 0, 159, 160, -49, 2n ** 70n, 1.5, new Float(2), new Complex(1, -2)],
  ...['', 'grün', new Uint8Array([0, 255]), [], [1, ['two', null]], Ellipsis, NotImplemented],
  ...[new Slice(1, 2, null), new FrozenSet([7])],
];

const BY_VALUE = `lambda: (None, True, 0, 160, 2 ** 70, 1.5, 1j, "gr\\u00fcn", b"\\x00\\xff", (1, ("two",)), frozenset([7]))`;

describeApi('rpyc.core.brine', (entry) => {
  entry('dump', async (peer) => {
    const connection = await peer.connect();
    const theirs = connection.modules['rpyc.core.brine'];
    for (const sample of SAMPLES) {
      const expected = (await theirs?.['dump']?.(sample)) as Uint8Array;
      assert.deepEqual(Buffer.from(brine.dump(sample)), Buffer.from(expected));
    }
  });

  entry('load', async (peer) => {
    const connection = await peer.connect();
    const theirs = connection.modules['rpyc.core.brine'];
    const values = await connection.eval(BY_VALUE);
    const bytes = (await theirs?.['dump']?.(await (values as () => Promise<BrineValue>)())) as Uint8Array;
    assert.deepEqual(brine.load(bytes), [
      ...[null, true, 0, 160, 2n ** 70n, 1.5, new Complex(0, 1), 'grün', new Uint8Array([0, 255])],
      ...[[1, ['two']], new FrozenSet([7])],
    ]);
  });

  entry('dumpable', async (peer) => {
    const connection = await peer.connect();
    const theirs = connection.modules['rpyc.core.brine'];
    assert.equal(brine.dumpable([1, 'a', [null]]), await theirs?.['dumpable']?.([1, 'a', [null]]));
    assert.equal(brine.dumpable([1, {}]), await theirs?.['dumpable']?.(await connection.eval('(1, {})')));
    assert.equal(brine.dumpable([1, {}]), false);
  });
});

const OPEN = { includeTraceback: true, includeVersion: true, localVersion: '5.3.1' };

describeApi('rpyc.core.vinegar', (entry) => {
  entry('dump', async (peer) => {
    const connection = await peer.connect();
    const body = vinegar.dump(new PythonError('ValueError', ['odd', 3]), OPEN);
    const raised = connection.modules['rpyc.core.vinegar']?.['load']?.(body, false, false, false);
    const exception = (await raised) as Netref;
    assert.deepEqual(await getattr(exception, 'args'), ['odd', 3]);
    assert.deepEqual(type_(exception), { module: 'builtins', name: 'ValueError', isClass: false });
  });

  entry('load', async (peer) => {
    const connection = await peer.connect();
    await connection.execute(
      'import sys, rpyc.core.vinegar as v\n' +
        'try: {}["gone"]\n' +
        'except KeyError: dumped = v.dump(*sys.exc_info(), include_local_traceback=True, include_local_version=True)\n',
    );
    const error = vinegar.load(await connection.eval<BrineValue>('dumped'));
    assert.equal(error.typeName, 'KeyError');
    assert.deepEqual(error.args, ['gone']);
    assert.equal(error.attributes.get('_remote_version'), peer.version);
    assert.ok(error.frames.length > 0);
  });

  entry('GenericException', async (peer) => {
    const connection = await peer.connect();
    await connection.execute('class Own(Exception):\n  code = 7\n');
    const failing = Promise.resolve(connection.execute('raise Own("mine")'));
    const error: unknown = await failing.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    assert.ok(error instanceof RemoteError && error instanceof RpycError);
    assert.deepEqual([error.typeName, error.args, error.attributes.get('code')], ['Own', ['mine'], 7]);
    assert.equal(error.name, 'RemoteError');
  });
});
