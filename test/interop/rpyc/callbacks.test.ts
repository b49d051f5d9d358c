/** A peer that calls us back while we wait for it, and what it sees of our objects. */
import assert from 'node:assert/strict';

import { Kwargs, type Netref, PythonError, RemoteError, repr } from '../../../server/src/rpyc/index';
import { eventually } from '../../support/poll';
import { ClassicFixture, forEachVersion } from '../../support/rpycPeers';
import { asText, shortcutsOf } from '../../support/versions';

forEachVersion('Callbacks', (version) => {
  const fixture = new ClassicFixture(version, { config: { allow_public_attrs: true } });
  const evaluate = (text: string): Promise<Netref> => Promise.resolve(fixture.connection.eval<Netref>(text));

  it('take arguments and keyword arguments, and give values', async () => {
    const apply = await evaluate('lambda f, *args, **named: f(*args, **named)');
    const seen: unknown[] = [];
    const callback = (...args: readonly unknown[]): string => {
      seen.push(...args);
      return 'done';
    };
    const spread = await evaluate('lambda f: f(1, "two", key=(3,))');
    assert.equal(await spread(callback), 'done');
    const [one, two, named] = seen;
    assert.deepEqual([one, asText(two)], [1, 'two']);
    assert.ok(named instanceof Kwargs);
    assert.deepEqual(named.entries(), [['key', [3]]]);
    assert.equal(await apply(() => undefined), null);
  });

  it('nest as deep as calls do', async () => {
    const countdown = await evaluate('lambda f, n: n if n == 0 else f(f, n - 1) + 1');
    const down = async (self: unknown, n: number): Promise<unknown> => await countdown(self, n);
    assert.equal(await countdown(down, 20), 20);
  });

  it('may be asynchronous', async () => {
    const { connection } = fixture;
    const twice = await evaluate('lambda f: f() + f()');
    let calls = 0;
    const slow = async (): Promise<number> => {
      calls += 1;
      return await connection.eval<number>(`${calls} * 10`);
    };
    assert.equal(await twice(slow), 30);
  });

  it('raise their errors at the peer, by their Python names', async () => {
    await fixture.connection.execute(`
def attempt(f):
    try:
        return f()
    except (ValueError, TypeError, KeyError) as e:
        return (type(e).__name__, e.args)
`);
    const caught = await evaluate('attempt');
    const raise = (error: Error) => (): never => {
      throw error;
    };
    const outcome = async (error: Error): Promise<unknown> => asText(await caught(raise(error)));
    assert.deepEqual(await outcome(new TypeError('kind')), ['TypeError', ['kind']]);
    assert.deepEqual(await outcome(new RangeError('range')), ['ValueError', ['range']]);
    assert.deepEqual(await outcome(new PythonError('KeyError', ['key'])), ['KeyError', ['key']]);
    await assert.rejects(Promise.resolve(caught(raise(new Error('other')))), (error) => {
      assert.ok(error instanceof RemoteError);
      assert.equal(error.message.includes('other'), true);
      assert.equal(error.remoteTraceback.includes(__dirname), false, 'no path of ours is told');
      return true;
    });
  });

  it('pass on an exception of the peer', async () => {
    const caught = await evaluate('lambda f: f()');
    const division = await evaluate('lambda: 1 // 0');
    await assert.rejects(Promise.resolve(caught(() => division())), { typeName: 'ZeroDivisionError' });
  });

  it('show arrays, maps, sets and iterables as what they are', async () => {
    const show = await evaluate('lambda x: (len(x), [i for i in x], 1 in x)');
    const withObject = (value: unknown): unknown[] => [value, 2, () => undefined];
    const [length, items] = await show<readonly [number, Netref, boolean]>(new Map([[1, 'one']]));
    assert.equal(length, 1);
    assert.equal(await repr(items), '[1]');
    assert.deepEqual((await show<readonly unknown[]>(new Set([1, 5])))[0], 2);
    const getitem = await evaluate('lambda x, key: x[key]');
    assert.equal(await getitem(new Map([['key', 'value']]), 'key'), 'value');
    await assert.rejects(Promise.resolve(getitem(new Map(), 'key')), { typeName: 'KeyError' });
    const list = await evaluate('lambda x: repr([i for i in x]).replace("u\'", "\'")');
    const generator = function* (): Generator<number> {
      yield 1;
      yield 2;
    };
    assert.equal(asText(await list(generator())), '[1, 2]');
    async function* later(): AsyncGenerator<string> {
      yield await Promise.resolve('a');
      yield 'b';
    }
    assert.equal(asText(await list(later())), "['a', 'b']");
    const tuple = await evaluate('lambda x: (type(x).__name__, x[1])');
    assert.deepEqual(asText(await tuple(withObject(1))), ['tuple', 2]);
    const dates = await evaluate('lambda a, b: (a < b, a == b, a.isoformat())');
    assert.deepEqual(await dates(new Date(0), new Date(1)), [true, false, '1970-01-01T00:00:00.000Z']);
  });

  it('show the public attributes of objects, and no others', async () => {
    class Thing {
      readonly visible = 'yes';
      readonly _hidden = 'no';
      readonly #secret = 'never';
      double(value: number): number {
        return this.#secret.length === 5 ? value * 2 : 0;
      }
    }
    const read = await evaluate('lambda x, name: getattr(x, name, "refused")');
    const thing = new Thing();
    assert.equal(await read(thing, 'visible'), 'yes');
    const call = await evaluate('lambda x: x.double(4)');
    assert.equal(await call(thing), 8);
    const names = [
      '_hidden',
      'constructor',
      '__proto__',
      'prototype',
      'toString',
      'hasOwnProperty',
      'secret',
    ];
    for (const name of names) assert.equal(asText(await read(thing, name)), 'refused', name);
    for (const name of ['call', 'bind', 'constructor', 'prototype', '__proto__']) {
      assert.equal(asText(await read(() => 1, name)), 'refused', name);
    }
    const write = await evaluate('lambda x: setattr(x, "visible", 1)');
    await assert.rejects(Promise.resolve(write(thing)), { typeName: 'AttributeError' });
  });

  it('leave nothing of ours with the peer', async () => {
    const call = await evaluate('lambda f, x: f(x)');
    const { connection } = fixture;
    for (let round = 0; round < 20; round++) await call(() => ({ round }), { round });
    await eventually(
      'the peer has let go of our objects',
      () => connection.lentReferences <= shortcutsOf(version),
    );
  });
});

forEachVersion('Calls that take turns', (version) => {
  const fixture = new ClassicFixture(version, { serialCalls: true });

  it('end in the order in which they were made, though they call back', async () => {
    const call = await fixture.connection.eval<Netref>('lambda f: f()');
    const first = call(() => 'first');
    const second = call(async () => `after ${String(asText(await first))}`);
    assert.deepEqual((await Promise.all([first, second])).map(asText), ['first', 'after first']);
  });

  it('nest as deep as callbacks do', async () => {
    const countdown = await fixture.connection.eval<Netref>('lambda f, n: n if n == 0 else f(f, n - 1) + 1');
    const down = (self: unknown, n: number): unknown => countdown(self, n);
    assert.equal(await countdown(down, 20), 20);
  });
});
