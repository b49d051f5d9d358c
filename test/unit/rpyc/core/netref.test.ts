/** Paths and netrefs: what asks the peer, and what never does. */
import assert from 'node:assert/strict';
import { inspect } from 'node:util';

import { getattr, isNetref, setattr, type_ } from '../../../../server/src/rpyc/core/builtins';
import { Handler } from '../../../../server/src/rpyc/core/consts';
import type { Netref } from '../../../../server/src/rpyc/core/netref';
import { isPath } from '../../../../server/src/rpyc/core/path';
import type { Connection } from '../../../../server/src/rpyc/core/protocol';
import { kwargs } from '../../../../server/src/rpyc/core/pyTypes';
import { Service } from '../../../../server/src/rpyc/core/service';
import { referenceOf } from '../../../../server/src/rpyc/core/reference';
import { connectPair, ALL_DIALECTS } from '../../../support/rawPeer';

/** Lets everything be read that an object has of its own. */
const OPEN = { allow_public_attrs: true, allow_setattr: true };

class Box {
  constructor(readonly content: unknown) {}
}

class Library extends Service {
  readonly exposed_log: string[] = [];

  exposed_make(content: unknown): Box {
    this.exposed_log.push('make');
    return new Box(content);
  }

  /** Everything that a JavaScript function has a name for, as attributes of the peer's. */
  exposed_names(): object {
    return {
      name: 'n',
      length: 'l',
      call: 'c',
      apply: 'a',
      bind: 'b',
      caller: 'r',
      arguments: 'g',
      catch: 'x',
    };
  }

  exposed_echo(...args: readonly unknown[]): readonly unknown[] {
    return args;
  }

  get exposed_changing(): number {
    return this.exposed_log.push('read');
  }
}

for (const dialect of ALL_DIALECTS) {
  describe(`Netrefs and paths in dialect ${dialect}`, () => {
    let client: Connection;
    let server: Connection;
    let root: Netref;
    let library: Library;

    beforeEach(async () => {
      library = new Library();
      [client, server] = connectPair(dialect, {}, { service: library, config: OPEN });
      root = (await client.root) as Netref;
    });

    afterEach(() => {
      client.dispose();
      server.dispose();
    });

    /** Requests that `use` sends. */
    async function requestsOf(use: () => unknown): Promise<number> {
      const before = client.counters.requestsSent;
      await use();
      return client.counters.requestsSent - before;
    }

    it('ask nobody by accident', async () => {
      const box = await root['make']?.<Netref>(1);
      assert.ok(box);
      const path = root['make'];
      const count = await requestsOf(() => {
        assert.equal(String(box), '<netref __javascript__.Box>');
        assert.equal(
          `${box.toString()} ${String(path)}`,
          `${String(box)} <path <netref __javascript__.Library>.make>`,
        );
        assert.equal(JSON.stringify({ box }), '{"box":"<netref __javascript__.Box>"}');
        assert.equal(inspect(box), '<netref __javascript__.Box>');
        assert.match(inspect(path), /^<path /);
        assert.equal(Reflect.get(box, Symbol.iterator), undefined);
        assert.equal(Reflect.get(box, Symbol.toStringTag), undefined);
        assert.throws(() => Number(box), TypeError);
        assert.throws(() => (box as unknown as number) + 1, TypeError);
        assert.equal('content' in box, false);
        assert.deepEqual(Object.keys(box), []);
        assert.deepEqual(type_(box), { name: 'Box', module: '__javascript__', isClass: false });
        assert.ok(isNetref(box) && !isPath(box));
        assert.ok(isPath(path) && !isNetref(path));
      });
      assert.equal(count, 0);
    });

    it('of an object are no promises, of an attribute are', async () => {
      const box = await root['make']?.<Netref>(1);
      assert.equal(Reflect.get(box ?? {}, 'then'), undefined);
      assert.equal(await Promise.resolve(box), box);
      assert.equal(await root['make']?.(2).then(isNetref), true);
      assert.equal(await Promise.resolve(root['missing']).catch(() => 'caught'), 'caught');
      let finished = false;
      await root['log']?.finally(() => {
        finished = true;
      });
      assert.equal(finished, true);
    });

    it('take every other name for the peer’s', async () => {
      const names = await root['names']?.<Netref>();
      assert.ok(names);
      const read = await Promise.all([names.name, names.length, names.call, names.apply, names.bind]);
      assert.deepEqual(read, ['n', 'l', 'c', 'a', 'b']);
      assert.deepEqual(await Promise.all([names.caller, names.arguments, names['catch']]), ['r', 'g', 'x']);
    });

    it('read at each await, and call once', async () => {
      const changing = root['changing'];
      assert.notEqual(await changing, await changing);
      library.exposed_log.length = 0;
      const call = root['make']?.('x');
      const [first, second] = [await call, await call];
      assert.equal(first, second);
      assert.equal(await call?.['content'], 'x');
      assert.deepEqual(library.exposed_log, ['make']);
    });

    it('call at once, awaited or not', async () => {
      void root['make']?.(1);
      void root['no_such_method']?.();
      await client.ping();
      assert.deepEqual(library.exposed_log, ['make']);
    });

    it('call a method in one request', async () => {
      assert.equal(await requestsOf(async () => await root['echo']?.(1)), 1);
      // The array is a plain value, of which a peer of 3.x cannot be asked anything.
      if (dialect === 'A') return;
      assert.equal(await requestsOf(async () => await root['log']?.['push']?.('x')), 2);
    });

    it('among arguments are read first, wherever they are', async () => {
      const five = root['make']?.(5)['content'];
      const args = await root['echo']?.<readonly unknown[]>(five, [[five]], kwargs({ key: five }));
      assert.deepEqual(args?.slice(0, 2), [5, [[5]]]);
      const many = [...Array.from({ length: 250 }, () => 0), [five]];
      assert.deepEqual((await root['echo']?.<readonly unknown[]>(...many))?.at(-1), [5]);
    });

    it('cannot be written to', async () => {
      const box = await root['make']?.<Netref>(1);
      assert.ok(box);
      assert.throws(() => Reflect.set(box, 'content', 2), /setattr/);
      assert.throws(() => Reflect.deleteProperty(box, 'content'), /delattr/);
      assert.throws(() => Reflect.defineProperty(box, 'content', { value: 2 }), /setattr/);
      assert.throws(() => Reflect.set(root['make'] ?? {}, 'content', 2), /setattr/);
      await setattr(box, 'content', 3);
      assert.equal(await getattr(box, 'content'), 3);
    });

    it('that were taken for a moment count for nothing once the connection is gone', async () => {
      const taken = (await client.root.then(referenceOf))?.host.request(
        Handler.callattr,
        [root, 'make', [1], []],
        undefined,
        'bare',
      );
      const reference = referenceOf(await taken);
      assert.equal(client.heldReferences, 2);
      client.dispose();
      reference?.release();
      assert.equal(client.heldReferences, 0);
      assert.throws(() => reference?.assertLive(), { code: 'ERR_CLOSED' });
    });

    it('of one object are one netref while it lives', async () => {
      const box = new Box(1);
      Object.assign(library, { exposed_same: () => [box, box] });
      const [first, second] = (await root['same']?.<readonly unknown[]>()) ?? [];
      assert.equal(first, second);
      assert.equal(await root['echo']?.(first).then((echo) => (echo as readonly unknown[])[0]), first);
    });
  });
}
