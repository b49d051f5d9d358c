import assert from 'node:assert/strict';

import type { ObjectNode, Problem } from '../../../server/src/api/model';
import { Handler } from '../../../server/src/rpyc/index';
import { Explorer, named } from '../../support/explorer';
import { RPYC_VERSIONS, startClassic, startPeer } from '../../support/pythonPeer';
import { Relay } from '../../support/relay';

const BENCH = `
import json
class Hostile(object):
    def __repr__(self):
        raise SystemError('it was run')
    __iter__ = __len__ = __eq__ = __str__ = __repr__
    __hash__ = None
    @property
    def computed(self):
        raise SystemError('it was run')
data = {'b': [1, 2.5, None], 'a': ('x',), 'h': Hostile()}
same = {'a': ('x',), 'h': Hostile(), 'b': [1, 2.5, None]}
ring = []
ring.append(ring)
`;

const LIMIT = 10_000_000;

async function problemOf(work: Promise<unknown>): Promise<Problem> {
  const error: unknown = await work.then(
    () => assert.fail('It did not fail'),
    (reason: unknown) => reason,
  );
  return (error as { readonly problem: Problem }).problem;
}

async function textOf(explorer: Explorer, node: ObjectNode, form: 'json' | 'lines'): Promise<string> {
  const { text } = await explorer.tree.documents.document({ handle: node.handle, form, limit: LIMIT });
  return text;
}

for (const version of RPYC_VERSIONS) {
  describe(`documents of rows over rpyc ${version}`, function () {
    this.timeout(60_000);

    it('gives JSON and lines of a classic peer in one request each, and runs nothing', async () => {
      await using server = await startClassic(version);
      await using relay = await Relay.start(server);
      await using explorer = await Explorer.connect(relay);
      const connected = server.log().length;
      await explorer.value(BENCH);
      const data = await explorer.find('Namespace', 'data');
      const same = await explorer.find('Namespace', 'same');
      await relay.reset();
      const json = JSON.parse(await textOf(explorer, data, 'json')) as Record<string, unknown>;
      const counts = await relay.counts();
      assert.deepEqual(counts.up.requests, { [Handler.callattr]: 1 });
      assert.equal(counts.down.exceptions, 0);
      assert.deepEqual(json['b'], [1, 2.5, null]);
      assert.deepEqual(json['a'], { $type: 'tuple', items: ['x'] });
      const lines = await textOf(explorer, data, 'lines');
      assert.equal(lines, await textOf(explorer, same, 'lines'));
      assert.match(lines, /^ {4}\[1\] float 2\.5$/m);
      const ring = await explorer.find('Namespace', 'ring');
      assert.deepEqual(JSON.parse(await textOf(explorer, ring, 'json')), [{ $cycle: '$' }]);
      assert.doesNotMatch(server.log().slice(connected), /Traceback|SystemError/);
    });

    it('keeps JSON whole where it is cut', async () => {
      await using server = await startClassic(version);
      await using explorer = await Explorer.connect(server);
      await explorer.value('many = list(range(100000))');
      const { handle } = await explorer.find('Namespace', 'many');
      const cut = await explorer.tree.documents.document({ handle, form: 'json', limit: 5000 });
      assert.equal(cut.truncated, true);
      assert.ok(cut.text.length < 6000);
      assert.ok(Array.isArray(JSON.parse(cut.text)));
    });

    it('gives the source and the import line of a classic peer in one request each', async () => {
      await using server = await startClassic(version);
      await using relay = await Relay.start(server);
      await using explorer = await Explorer.connect(relay);
      const connected = server.log().length;
      await explorer.value(BENCH);
      const encoder = await explorer.find('Namespace', 'json', 'JSONEncoder');
      await relay.reset();
      const code = await explorer.tree.documents.sourceCode(encoder.handle);
      assert.deepEqual((await relay.counts()).up.requests, { [Handler.callattr]: 1 });
      assert.match(code.file, /json[/\\]encoder\.py$/);
      assert.match(code.text.split('\n')[code.line - 1] ?? '', /^class JSONEncoder/);
      await relay.reset();
      assert.equal(
        await explorer.tree.documents.importLine(encoder.handle),
        'from json.encoder import JSONEncoder',
      );
      const counts = await relay.counts();
      assert.deepEqual(counts.up.requests, { [Handler.callattr]: 1 });
      assert.equal(counts.down.exceptions, 0);
      const builtin = await explorer.find('Builtins', 'len');
      const problem = await problemOf(explorer.tree.documents.sourceCode(builtin.handle));
      assert.equal(problem.code, 'ERR_NO_SOURCE');
      assert.match(problem.message, /not written in Python/);
      const hostile = await explorer.find('Namespace', 'data', "'h'");
      const none = await problemOf(explorer.tree.documents.importLine(hostile.handle));
      assert.equal(none.code, 'ERR_NO_IMPORT');
      assert.doesNotMatch(server.log().slice(connected), /Traceback|SystemError/);
    });

    it('asks to read what was not read, and refuses a root', async () => {
      await using server = await startClassic(version);
      await using explorer = await Explorer.connect(server);
      await explorer.value(BENCH);
      const computed = await explorer.find('Namespace', 'data', "'h'", 'computed');
      for (const form of ['json', 'lines'] as const) {
        assert.equal((await problemOf(textOf(explorer, computed, form))).code, 'ERR_UNREAD');
        const root = await problemOf(textOf(explorer, explorer.root('Namespace'), form));
        assert.equal(root.code, 'ERR_NO_DOCUMENT');
      }
    });

    it('gives plain values of a strict service, says why not the rest, and is refused nothing', async () => {
      await using server = await startPeer(version, 'shelf_service.py');
      await using relay = await Relay.start(server);
      await using explorer = await Explorer.connect(relay);
      const connected = server.log().length;
      const root = explorer.root('Root service');
      const rows = (await explorer.page(root, 0, 500)).nodes;
      const pair = named(rows, 'version');
      await relay.reset();
      assert.deepEqual(JSON.parse(await textOf(explorer, pair, 'json')), { $type: 'tuple', items: [1, 2] });
      assert.deepEqual((await relay.counts()).up.requests, { [Handler.getattr]: 1 });
      assert.equal(await textOf(explorer, pair, 'lines'), 'tuple (2)\n  [0] int 1\n  [1] int 2\n');
      const things = await explorer.tree.read(named(rows, 'things').handle);
      const problem = await problemOf(textOf(explorer, things, 'json'));
      assert.match(problem.message, /by reference only/);
      assert.match(await textOf(explorer, things, 'lines'), /^list\n {2}\[0\] = /);
      const add = named(rows, 'add');
      const { documents } = explorer.tree;
      assert.match((await problemOf(documents.sourceCode(add.handle))).message, /not its source/);
      assert.match((await problemOf(documents.importLine(add.handle))).message, /imports nothing/);
      assert.equal((await relay.counts()).down.exceptions, 0);
      assert.doesNotMatch(server.log().slice(connected), /Traceback|AttributeError/);
    });
  });
}
