/** Hostile clients at a server of ours, over real sockets: the exploits that are public, and all that comes to mind besides. */
import assert from 'node:assert/strict';

import { CANARY_NAMES, CanaryService, touched } from '../../fuzz/canary';
import type { Service } from '../../../server/src/rpyc/index';
import {
  type BrineValue,
  connect,
  type Connection,
  getattr,
  getitem,
  Handler,
  kwargs,
  MessageType,
  type Netref,
  SlaveService,
  ThreadedServer,
  type Kwargs,
} from '../../../server/src/rpyc/index';
import { HOSTILE_NAMES } from '../../support/hostile/names';
import { cmpExploits, hostileRequests } from '../../support/hostile/requests';
import { fireAll, hostileClient, rootKey } from '../../support/hostile/socketPeer';
import { eventually } from '../../support/poll';
import { RPYC_VERSIONS, runPython } from '../../support/pythonPeer';
import type { RawPeer } from '../../support/rawPeer';

class Guarded extends CanaryService {
  exposed_named(named: Kwargs): readonly string[] {
    return named.entries().map(([name]) => name);
  }

  exposed_polluted(): boolean {
    return (
      Object.hasOwn(Object.prototype, 'polluted') || ({} as { polluted?: unknown }).polluted !== undefined
    );
  }
}

async function serve(service: Service, config: object = {}): Promise<ThreadedServer> {
  const server = new ThreadedServer({ service, protocolConfig: config });
  await server.start();
  return server;
}

/** A friendly client gets what it asks for. */
async function stillWorks(port: number): Promise<void> {
  const connection = await connect('127.0.0.1', port, { dialect: 'D' });
  assert.deepEqual(await connection.root['echo']?.(1, 'two'), [1, 'two']);
  await connection.close();
}

/** Lends an object, by the name of the method that gives it. */
async function lend(peer: RawPeer, root: BrineValue, name: string): Promise<BrineValue> {
  const { body } = await peer.request(Handler.callattr, [2, [[3, root], [1, name], [1, []], [1, []]]]); // prettier-ignore
  return (body as readonly BrineValue[])[1];
}

for (const dialect of ['C', 'D'] as const) {
  describe(`A hostile client in dialect ${dialect}`, () => {
    it('runs the exploits of CVE-2019-16328 against root, object and method, for nothing', async () => {
      await using server = await serve(new Guarded(), { allow_all_attrs: true, allow_setattr: true });
      const peer = await hostileClient(server.port, dialect);
      const root = await rootKey(peer);
      const keys = [root, await lend(peer, root, 'treasure'), await lend(peer, root, 'items')];
      for (const key of keys) {
        const exploits = cmpExploits(key).map((exploit) => ({ handler: Handler.cmp, ...exploit }));
        for (const [{ title }, { type, body }] of await fireAll(peer, exploits)) {
          assert.equal(type, MessageType.exception, title);
          assert.match(JSON.stringify(body), /AttributeError.*cannot access/, title);
        }
      }
      assert.deepEqual(touched.splice(0), []);
      await stillWorks(server.port);
      peer.channel.destroy();
    });

    it('fires every handler with every form of target, and reaches nothing that is not exposed', async () => {
      await using server = await serve(new Guarded(), {
        allow_setattr: true,
        allow_delattr: true,
        allow_pickle: true,
      });
      const peer = await hostileClient(server.port, dialect);
      const root = await rootKey(peer);
      for (const key of [root, await lend(peer, root, 'treasure'), await lend(peer, root, 'table')]) {
        const shots = hostileRequests(key).filter(({ form }) => form !== 'own');
        for (const [{ title, handler }, { type }] of await fireAll(peer, shots)) {
          if (handler === Handler.pickle) assert.equal(type, MessageType.exception, title);
        }
      }
      assert.deepEqual(touched.splice(0), []);
      await stillWorks(server.port);
      peer.channel.destroy();
    });

    it('guesses 10,000 ids, and uses those of another connection, for nothing', async () => {
      await using server = await serve(new Guarded());
      const [peer, other] = [
        await hostileClient(server.port, dialect),
        await hostileClient(server.port, dialect),
      ];
      const root = await rootKey(peer);
      const foreign = await rootKey(other);
      const [name, classId, instanceId] = root as readonly [string, number, number];
      const guesses = Array.from({ length: 10_000 }, (_, n): BrineValue => {
        if (n % 4 === 0) return [name, classId, instanceId + 1 + n];
        if (n % 4 === 1) return [name, classId - n - 1, instanceId];
        return n % 4 === 2 ? [name, n, n] : ['builtins.object', 2n ** 64n - BigInt(n), -n];
      });
      const shots = [...guesses, foreign].flatMap((key) => [
        { handler: Handler.repr, boxedArgs: [2, [[3, key]]] as BrineValue },
        { handler: Handler.inspect, boxedArgs: [1, [key]] as BrineValue },
      ]);
      for (const [{ boxedArgs }, { type }] of await fireAll(peer, shots)) {
        assert.equal(type, MessageType.exception, JSON.stringify(String(boxedArgs)));
      }
      const gone = await lend(peer, root, 'fresh');
      for (const count of [2 ** 40, -5, 0, 2n ** 80n]) {
        const shot = { handler: Handler.del, boxedArgs: [2, [[3, gone], [1, count]]] as BrineValue }; // prettier-ignore
        await fireAll(peer, [shot]);
      }
      const { type } = await peer.request(Handler.repr, [2, [[3, gone]]]);
      assert.equal(type, MessageType.exception, 'an object that was given back is gone');
      for (const raw of [peer, other]) raw.channel.destroy();
      await stillWorks(server.port);
    });
  });
}

