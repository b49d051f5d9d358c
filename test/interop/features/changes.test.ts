import assert from 'node:assert/strict';

import type { ObjectCallResult, ObjectChange } from '../../../server/src/api/changes';
import type { ObjectNode, Problem } from '../../../server/src/api/model';
import { Handler } from '../../../server/src/rpyc/index';
import { Explorer, named } from '../../support/explorer';
import { eventually } from '../../support/poll';
import {
  RPYC_VERSIONS,
  type RpycVersion,
  runPython,
  startClassic,
  startPeer,
} from '../../support/pythonPeer';
import { Relay } from '../../support/relay';

const BENCH = `
import sys, threading, time
class Gauge(object):
    """An instrument."""
    limit = 10
    def __init__(self):
        self.level = 1
        self.parts = [1, 2, 3]
        self.names = {'a b': 1}
    @property
    def slow(self):
        return 0
    @slow.setter
    def slow(self, value):
        held.wait()
        self.level = value
    @property
    def picky(self):
        return 0
    @picky.setter
    def picky(self, value):
        raise ValueError('not %r' % (value,))
    @property
    def fixed(self):
        return 7
    def move(self, to, by=2, *more, **named):
        """Moves it."""
        print('moving')
        return [to, by, more, named]
    def wait(self):
        held.wait()
        return 'waited'
threading.held = held = threading.Event()
gauge = Gauge()
kept = gauge.parts
`;

const KEPT = `
import gc
sum(len(o.undos) for o in gc.get_objects() if type(o).__name__ == 'Kept' and type(o).__module__ == 'rpyc_explorer')
`;

async function problemOf(work: Promise<unknown>): Promise<Problem> {
  const error: unknown = await work.then(
    () => assert.fail('It did not fail'),
    (reason: unknown) => reason,
  );
  return (error as { readonly problem: Problem }).problem;
}

/** Ends what waits for `held`, over a connection of its own. */
async function letGoOn(version: RpycVersion, { port }: { readonly port: number }): Promise<void> {
  const code =
    "import rpyc, sys\nrpyc.classic.connect('127.0.0.1', int(sys.argv[1])).modules.threading.held.set()";
  const { stderr, code: exit } = await runPython(version, code, [String(port)]);
  assert.equal(exit, 0, stderr);
}

function done(change: ObjectChange): { before: string; after: string; undo: number | undefined } {
  assert.ok(change.status === 'done', JSON.stringify(change));
  const { before, after, undo } = change;
  return { before, after, undo };
}

function undoOf(change: ObjectChange): number {
  const { undo } = done(change);
  assert.ok(undo !== undefined);
  return undo;
}

function gave(result: ObjectCallResult): ObjectNode {
  assert.ok(result.status === 'done' && result.node !== undefined, JSON.stringify(result));
  return result.node;
}

async function bench(explorer: Explorer, ...names: readonly string[]): Promise<ObjectNode> {
  return explorer.find('Namespace', 'gauge', ...names);
}

