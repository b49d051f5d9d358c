import assert from 'node:assert/strict';

import type { DebugProtocol } from '@vscode/debugprotocol';

import { ClassicConsole } from '../../../server/src/features/console/classicConsole';
import { DapClient } from '../../support/dapClient';
import { Explorer } from '../../support/explorer';
import { asked } from '../../support/policyBench';
import { eventually } from '../../support/poll';
import { type PythonPeer, RPYC_VERSIONS, startClassic } from '../../support/pythonPeer';
import { Relay } from '../../support/relay';

const SETUP = `
class Gauge(object):
    ran = []
    def __init__(self):
        self.level = 1
    @property
    def pressure(self):
        Gauge.ran.append('pressure')
        return 7
    def __repr__(self):
        Gauge.ran.append('repr')
        return 'a gauge ' + 'x' * 300
gauge = Gauge()
many = list(range(100000))
data = {'key': [1, 2], 'text': 'long ' * 200, "it's \\\\": 1}
`;

/** Objects that the helper holds for rows, and what the server holds for its clients. */
const HELD = `
import gc
(sum(len(o.table) for o in gc.get_objects() if type(o).__name__ == 'Kept'),
 sum(len(o._dict) for o in gc.get_objects() if type(o).__name__ == 'RefCountingColl'))
`;

