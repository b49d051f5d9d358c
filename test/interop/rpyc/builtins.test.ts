/** Python's builtin functions and the asynchronous helpers, each with a netref and with a path, told apart from doing nothing. */
import assert from 'node:assert/strict';

import {
  async_,
  asyncreq,
  AsyncResult,
  buffiter,
  call,
  callattr,
  cmp,
  contains,
  delattr,
  delitem,
  dir,
  enter,
  exit,
  getattr,
  getitem,
  Handler,
  hasattr,
  hash,
  inspectMethods,
  isinstance,
  isNetref,
  iter,
  kwargs,
  len,
  type Netref,
  next,
  type Path,
  release,
  type Remote,
  RemoteError,
  repr,
  setattr,
  setitem,
  str,
  syncreq,
  timed,
  type_,
  using_,
} from '../../../server/src/rpyc/index';
import { eventually } from '../../support/poll';
import { ClassicFixture, forEachVersion, lentByPeer } from '../../support/rpycPeers';

const THING = `
class Thing(object):
    """A thing."""
    log = []
    def __init__(self): self.items = {'key': 'value', 'b': [1]}; self.number = 7
    def __repr__(self): return '<thing %d>' % self.number
    def __str__(self): return 'thing %d' % self.number
    def __hash__(self): return 4711
    def __len__(self): return len(self.items)
    def __contains__(self, item): return item in self.items
    def __getitem__(self, key): return self.items[key]
    def __setitem__(self, key, value): self.items[key] = value
    def __delitem__(self, key): del self.items[key]
    def __iter__(self): return iter(sorted(self.items))
    def __call__(self, *args, **named): return (args, tuple(sorted(named.items())))
    def __eq__(self, other): return other == self.number
    def __lt__(self, other): return self.number < other
    def __enter__(self): self.log.append('enter'); return 'entered'
    def __exit__(self, kind, value, trace): self.log.append(kind is not None); return self.number == 8
    def method(self, a, b=2):
        "Adds."
        return a + b
class Other(Thing): pass
class Holder(object): pass
holder = Holder()
holder.thing = Thing()
`;