for (const version of RPYC_VERSIONS) {
  describe(`job 17: change something on a classic peer of rpyc ${version}`, function () {
    this.timeout(60_000);

    it('job 17: sets an attribute in one request, and puts the very object back', async () => {
      await using server = await startClassic(version);
      await using relay = await Relay.start(server);
      await using explorer = await Explorer.connect(relay);
      await explorer.value(BENCH);
      const parts = await bench(explorer, 'parts');
      await relay.reset();
      const change = await explorer.tree.changes.set({ handle: parts.handle, source: 'gauge.level + 40' });
      assert.deepEqual((await relay.counts()).up.requests, { [Handler.callattr]: 1 });
      assert.deepEqual([done(change).before, done(change).after], ['[1, 2, 3]', '41']);
      assert.equal(await explorer.value('gauge.parts'), '41');
      await relay.reset();
      assert.deepEqual(await explorer.tree.changes.undo(undoOf(change)), { status: 'done' });
      assert.deepEqual((await relay.counts()).up.requests, { [Handler.callattr]: 1 });
      assert.equal(await explorer.value('gauge.parts is kept'), 'True');
      assert.equal((await problemOf(explorer.tree.changes.undo(undoOf(change)))).code, 'ERR_UNDONE');
    });

    it('job 17: sets and deletes items and names, and undoes both', async () => {
      await using server = await startClassic(version);
      await using explorer = await Explorer.connect(server);
      await explorer.value(BENCH);
      const item = await bench(explorer, 'parts', '[1]');
      const gone = await explorer.tree.changes.delete(item.handle);
      assert.equal(await explorer.value('gauge.parts'), '[1, 3]');
      await explorer.tree.changes.undo(undoOf(gone));
      assert.equal(await explorer.value('gauge.parts'), '[1, 2, 3]');
      const key = await bench(explorer, 'names', "'a b'");
      await explorer.tree.changes.set({ handle: key.handle, source: 'None' });
      assert.equal(await explorer.value('gauge.names'), "{'a b': None}");
      const name = await explorer.find('Namespace', 'kept');
      const deleted = await explorer.tree.changes.delete(name.handle);
      assert.equal(await explorer.value("'kept' in globals()"), 'False');
      await explorer.tree.changes.undo(undoOf(deleted));
      assert.equal(await explorer.value('kept is gauge.parts'), 'True');
      const limit = await bench(explorer, 'limit');
      const own = await explorer.tree.changes.set({ handle: limit.handle, source: '11' });
      await explorer.tree.changes.undo(undoOf(own));
      assert.equal(await explorer.value("'limit' in vars(gauge), gauge.limit"), '(False, 10)');
    });

    it('job 17: offers no change of what cannot be changed', async () => {
      await using server = await startClassic(version);
      await using explorer = await Explorer.connect(server);
      await explorer.value(`${BENCH}\nhard = (1, 2)`);
      const { nodes } = await explorer.page(await explorer.find('Namespace', 'gauge'));
      const offers = (name: string): unknown => {
        const { editable, deletable, callable } = named(nodes, name);
        return [editable, deletable, callable].map((flag) => flag === true);
      };
      assert.deepEqual(offers('level'), [true, true, false]);
      assert.deepEqual(offers('picky'), [true, false, false]);
      assert.deepEqual(offers('fixed'), [false, false, false]);
      assert.deepEqual(offers('move'), [false, false, true]);
      const item = await explorer.find('Namespace', 'hard', '[0]');
      assert.deepEqual([item.editable, item.deletable], [undefined, undefined]);
      const module = named((await explorer.page(explorer.root('Modules'), 0, 500, 'sys')).nodes, 'sys');
      assert.equal(module.editable, undefined);
      const { handle } = module;
      assert.equal((await problemOf(explorer.tree.changes.set({ handle, source: '1' }))).code, 'ERR_FIXED');
      assert.equal(
        (await problemOf(explorer.tree.changes.delete(explorer.root('Builtins').handle))).code,
        'ERR_FIXED',
      );
    });

    it('job 17: tells what a setter or a wrong expression raised', async () => {
      await using server = await startClassic(version);
      await using explorer = await Explorer.connect(server);
      await explorer.value(BENCH);
      const picky = await bench(explorer, 'picky');
      const raised = await explorer.tree.changes.set({ handle: picky.handle, source: '5' });
      assert.ok(raised.status === 'error');
      assert.deepEqual([raised.error.typeName, raised.error.message], ['builtins.ValueError', 'not 5']);
      assert.match(raised.error.traceback, /in slow|in picky/);
      const wrong = await explorer.tree.changes.set({ handle: picky.handle, source: '1 +' });
      assert.ok(wrong.status === 'error');
      assert.equal(wrong.error.typeName, 'builtins.SyntaxError');
    });

    it('job 17: stops waiting for a setter that hangs, and the tree answers meanwhile', async () => {
      await using server = await startClassic(version);
      await using explorer = await Explorer.connect(server);
      await explorer.value(BENCH);
      const slow = await bench(explorer, 'slow');
      const patience = new AbortController();
      const change = explorer.tree.changes.set({ handle: slow.handle, source: '5' }, patience.signal);
      change.catch(() => undefined);
      await eventually('it is on its way', () => explorer.pool.state('p').busy);
      assert.equal((await bench(explorer, 'level')).value, '1');
      // Beside the one that hangs, the connection that explores takes changes.
      const level = await bench(explorer, 'level');
      await explorer.tree.changes.set({ handle: level.handle, source: '3' });
      patience.abort(new Error('Stopped waiting'));
      await assert.rejects(change, /Stopped waiting/);
      await letGoOn(version, server);
      await eventually(
        'it has gone on',
        async () => (await bench(explorer, 'level')).value === '5' || undefined,
      );
    });

    it('job 17: lets go of old values when the row above is closed, and with the connection', async () => {
      await using server = await startClassic(version);
      await using explorer = await Explorer.connect(server);
      await explorer.value(BENCH);
      const gauge = await explorer.find('Namespace', 'gauge');
      const level = named((await explorer.page(gauge)).nodes, 'level');
      const undo = undoOf(await explorer.tree.changes.set({ handle: level.handle, source: '2' }));
      explorer.tree.release([level.handle]);
      assert.equal(await explorer.value(KEPT), '1');
      // A refresh of the tree is no closing.
      const again = await explorer.find('Namespace', 'gauge');
      explorer.tree.release([gauge.handle]);
      assert.deepEqual(await explorer.tree.changes.undo(undo), { status: 'done' });
      assert.equal(await explorer.value(KEPT), '0');
      const { handle } = named((await explorer.page(again)).nodes, 'level');
      const second = undoOf(await explorer.tree.changes.set({ handle, source: '2' }));
      explorer.tree.release([again.handle]);
      await eventually('the peer has let go', async () => (await explorer.value(KEPT)) === '0' || undefined);
      assert.equal((await problemOf(explorer.tree.changes.undo(second))).code, 'ERR_UNDONE');
      await explorer.tree.changes.set({ handle: (await bench(explorer, 'level')).handle, source: '3' });
      await explorer.pool.disconnect('p');
      const code = `import rpyc, sys\nprint(rpyc.classic.connect('127.0.0.1', int(sys.argv[1])).eval(sys.argv[2]))`;
      const count =
        "sum(1 for o in __import__('gc').get_objects() if type(o).__name__ == 'Kept' and type(o).__module__ == 'rpyc_explorer')";
      await eventually('nothing is left there', async () => {
        const { stdout } = await runPython(version, code, [String(server.port), count]);
        return stdout.trim() === '0' || undefined;
      });
    });

    it('job 17: calls with arguments in Python, shows the result and what was printed', async () => {
      await using server = await startClassic(version);
      await using relay = await Relay.start(server);
      await using explorer = await Explorer.connect(relay);
      const printed: string[] = [];
      explorer.tree.changes.onDidProduceOutput(({ runId, text }) => printed.push(`${runId}: ${text}`));
      await explorer.value(BENCH);
      const { handle } = await bench(explorer, 'move');
      await relay.reset();
      const signature = await explorer.tree.changes.signature(handle);
      assert.deepEqual((await relay.counts()).up.requests, { [Handler.callattr]: 1 });
      assert.equal(signature.text, 'move(to, by=2, *more, **named)');
      assert.deepEqual(
        signature.parameters?.map((one) => [one.name, one.kind, one.required, one.default]),
        [
          ['to', 'any', true, undefined],
          ['by', 'any', false, '2'],
          ['more', 'values', false, undefined],
          ['named', 'mapping', false, undefined],
        ],
      );
      const source = 'gauge.level, key="v"';
      const node = gave(await explorer.tree.changes.call({ handle, callId: 'c1', source }));
      assert.deepEqual([node.name, node.kind], ['#1 move(gauge.level, key="v")', 'list']);
      assert.match(printed.join(''), /^c1: moving/);
      assert.equal((await explorer.find('Results', node.name, '[0]')).value, '1');
      assert.equal((await explorer.tree.resolve('p', node.path)).value, "[1, 2, (), {'key': 'v'}]");
      const nothing = await explorer.find('Namespace', 'held', 'clear');
      const { status, ...rest } = await explorer.tree.changes.call({
        handle: nothing.handle,
        callId: 'c2',
        source: '',
      });
      assert.deepEqual([status, 'node' in rest], ['done', false]);
      const wrong = await explorer.tree.changes.call({ handle, callId: 'c3', source: '' });
      assert.ok(wrong.status === 'error');
      assert.equal(wrong.error.typeName, 'builtins.TypeError');
    });

    it('job 17: a call goes on when nobody waits, and its result comes', async () => {
      await using server = await startClassic(version);
      await using explorer = await Explorer.connect(server);
      await explorer.value(BENCH);
      const { handle } = await bench(explorer, 'wait');
      const patience = new AbortController();
      const call = explorer.tree.changes.call({ handle, callId: 'c', source: '' }, patience.signal);
      call.catch(() => undefined);
      await eventually('it is on its way', () => explorer.pool.state('p').busy);
      patience.abort(new Error('Stopped waiting'));
      await assert.rejects(call, /Stopped waiting/);
      await letGoOn(version, server);
      await eventually('the result is there', () =>
        explorer.tree.roots('p').some(({ name }) => name === 'Results'),
      );
      assert.equal((await explorer.page(explorer.root('Results'))).nodes[0]?.value, "'waited'");
    });
  });

  describe(`job 17: change something on a service of rpyc ${version}`, function () {
    this.timeout(60_000);

    const row = async (explorer: Explorer, name: string): Promise<ObjectNode> =>
      named((await explorer.page(explorer.root('Root service'), 0, 500)).nodes, name);

    const gaugeRow = async (explorer: Explorer, name: string): Promise<ObjectNode> => {
      const gauge = await explorer.tree.read((await row(explorer, 'gauge')).handle);
      return named((await explorer.page(gauge, 0, 500)).nodes, name);
    };

    it('job 17: sets, deletes and undoes where the policy lets it', async () => {
      await using server = await startPeer(version, 'settable_service.py', ['open']);
      await using explorer = await Explorer.connect(server);
      const { changes } = explorer.tree;
      const level = await gaugeRow(explorer, 'level');
      assert.deepEqual([level.editable, level.deletable], [true, true]);
      const change = await changes.set({ handle: level.handle, source: "(1.5, 'x', b'\\x01', None)" });
      assert.deepEqual([done(change).before, done(change).after], ['1', "(1.5, 'x', b'\\x01', None)"]);
      assert.equal((await explorer.tree.read(level.handle)).value, "(1.5, 'x', b'\\x01', None)");
      await changes.undo(undoOf(change));
      assert.equal((await explorer.tree.read(level.handle)).value, '1');
      const inner = await gaugeRow(explorer, 'inner');
      const replaced = await changes.set({ handle: inner.handle, source: '0' });
      await changes.undo(undoOf(replaced));
      assert.equal((await explorer.tree.read(inner.handle)).typeName, '__main__.Gauge');
      const gone = await changes.delete(level.handle);
      await assert.rejects(gaugeRow(explorer, 'level'), /No row/);
      await changes.undo(undoOf(gone));
      assert.equal((await explorer.tree.read((await gaugeRow(explorer, 'level')).handle)).value, '1');
      const picky = await changes.set({ handle: (await gaugeRow(explorer, 'picky')).handle, source: '5' });
      assert.ok(picky.status === 'error');
      assert.deepEqual([picky.error.typeName, picky.error.message], ['builtins.ValueError', 'not 5']);
    });

    it('job 17: says which side refused, and which flag is in the way', async () => {
      await using server = await startPeer(version, 'settable_service.py');
      await using explorer = await Explorer.connect(server);
      const { changes } = explorer.tree;
      const { handle } = await gaugeRow(explorer, 'level');
      const set = await problemOf(changes.set({ handle, source: '2' }));
      assert.equal(set.code, 'ERR_POLICY');
      assert.match(set.message, /service at “Lab” does not let its clients set this: set allow_setattr /);
      assert.match((await problemOf(changes.delete(handle))).message, /allow_delattr/);
      assert.equal((await explorer.tree.read(handle)).value, '1');
      assert.equal((await row(explorer, 'hidden')).callable, undefined);
      const literal = await problemOf(changes.set({ handle, source: 'level + 1' }));
      assert.equal(literal.code, 'ERR_LITERAL');
    });

    it('job 17: offers no change of the service itself, which RPyC refuses whatever is allowed', async () => {
      await using server = await startPeer(version, 'settable_service.py', ['open']);
      await using explorer = await Explorer.connect(server);
      const label = await row(explorer, 'label');
      assert.deepEqual([label.kind, label.editable, label.deletable], ['unread', undefined, undefined]);
      const refused = await problemOf(explorer.tree.changes.set({ handle: label.handle, source: '2' }));
      assert.equal(refused.code, 'ERR_POLICY');
      assert.match(refused.message, /_rpyc_setattr/);
    });

    it('job 17: sets items of a list that came by reference, in any policy', async () => {
      await using server = await startPeer(version, 'settable_service.py');
      await using explorer = await Explorer.connect(server);
      const items = await explorer.tree.read((await row(explorer, 'items')).handle);
      const item = named((await explorer.page(items)).nodes, '[1]');
      assert.equal(item.editable, true);
      const change = await explorer.tree.changes.set({ handle: item.handle, source: '-2' });
      assert.deepEqual(
        (await explorer.page(items)).nodes.map(({ value }) => value),
        ['1', '-2', '3'],
      );
      await explorer.tree.changes.undo(undoOf(change));
      assert.deepEqual(
        (await explorer.page(items)).nodes.map(({ value }) => value),
        ['1', '2', '3'],
      );
    });

    it('job 17: calls with literals, and keeps the results', async () => {
      await using server = await startPeer(version, 'settable_service.py');
      await using relay = await Relay.start(server);
      await using explorer = await Explorer.connect(relay);
      const { changes } = explorer.tree;
      const join = await row(explorer, 'join');
      assert.equal(join.callable, true);
      await relay.reset();
      const text = gave(
        await changes.call({ handle: join.handle, callId: 'c', source: "1, 'two', key=(3,)" }),
      );
      assert.deepEqual((await relay.counts()).up.requests, { [Handler.callattr]: 1 });
      assert.deepEqual([text.value, text.typeName], ["'1|two|key=(3,)'", 'str']);
      const made = gave(
        await changes.call({ handle: (await row(explorer, 'make')).handle, callId: 'c', source: '' }),
      );
      const results = await explorer.page(explorer.root('Results'));
      assert.deepEqual(
        results.nodes.map(({ name }) => name),
        ['#2 make()', "#1 join(1, 'two', key=(3,))"],
      );
      const list = await explorer.find('Results', '#2 make()');
      assert.deepEqual(
        (await explorer.page(list)).nodes.map(({ value }) => value),
        ['10', '20'],
      );
      // The row can be closed and opened again.
      explorer.tree.release([list.handle, made.handle]);
      const again = await explorer.find('Results', '#2 make()');
      assert.equal((await explorer.tree.text(again.handle, 100)).text, '[10, 20]');
      await changes.delete(again.handle);
      assert.equal((await explorer.page(explorer.root('Results'))).nodes.length, 1);
      const fail = await changes.call({
        handle: (await row(explorer, 'fail')).handle,
        callId: 'c',
        source: '',
      });
      assert.ok(fail.status === 'error');
      assert.equal(fail.error.typeName, 'builtins.KeyError');
      assert.match(fail.error.traceback, /exposed_fail/);
    });
  });
}
