/** What a peer that means no good can make us do: next to nothing. */
import assert from 'node:assert/strict';

import type { Config } from '../../../../server/src/rpyc/core/config';
import { Handler, MessageType } from '../../../../server/src/rpyc/core/consts';
import { type BrineValue, PyLong } from '../../../../server/src/rpyc/core/pyTypes';
import { Service } from '../../../../server/src/rpyc/core/service';
import { connectRaw, DIALECTS, type RawPair, type RawPeer } from '../../../support/rawPeer';

const HOSTILE_NAMES = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'valueOf',
  'hasOwnProperty',
  'then',
  '__defineGetter__',
  '__class__',
  '__reduce_ex__',
  '__getattribute__',
  '__setattr__',
  'onConnect',
  'createConnection',
  'caller',
  'call',
];

/** Asks for the root and gives the key under which it is used. */
async function rootKey(peer: RawPeer): Promise<BrineValue> {
  const { type, body } = await peer.request(Handler.getroot, [1, []]);
  assert.equal(type, MessageType.reply);
  const [label, pack] = body as readonly BrineValue[];
  assert.equal(label, 4);
  return pack;
}

function onRoot(key: BrineValue, ...rest: readonly BrineValue[]): BrineValue {
  return [2, [[3, key], ...rest.map((value) => [1, value])]];
}

async function refused(
  peer: RawPeer,
  handler: BrineValue,
  args: BrineValue,
  typeName?: string,
): Promise<void> {
  const { type, body } = await peer.request(handler, args);
  assert.equal(type, MessageType.exception, `handler ${String(handler)} is refused`);
  const name = Array.isArray(body) ? (body as readonly (readonly BrineValue[])[])[0]?.[1] : body;
  if (typeName !== undefined) assert.equal(name, typeName);
}

