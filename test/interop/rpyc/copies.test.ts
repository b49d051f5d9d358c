/** Copies of remote objects here, and of ours there, with no pickle in between. */
import assert from 'node:assert/strict';

import {
  classic,
  connect,
  Complex,
  CopyError,
  Ellipsis,
  Float,
  FrozenSet,
  getattr,
  isNetref,
  type Netref,
  repr,
  Slice,
} from '../../../server/src/rpyc/index';
import { ClassicFixture, forEachVersion } from '../../support/rpycPeers';
import { startPeer } from '../../support/pythonPeer';

forEachVersion('Copies', (version) => {
  const fixture = new ClassicFixture(version);
  const obtain = (text: string, options?: classic.ObtainOptions): Promise<unknown> =>
    classic.obtain(fixture.connection.eval(text), options);

  it('of containers are what JavaScript has for them', async () => {
    assert.deepEqual(
      await obtain("{'a': [1, 2.5, {'b': None}], 'c': (True, 'x'), '__proto__': [b'\\x00\\xff']}"),
      {
        a: [1, 2.5, { b: null }],
        c: [true, 'x'],
        ['__proto__']: [new Uint8Array([0, 255])],
      },
    );
    assert.deepEqual(
      await obtain("{1: 'one', (2, 'x'): {}}"),
      new Map<unknown, unknown>([
        [1, 'one'],
        [[2, 'x'], {}],
      ]),
    );
    assert.deepEqual(await obtain("{'a': 1}", { maps: true }), new Map([['a', 1]]));
    assert.deepEqual(await obtain('{1, 2, (3, 4)}'), new Set([1, 2, [3, 4]]));
    const frozen = await obtain('[frozenset([1, 2]), slice(1, None, 2), 1j, ..., 2 ** 70, 1.0, -1]');
    assert.deepEqual((frozen as unknown[]).slice(1, 5), [
      new Slice(1, null, 2),
      new Complex(0, 1),
      Ellipsis,
      2n ** 70n,
    ]);
    assert.ok((frozen as unknown[])[0] instanceof FrozenSet);
    assert.equal((frozen as unknown[])[5], 1);
    assert.deepEqual(await obtain('[]'), []);
    assert.deepEqual(await obtain('[[[[[]]]], {}]'), [[[[[]]]], {}]);
    assert.equal(await obtain('7'), 7);
    assert.deepEqual(await obtain("([1], 'x', {})"), [[1], 'x', {}]);
    assert.deepEqual(await classic.obtain(await fixture.connection.eval("([1], 'x', ({'y': 1},))")), [
      [1],
      'x',
      [{ y: 1 }],
    ]);
    assert.equal(await classic.obtain('ours'), 'ours');
    assert.deepEqual(await obtain("['\\ud800', 'grüße 🐍']"), ['\ud800', 'grüße 🐍']);
  });

  it('have numbers for floats of any kind, and Float where that is asked for', async () => {
    const text = "{'a': [2.0, -0.0, 1e300, 2.5, float('inf')], 'b': frozenset([3.0]), 'c': slice(1.0, None)}";
    const copy = await obtain(text);
    const { a, b, c } = copy as { a: unknown[]; b: FrozenSet; c: Slice };
    assert.equal(JSON.stringify(a), '[2,0,1e+300,2.5,null]');
    assert.equal(c.start, 1);
    assert.ok(Object.is(a[1], -0));
    assert.deepEqual(b.values(), [3]);
    const kept = (await obtain(text, { floats: true })) as { a: unknown[] };
    assert.deepEqual(kept.a.slice(0, 3).map(String), ['2.0', '-0.0', '1e+300']);
    assert.ok(kept.a.slice(0, 3).every((value) => value instanceof Float));
    // What travels by value does not go through a copy.
    assert.equal(await obtain('2.0'), 2);
    assert.equal(await classic.obtain(await fixture.connection.eval('2.0')), 2);
    assert.deepEqual(await obtain('(2.0, (3.0, 1))'), [2, [3, 1]]);
    assert.ok((await obtain('2.0', { floats: true })) instanceof Float);
  });

  it('of what the standard library has are read as the nearest thing', async () => {
    await fixture.connection.execute(`
import collections, datetime, decimal, enum, fractions, pathlib, uuid
Point = collections.namedtuple('Point', 'x y')
class Colour(enum.Enum): RED = 'red'
class Number(enum.IntEnum): ONE = 1
class Text(str):
    def __str__(self): raise RuntimeError('code of its own')
    __iter__ = __len__ = encode = __str__
class Many(list):
    def __iter__(self): raise RuntimeError('code of its own')
`);
    const pairs: readonly (readonly [string, unknown])[] = [
      ['Point(1, [2])', [1, [2]]],
      ['collections.OrderedDict(b=1, a=2)', { b: 1, a: 2 }],
      ["collections.Counter('aab')", { a: 2, b: 1 }],
      ['collections.deque([1, 2])', [1, 2]],
      ['range(3)', [0, 1, 2]],
      ["{'k': 1}.keys()", ['k']],
      ['bytearray(b"ab")', new Uint8Array([97, 98])],
      ['memoryview(b"ab")', new Uint8Array([97, 98])],
      ['datetime.datetime(2024, 2, 29, 12, 30, 1, 5999)', new Date('2024-02-29T12:30:01.005Z')],
      [
        'datetime.datetime(2024, 1, 1, tzinfo=datetime.timezone(datetime.timedelta(hours=2)))',
        new Date('2023-12-31T22:00:00Z'),
      ],
      ['datetime.date(1969, 12, 31)', new Date('1969-12-31T00:00:00Z')],
      ['datetime.timedelta(minutes=1, milliseconds=500)', 60.5],
      ['datetime.time(1, 2)', '01:02:00'],
      ["decimal.Decimal('1.10')", '1.10'],
      ['fractions.Fraction(1, 3)', '1/3'],
      ["uuid.UUID('12345678-1234-5678-1234-567812345678')", '12345678-1234-5678-1234-567812345678'],
      ["pathlib.Path('/a/b')", '/a/b'],
      ['Colour.RED', 'red'],
      ['Number.ONE', 1],
      ["Text('plain')", 'plain'],
      ['Many([1, 2])', [1, 2]],
    ];
    const all = (await obtain(`[${pairs.map(([text]) => text).join(', ')}]`)) as unknown[];
    for (const [index, [text, expected]] of pairs.entries()) assert.deepEqual(all[index], expected, text);
    // As numpy's arrays and numbers are, without numpy.
    await fixture.connection.execute(`
class Array(object):
    __module__ = 'numpy'
    def __init__(self, items): self.items = items
    def tolist(self): return self.items
`);
    assert.deepEqual(await obtain("[Array([[1], [2]]), __import__('array').array('i', [3])]"), [
      [[1], [2]],
      [3],
    ]);
  });

  it('take one request', async () => {
    const { connection } = fixture;
    const list = await connection.eval<Netref>("[{'k': [[n]]} for n in range(1000)]");
    await classic.obtain(list);
    const { requestsSent } = connection.counters;
    const copy = await classic.obtain<readonly unknown[]>(list);
    assert.deepEqual(copy[999], { k: [[999]] });
    await classic.deliver(connection, [{ a: [1] }]);
    const { requestsSent: later } = connection.counters;
    assert.equal(later - requestsSent, 1 + 3);
    await classic.deliver(connection, [{ a: [1] }]);
    assert.equal(connection.counters.requestsSent - later, 1);
  });

  it('of anything else are refused, with its type and its place', async () => {
    await fixture.connection.execute(
      'class Thing: pass\ncircle = []; circle.append(circle)\ndeep = []\nfor _ in range(300): deep = [deep]',
    );
    const refusals: readonly (readonly [string, RegExp])[] = [
      ["{'a': [0, Thing()]}", /Thing .*value\['a'\]\[1\]/],
      ['lambda: 1', /value$/],
      ['[object()]', /^An object cannot be copied by value: it stands at value\[0\]$/],
      ['[open("/dev/null")]', /value\[0\]/],
      ['circle', /contains itself: value\[0\]/],
      ['deep', /maxDepth/],
      ['[2 ** 100000]', /digits: value\[0\]/],
    ];
    for (const [text, message] of refusals) {
      await assert.rejects(obtain(text), (error) => {
        assert.ok(error instanceof CopyError, String(error));
        assert.equal(error.code, 'ERR_COPY');
        assert.match(error.message, message);
        return true;
      });
    }
    await assert.rejects(obtain('list(range(11))', { maxItems: 10 }), { code: 'ERR_COPY' });
    await assert.rejects(obtain("['x' * 11]", { maxBytes: 10 }), { code: 'ERR_COPY' });
    await assert.rejects(obtain('[[[]]]', { maxDepth: 2 }), { code: 'ERR_COPY' });
    assert.equal(fixture.connection.closed, false);
  });

  it('of ours become Python objects', async () => {
    const { connection } = fixture;
    const theirs = await connection.eval<Netref>('[9]');
    const value = {
      list: [1, 'two', [3.5, null, true]],
      dict: new Map<unknown, unknown>([
        [1, 'one'],
        [[2, 3], new Uint8Array([0, 255])],
      ]),
      set: new Set([1, [2]]),
      float: new Float(1),
      big: 2n ** 70n,
      date: new Date('2024-02-29T12:30:01.005Z'),
      theirs,
      lone: '\ud800',
      path: connection.eval('40 + 2'),
      slice: new Slice(1, 2),
      frozen: new FrozenSet([1]),
    };
    const made = await classic.deliver<Netref>(connection, value);
    assert.ok(isNetref(made));
    assert.equal(
      await repr(made),
      "{'list': [1, 'two', [3.5, None, True]], 'dict': {1: 'one', (2, 3): b'\\x00\\xff'}, 'set': {1, (2,)}, " +
        "'float': 1.0, 'big': 1180591620717411303424, 'date': datetime.datetime(2024, 2, 29, 12, 30, 1, 5000, " +
        "tzinfo=datetime.timezone.utc), 'theirs': [9], 'lone': '\\ud800', 'path': 42, 'slice': slice(1, 2, None), " +
        "'frozen': frozenset({1})}",
    );
    assert.equal(await classic.deliver(connection, 5), 5);
    const back = await classic.obtain<Record<string, unknown>>(
      await classic.deliver(connection, { list: [1, { a: 2n }] }),
    );
    assert.deepEqual(back, { list: [1, { a: 2 }] });
    const list = await classic.deliver<Netref>(connection, [1, 2]);
    assert.equal(
      await connection
        .eval<Netref>('lambda l: (l.append(3), type(l) is list, len(l))[1:]')(list)
        .then(String),
      'true,3',
    );
    assert.equal(await getattr(list, '__class__').then((type) => repr(type as Netref)), "<class 'list'>");
  });

  it('of ours are refused where Python has nothing for them', async () => {
    const { connection } = fixture;
    const circle: unknown[] = [];
    circle.push(circle);
    const refused: readonly (readonly [unknown, string])[] = [
      [{ a: [() => 1] }, "value['a'][0]"],
      [circle, 'value[0]'],
      [[new Error('x')], 'value[0]'],
      [[Symbol('x')], 'value[0]'],
      [[new Date(NaN)], 'value[0]'],
      [new Map([[{ a: 1 }, new WeakMap()]]), 'value[object]'],
    ];
    for (const [value, path] of refused) {
      await assert.rejects(classic.deliver(connection, value), { code: 'ERR_COPY', path });
    }
    await assert.rejects(classic.deliver(connection, [2 ** 60]), RangeError);
    await assert.rejects(classic.deliver(connection, [1, 2], { maxItems: 2 }), { code: 'ERR_COPY' });
  });

  it('need classic mode', async () => {
    await using peer = await startPeer(version, 'strict_service.py');
    await using connection = await connect(peer.host, peer.port);
    await assert.rejects(classic.deliver(connection, []), { code: 'ERR_ATTRIBUTE' });
    await assert.rejects(classic.obtain(await connection.root), { code: 'ERR_ATTRIBUTE' });
  });
});
