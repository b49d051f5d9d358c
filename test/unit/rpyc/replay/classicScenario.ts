/** The recorded client of `classic-<version>`, as calls of the library. */
import assert from 'node:assert/strict';
import {
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
  hash,
  isinstance,
  iter,
  len,
  next,
  repr,
  setattr,
  setitem,
  str,
} from '../../../../server/src/rpyc/core/builtins';
import { Handler } from '../../../../server/src/rpyc/core/consts';
import { PythonError } from '../../../../server/src/rpyc/core/errors';
import type { Netref } from '../../../../server/src/rpyc/core/netref';
import { Kwargs, NotImplemented, Slice } from '../../../../server/src/rpyc/core/pyTypes';
import { async_ } from '../../../../server/src/rpyc/utils/helpers';
import { PythonClass, PythonList, Traceback, ValueErrorClass } from '../../../support/replay/pythonObjects';
import type { ReplayClient } from '../../../support/replay/replayClient';
import { asText, isFrom } from '../../../support/versions';

/** What Python's classic client fetches as it connects. */
export interface ClassicParts {
  readonly getmodule: Netref;
  readonly builtins: Netref;
  readonly evaluate: Netref;
  readonly execute: Netref;
  readonly namespace: Netref;
}

export async function connectClassic(client: ReplayClient): Promise<ClassicParts> {
  client.step('connect');
  const root = await client.inspected(client.connection.fetchRoot());
  const getmodule = await client.getattr(root, 'getmodule');
  const importBuiltins = (): Promise<Netref> =>
    client.inspected(call(getmodule, [client.isPython2 ? '__builtin__' : 'builtins']));
  // In 3.x they come last.
  const isFirst = client.recording.dialect !== 'A';
  const first = isFirst ? await importBuiltins() : undefined;
  if (isFrom(client.recording.rpyc, 5, 3)) await client.inspected(call(getmodule, ['importlib.util']));
  const evaluate = await client.getattr(root, 'eval');
  const execute = await client.getattr(root, 'execute');
  const namespace = await client.getattr(root, 'namespace');
  const builtins = first ?? (await importBuiltins());
  return { getmodule, builtins, evaluate, execute, namespace };
}

export async function classicScenario(client: ReplayClient): Promise<void> {
  const parts = await connectClassic(client);
  client.step('modules.sys.platform');
  const sys = await client.inspected(call(parts.getmodule, ['sys']));
  assert.equal(asText(await getattr(sys, 'platform')), client.isPython2 ? 'linux2' : 'linux');
  client.step('ping');
  await client.ping('hello');
  await client.ping('abcdefghijklmnopqrstuvwxyz'.repeat(20));
  await callsAndCode(client, parts);
  const list = await listOperations(client, parts);
  await exceptions(client, parts, sys);
  const apply = await callbacks(client, parts, list);
  await attributes(client, parts, list, apply);
  await iteration(client, parts);
  await contextManagersAndPickle(client, parts);
  await transfers(client, parts);
  await sharedAndAsync(client, parts, list);
  client.step('close');
  await client.close();
}

async function callsAndCode(
  client: ReplayClient,
  { builtins, execute, evaluate, namespace }: ClassicParts,
): Promise<void> {
  client.step('call with args and kwargs');
  assert.equal(await client.method(builtins, 'int', ['ff', 16]), 255);
  const dict = (await client.method(builtins, 'dict', [], { a: 1, b: 'two' })) as Netref;
  assert.equal(await str(dict), "{'a': 1, 'b': 'two'}");
  await client.drop(dict);
  client.step('eval/execute/namespace');
  assert.equal(await call(execute, ['x = 5']), null);
  assert.equal(await client.item(namespace, 'x'), 5);
  assert.equal(await call(evaluate, ['x + 2']), 7);
}

async function listOperations(client: ReplayClient, { evaluate }: ClassicParts): Promise<Netref> {
  client.step('list operations');
  const list = await client.object(call(evaluate, ['[10, 20, 30]']));
  assert.equal(await len(list), 3);
  assert.equal(await client.item(list, 1), 20);
  await client.method(list, 'append', [40]);
  assert.equal(await client.item(list, -1), 40);
  await setitem(list, 0, 11);
  // Python 2 has a method of its own for slices.
  const slice = await client.object(
    client.isPython2
      ? client.request(Handler.oldslicing, list, '__getitem__', '__getslice__', 1, 3, [])
      : client.item(list, new Slice(1, 3)),
  );
  assert.equal(await str(slice), '[20, 30]');
  await client.drop(slice);
  assert.equal(await contains(list, 20), true);
  await delitem(list, 0);
  const other = new PythonList([20, 30, 40]);
  assert.equal(await cmp(list, other, '__eq__'), NotImplemented);
  if (client.isPython2) assert.equal(await cmp(list, other, '__cmp__'), NotImplemented);
  assert.equal(await repr(list), '[20, 30, 40]');
  assert.equal(await str(list), '[20, 30, 40]');
  assert.ok((await dir(list)).includes('append'));
  return list;
}

