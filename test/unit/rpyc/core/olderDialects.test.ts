/** Dialects A (3.x) and B (4.0): found out from either side, and what they have in place of id packs. */
import assert from 'node:assert/strict';

import { call, cmp, getattr, release } from '../../../../server/src/rpyc/core/builtins';
import { Channel } from '../../../../server/src/rpyc/core/channel';
import { Handler, Label, MessageType } from '../../../../server/src/rpyc/core/consts';
import type { DialectName } from '../../../../server/src/rpyc/core/dialect';
import type { Message } from '../../../../server/src/rpyc/core/envelope';
import type { Netref } from '../../../../server/src/rpyc/core/netref';
import { Connection } from '../../../../server/src/rpyc/core/protocol';
import { type BrineValue, NotImplemented } from '../../../../server/src/rpyc/core/pyTypes';
import { Service } from '../../../../server/src/rpyc/core/service';
import type { ConnectOptions } from '../../../../server/src/rpyc/utils/connectOptions';
import { establish } from '../../../../server/src/rpyc/utils/dialectDiscovery';
import { createStreamPair } from '../../../support/memoryStream';
import { eventually } from '../../../support/poll';
import { connectRaw, type RawAnswer, RawPeer, type RawPair } from '../../../support/rawPeer';

class LampService extends Service {
  readonly secret = 'out of reach';
  exposed_name(): string {
    return 'lamp';
  }
  exposed_switch(): () => boolean {
    return () => true;
  }
  async exposed_ask(callback: Netref): Promise<unknown> {
    return await call(callback, [1]);
  }
}

type OlderName = 'A' | 'B';
const OLDER: readonly OlderName[] = ['A', 'B'];
const OID = 140_000_000_000_001n;
const NAME = '__javascript__.LampService';

/** The arguments of a request for an object, boxed as each dialect does it. */
function boxedFor(dialect: OlderName, key: BrineValue, ...rest: readonly BrineValue[]): BrineValue {
  if (dialect === 'A') return [Label.value, [key, ...rest]];
  return [Label.tuple, [[Label.localRef, key], ...rest.map((value) => [Label.value, value])]];
}

function payloadOf({ type, body }: RawAnswer): readonly BrineValue[] {
  assert.equal(type, MessageType.reply);
  const [label, payload] = body as readonly [BrineValue, readonly BrineValue[]];
  assert.equal(label, Label.remoteRef);
  return payload;
}

function errorName({ type, body }: RawAnswer): unknown {
  assert.equal(type, MessageType.exception);
  return (body as readonly (readonly BrineValue[])[])[0]?.[1];
}