describe('Names that mean something to JavaScript', () => {
  it('are plain names to a service: attributes, keyword arguments, keys', async () => {
    await using server = await serve(new Guarded());
    const connection = await connect('127.0.0.1', server.port, { dialect: 'D' });
    const { root } = connection;
    const named = Object.fromEntries(
      HOSTILE_NAMES.filter((name) => name !== '__proto__').map((name) => [name, 1]),
    );
    assert.deepEqual(await root['named']?.(kwargs(named)), Object.keys(named));
    for (const name of HOSTILE_NAMES) {
      await assert.rejects(getattr(root, name), { code: 'ERR_REMOTE', typeName: 'AttributeError' }, name);
    }
    const table = (await root['table']?.()) as Netref;
    assert.equal(await getitem(table, '__proto__'), 1);
    for (const name of HOSTILE_NAMES.filter((entry) => entry !== '__proto__')) {
      await assert.rejects(getitem(table, name), { typeName: 'KeyError' });
    }
    assert.equal(await root['polluted']?.(), false);
    for (const name of CANARY_NAMES.filter((entry) => /secret|hidden|steal/.test(entry))) {
      await assert.rejects(getattr(root, name), { typeName: 'AttributeError' }, name);
    }
    assert.deepEqual(touched.splice(0), []);
    await connection.close();
  });

  it('do not get out of an object of the JavaScript slave', async () => {
    await using server = await serve(new SlaveService());
    const connection: Connection = await connect('127.0.0.1', server.port, { dialect: 'C' });
    const object = (await connection.root['eval']?.('({ value: 1 })')) as Netref;
    assert.equal(await object['value'], 1);
    for (const name of [
      '__proto__',
      'constructor',
      'prototype',
      'toString',
      'hasOwnProperty',
      'then',
      '__class__',
    ]) {
      await assert.rejects(getattr(object, name), { typeName: 'AttributeError' }, name);
    }
    for (const name of ['__proto__', 'constructor', 'prototype']) {
      const attempt = connection.syncRequest(Handler.setattr, object, name, 1);
      await assert.rejects(attempt, { typeName: 'AttributeError' }, name);
    }
    for (const name of ['__proto__', 'constructor', '../package.json\u0000']) {
      await assert.rejects(
        Promise.resolve(connection.root['getmodule']?.(name)),
        { code: 'ERR_REMOTE' },
        name,
      );
    }
    await connection.close();
  });
});

/** Asks our server, and our callback, to pickle: through `__array__` (CVE-2024-27758) and by the handler itself. */
const PICKLE_CLIENT = `
import sys, rpyc
from rpyc.core import consts, netref
conn = rpyc.connect('127.0.0.1', int(sys.argv[1]), config={'allow_pickle': True, 'allow_all_attrs': True})
treasure = conn.root.treasure()
def refused(what, action):
    try:
        print(what, 'GOT', action())
    except Exception as error:
        print(what, type(error).__name__, str(error).splitlines()[0])
refused('array', lambda: netref._make_method('__array__', None)(treasure))
refused('handler', lambda: conn.sync_request(consts.HANDLE_PICKLE, treasure, 2))
refused('root', lambda: conn.sync_request(consts.HANDLE_PICKLE, conn.root, 0))
refused('obtain', lambda: rpyc.classic.obtain(treasure))
print('alive', conn.root.echo(1)[0])
`;

for (const version of RPYC_VERSIONS) {
  describe(`A Python client of ${version}`, () => {
    it('that wants pickles, through __array__ too, never gets one', async () => {
      await using server = await serve(new Guarded(), { allow_pickle: true, allow_public_attrs: true });
      const { stdout, stderr } = await runPython(version, PICKLE_CLIENT, [String(server.port)]);
      const lines = stdout.trim().split('\n');
      assert.equal(lines.length, 5, stdout + stderr);
      assert.ok(
        lines.slice(0, 4).every((line) => line.includes('pickling is disabled')),
        stdout,
      );
      assert.equal(lines[4], 'alive 1');
      assert.deepEqual(touched.splice(0), []);
      await eventually('the server has no client', () => server.clients.size === 0);
    });
  });
}
