/** What a peer gives for a copy or a folder is taken apart with care, and ids of ours tell nothing. */
import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { classic, type Connection, Service } from '../../../../server/src/rpyc/index';
import { LocalRefs } from '../../../../server/src/rpyc/core/refs';
import { connectPair, ALL_DIALECTS } from '../../../support/rawPeer';

/** Serves what it is told in the place of the Python that it is sent. */
class Liar extends Service {
  answer: unknown = null;

  exposed_eval(): unknown {
    return this.piece();
  }

  exposed_something(): object {
    return { some: 'thing' };
  }

  private piece(): unknown {
    const give = (): unknown => this.answer;
    return Object.assign(give, { kind: () => [2, 0], folder: give });
  }
}

for (const dialect of ALL_DIALECTS) {
  describe(`A peer that lies about its objects and files, dialect ${dialect}`, () => {
    let client: Connection;
    let server: Connection;
    const liar = new Liar();

    beforeEach(() => {
      [client, server] = connectPair(
        dialect,
        {},
        { service: liar, config: { allow_all_attrs: true, allow_public_attrs: true } },
      );
    });
    afterEach(() => {
      client.dispose();
      server.dispose();
    });

    const lies: readonly unknown[] = [
      null,
      'text',
      [],
      ['', 'v'],
      ['', 'v', []],
      ['', '', []],
      ['', 'vv', [1, 2]],
      ['', 'l', [1]],
      ['', 'l', [-1]],
      ['', 'l', ['many']],
      ['', 'l', [2 ** 40]],
      ['', 'dv', [1, 1]],
      ['', 'x', [1]],
      ['', 'u', ['text']],
      ['', 'D', ['now']],
      ['', 'v', [{ an: 'object' }]],
      ['', 'l'.repeat(1000), [...Array.from({ length: 999 }, () => 1), 0]],
      [1, 'v', [1]],
    ];
    it('gets an error for each copy that makes no sense', async () => {
      const something = await client.root['something']?.();
      for (const lie of lies) {
        liar.answer = lie;
        await assert.rejects(
          classic.obtain(something),
          { code: 'ERR_PROTOCOL' },
          JSON.stringify(lie).slice(0, 80),
        );
      }
      liar.answer = ['', 'ldvv', [1, 1, '__proto__', 'polluted']];
      const [object] = await classic.obtain<readonly object[]>(something);
      assert.equal(Object.getPrototypeOf(object), Object.prototype);
      assert.equal(Object.getOwnPropertyDescriptor(object, '__proto__')?.value, 'polluted');
    });

    it('writes no file outside of the folder', async () => {
      const folder = await mkdtemp(path.join(tmpdir(), 'rpyc-liar-'));
      try {
        for (const name of [
          '../out',
          '..',
          '/abs',
          'a/b',
          '',
          '.',
          'nul\0',
          Buffer.from('../out'),
          7,
          null,
        ]) {
          liar.answer = ['1', [[name, 1, 1]]];
          await assert.rejects(classic.download(client, 'x', path.join(folder, 'in')), (error) => {
            return (
              error instanceof Error && /ERR_TRANSFER|ERR_PROTOCOL/.test(Reflect.get(error, 'code') as string)
            );
          });
        }
        liar.answer = [
          '1',
          [
            ['twice', 0, 0],
            ['twice', 0, 0],
          ],
        ];
        await assert.rejects(classic.download(client, 'x', path.join(folder, 'in')), {
          code: 'ERR_TRANSFER',
        });
        liar.answer = ['same', [['deeper', 2, 0]]];
        await assert.rejects(classic.download(client, 'x', path.join(folder, 'in')), {
          code: 'ERR_TRANSFER',
        });
        // Folders count as files do: two such lists are more than a million names.
        liar.answer = ['', [['d', 2, 0], ...Array<null>(500_000).fill(null)]];
        await assert.rejects(classic.download(client, 'x', path.join(folder, 'in')), {
          code: 'ERR_TRANSFER',
          message: /more than 1000000 files and folders/,
        });
        liar.answer = ['', [['d', 2, 0]]];
        await assert.rejects(classic.download(client, 'x', path.join(folder, 'in')), {
          code: 'ERR_TRANSFER',
        });
        for (const answer of [null, [], ['1', null], ['1', [null]]]) {
          liar.answer = answer;
          await assert.rejects(classic.download(client, 'x', path.join(folder, 'in')), {
            code: 'ERR_PROTOCOL',
          });
        }
        assert.deepEqual(await readdir(folder), ['in']);
      } finally {
        await rm(folder, { recursive: true });
      }
    });
  });
}

describe('Ids of our objects', () => {
  it('begin at a random number above 2^32, anew for each connection', () => {
    const starts = Array.from({ length: 8 }, () =>
      new LocalRefs(1, () => ({ module: '', typeName: '' })).idOf({}),
    );
    assert.ok(starts.every((id) => id >= 2n ** 32n));
    assert.ok(new Set(starts).size > 1);
    const refs = new LocalRefs(1, () => ({ module: '', typeName: '' }));
    const object = {};
    assert.equal(refs.idOf(object), refs.idOf(object));
    assert.equal(refs.idOf({}), refs.idOf(object) + 1n);
  });
});
