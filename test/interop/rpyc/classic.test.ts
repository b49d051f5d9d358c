/** Our classic client against real classic servers. */
import assert from 'node:assert/strict';

import {
  async_,
  buffiter,
  call,
  callattr,
  classic,
  cmp,
  contains,
  delattr,
  delitem,
  dir,
  Float,
  getattr,
  getitem,
  hasattr,
  hash,
  isinstance,
  isNetref,
  iter,
  kwargs,
  len,
  type Netref,
  next,
  NotImplemented,
  PyLong,
  RemoteError,
  repr,
  setattr,
  setitem,
  str,
  timed,
  type_,
  using_,
} from '../../../server/src/rpyc/index';
import { eventually } from '../../support/poll';
import { startPeer } from '../../support/pythonPeer';
import { ClassicFixture, forEachVersion } from '../../support/rpycPeers';
import {
  asText,
  dialectOfVersion,
  fullNumberOfVersion,
  isFrom,
  pythonOfVersion,
} from '../../support/versions';

/** How Python 2 shows a text. */
const GREETING_ON_PYTHON2 = "u'gr\\xfc\\xdfe \\U0001f40d'";

/** The part of Python's `os` that the tests use. */
interface OsModule {
  readonly sep: PromiseLike<string>;
  readonly path: { join(...parts: readonly string[]): PromiseLike<string> };
}

forEachVersion('A server that uses its clients', (version) => {
  it('gets a slave that refuses every use', async () => {
    await using peer = await startPeer(version, 'mutual_service.py');
    await using connection = await classic.connect(peer.host, peer.port);
    assert.equal(await connection.eval('6 * 7'), 42);
    await connection.execute(`
def attempt(use):
    try:
        return repr(use())
    except Exception as error:
        return type(error).__name__.split('.')[-1]
`);
    await setitem(connection.namespace, 'peer', await connection.root['getconn']?.());
    // The last one that each version installs.
    const last = isFrom(version, 4, 1) ? 'teleport' : 'builtins';
    await eventually('its shortcuts are installed', () =>
      connection.eval<boolean>(`hasattr(peer, '${last}')`),
    );
    const uses = [
      "peer.eval('1')",
      "peer.execute('1')",
      'peer.modules.os.sep',
      "peer.namespace['x']",
      'peer.builtins.open',
    ];
    for (const use of uses) {
      const outcome = asText(await connection.eval(`attempt(lambda: ${use})`));
      assert.match(String(outcome), /^(AttributeError|TypeError)$/, use);
    }
    assert.equal(connection.closed, false);
  });
});