async function exceptions(
  client: ReplayClient,
  { builtins, evaluate }: ClassicParts,
  sys: Netref,
): Promise<void> {
  client.step('exception: ValueError');
  await client.fails(
    client.method(builtins, 'int', ['zz']),
    'builtins.ValueError',
    "invalid literal for int() with base 10: 'zz'",
  );
  client.step('exception: OSError with attributes');
  const missing = await client.fails(
    client.method(builtins, 'open', ['/nonexistent/file']),
    'builtins.OSError',
  );
  assert.equal(missing.typeName, client.isPython2 ? 'IOError' : 'FileNotFoundError');
  assert.equal(asText(missing.attributes.get('filename')), '/nonexistent/file');
  const version = client.isOld ? undefined : client.recording.rpyc;
  assert.equal(missing.attributes.get('_remote_version'), version);
  client.step('exception: AttributeError');
  const owner = client.isPython2 ? "'module' object" : "module 'sys'";
  await client.missing(sys, 'no_such_attr', `${owner} has no attribute 'no_such_attr'`);
  client.step('exception: StopIteration');
  await client.stops(await client.object(call(evaluate, ['iter([])'])));
}

async function callbacks(
  client: ReplayClient,
  { execute, namespace }: ClassicParts,
  list: Netref,
): Promise<Netref> {
  client.step('callback server->client');
  await call(execute, ['def ap(f, *a, **k):\n    return f(*a, **k)\n']);
  const apply = await client.itemObject(namespace, 'ap');
  const multiply = (x: unknown, named: unknown): number => {
    assert.ok(named instanceof Kwargs);
    assert.deepEqual(named.entries(), [['y', 7]]);
    return Number(x) * 7;
  };
  assert.equal(await call(apply, [multiply, 6], { y: 7 }), 42);

  client.step('callback raising in the client');
  const raise = (): never => {
    throw new PythonError('KeyError', ['from client']);
  };
  await client.fails(call(apply, [raise]), 'builtins.KeyError', 'from client');

  client.step('client object passed by reference and returned');
  assert.equal(await call(apply, [(value: unknown) => value, list]), list);

  client.step('tuple with references');
  const own = new PythonList([1]);
  assert.deepEqual(asText(await call(apply, [() => [1, own, 'three']])), [1, own, 'three']);
  return apply;
}

async function attributes(
  client: ReplayClient,
  { execute, namespace }: ClassicParts,
  list: Netref,
  apply: Netref,
): Promise<void> {
  client.step('setattr/getattr/delattr/hash/type');
  await call(execute, [
    'class P(object):\n    def __init__(self): self.v = 1\n' +
      '    def m(self, *a, **k): return (a, tuple(sorted(k.items())))\np = P()\n',
  ]);
  const p = await client.inspected(client.item(namespace, 'p'));
  await setattr(p, 'v', 2);
  assert.equal(await getattr(p, 'v'), 2);
  await delattr(p, 'v');
  await client.missing(p, 'v', "'P' object has no attribute 'v'");
  assert.deepEqual(asText(await client.method(p, 'm', [1, 2], { z: 3 })), [[1, 2], [['z', 3]]]); // prettier-ignore
  await hashed(client, p);
  assert.equal(await client.item(namespace, 'ap'), apply);
  await hashed(client, apply);
  const isNew = client.recording.envelope === 'new';
  if (!isNew) {
    // Up to 5.3 a proxy asks for its class by itself.
    const type = await client.inspected(getattr(p, '__class__'));
    assert.equal(asText(await getattr(type, '__name__')), 'P');
    await client.drop(type);
  }
  await comparisons(client, p, list);
  client.step('isinstance');
  const type = await client.itemObject(namespace, 'P');
  // Before 6.0 the class is known already.
  if (isNew) await client.inspect(type);
  if (client.isOld) assert.equal(await isinstance(p, type), true);
}

/** How Python's client asks for a hash differs; in 3.x, on Python 3, it has its own. */
async function hashed(client: ReplayClient, ref: Netref): Promise<void> {
  if (client.recording.dialect === 'A' && !client.isPython2) return;
  // 4.0 asks for a hash as for any other method.
  const isMethod = client.recording.dialect === 'B';
  const value = isMethod ? await callattr(ref, '__hash__') : await hash(ref);
  assert.equal(typeof value, 'number');
}