for (const dialect of OLDER) {
  describe(`A client of dialect ${dialect}`, () => {
    function open(): RawPair {
      // The envelope of A, B and C is one.
      return connectRaw(dialect, { service: new LampService(), dialect: 'auto' });
    }

    /** Asks for the root as each version does, up to the point where it has shown its dialect. */
    async function introduce({ connection, peer }: RawPair): Promise<BrineValue> {
      const [name, classId, instanceId] = payloadOf(await peer.request(Handler.getroot, [Label.value, []]));
      assert.equal(name, NAME);
      assert.ok(classId !== undefined && instanceId !== undefined, 'an id pack, until more is known');
      // To this client that is a number and two names, and a class that it does not know.
      const inspected = await peer.request(Handler.inspect, [Label.value, [name]]);
      assert.equal(inspected.type, MessageType.reply);
      assert.match(JSON.stringify(inspected.body), /exposed_name/);
      assert.equal(connection.dialect, 'B', 'A or B');
      return name;
    }

    it('is told apart by the first request for an object', async () => {
      const pair = open();
      const root = await introduce(pair);
      const named = await pair.peer.request(Handler.getattr, boxedFor(dialect, root, 'name'));
      assert.equal(pair.connection.dialect, dialect);
      const [oid, typeName, module] = payloadOf(named);
      assert.equal(typeof oid, 'number');
      assert.deepEqual([typeName, module], ['function', 'builtins']);
      const called = await pair.peer.request(Handler.call, boxedFor(dialect, oid, [], []));
      assert.deepEqual(called.body, [Label.value, 'lamp']);
      pair.connection.dispose();
    });

    it('is called back, and told to let go, in its own form', async () => {
      const pair = open();
      const { connection, peer } = pair;
      const root = await introduce(pair);
      const [oid] = payloadOf(await peer.request(Handler.getattr, boxedFor(dialect, root, 'ask')));
      const callback = [Label.remoteRef, [OID, 'function', 'builtins']];
      const args = [Label.tuple, [callback]];
      const target = dialect === 'A' ? [Label.value, oid] : [Label.localRef, oid];
      const seq = peer.ask(Handler.call, [Label.tuple, [target, args, [Label.value, []]]]);
      const request = await peer.nextRequest();
      const number = Number(OID);
      assert.deepEqual(request.body, [Handler.call, boxedFor(dialect, number, [1], [])]);
      peer.send(MessageType.reply, request.seq, [Label.value, 42]);
      const isAnswer = (message: Message): boolean =>
        message.type !== MessageType.request && message.seq === seq;
      const answer = await eventually('the answer', () => peer.inbox.find(isAnswer), { intervalMs: 1 });
      assert.deepEqual(answer.body, [Label.value, 42]);
      connection.dispose();
    });

    it('gives the root back by the name that it has for it', async () => {
      const pair = open();
      const root = await introduce(pair);
      await pair.peer.request(Handler.getattr, boxedFor(dialect, root, 'name'));
      const before = pair.connection.lentReferences;
      const count = dialect === 'A' ? [] : [1];
      const released = await pair.peer.request(Handler.del, boxedFor(dialect, root, ...count));
      assert.deepEqual(released.body, [Label.value, null]);
      assert.equal(pair.connection.lentReferences, before - 1);
      const gone = await pair.peer.request(Handler.getattr, boxedFor(dialect, root, 'name'));
      assert.equal(errorName(gone), 'KeyError');
      pair.connection.dispose();
    });

    it('that runs Python 2 is told errors by the names that are known there', async () => {
      const pair = open();
      const root = await introduce(pair);
      const bytes = new Uint8Array(Buffer.from('secret'));
      const { body } = await pair.peer.request(Handler.getattr, boxedFor(dialect, root, bytes));
      const [names, , attributes] = body as readonly BrineValue[];
      assert.deepEqual(names, ['exceptions', 'AttributeError']);
      assert.deepEqual(attributes, [], 'and no version');
      assert.equal(pair.connection.peerPython, 2);
      pair.connection.dispose();
    });

    it('finds nothing by a key that it was not given', async () => {
      const pair = open();
      const root = await introduce(pair);
      await pair.peer.request(Handler.getattr, boxedFor(dialect, root, 'name'));
      for (const key of [0, 1, -1, 2n ** 63n, '__proto__', 'constructor', 'object', new Uint8Array([255])]) {
        const answer = await pair.peer.request(Handler.getattr, boxedFor(dialect, key, 'name'));
        assert.equal(errorName(answer), 'KeyError', String(key));
        const inspected = await pair.peer.request(Handler.inspect, [Label.value, [key]]);
        assert.equal(errorName(inspected), 'KeyError', String(key));
      }
      assert.equal(pair.connection.closed, false);
      pair.connection.dispose();
    });
  });
}

/** A server of that dialect, as far as a client asks it while it connects. */
function serve(dialect: DialectName, peer: RawPeer, answered: string[]): void {
  const root = dialect === 'C' ? ['m.K', 7, 8] : [OID, 'K', 'm'];
  void (async () => {
    for (;;) {
      const { seq, body } = await peer.nextRequest();
      const [handler, boxed] = body as readonly [number, BrineValue];
      answered.push(`${handler} ${JSON.stringify(boxed)}`);
      if (handler === Handler.getroot) peer.send(MessageType.reply, seq, [Label.remoteRef, root]);
      else if (dialect === 'A') peer.send(MessageType.reply, seq, [Label.value, '<m.K object>']);
      else peer.send(MessageType.reply, seq, [Label.value, String(OID)]);
    }
  })().catch(() => undefined);
}

interface Opened {
  readonly connection: Connection;
  readonly peer: RawPeer;
  readonly answered: readonly string[];
  readonly streams: number;
}

async function openTo(dialect: DialectName, options: ConnectOptions = {}): Promise<Opened> {
  const answered: string[] = [];
  const peers: RawPeer[] = [];
  const open = (): ReturnType<Parameters<typeof establish>[1]> => {
    const [ours, theirs] = createStreamPair();
    const peer = new RawPeer(new Channel(theirs), dialect);
    peers.push(peer);
    serve(dialect, peer, answered);
    return Promise.resolve(ours);
  };
  const connection = await establish(
    'there:1',
    open,
    options,
    (channel, made) => new Connection(channel, made),
  );
  const peer = peers.at(-1);
  assert.ok(peer !== undefined);
  return { connection, peer, answered, streams: peers.length };
}

