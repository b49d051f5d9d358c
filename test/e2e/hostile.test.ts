import assert from 'node:assert/strict';

import { type PythonPeer, RPYC_VERSIONS, startPeer } from '../support/pythonPeer';
import {
  command,
  expand,
  hasMore,
  hover,
  listConnections,
  loadMore,
  type RowPath,
  rowsUnder,
  waitForRow,
  waitForStatus,
} from './editor';
import { profileTo } from './profiles';

/** What turns, hides or breaks a line, or is meant for a terminal. */
const UNSAFE = /[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/u;
const MAX_LINE = 300;
const MAX_HOVER = 10_000;
const HOVERED = 40;

/** What is left of Markdown when its code is taken out. */
function withoutCode(markdown: string): string {
  return markdown.replace(/^(`{3,})[^\n]*\n[^]*?\n\1$/gm, '').replace(/\\[!-/:-@[-`{-~]/g, '');
}

async function lookAt(path: RowPath): Promise<number> {
  const rows = rowsUnder(path);
  for (const { label, description } of rows) {
    for (const text of [label, description]) {
      assert.doesNotMatch(text, UNSAFE, JSON.stringify(text));
      assert.ok(text.length <= MAX_LINE, text);
    }
  }
  for (const { label, kind } of rows
    .filter((one) => one.kind !== 'more' && one.kind !== 'note')
    .slice(0, HOVERED)) {
    const markdown = await hover([...path, label]);
    assert.ok(markdown.length <= MAX_HOVER, `${kind} ${label}: ${markdown.length} characters`);
    assert.doesNotMatch(withoutCode(markdown), /\]\(|!\[/, `${label}: ${markdown}`);
  }
  return rows.length;
}

for (const version of RPYC_VERSIONS) {
  describe(`a hostile peer of rpyc ${version} in the tree`, () => {
    const strict = `Hostile ${version}`;
    const classic = `Hostile Classic ${version}`;
    const peers: PythonPeer[] = [];

    before(async () => {
      peers.push(
        await startPeer(version, 'hostile_service.py', ['strict']),
        await startPeer(version, 'hostile_service.py', ['classic']),
      );
      const [one, other] = peers;
      assert.ok(one !== undefined && other !== undefined);
      await listConnections([profileTo(one, strict), profileTo(other, classic)]);
    });

    after(async () => {
      await command('rpyc.disconnect', strict);
      await command('rpyc.disconnect', classic);
      await listConnections([]);
      for (const peer of peers) {
        await peer[Symbol.asyncDispose]();
      }
    });

    it('cannot act through the names and texts of a strict service', async () => {
      await command('rpyc.connect', strict);
      await waitForStatus(strict, 'connected');
      const root = [strict, 'Root service'];
      await expand(root);
      assert.doesNotMatch(withoutCode(await hover([strict])), /\]\(|!\[/);
      while (hasMore(root)) {
        await loadMore(root);
      }
      assert.ok((await lookAt(root)) > 100);
      for (const label of ['constructor', 'then', 'keys']) {
        await waitForRow([...root, label]);
        await command('rpyc.readValue', (await waitForRow([...root, label])).id);
      }
      await expand([...root, 'keys']);
      assert.ok((await lookAt([...root, 'keys'])) > 10);
    });

    it('cannot act through the names and texts of a classic server', async () => {
      await command('rpyc.connect', classic);
      await waitForStatus(classic, 'connected');
      const modules = [classic, 'Modules'];
      await expand(modules);
      const module = [...modules, 'aaa_hostile'];
      await waitForRow(module);
      await expand(module);
      assert.ok((await lookAt(module)) > 50);
    });
  });
}
