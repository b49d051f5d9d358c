/** The recorded client of `isinst-<version>`, as calls of the library. */
import assert from 'node:assert/strict';
import { call, callattr, isinstance } from '../../../../server/src/rpyc/core/builtins';
import { Handler } from '../../../../server/src/rpyc/core/consts';
import type { Netref } from '../../../../server/src/rpyc/core/netref';
import { referenceOf } from '../../../../server/src/rpyc/core/reference';
import { PythonList } from '../../../support/replay/pythonObjects';
import type { ReplayClient } from '../../../support/replay/replayClient';
import { connectClassic } from './classicScenario';

export async function isinstanceScenario(client: ReplayClient): Promise<void> {
  const { execute, namespace, builtins } = await connectClassic(client);
  await call(execute, ['class P(object): pass\nclass Q(P): pass\nq=Q()\nl=[1]\n']);
  const q = await client.inspected(client.item(namespace, 'q'));
  const base = await client.inspected(client.item(namespace, 'P'));
  const list = await client.itemObject(namespace, 'l');
  const object = await client.getattr(builtins, 'object');
  const listClass = await client.getattr(builtins, 'list');
  client.step('isinstance(q,P)');
  await check(client, q, base, false);
  client.step('isinstance(l,object)');
  await check(client, list, object, true);
  // From 4.1 on the other two cases need no request.
  if (client.isOld) {
    client.step('isinstance(l,list)');
    await check(client, list, listClass, true);
    client.step('isinstance(local list, remote list)');
    assert.equal(await callattr(listClass, '__instancecheck__', [new PythonList([])]), true);
  }
  client.step('isinstance(q,object)');
  await check(client, q, object, false);
  await client.inspected(client.item(namespace, 'Q'));
  client.step('isinstance(q,P) with Q known');
  await check(client, q, base, false);
  client.step('close');
  await client.close();
}

/** Up to 4.0 the class itself is asked, which knows; later INSTANCECHECK with the id of the instance by value. */
async function check(client: ReplayClient, ref: Netref, type: Netref, expected: boolean): Promise<void> {
  if (client.isOld) {
    assert.equal(await isinstance(ref, type), true);
    return;
  }
  const id = referenceOf(ref)?.target.echo;
  assert.equal(await client.request(Handler.instancecheck, type, id), expected);
}
