import assert from 'node:assert/strict';

import type { ObjectNode, Problem } from '../../../server/src/api/model';
import { Explorer, named } from '../../support/explorer';
import { eventually } from '../../support/poll';
import { RPYC_VERSIONS, startClassic } from '../../support/pythonPeer';
import { Relay } from '../../support/relay';

const WIDE = `
class Wide(object):
    """Has many parts."""
    def method(self, a, b=1):
        """Does it."""
    @property
    def computed(self):
        """Costs much."""
        touched.append('computed')
        return [1, 2]
touched = []
wide = Wide()
for n in range(1000):
    setattr(wide, 'part_%04d' % n, n)
`;

const HOSTILE = `
class Hostile(object):
    def __getattr__(self, name):
        touched.append(name)
        raise RuntimeError(name)
    def __repr__(self):
        touched.append('repr')
        return 'asked for'
    def __dir__(self):
        touched.append('dir')
    def __len__(self):
        touched.append('len')
    @property
    def __class__(self):
        touched.append('class')
        return int
touched = []
hostile = Hostile()
nested = [hostile]
`;

/** Objects that the helpers of all connections to this server hold. */
const HELD = `
import gc
sum(len(o.table) for o in gc.get_objects() if type(o).__name__ == 'Kept' and type(o).__module__ == 'rpyc_explorer')
`;

async function problemOf(work: Promise<unknown>): Promise<Problem> {
  const error: unknown = await work.then(
    () => assert.fail('It did not fail'),
    (reason: unknown) => reason,
  );
  return (error as { readonly problem: Problem }).problem;
}

function shown({ name, kind, typeName, value, expandable, expression }: ObjectNode): unknown {
  return { name, kind, typeName, value, expandable, expression };
}

