import assert from 'node:assert/strict';

import type { ObjectDetails, ObjectNode } from '../../../server/src/api/model';
import { Explorer, named } from '../../support/explorer';
import { RPYC_VERSIONS, startPeer } from '../../support/pythonPeer';

/** What turns, hides or breaks text, or is meant for a terminal. */
const UNSAFE_IN_LINE = /[\p{Cc}\p{Zl}\p{Zp}\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/u;
const UNSAFE_IN_LINES = /(?![\n\r\t])[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/u;

/** No row is worth more to a reader. */
const MAX_NODE_CHARACTERS = 10_000;

/** A longer name is not followed. */
const MAX_STEP_CHARACTERS = 1000;

function isHarmless(node: ObjectNode): void {
  for (const text of [node.name, node.typeName, node.value, node.blocked ?? '', node.expression ?? '']) {
    assert.doesNotMatch(text, UNSAFE_IN_LINE, JSON.stringify(text));
  }
  const length = JSON.stringify(node).length;
  assert.ok(length <= MAX_NODE_CHARACTERS, `${length} characters: ${node.name}`);
}

function isHarmlessHover(details: ObjectDetails): void {
  assert.doesNotMatch(details.typeName, UNSAFE_IN_LINE);
  assert.doesNotMatch(details.signature ?? '', UNSAFE_IN_LINE);
  for (const text of [details.documentation ?? '', details.value ?? '']) {
    assert.doesNotMatch(text, UNSAFE_IN_LINES);
  }
  assert.ok(JSON.stringify(details).length <= 5 * MAX_NODE_CHARACTERS);
}

async function lookAt(explorer: Explorer, parent: ObjectNode): Promise<readonly ObjectNode[]> {
  const { nodes } = await explorer.page(parent, 0, 500);
  for (const node of nodes) {
    isHarmless(node);
    const last = node.path.at(-1);
    const hover = explorer.tree.describe(node.handle);
    if (last?.kind === 'attr' && last.name.length >= MAX_STEP_CHARACTERS) {
      // The helper cuts it off, and what is left leads nowhere.
      await assert.rejects(hover, /not there any more/);
    } else {
      isHarmlessHover(await hover);
    }
  }
  return nodes;
}

for (const version of RPYC_VERSIONS) {
  describe(`rows of a hostile peer of rpyc ${version}`, function () {
    this.timeout(60_000);

    it('of a strict service show its texts as texts, and bounded', async () => {
      await using server = await startPeer(version, 'hostile_service.py', ['strict']);
      await using explorer = await Explorer.connect(server);
      const { peer } = explorer.pool.state('p');
      assert.doesNotMatch(`${peer?.rootType}${peer?.rpycVersion}`, UNSAFE_IN_LINE);
      const root = explorer.root('Root service');
      isHarmless(root);
      const nodes = await lookAt(explorer, root);
      const { note } = await explorer.page(root, 0, 500);
      assert.match(note ?? '', /Names longer than 1,000 characters are not shown: 2 of them/);
      const readable = nodes.filter(({ blocked, callable }) => blocked === undefined && callable !== true);
      assert.ok(readable.length > 30, `${readable.length} can be read`);
      for (const { handle } of readable) {
        const read = await explorer.tree.read(handle);
        isHarmless(read);
        isHarmlessHover(await explorer.tree.describe(handle));
        if (read.expandable) {
          await lookAt(explorer, read);
        }
        const { text } = await explorer.tree.text(handle, 1000);
        assert.ok(text.length <= 1000);
        assert.doesNotMatch(text, UNSAFE_IN_LINES);
      }
      for (const name of ['__proto__', 'constructor', 'prototype', 'toString', 'then', 'catch']) {
        assert.equal((await explorer.tree.read(named(nodes, name).handle)).value, `'${name}'`);
      }
    });

    it('of a classic server show its texts as texts, and bounded', async () => {
      await using server = await startPeer(version, 'hostile_service.py', ['classic']);
      await using explorer = await Explorer.connect(server);
      const modules = (await explorer.page(explorer.root('Modules'), 0, 500)).nodes;
      modules.forEach(isHarmless);
      const nodes = await lookAt(explorer, named(modules, 'aaa_hostile'));
      assert.ok(nodes.length > 50, `${nodes.length} rows`);
      for (const node of nodes.filter(({ expandable }) => expandable)) {
        await lookAt(explorer, node);
      }
      for (const { handle } of nodes.filter(({ name }) => !name.startsWith('yyy'))) {
        const { text } = await explorer.tree.text(handle, 1000);
        assert.ok(text.length <= 1000);
        assert.doesNotMatch(text, UNSAFE_IN_LINES);
      }
      for (const name of ['constructor', 'prototype', 'toString', 'then', 'catch']) {
        assert.equal(named(nodes, name).value, `'${name}'`);
      }
    });
  });
}
