/** The recorded client of `custom-<version>`, as calls of the library, and the service that it talked to. */
import assert from 'node:assert/strict';
import {
  call,
  callattr,
  getattr,
  iter,
  len,
  next,
  release,
  setattr,
} from '../../../../server/src/rpyc/core/builtins';
import { Handler } from '../../../../server/src/rpyc/core/consts';
import { PythonError } from '../../../../server/src/rpyc/core/errors';
import type { Netref } from '../../../../server/src/rpyc/core/netref';
import { Kwargs } from '../../../../server/src/rpyc/core/pyTypes';
import { Service } from '../../../../server/src/rpyc/core/service';
import { PythonList } from '../../../support/replay/pythonObjects';
import type { ReplayClient } from '../../../support/replay/replayClient';
import { asText, isFrom } from '../../../support/versions';
import { readInChunks } from './classicScenario';

export async function customScenario(client: ReplayClient): Promise<void> {
  client.step('root');
  const root = await client.inspected(client.connection.fetchRoot());
  await calls(client, root);
  await refusals(client, root);
  await callback(client, root);
  await lists(client, root);
  client.step('close');
  await client.close();
}

async function calls(client: ReplayClient, root: Netref): Promise<void> {
  client.step('call exposed method');
  assert.equal(await client.method(root, 'add', [2, 3]), 5);
  assert.equal(asText(await client.method(root, 'exposed_add', ['a', 'b'])), 'ab');
  client.step('kwargs');
  assert.equal(asText(await client.method(root, 'concat', ['a', 'b'], { sep: '+' })), 'a+b');
  client.step('exposed data attribute');
  assert.equal(await getattr(root, 'answer'), 42);
}

async function refusals(client: ReplayClient, root: Netref): Promise<void> {
  client.step('denied attribute');
  // Up to 3.4.3 a service adds the prefix and looks no further.
  const refused = isFrom(client.recording.rpyc, 3, 4, 4)
    ? "cannot access 'private'"
    : "'CalcService' object has no attribute 'exposed_private'";
  await client.missing(root, 'private', refused);
  client.step('denied setattr');
  await client.fails(setattr(root, 'answer', 1), 'builtins.AttributeError', 'access denied');
  client.step('service name');
  assert.equal(asText(await client.method(root, 'get_service_name')), 'CALC');
  assert.deepEqual(asText(await client.method(root, 'get_service_aliases')), ['CALC', 'MATH']);
  client.step('exception');
  await client.fails(client.method(root, 'fail'), 'builtins.ValueError', 'bad thing', 7);
}

async function callback(client: ReplayClient, root: Netref): Promise<void> {
  client.step('callback');
  const subtract = (a: unknown, b: unknown): number => Number(a) - Number(b);
  assert.equal(await client.method(root, 'apply', [subtract, 9, 4]), 5);
}

async function lists(client: ReplayClient, root: Netref): Promise<void> {
  client.step('list reply, denied public method, allowed safe method');
  const list = (await client.method(root, 'make')) as Netref;
  assert.equal(await len(list), 3);
  await client.missing(list, 'append', "cannot access 'append'");
  client.step('buffiter');
  await readInChunks(client, (await client.method(root, 'gen', [25])) as Netref);
  client.step('for loop');
  const numbers = (await client.method(root, 'gen', [2])) as Netref;
  assert.equal(await iter(numbers), numbers);
  assert.equal(await next(numbers), 0);
  assert.equal(await callattr(numbers, client.isPython2 ? 'next' : '__next__'), 1);
  await client.stops(numbers);
  await client.drop(numbers);
  client.step('pickle denied');
  await client.fails(
    client.request(Handler.pickle, list, client.pickleProtocol),
    'builtins.ValueError',
    'pickling is disabled',
  );
  client.step('drop list');
  await client.drop(list);
}

/** What the recorded service did. */
export class CalcService extends Service {
  static override readonly aliases = ['calc', 'math'];

  readonly exposed_answer = 42;
  readonly private = 'out of reach';

  exposed_add(a: unknown, b: unknown): unknown {
    const [left, right] = [asText(a), asText(b)];
    return typeof left === 'string' ? left + String(right) : Number(left) + Number(right);
  }

  exposed_concat(a: unknown, b: unknown, named: unknown): string {
    assert.ok(named instanceof Kwargs);
    const [entry] = named.entries();
    assert.equal(entry?.[0], 'sep');
    return [a, b].map(asText).join(String(asText(entry[1])));
  }

  exposed_fail(): never {
    throw new PythonError('ValueError', ['bad thing', 7]);
  }

  async exposed_apply(callable: Netref, ...args: readonly unknown[]): Promise<unknown> {
    const result = await call(callable, args);
    await release(callable);
    return result;
  }

  exposed_make(): PythonList {
    return new PythonList([1, 2, 3]);
  }

  exposed_gen(count: number): IterableIterator<number> {
    return Array(count).keys();
  }
}