for (const version of RPYC_VERSIONS) {
  describe(`object tree and rpyc ${version}`, function () {
    this.timeout(60_000);

    it('shows the roots of a classic connection without asking the peer', async () => {
      await using server = await startClassic(version);
      await using relay = await Relay.start(server);
      await using explorer = await Explorer.connect(relay);
      await relay.reset();
      const names = explorer.tree.roots('p').map(({ name }) => name);
      assert.deepEqual(names, ['Namespace', 'Modules', 'Builtins', 'Threads', 'Root service']);
      assert.equal((await relay.counts()).up.frames, 0);
    });

    it('connects with two requests: the root, and the helper', async () => {
      await using server = await startClassic(version);
      await using relay = await Relay.start(server);
      await using explorer = await Explorer.connect(relay, {
        profile: { dialect: version === '5.3.0' ? 'C' : 'D' },
      });
      assert.equal(explorer.pool.state('p').status, 'connected');
      assert.equal((await relay.counts()).roundTrips, 2);
    });

    it('leaves nothing behind in the namespace and among the modules', async () => {
      await using server = await startClassic(version);
      await using explorer = await Explorer.connect(server);
      await explorer.page(explorer.root('Namespace'));
      assert.equal(await explorer.value('sorted(globals())'), "['__builtins__']");
      const modules = "import sys; [n for n in sys.modules if 'explorer' in n]";
      assert.equal(await explorer.value(modules), '[]');
      const names = (await explorer.page(explorer.root('Namespace'))).nodes.map(({ name }) => name);
      assert.deepEqual(names, ['sys']);
    });

    it('shows names with their kind, type, value and expression', async () => {
      await using server = await startClassic(version);
      await using explorer = await Explorer.connect(server);
      await explorer.run("import os\nx = 1\nd = {'k': [1, 'two']}\nempty = []");
      const { nodes } = await explorer.page(explorer.root('Namespace'));
      assert.deepEqual(nodes.map(shown), [
        {
          name: 'd',
          kind: 'dict',
          typeName: 'dict',
          value: "{'k': [1, 'two']}",
          expandable: true,
          expression: 'd',
        },
        {
          name: 'empty',
          kind: 'list',
          typeName: 'list',
          value: '[]',
          expandable: false,
          expression: 'empty',
        },
        {
          name: 'os',
          kind: 'module',
          typeName: 'module',
          value: named(nodes, 'os').value,
          expandable: true,
          expression: 'os',
        },
        { name: 'x', kind: 'number', typeName: 'int', value: '1', expandable: false, expression: 'x' },
      ]);
      assert.equal((await explorer.find('Namespace', 'd', "'k'", '[1]')).expression, "d['k'][1]");
      const path = await explorer.find('Modules', 'os', 'path');
      assert.equal(path.expression, "sys.modules['os'].path");
      assert.equal((await explorer.find('Builtins', 'len')).expression, 'len');
    });

    it('opens an object of a thousand attributes in one round trip, and runs none of its code', async () => {
      await using server = await startClassic(version);
      await using relay = await Relay.start(server);
      await using explorer = await Explorer.connect(relay);
      await explorer.run(WIDE);
      const wide = await explorer.find('Namespace', 'wide');
      await relay.reset();
      const page = await explorer.page(wide);
      assert.equal((await relay.reset()).roundTrips, 1);
      assert.equal(page.nodes.length, 100);
      assert.equal(page.more, true);
      assert.equal(page.nodes[0]?.name, 'computed');
      const last = await explorer.page(wide, 900, 100);
      assert.equal((await relay.counts()).roundTrips, 1);
      assert.equal(named(last.nodes, 'part_0900').value, '900');
      assert.equal(await explorer.value('touched'), '[]');
    });

    it('pages through a list of a hundred thousand items', async () => {
      await using server = await startClassic(version);
      await using relay = await Relay.start(server);
      await using explorer = await Explorer.connect(relay);
      await explorer.run('x = list(range(100000))');
      const list = await explorer.find('Namespace', 'x');
      assert.equal(list.length, 100_000);
      await relay.reset();
      for (const offset of [0, 100, 50_000, 99_900]) {
        const page = await explorer.page(list, offset);
        assert.equal(page.total, 100_000);
        assert.equal(page.more, offset < 99_900);
        assert.deepEqual(
          page.nodes.map(({ name, value }) => [name, value]),
          Array.from({ length: 100 }, (_, n) => [`[${offset + n}]`, String(offset + n)]),
        );
      }
      const counts = await relay.counts();
      assert.equal(counts.roundTrips, 4);
      assert.ok(counts.down.bytes < 100_000, `${counts.down.bytes} bytes`);
    });

    it('lists the threads and where each of them is, in one request', async () => {
      await using server = await startClassic(version);
      await using relay = await Relay.start(server);
      await using explorer = await Explorer.connect(relay, {
        profile: { dialect: version === '5.3.0' ? 'C' : 'D' },
      });
      await explorer.run(`import threading
def pump(): done.wait()
done = threading.Event()
threading.Thread(target=pump, name='pump', daemon=True).start()`);
      await relay.reset();
      const { nodes } = await explorer.page(explorer.root('Threads'));
      assert.equal((await relay.counts()).roundTrips, 1);
      const { kind, value, expression, editable } = named(nodes, 'pump');
      assert.deepEqual(
        { kind, expression, editable },
        { kind: 'thread', expression: undefined, editable: undefined },
      );
      assert.match(value, /^\w+, [\w.]+:\d+$/);
      assert.match(named(nodes, 'MainThread').value, /^accept, socket\.py:\d+$/);
      const again = await explorer.tree.resolve('p', named(nodes, 'pump').path);
      assert.equal(again.kind, 'thread');
      assert.ok((await explorer.page(again)).nodes.length > 5);
      await explorer.run('done.set()');
      assert.doesNotMatch(server.log(), /Traceback|denied|cannot access/);
    });

    it('searches the modules', async () => {
      await using server = await startClassic(version);
      await using explorer = await Explorer.connect(server);
      const page = await explorer.page(explorer.root('Modules'), 0, 100, 'RPYC.core');
      assert.ok(page.nodes.length > 3);
      assert.ok(page.nodes.every(({ name }) => name.includes('rpyc.core')));
    });

    it('reads a property when asked, and only then', async () => {
      await using server = await startClassic(version);
      await using explorer = await Explorer.connect(server);
      await explorer.run(WIDE);
      const property = await explorer.find('Namespace', 'wide', 'computed');
      assert.deepEqual(shown(property), {
        name: 'computed',
        kind: 'property',
        typeName: 'property',
        value: 'click to read',
        expandable: false,
        expression: 'wide.computed',
      });
      const hover = await explorer.tree.describe(property.handle);
      assert.deepEqual(hover, { typeName: 'property', documentation: 'Costs much.' });
      assert.equal((await problemOf(explorer.page(property))).code, 'ERR_UNREAD');
      assert.equal(await explorer.value('touched'), '[]');
      const read = await explorer.tree.read(property.handle);
      assert.equal(read.value, '[1, 2]');
      assert.deepEqual(
        (await explorer.page(read)).nodes.map(({ value }) => value),
        ['1', '2'],
      );
      assert.equal(await explorer.value('touched'), "['computed']");
    });

    it('tells signature and documentation', async () => {
      await using server = await startClassic(version);
      await using explorer = await Explorer.connect(server);
      await explorer.run(WIDE);
      const method = await explorer.find('Namespace', 'wide', 'method');
      const { typeName, signature, documentation } = await explorer.tree.describe(method.handle);
      assert.deepEqual(
        { typeName, signature, documentation },
        { typeName: 'method', signature: 'method(a, b=1)', documentation: 'Does it.' },
      );
    });

    it('runs no code of an object that watches for it, until its text is asked for', async () => {
      await using server = await startClassic(version);
      await using explorer = await Explorer.connect(server);
      await explorer.run(HOSTILE);
      const hostile = await explorer.find('Namespace', 'hostile');
      assert.equal(hostile.typeName, 'Hostile');
      assert.match(hostile.value, /^<Hostile at 0x[0-9a-f]+>$/);
      const { nodes } = await explorer.page(hostile, 0, 500);
      for (const node of nodes) {
        await explorer.tree.describe(node.handle);
      }
      await explorer.find('Namespace', 'nested', '[0]');
      assert.equal(await explorer.value('touched'), '[]');
      const { text } = await explorer.tree.text(hostile.handle, 1000);
      assert.equal(text, 'asked for');
      assert.equal(await explorer.value('touched'), "['repr']");
    });

    it('gives the whole text of a value up to a limit, without moving more', async () => {
      await using server = await startClassic(version);
      await using relay = await Relay.start(server);
      await using explorer = await Explorer.connect(relay);
      await explorer.run(
        "import random\nx = ''.join(random.choice('ab') for _ in range(200000)) * 500\ny = [1, 'a']",
      );
      const long = await explorer.find('Namespace', 'x');
      assert.equal(long.length, 100_000_000);
      await relay.reset();
      const { text, truncated } = await explorer.tree.text(long.handle, 1000);
      assert.deepEqual([text.length, truncated], [1000, true]);
      assert.ok((await relay.counts()).down.bytes < 5000);
      const list = await explorer.find('Namespace', 'y');
      assert.deepEqual(await explorer.tree.text(list.handle, 1000), { text: "[1, 'a']", truncated: false });
    });

    it('neutralises what could act on the screen', async () => {
      await using server = await startClassic(version);
      await using explorer = await Explorer.connect(server);
      await explorer.run(
        "class K(object): pass\nK.__name__ = K.__qualname__ = 'K\\x1b[2J\\n\\u202e'\nk = K()",
      );
      const { typeName, value } = await explorer.find('Namespace', 'k');
      assert.equal(typeName, 'K\\x1b[2J\\n\\u202e');
      assert.match(value, /^<K\\x1b\[2J\\n\\u202e at 0x/);
    });

    it('finds a row again by its path, in one round trip', async () => {
      await using server = await startClassic(version);
      await using relay = await Relay.start(server);
      await using explorer = await Explorer.connect(relay);
      await explorer.run("d = {'a': 0, 'k': [1, {'deep': 'here'}]}");
      const { path } = await explorer.find('Namespace', 'd', "'k'", '[1]');
      await explorer.run("d['k'][1]['deep'] = 'changed'\ndel d['a']");
      await relay.reset();
      const again = await explorer.tree.resolve('p', path);
      assert.equal((await relay.counts()).roundTrips, 1);
      assert.equal(again.expression, "d['k'][1]");
      assert.deepEqual(again.path, path);
      assert.equal(named((await explorer.page(again)).nodes, "'deep'").value, "'changed'");
      await explorer.run("d['k'].clear()");
      assert.equal((await problemOf(explorer.tree.resolve('p', path))).code, 'ERR_GONE');
    });

    it('lets go of what closed rows held, in one message', async () => {
      await using server = await startClassic(version);
      await using relay = await Relay.start(server);
      await using explorer = await Explorer.connect(relay);
      await explorer.run('x = [[n] for n in range(20)]');
      const { nodes } = await explorer.page(await explorer.find('Namespace', 'x'));
      for (const node of nodes) {
        await explorer.page(node);
      }
      assert.equal(explorer.tree.heldCount('p'), 21);
      assert.equal(await explorer.value(HELD), '21');
      await relay.reset();
      explorer.tree.release(nodes.map(({ handle }) => handle));
      await eventually('the message arrives', async () => (await relay.counts()).up.frames > 0);
      assert.equal(await explorer.value(HELD), '1');
      assert.equal(explorer.tree.heldCount('p'), 1);
      const [closed] = nodes;
      assert.ok(closed);
      assert.equal((await problemOf(explorer.page(closed))).code, 'ERR_STALE');
    });

    it('lets go of what was held for an answer that nobody waited for', async () => {
      await using server = await startClassic(version);
      await using relay = await Relay.start(server);
      await using explorer = await Explorer.connect(relay);
      await explorer.run(
        'x = [1]\nclass Computing(object):\n    @property\n    def result(self): return [2]\nc = Computing()',
      );
      const list = await explorer.find('Namespace', 'x');
      const rows = await explorer.page(await explorer.find('Namespace', 'c'));
      const { handle } = named(rows.nodes, 'result');
      await relay.setDelay(50);
      const questions = [
        (signal: AbortSignal) =>
          explorer.tree.children({ handle: list.handle, offset: 0, limit: 10 }, signal),
        (signal: AbortSignal) => explorer.tree.read(handle, signal),
      ];
      for (const ask of questions) {
        await relay.reset();
        const waiting = new AbortController();
        const answer = ask(waiting.signal);
        const failed = assert.rejects(answer);
        await eventually('the question is on its way', async () => (await relay.counts()).up.frames > 0);
        waiting.abort();
        await failed;
      }
      await eventually('the peer holds what the tree does', async () => {
        const held = await explorer.value(HELD);
        return held === String(explorer.tree.heldCount('p'));
      });
      assert.equal(explorer.tree.heldCount('p'), 1);
      assert.equal((await explorer.page(list)).nodes.length, 1);
    });

    it('holds no more than its limits allow, least recently used first', async () => {
      await using server = await startClassic(version);
      await using explorer = await Explorer.connect(server, { tree: { limits: { rows: 60, held: 5 } } });
      await explorer.run('x = [[n] for n in range(20)]');
      const list = await explorer.find('Namespace', 'x');
      const { nodes } = await explorer.page(list);
      for (const node of nodes) {
        assert.equal((await explorer.page(node)).nodes.length, 1);
      }
      assert.equal(explorer.tree.heldCount('p'), 5);
      // What was let go is found again through what is above it.
      const [first] = nodes;
      assert.ok(first);
      assert.equal((await explorer.page(first)).nodes[0]?.value, '0');
      const notes: (string | undefined)[] = [];
      for (let again = 0; again < 4; again++) {
        notes.push((await explorer.page(list)).note);
      }
      assert.match(notes.join(), /More than 60 rows were open here/);
      assert.equal((await problemOf(explorer.page(first))).code, 'ERR_STALE');
      await eventually('the peer holds the same', async () => {
        const held = await explorer.value(HELD);
        return held === String(explorer.tree.heldCount('p'));
      });
    });

    it('answers a handle of an ended connection with a problem, and finds the path in the new one', async () => {
      await using server = await startClassic(version);
      await using explorer = await Explorer.connect(server);
      const module = await explorer.find('Modules', 'sys');
      await explorer.pool.disconnect('p');
      assert.equal((await problemOf(explorer.page(module))).code, 'ERR_NOT_CONNECTED');
      await explorer.pool.connect('p');
      assert.equal((await problemOf(explorer.page(module))).code, 'ERR_STALE');
      const again = await explorer.tree.resolve('p', module.path);
      assert.ok((await explorer.page(again)).nodes.length > 50);
      assert.equal(
        (await problemOf(explorer.page({ ...module, handle: { epoch: 'other', id: 1 } }))).code,
        'ERR_STALE',
      );
    });

    it('says in a row that a forking server is busy with a run', async () => {
      await using server = await startClassic(version, { mode: 'forking' });
      await using explorer = await Explorer.connect(server);
      const namespace = explorer.root('Namespace');
      const run = explorer.run("print('begun')\nimport time\ntime.sleep(1)\nx = 1");
      await eventually('the run has begun', () => explorer.printed() !== '');
      const page = await explorer.page(namespace);
      assert.deepEqual([page.nodes.length, page.more], [0, false]);
      assert.match(page.note ?? '', /busy/);
      await run;
      assert.equal(named((await explorer.page(namespace)).nodes, 'x').value, '1');
    });

    it('walks the root service of a classic connection', async () => {
      await using server = await startClassic(version);
      await using explorer = await Explorer.connect(server);
      const service = explorer.root('Root service');
      assert.equal(service.typeName, 'rpyc.core.service.SlaveService');
      assert.equal((await explorer.find('Root service', 'namespace')).kind, 'dict');
    });
  });
}