forEachVersion('A classic server', (version) => {
  const fixture = new ClassicFixture(version);
  const evaluate = (text: string): Promise<Netref> => Promise.resolve(fixture.connection.eval<Netref>(text));

  it('tells its dialect, its version and its Python', async () => {
    const { connection } = fixture;
    assert.equal(connection.dialect, dialectOfVersion(version));
    // Exceptions of 4.1.0 do not tell it yet: it is asked for.
    const told = fullNumberOfVersion(version);
    assert.equal(await connection.fetchRemoteVersion(), told);
    assert.equal(connection.remoteVersion, told);
    assert.equal(connection.peerPython, pythonOfVersion(version));
  });

  it('is connected with one request, or two where that does not tell all', () => {
    // A and B have the same references.
    const needed = isFrom(version, 4, 1) ? 1 : 2;
    assert.equal(fixture.connection.counters.requestsSent, needed);
  });

  it('gives modules, their attributes and their functions', async () => {
    const { modules } = fixture.connection;
    const os = modules['os'] as unknown as OsModule;
    assert.equal(asText(await os.sep), '/');
    assert.equal(asText(await os.path.join('a', 'b')), 'a/b');
    const dom = await modules['xml.dom.minidom'];
    assert.ok(isNetref(dom));
    assert.equal(asText(await getattr(dom, '__name__')), 'xml.dom.minidom');
  });

  it('imports a module once', async () => {
    const { connection } = fixture;
    await getattr(connection.getmodule('sys'), 'platform');
    const { requestsSent } = connection.counters;
    await getattr(connection.getmodule('sys'), 'byteorder');
    assert.equal(connection.counters.requestsSent, requestsSent + 1);
  });

  it('reports a module that is not there, each time anew', async () => {
    for (let attempt = 0; attempt < 2; attempt++) {
      await assert.rejects(Promise.resolve(fixture.connection.modules['no_such_module']), (error) => {
        assert.ok(error instanceof RemoteError);
        const name = pythonOfVersion(version) === 2 ? 'ImportError' : 'ModuleNotFoundError';
        return error.isInstance('ImportError') && error.typeName === name;
      });
    }
  });

  it('evaluates, executes, and keeps the namespace', async () => {
    const { connection } = fixture;
    assert.equal(await connection.execute('x = 20\ndef double(n): return 2 * n'), null);
    assert.equal(await connection.eval('x + 1'), 21);
    assert.equal(await getitem(connection.namespace, 'x'), 20);
    await setitem(connection.namespace, 'x', 5);
    assert.equal(await connection.eval('double(x)'), 10);
    await delitem(connection.namespace, 'x');
    await assert.rejects(Promise.resolve(connection.eval('x')), { typeName: 'NameError' });
  });

  it('keeps values and their kinds', async () => {
    const echo = await evaluate('lambda value: value');
    const kind = await evaluate('lambda value: (type(value).__name__, repr(value))');
    const isPython2 = pythonOfVersion(version) === 2;
    const values: readonly (readonly [unknown, string, string])[] = [
      [null, 'NoneType', 'None'],
      [true, 'bool', 'True'],
      [-7, 'int', '-7'],
      [2n ** 70n, isPython2 ? 'long' : 'int', `1180591620717411303424${isPython2 ? 'L' : ''}`],
      [0.5, 'float', '0.5'],
      [new Float(1), 'float', '1.0'],
      [-0, 'float', '-0.0'],
      ['grüße 🐍', isPython2 ? 'unicode' : 'str', isPython2 ? GREETING_ON_PYTHON2 : "'grüße 🐍'"],
      [new Uint8Array([0, 255]), isPython2 ? 'str' : 'bytes', `${isPython2 ? '' : 'b'}'\\x00\\xff'`],
      [[1, ['a']], 'tuple', `(1, (${isPython2 ? 'u' : ''}'a',))`],
    ];
    for (const [value, type, text] of values) {
      assert.deepEqual(asText(await kind(value)), [type, text]);
      const back = await echo(value);
      if (value instanceof Float || Object.is(value, -0)) assert.equal(Number(back), Number(value));
      else if (back instanceof PyLong) assert.equal(back.valueOf(), value);
      else assert.deepEqual(back instanceof Uint8Array ? new Uint8Array(back) : back, value);
    }
    assert.deepEqual(asText(await kind(undefined)), ['NoneType', 'None']);
  });

  it('takes positional and keyword arguments', async () => {
    const show = await evaluate('lambda *args, **named: (args, tuple(sorted(named.items())))');
    const expected = [
      [1, 'two'],
      [
        ['a', null],
        ['b', [3]],
      ],
    ];
    assert.deepEqual(await show(1, 'two', kwargs({ b: [3], a: null })), expected);
    assert.deepEqual(await call(show, [1, 'two'], { b: [3], a: null }), expected);
    await setitem(fixture.connection.namespace, 'show', show);
    assert.deepEqual(await callattr(fixture.connection.namespace, 'get', ['missing', 4]), 4);
  });

  it('takes paths among the arguments', async () => {
    const { connection } = fixture;
    const joined = callattr(connection.getmodule('os.path'), 'basename', [connection.eval("'a/' + 'b'")]);
    assert.equal(asText(await joined), 'b');
    const add = await evaluate('lambda pair, third: sum(pair) + third');
    assert.equal(await add([connection.eval('1'), 2], kwargs({ third: connection.eval('3') })), 6);
  });

  it('goes on from a plain value', async () => {
    const upper = fixture.connection.eval("'abc'")['upper'];
    // A peer of 3.x can be asked about its own objects only, and a plain value is none.
    if (dialectOfVersion(version) === 'A') await assert.rejects(async () => await upper?.(), TypeError);
    else assert.equal(asText(await upper?.()), 'ABC');
  });

  it('iterates in chunks, early ends included', async () => {
    const { connection } = fixture;
    const items: unknown[] = [];
    const { requestsSent } = connection.counters;
    for await (const item of connection.eval('range(1000)')) items.push(item);
    assert.deepEqual(
      items,
      Array.from({ length: 1000 }, (_, index) => index),
    );
    assert.ok(connection.counters.requestsSent - requestsSent < 100, 'some chunks, not a thousand requests');

    const some: unknown[] = [];
    for await (const item of buffiter(await evaluate("['a', 'b', []]"), 1)) {
      some.push(item);
      if (asText(item) === 'b') break;
    }
    assert.deepEqual(asText(some), ['a', 'b']);
    const pair: unknown[] = [];
    for await (const item of connection.eval("(1, 'x')")) pair.push(item);
    assert.deepEqual(asText(pair), [1, 'x']);
    await assert.rejects(async () => {
      for await (const item of connection.eval('object()')) some.push(item);
    }, RemoteError);
  });

  it('steps through an iterator one by one', async () => {
    const iterator = await iter(await evaluate("['only']"));
    assert.equal(asText(await next(iterator)), 'only');
    await assert.rejects(next(iterator), (error) => {
      assert.ok(error instanceof RemoteError);
      return error.isInstance('builtins.StopIteration');
    });
  });

  it('uses context managers', async () => {
    const { connection } = fixture;
    await connection.execute(`
class Manager:
    def __init__(self, swallow): self.swallow, self.log = swallow, []
    def __enter__(self): self.log.append('enter'); return 'entered'
    def __exit__(self, kind, value, trace): self.log.append(kind is None); return self.swallow
`);
    const calm = await evaluate('Manager(False)');
    assert.equal(await using_(calm, asText), 'entered');
    assert.equal(await repr((await getattr(calm, 'log')) as Netref), "['enter', True]");
    await assert.rejects(
      using_(calm, () => {
        throw new RangeError('mine');
      }),
      /mine/,
    );
    const forgiving = await evaluate('Manager(True)');
    const nothing = await using_(forgiving, (): number => {
      throw new RangeError('mine');
    });
    assert.equal(nothing, undefined);
    assert.equal(await repr((await getattr(forgiving, 'log')) as Netref), "['enter', False]");
  });

  it('answers what the builtin functions ask', async () => {
    const list = await evaluate('[3, 1, 2]');
    assert.equal(await repr(list), '[3, 1, 2]');
    assert.equal(await str(list), '[3, 1, 2]');
    assert.equal(await len(list), 3);
    assert.equal(await getitem(list, -1), 2);
    await setitem(list, 0, 'first');
    assert.equal(await contains(list, 'first'), true);
    await delitem(list, 0);
    assert.equal(await contains(list, 'first'), false);
    assert.ok((await dir(list)).includes('append'));
    assert.equal(await hasattr(list, 'append'), true);
    assert.equal(await hasattr(list, 'no_such'), false);
    assert.equal(await cmp(list, await evaluate('[1, 2]'), '__eq__'), true);
    assert.equal(await cmp(list, await evaluate('[1, 3]'), '__lt__'), true);
    assert.equal(await cmp(list, 5, '__lt__'), NotImplemented);
    const value = await evaluate('frozenset([object()])');
    assert.equal(BigInt(await hash(value)), BigInt((await callattr(value, '__hash__')) as number | bigint));
    await assert.rejects(hash(list), { typeName: 'TypeError' });
  });

  it('knows the type of a netref without asking', async () => {
    const { connection } = fixture;
    const list = await evaluate('[]');
    const counter = await evaluate("__import__('collections').Counter");
    const { requestsSent } = connection.counters;
    const module = pythonOfVersion(version) === 2 ? '__builtin__' : 'builtins';
    assert.deepEqual(type_(list), { name: 'list', module, isClass: false });
    // Up to 4.0 a class is told by its own class only.
    const metaclass = { name: 'type', module, isClass: false };
    const itself = { name: 'Counter', module: 'collections', isClass: true };
    assert.deepEqual(type_(counter), isFrom(version, 4, 1) ? itself : metaclass);
    assert.equal(connection.counters.requestsSent, requestsSent);
  });

  it('decides isinstance exactly', async () => {
    const { connection } = fixture;
    await connection.execute('class Base(object): pass\nclass Derived(Base): pass');
    const object = await evaluate('Derived()');
    assert.equal(await isinstance(object, await evaluate('Base')), true);
    assert.equal(await isinstance(object, await evaluate('int')), false);
  });

  it('sets and deletes attributes', async () => {
    const { connection } = fixture;
    await connection.execute('class Thing: pass');
    const thing = await evaluate('Thing()');
    await setattr(thing, 'then', [1, 2]);
    assert.deepEqual(await getattr(thing, 'then'), [1, 2]);
    await delattr(thing, 'then');
    await assert.rejects(getattr(thing, 'then'), { typeName: 'AttributeError' });
  });

  it('calls without waiting', async () => {
    const sleep = async_(await evaluate("__import__('time').sleep"));
    const result = sleep(0.05);
    assert.equal(result.ready, false);
    const heard: boolean[] = [];
    result.addCallback(({ error }) => {
      heard.push(error);
    });
    await result.wait();
    assert.deepEqual(heard, [false]);
    assert.equal(await result.value, null);

    const failing = async_(await evaluate('lambda: 1 // 0'))();
    await failing.wait();
    assert.equal(failing.error, true);
    await assert.rejects(failing.value, { typeName: 'ZeroDivisionError' });

    const late = timed(await evaluate("__import__('time').sleep"), 0.02)(0.1);
    await assert.rejects(late.value, { code: 'ERR_TIMEOUT' });
    assert.equal(late.expired, true);
  });

  it('answers a thousand calls in one burst, and two without the delay of an acknowledgement', async () => {
    const negate = await evaluate('lambda value: -value');
    const results = await Promise.all(Array.from({ length: 1000 }, (_, value) => negate(value)));
    assert.equal(results.at(-1), -999);
    const times: number[] = [];
    for (let round = 0; round < 21; round++) {
      const start = performance.now();
      await Promise.all([fixture.connection.ping(), fixture.connection.ping()]);
      times.push(performance.now() - start);
    }
    times.sort((a, b) => a - b);
    // Without the empty frame that carries the acknowledgement the median is 44 ms.
    assert.ok((times[10] ?? 0) < 20, `median of ${String(times[10])} ms`);
  });

  it('carries large values in both directions', async () => {
    const text = 'compressible '.repeat(100_000);
    const noise = new Uint8Array(3_000_000).map((_, index) => (index * 2654435761) >>> 13);
    const echo = await evaluate('lambda value: (len(value), value)');
    assert.deepEqual(await echo(text), [text.length, text]);
    const [length, back] = await echo<readonly [number, Uint8Array]>(noise);
    assert.equal(length, noise.length);
    assert.equal(Buffer.compare(back, noise), 0);
    for (const size of [2900, 2990, 3000, 3001, 3100]) {
      assert.deepEqual(await echo('x'.repeat(size)), [size, 'x'.repeat(size)]);
    }
  });
});