for (const version of RPYC_VERSIONS) {
  describe(`the debug console and rpyc ${version}`, function () {
    this.timeout(60_000);
    let server: PythonPeer;
    let relay: Relay;
    let explorer: Explorer;
    let client: DapClient;

    before(async () => {
      server = await startClassic(version);
      relay = await Relay.start(server);
      explorer = await Explorer.connect(relay);
      await explorer.run(SETUP);
      client = await DapClient.attach(explorer);
    });

    after(async () => {
      await client[Symbol.asyncDispose]();
      await explorer[Symbol.asyncDispose]();
      await relay[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    });

    it('job 3: runs what is typed, keeps the names, and tells what is printed', async () => {
      const { result, type } = await client.evaluate(
        "for n in range(2):\n    print('line', n)\nx = 20\nx * 2",
      );
      assert.deepEqual([result, type], ['40', 'int']);
      assert.match(
        client.printed('stdout'),
        /^Python 3.*: what you type runs in its namespace\.\nline 0\nline 1\n$/,
      );
      assert.equal((await client.evaluate('x + 1')).result, '21');
      assert.equal((await client.evaluate('y = None')).result, '');
      assert.equal((await client.evaluate('y')).result, '');
      assert.equal(await explorer.value('x'), '20');
      await client.evaluate("import sys; print('\\x1b[31mred\\x1b[0m\\x1b[2J', file=sys.stderr)");
      assert.equal(client.printed('stderr'), '\u001b[31mred\u001b[0m\n');
    });

    it('tells an error with its traceback, and goes on', async () => {
      await assert.rejects(client.evaluate('def f():\n    return 1 / 0\nf()'), (error: Error) => {
        assert.match(error.message, /line 2, in f\n {4}return 1 \/ 0\n(.*\n)?ZeroDivisionError/);
        return true;
      });
      assert.equal((await client.evaluate("'{braces}'")).result, "'{braces}'");
      await assert.rejects(client.evaluate("raise ValueError('{text}')"), /ValueError: \{text\}/);
    });

    it('asks for nothing that was not opened, and pages what was', async () => {
      await relay.reset();
      const namespace = await client.scope('Namespace');
      assert.equal(asked(await relay.counts()), 0, 'the scopes are known');
      const many = await client.variable(namespace.variablesReference, 'many');
      assert.equal(many.indexedVariables, 100_000);
      assert.equal(asked(await relay.counts()), 1, 'one page');
      const range = { filter: 'indexed', start: 70_000, count: 100 } as const;
      const page = await client.variables(many.variablesReference, range);
      assert.deepEqual([page.length, page[0]?.name, page[99]?.value], [100, '[70000]', '70099']);
      assert.equal(asked(await relay.counts()), 2);
      const builtins = await client.scope('Builtins');
      assert.equal(builtins.expensive, true);
      const names = (await client.variables(builtins.variablesReference)).map(({ name }) => name);
      assert.ok(names.includes('len') && names.length > 100);
    });

    it('reads a property when it is opened, and only then', async () => {
      await client.evaluate('Gauge.ran.clear()');
      const { variablesReference } = await client.evaluate('gauge', 'watch');
      const pressure = await client.variable(variablesReference, 'pressure');
      assert.equal(pressure.presentationHint?.lazy, true);
      assert.equal((await client.evaluate('Gauge.ran')).result, '[]');
      const [read] = await client.variables(pressure.variablesReference);
      assert.deepEqual([read?.name, read?.value], ['pressure', '7']);
      assert.equal((await client.evaluate('Gauge.ran')).result, "['pressure']");
    });

    it('shows an object by its own text when it is typed, and opens it', async () => {
      const { result, variablesReference } = await client.evaluate('gauge');
      assert.match(result, /^a gauge x{300}$/);
      const level = await client.variable(variablesReference, 'level');
      assert.deepEqual([level.value, level.evaluateName], ['1', 'gauge.level']);
    });

    it('sets variables and expressions', async () => {
      const { variablesReference } = await client.scope('Namespace');
      await client.variables(variablesReference);
      const set = await client.setVariableRequest({ variablesReference, name: 'x', value: '[x, 3]' });
      assert.deepEqual([set.body.value, set.body.type, set.body.indexedVariables], ['[20, 3]', 'list', 2]);
      const args = { expression: 'gauge.level', value: '2 +\n 3', frameId: 1 };
      const answer = (await client.customRequest(
        'setExpression',
        args,
      )) as DebugProtocol.SetExpressionResponse;
      assert.equal(answer.body.value, '5');
      assert.equal(await explorer.value('gauge.level, x'), '(5, [20, 3])');
      const wrong = client.setVariableRequest({ variablesReference, name: 'x', value: 'nobody' });
      await assert.rejects(wrong, /NameError/);
    });

    it('job 19: completes and shows live objects without running their code', async () => {
      await client.evaluate('Gauge.ran.clear()\nimport os');
      await relay.reset();
      const complete = async (text: string): Promise<readonly string[]> => {
        const answer = await client.completionsRequest({ text, column: text.length + 1 });
        return answer.body.targets.map(({ label, length }) => `${label}/${length}`);
      };
      assert.ok((await complete('os.path.')).includes('join/0'));
      assert.deepEqual(await complete('print(gauge.pre'), ['pressure/3']);
      assert.deepEqual(await complete("data['k"), ['key/1']);
      const members = (await client.completionsRequest({ text: 'gauge.', column: 7 })).body.targets;
      const inOrder = members.toSorted((a, b) =>
        (a.sortText ?? a.label).localeCompare(b.sortText ?? b.label),
      );
      const special = inOrder.findIndex(({ label }) => label.startsWith('_'));
      assert.ok(inOrder.findIndex(({ label }) => label === 'pressure') < special, 'special names come last');
      const { targets } = (await client.completionsRequest({ text: "data['i", column: 8 })).body;
      assert.deepEqual(
        targets.map(({ text }) => text),
        ["it\\'s \\\\']"],
      );
      assert.ok((await complete('gau')).includes('gauge/3'));
      assert.ok((await complete('wh')).includes('while/2'));
      assert.deepEqual(await complete('gauge.method().'), []);
      assert.equal(asked(await relay.counts()), 7, 'one request each, and none where nothing can be known');
      assert.equal((await client.evaluate("data['key'][-1]", 'hover')).result, '2');
      await assert.rejects(client.evaluate('gauge.pressure', 'hover'), /has to be read first/);
      await assert.rejects(client.evaluate('gauge.method()', 'hover'), /nothing is run by looking/);
      await assert.rejects(client.evaluate('nobody', 'hover'), /no name nobody/);
      assert.equal((await client.evaluate('gauge', 'hover')).result.includes('a gauge'), false);
      assert.equal((await client.evaluate('Gauge.ran')).result, '[]');
      assert.equal((await client.evaluate('gauge.pressure + 1', 'watch')).result, '8');
    });

    it('gives the whole text for the clipboard', async () => {
      const { variablesReference } = await client.scope('Namespace');
      const data = await client.variable(variablesReference, 'data');
      const text = await client.variable(data.variablesReference, "'text'");
      assert.ok(text.value.length <= 200);
      assert.equal((await client.evaluate(text.evaluateName ?? '', 'clipboard')).result.length, 1002);
      assert.equal((await client.evaluate("'a' * 300", 'clipboard')).result.length, 302);
    });

    it('job 6: stops what runs when it is paused, and keeps what it has set', async () => {
      const running = client.waitForEvent('continued');
      const stopped = client.waitForEvent('stopped');
      const run = client.evaluate('before = 5\nwhile True: pass');
      const failed = assert.rejects(run, /KeyboardInterrupt/);
      await running;
      await client.pauseRequest({ threadId: 1 });
      await failed;
      await stopped;
      assert.equal((await client.evaluate('before')).result, '5');
    });

    it('job 7: shows where a run failed as frames with their variables, and runs in them', async () => {
      const lines = ['def inner(m):\n', '    return m / 0\n'];
      await explorer.run(`lines = ${JSON.stringify(lines)}
import linecache
linecache.cache['/nowhere/far.py'] = (0, None, lines, '/nowhere/far.py')
exec(compile(''.join(lines), '/nowhere/far.py', 'exec'))
def outer(n):
    kept = [n * 2, gauge]
    inner(kept[0])
outer(4)`);
      const stopped = client.waitForEvent('stopped');
      await client.customRequest('rpycSnapshot', { kind: 'failure' });
      const { reason, text } = ((await stopped) as DebugProtocol.StoppedEvent).body;
      assert.deepEqual([reason, text], ['exception', 'builtins.ZeroDivisionError: division by zero']);
      const { stackFrames } = (await client.stackTraceRequest({ threadId: 1 })).body;
      assert.deepEqual(
        stackFrames.map(({ name, line }) => [name, line]),
        [
          ['inner', 2],
          ['outer', 7],
          ['<module>', 8],
        ],
      );
      const reference = stackFrames[0]?.source?.sourceReference ?? 0;
      const source = await client.sourceRequest({ sourceReference: reference });
      assert.equal(source.body.content, lines.join(''));
      await assert.rejects(
        async () => client.nextRequest({ threadId: 1 }),
        /choose a frame in the Call Stack/,
      );
      const info = (await client.customRequest('exceptionInfo', {
        threadId: 1,
      })) as DebugProtocol.ExceptionInfoResponse;
      assert.deepEqual(
        [info.body.exceptionId, info.body.description, info.body.breakMode],
        ['ZeroDivisionError', 'division by zero', 'unhandled'],
      );
      const frameId = stackFrames[1]?.id ?? 0;
      const { scopes } = (await client.scopesRequest({ frameId })).body;
      assert.deepEqual(
        scopes.map(({ name }) => name),
        ['Locals', 'Globals'],
      );
      const locals = await client.variables(scopes[0]?.variablesReference ?? 0);
      assert.deepEqual(locals.map(({ name }) => name).sort(), ['kept', 'n']);
      const typed = await client.evaluateRequest({ expression: 'kept[0] + n', context: 'repl', frameId });
      assert.equal(typed.body.result, '12');
      const typing = await client.completionsRequest({ text: 'kep', column: 4, frameId });
      assert.deepEqual(
        typing.body.targets.map(({ label }) => label),
        ['kept'],
      );
      const again = client.waitForEvent('stopped');
      await client.continueRequest({ threadId: 1 });
      await again;
      assert.equal(
        (await client.stackTraceRequest({ threadId: 1 })).body.stackFrames[0]?.name,
        'Console of Lab',
      );
    });

    it('pages the frames of a deep recursion, and all of them are there', async () => {
      await assert.rejects(
        client.evaluate('def deep(n): return 1 / 0 if n == 0 else deep(n - 1)\ndeep(450)'),
      );
      await client.stand(undefined);
      const { stackFrames, totalFrames } = (
        await client.stackTraceRequest({ threadId: 1, startFrame: 440, levels: 20 })
      ).body;
      assert.deepEqual([stackFrames.length, totalFrames], [12, 452]);
      assert.equal(stackFrames.at(-1)?.name, '<module>');
      assert.equal((await client.stack()).length, 452);
      await client.continueRequest({ threadId: 1 });
    });

    it('shows the stacks of all threads', async () => {
      await client.evaluate(
        'import threading\ngo = threading.Event()\nthreading.Thread(target=go.wait, name="waits").start()',
      );
      const stopped = client.waitForEvent('stopped');
      await client.customRequest('rpycSnapshot', { kind: 'stacks' });
      await stopped;
      const { threads } = (await client.threadsRequest()).body;
      const waiting = threads.find(({ name }) => name === 'waits');
      const { stackFrames } = (await client.stackTraceRequest({ threadId: waiting?.id ?? 0 })).body;
      assert.ok(stackFrames.some(({ name }) => name === 'wait'));
      assert.ok(stackFrames.some(({ source }) => source?.path?.endsWith('threading.py') === true));
      const again = client.waitForEvent('stopped');
      await client.continueRequest({ threadId: 1 });
      await again;
      await client.evaluate('go.set()');
    });

    it('says in words why a step does nothing', async () => {
      for (const step of ['next', 'stepIn', 'stepOut', 'continue'] as const) {
        await assert.rejects(
          async () => client.customRequest(step, { threadId: 1 }),
          /Nothing stands still on “Lab”/,
        );
      }
      assert.equal((await client.threadsRequest()).body.threads[0]?.name, 'Lab');
    });

    it('lets go of what comes when nobody waits for it any more', async () => {
      const before = await explorer.value(HELD);
      for (let delay = 0; delay < 20; delay++) {
        const controller = new AbortController();
        const looking = new ClassicConsole({
          ...{ profileId: 'p', label: 'Lab', tree: explorer.tree, runs: explorer.runs },
          lend: explorer.pool.lend.bind(explorer.pool),
          failures: explorer.failures,
          live: explorer.live,
          isProduction: () => false,
        }).look('data', controller.signal);
        looking.then(
          ({ node }) => explorer.tree.release([node.handle]),
          () => undefined,
        );
        // Sent or not, answered or not: each of these comes about.
        for (let turn = 0; turn < delay; turn++) {
          await new Promise(setImmediate);
        }
        controller.abort(new Error('enough'));
        await looking.catch(() => undefined);
      }
      await eventually('all is released', async () => (await explorer.value(HELD)) === before);
    });

    it('leaves nothing behind at the peer when it is disconnected', async () => {
      const before = await explorer.value(HELD);
      const other = await DapClient.attach(explorer);
      const { variablesReference } = await other.evaluate('[Gauge(), [1]]');
      await other.variables(variablesReference);
      await other.variables((await other.scope('Modules')).variablesReference);
      assert.notEqual(await explorer.value(HELD), before);
      await assert.rejects(other.evaluate('1 / 0'));
      await other.customRequest('rpycSnapshot', { kind: 'failure' });
      await other.disconnectRequest();
      await eventually('all is released', async () => (await explorer.value(HELD)) === before);
      await other[Symbol.asyncDispose]();
      assert.equal(explorer.pool.state('p').status, 'connected');
    });

    it('ends with a sentence when the connection does', async () => {
      const terminated = client.waitForEvent('terminated');
      await relay.cut();
      await terminated;
      assert.match(client.printed('important'), /^The connection to “Lab” was lost/);
      await assert.rejects(client.evaluate('1'), /not attached/);
    });
  });
}
