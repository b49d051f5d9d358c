/** A time limit and a signal hold for all of a call: also for the path in front of it and for those among its arguments. */
import assert from 'node:assert/strict';

import {
  async_,
  call,
  callattr,
  type ClassicConnection,
  classic,
  getattr,
  hasattr,
  isinstance,
  len,
  type Netref,
  type Path,
  type Remote,
  str,
} from '../../../server/src/rpyc/index';
import { ClassicFixture, forEachVersion } from '../../support/rpycPeers';

forEachVersion('Limits of a whole call', (version) => {
  const fixture = new ClassicFixture(version);

  /** Runs `body` while the peer of the connection is busy, and does not answer before `body` is done. */
  async function whileBusy(body: (connection: ClassicConnection) => Promise<void>): Promise<void> {
    const { connection } = fixture;
    await connection.execute('import sys, threading; gate = sys.gate = threading.Event()');
    const wait = await connection.eval<Netref>('gate.wait');
    const other = await fixture.connect();
    let isBusy = true;
    const done = call(wait, [50]).finally(() => (isBusy = false));
    try {
      await body(connection);
      assert.equal(isBusy, true, 'the limit ended the wait, not the peer');
    } finally {
      await callattr(member(other.getmodule('sys'), 'gate'), 'set');
      await done;
      await other.close();
    }
  }

  const member = (ref: Remote, name: string): Path => ref[name] as Path;
  const limit = { timeoutSeconds: 0.05 };

  it('end the wait for a path in time', async () => {
    await whileBusy(async (connection) => {
      const path = member(connection.getmodule('sys'), 'path');
      const ways: readonly (() => Promise<unknown>)[] = [
        () => call(member(connection.getmodule('time'), 'sleep'), [0], undefined, limit),
        () => str(path, limit),
        () => str(connection.eval('[1]'), limit),
        () => getattr(path, 'append', limit),
        () => hasattr(path, 'append', limit),
        () => len(path, limit),
        () => isinstance(path, member(connection.builtins, 'list'), limit),
        () => classic.obtain(connection.eval('[1]'), limit),
        () => classic.obtain(path, limit),
        () => classic.deliver(connection, [path], limit),
        () => classic.deliver(connection, [1], limit),
      ];
      await Promise.all(
        ways.map(async (way, index) => {
          await assert.rejects(way(), { code: 'ERR_TIMEOUT' }, `way ${index}`);
        }),
      );
    });
    // What was asked before is of no harm to what comes.
    assert.equal(await str(fixture.connection.eval('[1]'), { timeoutSeconds: 30 }), '[1]');
  });

  it('end the wait for paths among the arguments in time', async () => {
    const length = (await getattr(fixture.connection.builtins, 'len')) as Netref;
    await whileBusy(async (connection) => {
      const path = member(connection.getmodule('sys'), 'path');
      await assert.rejects(call(length, [path], undefined, limit), { code: 'ERR_TIMEOUT' });
    });
  });

  it('end it when the signal fires, and then nothing more is asked', async () => {
    const sys = await fixture.connection.eval<Netref>("__import__('sys')");
    const ended = new AbortController();
    const options = { signal: ended.signal };
    let asked = 0;
    await whileBusy(async (connection) => {
      const { requestsSent } = connection.counters;
      const waits = [str(member(sys, 'path'), options), len(member(sys, 'path'), options)];
      const fromCalls = [classic.obtain(connection.eval('[1]'), options)];
      ended.abort(new Error('enough'));
      for (const wait of [...waits, ...fromCalls]) await assert.rejects(wait, { code: 'ERR_ABORTED' });
      await assert.rejects(str(member(sys, 'path'), options), { code: 'ERR_ABORTED' });
      asked = connection.counters.requestsSent - requestsSent;
      assert.equal(asked, 3, 'the two attributes and the call');
      asked = connection.counters.requestsSent;
    });
    assert.equal(fixture.connection.counters.requestsSent, asked);
  });

  it('leave time enough where there is some, and none where the caller says so', async () => {
    const { connection } = fixture;
    const path = member(connection.getmodule('sys'), 'path');
    assert.equal(await len(path, { timeoutSeconds: 30 }), await len(path, { timeoutSeconds: null }));
    assert.deepEqual(await classic.obtain(connection.eval('[1]'), { timeoutSeconds: 30 }), [1]);
    assert.equal(await async_(member(connection.builtins, 'len'))([1, 2]).value, 2);
  });
});