async function comparisons(client: ReplayClient, p: Netref, list: Netref): Promise<void> {
  if (client.isPython2) {
    // Where a class defines no comparison, both sides are asked in turn.
    for (const [left, right, op] of [
      [p, p, '__cmp__'],
      [p, p, '__cmp__'],
      [list, p, '__ne__'],
      [p, list, '__cmp__'],
      [list, p, '__cmp__'],
    ] as const) {
      assert.equal(await cmp(left, right, op), NotImplemented);
    }
    return;
  }
  assert.equal(await cmp(p, p, '__eq__'), true);
  assert.equal(await cmp(p, list, '__ne__'), NotImplemented);
  assert.equal(await cmp(list, p, '__ne__'), NotImplemented);
}

async function iteration(client: ReplayClient, { evaluate }: ClassicParts): Promise<void> {
  client.step('iteration one by one');
  const iterator = await client.object(call(evaluate, ['iter([1, 2])']));
  assert.equal(await iter(iterator), iterator);
  assert.equal(await next(iterator), 1);
  assert.equal(await next(iterator), 2);
  await client.stops(iterator);
  await client.drop(iterator);
  client.step('buffiter');
  const numbers = await client.object(call(evaluate, ['iter(list(range(25)))']));
  await readInChunks(client, numbers);
}

/** 25 numbers in chunks of 10, 20 and 40, after the iterator was asked for itself. */
export async function readInChunks(client: ReplayClient, numbers: Netref): Promise<void> {
  assert.equal(await iter(numbers), numbers);
  const items: unknown[] = [];
  for (const size of [10, 20, 40]) {
    items.push(...((await client.request(Handler.buffiter, numbers, size)) as unknown[]));
  }
  assert.deepEqual(items, [...Array(25).keys()]);
  await client.drop(numbers);
}

async function contextManagersAndPickle(
  client: ReplayClient,
  { builtins, evaluate }: ClassicParts,
): Promise<void> {
  client.step('context manager');
  const first = await openDevice(client, builtins);
  assert.equal(await enter(first), first);
  assert.equal(await getattr(first, 'closed'), false);
  assert.equal(await exit(first), false);
  client.step('context manager with exception');
  const second = await openDevice(client, builtins);
  assert.equal(await enter(second), second);
  assert.equal(await leaveWithError(client, second), null);
  // In 3.x the error's traceback keeps the file until the next call is there.
  const isLate = client.recording.dialect === 'A';
  if (!isLate) await client.drop(second);
  client.step('pickle (obtain)');
  const value = await client.object(call(evaluate, ['[1, (2, 3)]']));
  if (isLate) await client.drop(second);
  assert.ok((await client.request(Handler.pickle, value, client.pickleProtocol)) instanceof Uint8Array);
  await client.drop(value);
}

/** Python sends the class of the exception, by reference; 3.x its instance and its traceback as well. */
async function leaveWithError(client: ReplayClient, manager: Netref): Promise<unknown> {
  if (client.recording.dialect === 'A') {
    const reason = [new PythonClass(), new ValueErrorClass(), new Traceback()];
    return await callattr(manager, '__exit__', reason);
  }
  const reason = client.isOld ? new PythonClass() : new ValueErrorClass();
  return await client.request(Handler.ctxexit, manager, reason);
}

async function openDevice(client: ReplayClient, builtins: Netref): Promise<Netref> {
  const open = await client.getattr(builtins, 'open');
  return await client.temporaryInspected(open, (ref) => call(ref, ['/dev/null']));
}

async function transfers(client: ReplayClient, { evaluate, execute }: ClassicParts): Promise<void> {
  client.step('compressed reply');
  assert.equal(asText(await call(evaluate, ["'ab' * 3000"])), 'ab'.repeat(3000));
  client.step('compressed request');
  await call(execute, [`big = '${'xyz'.repeat(2000)}'`]);
  client.step('exactly 3000 and 3001 byte payload region');
  assert.equal(asText(await call(evaluate, ["'q' * 2980"])), 'q'.repeat(2980));
  assert.equal(asText(await call(evaluate, ["'q' * 3100"])), 'q'.repeat(3100));
}

async function sharedAndAsync(
  client: ReplayClient,
  { getmodule, execute, namespace }: ClassicParts,
  list: Netref,
): Promise<void> {
  client.step('two references, one DEL with count 2');
  await call(execute, ['shared = [1]']);
  const shared = await client.itemObject(namespace, 'shared');
  assert.equal(await client.item(namespace, 'shared'), shared);
  client.step('drop both');
  await client.drop(shared);
  client.step('async call');
  const time = await client.inspected(call(getmodule, ['time']));
  const sleep = await client.getattr(time, 'sleep');
  assert.equal(await async_(sleep)(0.05).value, null);
  client.step('oldslicing handler (manual request)');
  const slice = await client.object(
    client.request(Handler.oldslicing, list, '__getitem__', '__getslice__', 0, 1, []),
  );
  assert.equal(await str(slice), '[20]');
  await client.drop(slice);
}