forEachVersion('The builtin functions', (version) => {
  const fixture = new ClassicFixture(version);

  /** Runs the same with a netref and with a path to an object. */
  async function both(use: (ref: Remote, form: string) => Promise<void>): Promise<void> {
    const { connection } = fixture;
    for (const form of ['netref', 'path']) {
      await connection.execute(THING);
      const holder = await connection.eval<Netref>('holder');
      const path = holder['thing'] as Path;
      await use(form === 'path' ? path : ((await path) as Netref), form);
    }
  }
  const evaluate = async (text: string): Promise<unknown> => await fixture.connection.eval(text);

  it('read, set, delete and look for attributes', async () => {
    await both(async (ref) => {
      assert.equal(await getattr(ref, 'number'), 7);
      assert.equal(await hasattr(ref, 'fresh'), false);
      await setattr(ref, 'fresh', 'set');
      assert.equal(await evaluate('holder.thing.fresh'), 'set');
      assert.equal(await hasattr(ref, 'fresh'), true);
      await delattr(ref, 'fresh');
      assert.equal(await evaluate("hasattr(holder.thing, 'fresh')"), false);
      await assert.rejects(delattr(ref, 'fresh'), { typeName: 'AttributeError' });
      assert.ok((await dir(ref)).includes('method'));
    });
  });

  it('call, with names or without', async () => {
    await both(async (ref) => {
      assert.deepEqual(await call(ref, [1, 2], { x: 3 }), [[1, 2], [['x', 3]]]);
      assert.deepEqual(await call(ref), [[], []]);
      assert.equal(await callattr(ref, 'method', [1]), 3);
      assert.equal(await callattr(ref, 'method', [1], kwargs({ b: 5 })), 6);
      assert.deepEqual(await (ref as Netref)(1, kwargs({ y: 2 })), [[1], [['y', 2]]]);
    });
  });

  it('show, hash and measure', async () => {
    await both(async (ref) => {
      assert.equal(await repr(ref), '<thing 7>');
      assert.equal(await str(ref), 'thing 7');
      assert.equal(await hash(ref), 4711);
      assert.equal(await len(ref), 2);
    });
  });

  it('reach items', async () => {
    await both(async (ref) => {
      assert.equal(await getitem(ref, 'key'), 'value');
      assert.equal(await contains(ref, 'new'), false);
      await setitem(ref, 'new', 9);
      assert.equal(await contains(ref, 'new'), true);
      assert.equal(await evaluate("holder.thing.items['new']"), 9);
      await delitem(ref, 'new');
      assert.equal(await evaluate("'new' in holder.thing.items"), false);
      await assert.rejects(getitem(ref, 'new'), { typeName: 'KeyError' });
    });
  });

  it('iterate', async () => {
    await both(async (ref) => {
      const iterator = await iter(ref);
      assert.equal(await next(iterator), 'b');
      assert.equal(await next(iterator), 'key');
      await assert.rejects(next(iterator), { typeName: 'StopIteration' });
      const loop: unknown[] = [];
      for await (const item of ref) loop.push(item);
      assert.deepEqual(loop, ['b', 'key']);
      const chunks: unknown[] = [];
      for await (const item of buffiter(ref, 1, 2, 1)) chunks.push(item);
      assert.deepEqual(chunks, ['b', 'key']);
    });
    assert.throws(() => buffiter(fixture.connection.eval('[]'), 1, 10, 0.5), RangeError);
  });

  it('iterate with the first item as soon as it is there', async () => {
    const { connection } = fixture;
    await connection.execute(`
def told(tell, last):
    for item in range(last):
        tell(item)
        yield item
    raise ValueError('no more')
`);
    const generator = await connection.eval<Netref>('told');
    /** What is there already when the generator makes each item, and at its end. */
    const readBy = async (read: (ref: Netref) => AsyncIterable<unknown>): Promise<readonly unknown[]> => {
      const got: unknown[] = [];
      const seen: number[] = [];
      const ref = await generator<Netref>(() => void seen.push(got.length), 2);
      await assert.rejects(
        async () => {
          for await (const item of read(ref)) got.push(item);
        },
        { typeName: 'ValueError' },
      );
      return [...seen, got];
    };
    const [first, second, got] = await readBy((ref) => ref);
    assert.deepEqual([first, second], [0, 1]);
    // The second item may be in the chunk that raises.
    assert.equal((got as unknown[])[0], 0);
    assert.deepEqual(await readBy((ref) => buffiter(ref, 1, 1)), [0, 1, [0, 1]]);
    assert.deepEqual(await readBy((ref) => buffiter(ref)), [0, 0, []]);
  });

  it('compare, and know classes', async () => {
    const { connection } = fixture;
    await both(async (ref) => {
      assert.deepEqual([await cmp(ref, 7, '__eq__'), await cmp(ref, 6, '__eq__')], [true, false]);
      assert.deepEqual([await cmp(ref, 8, '__lt__'), await cmp(ref, 6, '__lt__')], [true, false]);
      assert.equal(await isinstance(ref, connection.eval('Thing')), true);
      assert.equal(await isinstance(ref, connection.eval('Other')), false);
      assert.equal(await isinstance(ref, await connection.eval<Netref>('object')), true);
    });
    const other = await connection.eval<Netref>('Other()');
    assert.equal(await isinstance(other, connection.eval('Thing')), true);
    assert.equal(type_(other).name, 'Other');
    const methods = await inspectMethods(other);
    assert.equal(methods.get('method'), 'Adds.');
  });

  it('enter and leave', async () => {
    await both(async (ref) => {
      assert.equal(await enter(ref), 'entered');
      assert.equal(await exit(ref), false);
      assert.equal(await exit(ref, new Error('mine')), false);
      await setattr(ref, 'number', 8);
      assert.equal(await exit(ref, new Error('mine')), true);
      assert.equal(await using_(ref, (entered) => `${String(entered)} body`), 'entered body');
      const log = 'tuple(Thing.log)';
      assert.deepEqual(await evaluate(log), ['enter', false, true, true, 'enter', false]);
    });
  });

  it('release', async () => {
    const { connection } = fixture;
    const set = await connection.eval<Netref>('{1}');
    assert.equal((await lentByPeer(connection))['set'], 1);
    await release(set);
    await eventually('the peer has it back', async () => !('set' in (await lentByPeer(connection))));
    assert.ok(isNetref(set));
    await assert.rejects(len(set), { code: 'ERR_RELEASED' });
  });

  it('send any request about an object', async () => {
    await both(async (ref) => {
      assert.equal(await syncreq(ref, Handler.repr), '<thing 7>');
      assert.equal(await syncreq(ref, Handler.callattr, 'method', [1], [['b', 4]]), 5);
      const result = asyncreq(ref, Handler.getattr, 'number');
      assert.ok(result instanceof AsyncResult);
      assert.equal(await result.value, 7);
      const failed = asyncreq(ref, Handler.getattr, 'missing');
      await failed.wait();
      assert.equal(failed.error, true);
      await assert.rejects(failed.value, RemoteError);
    });
  });

  it('call without waiting, with a limit or without', async () => {
    const { connection } = fixture;
    const sleep = connection.modules['time']?.['sleep'] as Path;
    const heard: string[] = [];
    const quick = async_(sleep)(0);
    assert.deepEqual([quick.ready, quick.error, quick.expired], [false, false, false]);
    quick.addCallback((result) => heard.push(`early ${String(result === quick)}`));
    assert.equal(await quick.value, null);
    quick.addCallback(() => heard.push('late'));
    assert.deepEqual(heard, ['early true', 'late']);
    assert.deepEqual([quick.ready, quick.error, quick.expired], [true, false, false]);
    const named = async_(connection.eval('lambda *a, **k: (a, sorted(k))'))(1, kwargs({ z: 1 }));
    const [args] = (await named.value) as readonly unknown[];
    assert.deepEqual(args, [1]);

    const late = timed(await connection.eval<Netref>("__import__('time').sleep"), 0.02)(0.2);
    await assert.rejects(late.wait(), { code: 'ERR_TIMEOUT' });
    assert.deepEqual([late.ready, late.error, late.expired], [false, false, true]);
    await assert.rejects(late.value, { code: 'ERR_TIMEOUT' });
    const inTime = timed(sleep, 10)(0.01);
    assert.equal(await inTime.value, null);
    const extended = async_(sleep)(0.1);
    extended.setExpiry(0.01);
    extended.setExpiry(null);
    await extended.wait();
    assert.equal(extended.expired, false);
  });
});