describe('A client that has to find out', () => {
  for (const [dialect, requests] of [
    ['A', ['3 [1,[]]', `9 [1,[${OID}]]`]],
    ['B', ['3 [1,[]]', `9 [1,[${OID}]]`]],
    ['C', ['3 [1,[]]']],
  ] as const) {
    it(`tells ${dialect} by ${requests.length} requests over one stream, and remembers it`, async () => {
      const dialectMemory = new Map<string, DialectName>();
      const { connection, answered, streams } = await openTo(dialect, { dialectMemory });
      assert.equal(connection.dialect, dialect);
      assert.deepEqual([answered, streams], [requests, 1]);
      assert.deepEqual([...dialectMemory], [['there:1', dialect]]);
      connection.dispose();
    });
  }

  it('does not trust its memory of A where the server was replaced by one of B', async () => {
    const dialectMemory = new Map<string, DialectName>([['there:1', 'A']]);
    const { connection, streams } = await openTo('B', { dialectMemory, oneShot: true });
    assert.equal(connection.dialect, 'B');
    assert.equal(streams, 1);
    connection.dispose();
  });

  it('asks nothing where the dialect is given, and says so where it is wrong', async () => {
    for (const [spoken, given] of [
      ['C', 'A'],
      ['C', 'B'],
      ['A', 'C'],
      ['B', 'C'],
    ] as const) {
      const { connection, answered } = await openTo(spoken, { dialect: given });
      assert.deepEqual(answered, []);
      await assert.rejects(connection.fetchRoot(), { code: 'ERR_DIALECT' }, `${spoken} as ${given}`);
    }
  });
});

describe('A request to a peer of dialect A', () => {
  it('names its object by the number, and gives each reference back by itself', async () => {
    const { connection, peer } = connectRaw('A');
    const first = connection.fetchRoot();
    const asked = await peer.nextRequest();
    peer.send(MessageType.reply, asked.seq, [Label.remoteRef, [OID, 'K', 'm']]);
    const root = (await first) as Netref;
    const again = getattr(root, 'itself');
    const request = await peer.nextRequest();
    assert.deepEqual(request.body, [Handler.getattr, [Label.value, [Number(OID), 'itself']]]);
    peer.send(MessageType.reply, request.seq, [Label.remoteRef, [OID, 'K', 'm']]);
    assert.equal(await again, root);
    await release(root);
    for (let count = 0; count < 2; count++) {
      assert.deepEqual((await peer.nextRequest()).body, [Handler.del, [Label.value, [Number(OID)]]]);
    }
    connection.dispose();
  });

  it('is refused here where it would be for a plain value or an object of ours', async () => {
    const { connection } = connectRaw('A');
    await assert.rejects(connection.syncRequest(Handler.getattr, 'text', 'upper'), TypeError);
    await assert.rejects(connection.syncRequest(Handler.repr, {}), TypeError);
    assert.equal(connection.counters.requestsSent, 0);
    connection.dispose();
  });

  it('compares by a method, and takes a missing one for an object that does not know how', async () => {
    const { connection, peer } = connectRaw('A');
    const first = connection.fetchRoot();
    const asked = await peer.nextRequest();
    peer.send(MessageType.reply, asked.seq, [Label.remoteRef, [OID, 'K', 'm']]);
    const root = (await first) as Netref;
    const compared = cmp(root, 5, '__lt__');
    const request = await peer.nextRequest();
    assert.deepEqual(request.body, [Handler.callattr, [Label.value, [Number(OID), '__lt__', [5], []]]]);
    peer.send(MessageType.exception, request.seq, [['builtins', 'AttributeError'], ['__lt__'], [], '']);
    assert.equal(await compared, NotImplemented);
    connection.dispose();
  });
});

describe('A server of the fork rpyc-ng', () => {
  it('is named where it refuses the root', async () => {
    const attributes = [['_remote_version', '7.0.1']];
    const open = (): ReturnType<Parameters<typeof establish>[1]> => {
      const [ours, theirs] = createStreamPair();
      const peer = new RawPeer(new Channel(theirs), 'C');
      void peer.nextRequest().then(({ seq }) => {
        peer.send(MessageType.exception, seq, [['builtins', 'TypeError'], ['no'], attributes, '']);
      });
      return Promise.resolve(ours);
    };
    const connecting = establish('there:1', open, {}, (channel, made) => new Connection(channel, made));
    await assert.rejects(connecting, { code: 'ERR_DIALECT', message: /memory a.*rpyc-ng 7\.0\.1/ });
  });
});
