/** The entries of `rpyc.core.netref`: what can be asked of a remote object of Python's. */
import assert from 'node:assert/strict';

import {
  asyncreq,
  AsyncResult,
  Handler,
  inspectMethods,
  isNetref,
  type Netref,
  syncreq,
} from '../../../server/src/rpyc/index';
import { describeApi } from '../../support/apiEntry';

describeApi('rpyc.core.netref', (entry) => {
  entry('syncreq', async (peer) => {
    const connection = await peer.connect();
    const list = await connection.eval<Netref>('[1, 2, 3]');
    assert.equal(await syncreq(list, Handler.repr), '[1, 2, 3]');
    const length = (await syncreq(list, Handler.getattr, '__len__')) as Netref;
    assert.equal(await syncreq(length, Handler.call, [], []), 3);
    await assert.rejects(syncreq(list, Handler.getattr, 'nothing'), { typeName: 'AttributeError' });
  });

  entry('asyncreq', async (peer) => {
    const connection = await peer.connect();
    await connection.execute('import time\ndef slow(value): time.sleep(0.05); return value');
    const slow = await connection.eval<Netref>('slow');
    const results = [1, 2].map((value) => asyncreq(slow, Handler.call, [value], []));
    assert.ok(results.every((result) => result instanceof AsyncResult && !result.ready));
    assert.deepEqual(await Promise.all(results.map((result) => result.value)), [1, 2]);
  });

  entry('BaseNetref', async (peer) => {
    const connection = await peer.connect();
    for (const text of ['[]', 'object()', 'object', 'len', '__import__("os")']) {
      assert.equal(isNetref(await connection.eval(text)), true, text);
    }
    for (const value of [await connection.eval('"text"'), await connection.eval('(1, None)'), [], {}]) {
      assert.equal(isNetref(value), false);
    }
  });

  entry('inspect_methods', async (peer) => {
    const connection = await peer.connect();
    await connection.execute(
      'class Own:\n  def told(self): "As told."\n  def untold(self): pass\n  field = 1',
    );
    const own = await connection.eval<Netref>('Own()');
    const methods = await inspectMethods(own);
    assert.deepEqual(
      [methods.get('told'), methods.get('untold'), methods.has('field')],
      ['As told.', null, false],
    );
    await connection.execute(
      'from rpyc.lib import get_methods\nfrom rpyc.core.netref import LOCAL_ATTRS\n' +
        'told = tuple(sorted(get_methods(LOCAL_ATTRS, Own()), key=lambda pair: pair[0]))',
    );
    const theirs = await connection.eval<readonly (readonly [string, string | null])[]>('told');
    const byName = [...methods].sort(([left], [right]) => (left < right ? -1 : 1));
    assert.deepEqual(byName, theirs);
  });
});
