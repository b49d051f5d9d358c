/** Who holds what: the peer's table goes back to where it was, and one object is one netref. */
import assert from 'node:assert/strict';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import {
  getattr,
  getitem,
  Handler,
  hasattr,
  isNetref,
  type Netref,
  release,
  repr,
  setitem,
} from '../../../server/src/rpyc/index';
import { ClassicFixture, forEachVersion, lentByPeer, lentSettlesAt } from '../../support/rpycPeers';
import { asText, shortcutsOf } from '../../support/versions';
import { eventually } from '../../support/poll';

/** Collects garbage now, as `node --expose-gc` would let us. */
function collector(): () => void {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as () => void;
}

forEachVersion('References', (version) => {
  const fixture = new ClassicFixture(version);
  const evaluate = (text: string): Promise<Netref> => Promise.resolve(fixture.connection.eval<Netref>(text));
  /** The root object, which stays. */
  const ROOT = { SlaveService: 1 };

  it('are given back by release, once', async () => {
    const { connection } = fixture;
    assert.deepEqual(await lentByPeer(connection), ROOT);
    const list = await evaluate('[1]');
    assert.deepEqual(await lentByPeer(connection), { ...ROOT, list: 1 });
    await release(list);
    await release(list);
    await lentSettlesAt(connection, ROOT);
    await assert.rejects(repr(list), { code: 'ERR_RELEASED' });
    await assert.rejects(Promise.resolve(list['append']?.(1)), { code: 'ERR_RELEASED' });
    assert.equal(connection.heldReferences, 1);
  });

  it('count each arrival of one object and give all of it back', async () => {
    const { connection } = fixture;
    await connection.execute('shared = [1]\nother = []');
    const first = await evaluate('shared');
    const again = await evaluate('shared');
    const [third, other] = await connection.eval<readonly [Netref, Netref]>('(shared, other)');
    assert.equal(first, again);
    assert.equal(first, third);
    assert.notEqual(first, other);
    assert.deepEqual(await lentByPeer(connection), { ...ROOT, list: 2 });
    await release(first);
    await lentSettlesAt(connection, { ...ROOT, list: 1 });
    const anew = await evaluate('shared');
    assert.notEqual(anew, first);
    assert.equal(await repr(anew), '[1]');
  });

  it('come back as the object itself', async () => {
    const { connection } = fixture;
    const list = await evaluate('[]');
    await setitem(connection.namespace, 'mine', list);
    assert.equal(asText(await connection.eval('type(mine).__name__')), 'list');
    assert.equal(await getitem(connection.namespace, 'mine'), list);
  });

  it('to objects of ours come back as those objects', async () => {
    const echo = await evaluate('lambda value: value');
    const ours = { name: 'ours' };
    const callback = (): number => 1;
    assert.equal(await echo(ours), ours);
    assert.equal(await echo(callback), callback);
    const [first, [second]] = await echo<readonly [unknown, readonly unknown[]]>([ours, [callback, 1]]);
    assert.equal(first, ours);
    assert.equal(second, callback);
    await eventually(
      'the peer holds nothing of ours',
      () => fixture.connection.lentReferences <= shortcutsOf(version),
    );
  });

  it('on the way along a path are released when the chain settles', async () => {
    const { connection } = fixture;
    const path = connection.getmodule('os')['path'];
    assert.equal(asText(await path?.['join']?.('a', 'b')), 'a/b');
    await assert.rejects(Promise.resolve(path?.['missing']?.['further']), { typeName: 'AttributeError' });
    assert.equal(await hasattr(connection.getmodule('os'), 'getcwd'), true);
    for await (const item of connection.eval('[[1]]')) assert.ok(isNetref(item));
    await lentSettlesAt(connection, { ...ROOT, list: 2, module: 1 });
  });

  it('are given back when nothing needs the netref any more', async () => {
    const { connection } = fixture;
    const gc = collector();
    await (async () => {
      for (let round = 0; round < 50; round++) await evaluate('[1]');
      for await (const item of connection.eval('[{} for _ in range(100)]')) assert.ok(isNetref(item));
    })();
    await eventually('the peer has all its lists back', async () => {
      gc();
      const { list = 0, dict = 0 } = await lentByPeer(connection);
      return list === 0 && dict === 0;
    });
    assert.ok(connection.heldReferences <= 2, 'nothing is held here either');
  });

  it('by the ten thousand are given back by the collector, and on demand', async () => {
    const { connection } = fixture;
    const gc = collector();
    const take = async (): Promise<Netref[]> => {
      const taken: Netref[] = [];
      for await (const item of connection.eval('[{} for _ in range(10000)]')) taken.push(item as Netref);
      const { dict = 0 } = await lentByPeer(connection);
      assert.deepEqual([taken.length, dict], [10_000, 10_000]);
      return taken;
    };
    const settle = async (): Promise<void> => {
      await eventually('the peer’s table is as it was', async () => {
        gc();
        assert.deepEqual(await lentByPeer(connection), ROOT);
        return true;
      });
      assert.equal(connection.heldReferences, 1);
    };
    await take();
    await settle();
    // On demand nothing has to be collected, and nothing stands in the way of requests.
    const held = await take();
    const { framesSent } = connection.counters;
    for (const ref of held) await release(ref);
    assert.equal(connection.heldReferences <= 2, true);
    let sent = connection.counters.framesSent - framesSent;
    for (let turn = 0; sent < held.length && turn < 100; turn++) {
      await nextTurn();
      const now = connection.counters.framesSent - framesSent;
      assert.ok(now - sent <= 600, 'no turn of the event loop sends more than a batch');
      sent = now;
    }
    assert.ok(sent >= held.length);
    await settle();
    await assert.rejects(repr(held[0] as Netref), { code: 'ERR_RELEASED' });
  });

  it('stay as long as a path may need them', async () => {
    const { connection } = fixture;
    const gc = collector();
    const append = (await evaluate('[1, 2]'))['append'];
    for (let round = 0; round < 5; round++) {
      gc();
      await connection.ping();
    }
    assert.equal(await append?.(3), null);
  });

  it('in a reply that comes too late are given back', async () => {
    const { connection } = fixture;
    const late = connection.request(
      Handler.callattr,
      [await connection.root, 'eval', ["(__import__('time').sleep(0.1), [1], {})"], []],
      { timeoutSeconds: 0.02 },
    );
    await assert.rejects(late, { code: 'ERR_TIMEOUT' });
    await lentSettlesAt(connection, ROOT);
    const abort = new AbortController();
    const aborted = connection.request(
      Handler.callattr,
      [await connection.root, 'eval', ["(__import__('time').sleep(0.1), [1], {})"], []],
      { signal: abort.signal },
    );
    abort.abort();
    await assert.rejects(aborted, { code: 'ERR_ABORTED' });
    await lentSettlesAt(connection, ROOT);
    assert.equal(connection.heldReferences, 1);
  });

  it('of a connection that is gone reject', async () => {
    const connection = await fixture.connect();
    const list = await connection.eval<Netref>('[1]');
    await connection.close();
    await assert.rejects(repr(list), { code: 'ERR_CLOSED' });
    await assert.rejects(Promise.resolve(connection.eval('1')), { code: 'ERR_CLOSED' });
    await release(list);
  });

  it('of one connection can be offered over another', async () => {
    const { connection } = fixture;
    await using other = await fixture.connect({ config: { allow_public_attrs: true } });
    const list = await connection.eval<Netref>('[1, 2, 3]');
    const use = await other.eval<Netref>(
      'lambda l: (l.append(4), l[-1], [i for i in l], repr(l), l == l, hash(type(l)) != 0)[:4]',
    );
    const [, last, copy, text] = await use<readonly [null, number, Netref, string]>(list);
    assert.equal(last, 4);
    assert.equal(await repr(copy), '[1, 2, 3, 4]');
    assert.equal(asText(text), '[1, 2, 3, 4]');
    assert.equal(await getattr(list, '__len__').then((length) => (length as Netref)()), 4);
  });
});