for (const dialect of DIALECTS) {
  describe(`A hostile peer in dialect ${dialect}`, () => {
    const open: RawPair[] = [];
    const connect = (config?: Partial<Config>, service?: Service): RawPair => {
      const pair = connectRaw(dialect, { ...(config && { config }), ...(service && { service }) });
      open.push(pair);
      return pair;
    };

    afterEach(() => {
      for (const { connection } of open.splice(0)) connection.dispose();
    });

    it('gets nothing out of the void root but fixed texts', async () => {
      const { peer } = connect();
      const key = await rootKey(peer);
      for (const handler of [Handler.repr, Handler.str]) {
        const { body } = await peer.request(handler, onRoot(key));
        assert.deepEqual(body, [1, '<VoidService object>']);
      }
      const { body: names } = await peer.request(Handler.dir, onRoot(key));
      assert.deepEqual(names, [1, []]);
      assert.deepEqual((await peer.request(Handler.inspect, [1, [key]])).body, [1, []]);
      for (const name of ['get_service_name', 'exposed_get_service_name', 'get_service_aliases']) {
        await refused(peer, Handler.getattr, onRoot(key, name), 'AttributeError');
        await refused(peer, Handler.callattr, onRoot(key, name, [], []), 'AttributeError');
      }
      assert.equal((await peer.request(Handler.hash, onRoot(key))).type, MessageType.reply);
      assert.deepEqual((await peer.request(Handler.ping, [1, ['data']])).body, [1, 'data']);
      await refused(peer, Handler.call, onRoot(key, [], []), 'TypeError');
      await refused(peer, Handler.pickle, onRoot(key, 2), 'ValueError');
      await refused(peer, Handler.buffiter, onRoot(key, 10), 'TypeError');
      await refused(peer, Handler.ctxexit, onRoot(key, null));
      await refused(peer, Handler.oldslicing, onRoot(key, '__getitem__', '__getslice__', 0, 1, []));
      assert.deepEqual((await peer.request(Handler.instancecheck, onRoot(key, key))).body, [1, false]);
      await refused(peer, 0, [1, []], 'KeyError');
      await refused(peer, 99, [1, []], 'KeyError');
      await refused(peer, '__proto__', [1, []], 'KeyError');
    });

    it('reaches no name that is not exposed', async () => {
      const { peer } = connect({ allow_public_attrs: true, allow_setattr: true, allow_delattr: true });
      const key = await rootKey(peer);
      for (const name of HOSTILE_NAMES) {
        await refused(peer, Handler.getattr, onRoot(key, name), 'AttributeError');
        await refused(peer, Handler.callattr, onRoot(key, name, [], []), 'AttributeError');
        await refused(peer, Handler.setattr, onRoot(key, name, 1), 'AttributeError');
        await refused(peer, Handler.delattr, onRoot(key, name), 'AttributeError');
        await refused(peer, Handler.oldslicing, onRoot(key, name, name, 0, 1, []), 'AttributeError');
      }
      await refused(peer, Handler.getattr, onRoot(key, 5), 'TypeError');
      await refused(peer, Handler.getattr, onRoot(key, new Uint8Array([0xff])), 'TypeError');
    });

    it('compares by the operators of the list only', async () => {
      const { peer } = connect({ allow_all_attrs: true });
      const key = await rootKey(peer);
      for (const operator of HOSTILE_NAMES) {
        await refused(peer, Handler.cmp, onRoot(key, 1, operator), 'AttributeError');
      }
      assert.equal((await peer.request(Handler.cmp, onRoot(key, 1, '__eq__'))).type, MessageType.reply);
    });

    it('never makes us pickle, whatever is allowed', async () => {
      const { peer } = connect({ allow_pickle: true, allow_all_attrs: true });
      await refused(peer, Handler.pickle, onRoot(await rootKey(peer), 2), 'ValueError');
    });

    it('finds no object by a key that it was not given', async () => {
      const { peer, connection } = connect();
      const [name, classId, instanceId] = (await rootKey(peer)) as readonly [string, number, number];
      const other = connect();
      const foreign = await rootKey(other.peer);
      const forged: BrineValue[] = [
        [name, classId, instanceId + 1],
        [name, classId + 1, instanceId],
        [`${name}x`, classId, instanceId],
        [new TextEncoder().encode(`${name}x`), classId, instanceId],
        [name, classId, 0],
        foreign,
      ];
      for (const key of forged) {
        await refused(peer, Handler.repr, [2, [[3, key]]], 'KeyError');
        await refused(peer, Handler.del, onRoot(key, 1), 'KeyError');
      }
      for (let guess = 0; guess < 200; guess++) peer.ask(Handler.str, [2, [[3, [name, classId, guess]]]]);
      await refused(peer, Handler.inspect, [1, [[name, classId, 1]]], 'KeyError');
      assert.equal(connection.closed, false);
    });

    it('finds an object by its key as Python 2 writes it', async () => {
      const { peer } = connect();
      const [name, classId, instanceId] = (await rootKey(peer)) as readonly [string, number, number];
      const key: BrineValue = [
        new TextEncoder().encode(name),
        new PyLong(BigInt(classId)),
        new PyLong(BigInt(instanceId)),
      ];
      assert.deepEqual((await peer.request(Handler.repr, onRoot(key))).body, [1, '<VoidService object>']);
    });

    it('gives back what it holds and no more', async () => {
      const { peer, connection } = connect();
      const key = await rootKey(peer);
      await rootKey(peer);
      assert.equal(connection.lentReferences, 1);
      for (const count of [0, -1, 1.5, 'x', 2n ** 70n]) await refused(peer, Handler.del, onRoot(key, count));
      assert.equal((await peer.request(Handler.del, onRoot(key))).type, MessageType.reply);
      assert.equal(connection.lentReferences, 1);
      assert.equal((await peer.request(Handler.del, onRoot(key, 1_000_000))).type, MessageType.reply);
      assert.equal(connection.lentReferences, 0);
      await refused(peer, Handler.del, onRoot(key, 1), 'KeyError');
    });

    it('is answered in its own words, whatever it calls its requests', async () => {
      const { peer } = connect();
      for (const seq of ['text', null, -1, 2n ** 80n, [1, 'x']] as const) {
        peer.send(MessageType.request, seq, [Handler.ping, [1, ['x']]]);
      }
      await peer.request(Handler.ping, [1, ['last']]);
      assert.deepEqual(
        peer.inbox.map(({ seq }) => seq),
        ['text', null, -1, 2n ** 80n, [1, 'x']],
      );
    });

    it('sends answers that nobody asked for, without effect', async () => {
      const { peer, connection } = connect();
      peer.send(MessageType.reply, 77, [1, 'x']);
      peer.send(MessageType.exception, 78, 1);
      peer.send(MessageType.reply, 'x', [4, ['m.K', 1, 2]]);
      await peer.request(Handler.ping, [1, ['x']]);
      assert.equal(connection.heldReferences, 0);
      const { body } = await peer.nextRequest();
      assert.deepEqual(
        body,
        [
          Handler.del,
          [
            2,
            [
              [3, ['m.K', 1, 2]],
              [1, 1],
            ],
          ],
        ],
        'the reference is given back',
      );
    });

    it('gets errors for arguments that make no sense', async () => {
      const { peer, connection } = connect();
      const key = await rootKey(peer);
      await refused(peer, Handler.getattr, onRoot(key), 'TypeError');
      await refused(peer, Handler.ping, [1, []], 'TypeError');
      await refused(peer, Handler.ping, [1, 'text'], 'TypeError');
      await refused(peer, Handler.getattr, [1, [5, 'name']], 'AttributeError');
      await refused(peer, Handler.call, onRoot(key, 5, []), 'TypeError');
      await refused(peer, Handler.call, onRoot(key, [], [5]), 'TypeError');
      await refused(peer, Handler.ping, [9, 'x'], 'ValueError');
      assert.equal(connection.closed, false);
    });

    for (const [what, body] of [
      ['a request without arguments', [1]],
      ['a request that is no tuple', 5],
      ['an argument without a label', [1, [2, [5]]]],
      ['a reference that is none', [1, [2, [[4, 'm.K']]]]],
      ['a key that is none', [1, [2, [[3, ['m.K', 'x', 'y']]]]]],
    ] as const) {
      it(`is cut off after ${what}`, async () => {
        const { peer, connection } = connect();
        const ended = new Promise<Error | undefined>((resolve) => connection.onDidClose(resolve));
        peer.send(MessageType.request, 0, body);
        assert.equal(((await ended) as { code?: string } | undefined)?.code, 'ERR_PROTOCOL');
      });
    }

    it('cannot keep more requests in service than the limit', async () => {
      class Slow extends Service {
        exposed_wait(): Promise<never> {
          return new Promise(() => undefined);
        }
      }
      const pair = connectRaw(dialect, { service: new Slow(), limits: { maxPeerRequests: 50 } });
      open.push(pair);
      const ended = new Promise<Error | undefined>((resolve) => pair.connection.onDidClose(resolve));
      const key = await rootKey(pair.peer);
      for (let n = 0; n < 51; n++) pair.peer.ask(Handler.callattr, onRoot(key, 'wait', [], []));
      assert.equal(((await ended) as { code?: string } | undefined)?.code, 'ERR_LIMIT');
    });

    it('cannot hold more objects than the limit', async () => {
      class Lender extends Service {
        exposed_make(): object {
          return {};
        }
      }
      const pair = connectRaw(dialect, { service: new Lender(), limits: { maxPeerRefs: 10 } });
      open.push(pair);
      const key = await rootKey(pair.peer);
      for (let n = 0; n < 9; n++) await pair.peer.request(Handler.callattr, onRoot(key, 'make', [], []));
      await refused(pair.peer, Handler.callattr, onRoot(key, 'make', [], []));
      assert.equal(pair.connection.lentReferences, 10);
      assert.equal(pair.connection.closed, false);
    });
  });
}
