import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import type { RunResult } from '../../../server/src/api/model';
import { ProblemError } from '../../../server/src/features/problem';
import { Explorer, FILE_NAME, named } from '../../support/explorer';
import { eventually } from '../../support/poll';
import { type PythonPeer, RPYC_VERSIONS, runPython, startClassic, startPeer } from '../../support/pythonPeer';
import { Relay } from '../../support/relay';

/** A file by which a test tells a snippet to go on. */
class Gate implements AsyncDisposable {
  private constructor(private readonly folder: string) {}

  static async create(): Promise<Gate> {
    return new Gate(await mkdtemp(path.join(tmpdir(), 'gate-')));
  }

  /** Python that waits until the gate is open. */
  get wait(): string {
    const file = JSON.stringify(path.join(this.folder, 'open'));
    return `import os, time\nwhile not os.path.exists(${file}): time.sleep(0.01)\n`;
  }

  async open(): Promise<void> {
    await writeFile(path.join(this.folder, 'open'), '');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.open();
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** Anything of the helper that can be found by name in the whole process. */
const LEFT_BEHIND = `
import sys, threading
sorted(n for m in list(sys.modules.values()) for n in list(getattr(m, '__dict__', {})) if 'rpyc_explorer' in str(n))
`;

const STREAMS = `
import sys, threading
(type(sys.stdout).__name__, type(sys.stderr).__name__, threading.Thread.start.__module__)
`;

/** Runs Python in another classic client of the same server. */
async function elsewhere(
  server: PythonPeer,
  version: (typeof RPYC_VERSIONS)[number],
  code: string,
): Promise<string> {
  const client = [
    'import rpyc, sys',
    'conn = rpyc.classic.connect("127.0.0.1", int(sys.argv[1]))',
    'source = sys.argv[2].rstrip().split("\\n")',
    'conn.execute("\\n".join(source[:-1]))',
    'print(conn.eval(source[-1]))',
  ].join('\n');
  const { stdout, stderr, code: exitCode } = await runPython(version, client, [String(server.port), code]);
  assert.equal(exitCode, 0, stderr);
  return stdout.trim();
}

/** Gives a lease back at the end of the block. */
function toDispose<T extends { dispose(): void }>(value: T): Disposable & { readonly value: T } {
  return { value, [Symbol.dispose]: () => value.dispose() };
}

function ending({ status, value, valueType }: RunResult): unknown {
  return { status, value, valueType };
}

for (const version of RPYC_VERSIONS) {
  describe(`snippet runs and rpyc ${version}`, function () {
    this.timeout(60_000);

    it('shows the value of the last expression, and keeps the namespace', async () => {
      await using server = await startClassic(version);
      await using explorer = await Explorer.connect(server);
      const first = await explorer.run('x = 20\nx * 2');
      assert.deepEqual(ending(first), { status: 'done', value: '40', valueType: 'int' });
      assert.deepEqual(ending(await explorer.run('y = x')), {
        status: 'done',
        value: undefined,
        valueType: undefined,
      });
      assert.equal(await explorer.value('y + 1'), '21');
      assert.equal(named((await explorer.page(explorer.root('Namespace'))).nodes, 'y').value, '20');
    });

    it('tells what is printed while the run goes on', async () => {
      await using server = await startClassic(version);
      await using explorer = await Explorer.connect(server);
      await using gate = await Gate.create();
      const run = explorer.run(`print('first')\n${gate.wait}print('second')\n'end'`);
      await eventually('the first line is there', () => explorer.printed() === 'first\n');
      await gate.open();
      assert.equal((await run).value, "'end'");
      assert.equal(explorer.printed('stdout'), 'first\nsecond\n');
    });

    it('keeps the order of both streams, and of threads of the run', async () => {
      await using server = await startClassic(version);
      await using explorer = await Explorer.connect(server);
      await explorer.run(
        [
          'import sys, threading',
          'for n in range(3):',
          "    print('out', n)",
          "    print('err', n, file=sys.stderr)",
          "t = threading.Thread(target=lambda: print('thread'))",
          't.start(); t.join()',
        ].join('\n'),
      );
      assert.equal(explorer.printed(), 'out 0\nerr 0\nout 1\nerr 1\nout 2\nerr 2\nthread\n');
    });

    it('sends both streams together, however often they alternate', async () => {
      await using server = await startClassic(version);
      await using relay = await Relay.start(server);
      await using explorer = await Explorer.connect(relay);
      await explorer.run('import sys, time');
      await relay.reset();
      const { elapsedMs } = await explorer.run(
        [
          'for n in range(100):',
          '    for _ in range(20):',
          "        sys.stdout.write('o')",
          "        sys.stderr.write('e')",
          '    time.sleep(0.005)',
        ].join('\n'),
      );
      assert.equal(explorer.printed(), 'oe'.repeat(2000));
      const { frames } = (await relay.counts()).down;
      assert.ok(frames <= 30 + elapsedMs / 50, `${frames} frames in ${elapsedMs} ms`);
    });

    it('lets the tree look at the namespace while a run is in progress', async () => {
      await using server = await startClassic(version);
      await using explorer = await Explorer.connect(server);
      await using gate = await Gate.create();
      const run = explorer.run(`x = 'set'\nprint('begun')\n${gate.wait}`);
      await eventually('the run has begun', () => explorer.printed() !== '');
      const { nodes } = await explorer.page(explorer.root('Namespace'));
      assert.equal(named(nodes, 'x').value, "'set'");
      assert.equal(explorer.pool.state('p').openConnections, 2);
      await gate.open();
      assert.equal((await run).status, 'done');
    });

    it('leaves nothing of the meeting of two connections, and puts the streams back', async () => {
      await using server = await startClassic(version);
      const before = await elsewhere(server, version, STREAMS);
      await using explorer = await Explorer.connect(server);
      // While a run goes on, its stand-ins have their place.
      assert.equal(await explorer.value(LEFT_BEHIND), "['__rpyc_explorer_output__']");
      assert.equal(await elsewhere(server, version, LEFT_BEHIND), '[]');
      assert.equal(await elsewhere(server, version, STREAMS), before);
    });

    it('leaves the output of other clients of the server alone', async () => {
      await using server = await startClassic(version);
      await using explorer = await Explorer.connect(server);
      await using gate = await Gate.create();
      const run = explorer.run(`print('mine')\n${gate.wait}print('mine again')`);
      await eventually('the run has begun', () => explorer.printed() !== '');
      await elsewhere(server, version, "print('other client')\nNone");
      await gate.open();
      await run;
      assert.equal(explorer.printed(), 'mine\nmine again\n');
      await eventually('the server has printed it', () => server.log().includes('other client'));
      assert.ok(!server.log().includes('mine'), server.log());
    });

    it('shares one connection with the tree on a forking server', async () => {
      await using server = await startClassic(version, { mode: 'forking' });
      await using explorer = await Explorer.connect(server);
      assert.equal(explorer.pool.state('p').peer?.serverKind, 'forking');
      assert.equal(await explorer.value("print('hello')\nx = 5\nx"), '5');
      assert.equal(explorer.printed(), 'hello\n');
      assert.equal(named((await explorer.page(explorer.root('Namespace'))).nodes, 'x').value, '5');
      assert.equal(explorer.pool.state('p').openConnections, 1);
    });

    it('runs on a server with a pool of threads', async () => {
      await using server = await startPeer(version, 'classic_service.py', ['ThreadPoolServer']);
      // A 6.0 server of this kind is occupied for 30 s by a question in another dialect.
      const dialect = version === '5.3.0' ? 'C' : 'D';
      await using explorer = await Explorer.connect(server, { profile: { dialect } });
      assert.equal(explorer.pool.state('p').peer?.serverKind, 'pool');
      assert.equal(await explorer.value("print('hello')\nx = 5\nx"), '5');
      assert.equal(explorer.printed(), 'hello\n');
      assert.equal(named((await explorer.page(explorer.root('Namespace'))).nodes, 'x').value, '5');
    });

    it('tells an exception with frames that point into the file', async () => {
      await using server = await startClassic(version);
      await using explorer = await Explorer.connect(server);
      await explorer.run('def f():\n    raise ValueError("no")\n');
      const { status, error } = await explorer.runner.run({
        profileId: 'p',
        runId: 'r',
        source: 'x = 1\nf()',
        fileName: FILE_NAME,
        lineOffset: 40,
      });
      assert.equal(status, 'error');
      assert.equal(error?.typeName, 'builtins.ValueError');
      assert.equal(error.message, 'no');
      assert.deepEqual(error.frames, [
        { file: FILE_NAME, line: 42, name: '<module>' },
        { file: FILE_NAME, line: 2, name: 'f' },
      ]);
      assert.match(error.traceback, /^Traceback[^]*line 42, in <module>\n {4}f\(\)[^]*ValueError: no\n$/);
      assert.ok(!error.traceback.includes('rpyc-explorer'), error.traceback);
    });

    it('gives back what it lent the peer for a run', async () => {
      await using server = await startClassic(version);
      await using explorer = await Explorer.connect(server);
      await explorer.run("print('hello')");
      using lease = toDispose(await explorer.pool.lend('p', 'run'));
      const before = lease.value.connection.lentReferences;
      await eventually('the peer lets go of the callbacks', async () => {
        await lease.value.connection.ping();
        return lease.value.connection.lentReferences === 0;
      });
      // One for what it prints, one for what it reads.
      assert.ok(before <= 2, String(before));
    });

    it('outlives a snippet that exits', async () => {
      await using server = await startClassic(version);
      await using explorer = await Explorer.connect(server);
      for (const source of ['import sys\nx = 1\nsys.exit(3)', 'raise KeyboardInterrupt']) {
        const { status, error } = await explorer.run(source);
        assert.equal(status, 'error');
        assert.match(error?.typeName ?? '', /^builtins\.(SystemExit|KeyboardInterrupt)$/);
      }
      assert.equal(await explorer.value('x'), '1');
    });

    it('ends a run whose server dies as lost, and says what to do', async () => {
      await using server = await startClassic(version);
      await using explorer = await Explorer.connect(server);
      const run = explorer.run("print('begun')\nimport time\ntime.sleep(60)");
      await eventually('the run has begun', () => explorer.printed() !== '');
      server.kill();
      const { status, problem } = await run;
      assert.equal(status, 'lost');
      assert.equal(problem?.code, 'ERR_LOST');
      assert.match(problem.message, /^The connection to “Lab” was lost while this ran: connect again/);
    });

    it('stops waiting when asked, and has the next run wait for the first', async () => {
      await using server = await startClassic(version);
      await using explorer = await Explorer.connect(server);
      await using gate = await Gate.create();
      const waiting = new AbortController();
      const first = explorer.run(`print('begun')\n${gate.wait}x = 'first'`, waiting.signal);
      await eventually('the run has begun', () => explorer.printed() !== '');
      waiting.abort();
      await assert.rejects(first);
      assert.equal(explorer.pool.state('p').busy, true);
      const second = explorer.value('x');
      await gate.open();
      assert.equal(await second, "'first'");
    });

    it('bounds what a flood of output moves, and counts what was dropped', async () => {
      await using server = await startClassic(version);
      await using relay = await Relay.start(server);
      await using explorer = await Explorer.connect(relay);
      await relay.reset();
      await explorer.run("import sys\nfor n in range(20000):\n    sys.stdout.write('%0999d\\n' % n)");
      const dropped = explorer.output.reduce((sum, output) => sum + output.dropped, 0);
      const printed = explorer.printed();
      assert.ok(dropped > 0);
      assert.equal(printed.length + dropped, 20_000_000);
      assert.ok(printed.endsWith('00019999\n'));
    });

    it('says when a connection has no Python to run anything in', async () => {
      await using server = await startPeer(version, 'strict_service.py');
      await using explorer = await Explorer.connect(server);
      const isRefused = (error: unknown): boolean =>
        error instanceof ProblemError && error.problem.code === 'ERR_NOT_CLASSIC';
      await assert.rejects(explorer.run('1'), isRefused);
    });
  });
}
