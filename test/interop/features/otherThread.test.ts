/** Runs in a thread of their own, and in the main thread of the program that the server is a guest in. */
import assert from 'node:assert/strict';

import type { HostProgram, Problem, RunThread } from '../../../server/src/api/model';
import { Explorer, named } from '../../support/explorer';
import { eventually } from '../../support/poll';
import { type PythonPeer, RPYC_VERSIONS, startClassic, startPeer } from '../../support/pythonPeer';

const IS_MAIN = 'import threading\nthreading.current_thread() is threading.main_thread()';
const THREAD = 'import threading\nthreading.current_thread().name';
const WORKER: RunThread = { thread: 'worker' };

function main(host: HostProgram = 'auto', post?: string): RunThread {
  return { thread: 'main', host, ...(post === undefined ? {} : { post }) };
}

async function problemOf(work: Promise<unknown>): Promise<Problem> {
  const error: unknown = await work.then(
    () => assert.fail('It did not fail'),
    (reason: unknown) => reason,
  );
  return (error as { readonly problem: Problem }).problem;
}

/** What is true of every run, whichever thread it is in. */
async function behavesAsARun(explorer: Explorer): Promise<void> {
  explorer.output.length = 0;
  assert.equal(await explorer.value("kept = 20\nfor n in range(3): print('line', n)\nkept + 1"), '21');
  assert.equal(explorer.printed(), 'line 0\nline 1\nline 2\n');
  const failed = await explorer.run('def f():\n    return 1 / 0\nf()');
  assert.equal(failed.status, 'error');
  assert.deepEqual(
    failed.error?.frames.map(({ line, name }) => [line, name]),
    [
      [3, '<module>'],
      [2, 'f'],
    ],
  );
  assert.match(failed.error.traceback, /ZeroDivisionError/);
  assert.doesNotMatch(failed.error.traceback, /rpyc-explorer/);
  explorer.answers = () => Promise.resolve('typed');
  assert.equal(await explorer.value("input('Name? ')"), "'typed'");
  const fromThread = ['got = []', 't = threading.Thread(target=lambda: got.append(input()))'];
  assert.equal(await explorer.value([...fromThread, 't.start()', 't.join()', 'got'].join('\n')), "['typed']");
  explorer.answers = (_question, signal) =>
    new Promise(() => signal.addEventListener('abort', () => undefined));
  const waiting = explorer.run("input('Nobody? ')");
  await eventually('it has asked', () => explorer.questions.at(-1) === 'Nobody?');
  assert.equal((await explorer.interrupt()).outcome, 'asked');
  assert.equal((await waiting).status, 'interrupted');
}

/** It prints while it goes on, rows are shown meanwhile, and it is stopped, the second time harder. */
async function canBeInterrupted(explorer: Explorer): Promise<void> {
  const stubborn =
    'import time\nwhile True:\n    try:\n        time.sleep(0.01)\n    except KeyboardInterrupt: pass';
  for (const [source, insist, type] of [
    ['while True: pass', false, /KeyboardInterrupt/],
    [stubborn, true, /RunTerminated/],
  ] as const) {
    explorer.output.length = 0;
    const run = explorer.run(`print('there')\n${source}`);
    await eventually('it is there', () => explorer.printed().includes('there'));
    const { nodes } = await explorer.page(explorer.root('Namespace'));
    assert.equal(named(nodes, 'kept').value, '20');
    assert.equal(explorer.pool.state('p').busy, true);
    assert.notEqual((await explorer.interrupt(insist)).outcome, 'waiting');
    const { status, error } = await run;
    assert.equal(status, 'interrupted');
    assert.match(error?.typeName ?? '', type, error?.traceback);
  }
  assert.equal(explorer.pool.state('p').busy, false);
  assert.equal(await explorer.value('kept'), '20');
}

async function guest(
  version: (typeof RPYC_VERSIONS)[number],
  kind: string,
  runOn: RunThread,
): Promise<{ server: PythonPeer; explorer: Explorer }> {
  const server = await startPeer(version, 'guest_program.py', [kind]);
  try {
    // A wrong guess of the dialect would stand in the log.
    const dialect = version === '5.3.0' ? 'C' : 'D';
    return { server, explorer: await Explorer.connect(server, { profile: { runOn, dialect } }) };
  } catch (error) {
    await server[Symbol.asyncDispose]();
    throw error;
  }
}

for (const version of RPYC_VERSIONS) {
  const dialect = version === '5.3.0' ? 'C' : 'D';

  describe(`the thread of a run on rpyc ${version}`, function () {
    this.timeout(60_000);

    for (const mode of ['threaded', 'forking', 'oneshot'] as const) {
      it(`is one of its own on a ${mode} server, and the connection goes on to answer`, async () => {
        await using server = await startClassic(version, { mode });
        const oneShot = mode === 'oneshot' ? { oneShot: true } : {};
        await using explorer = await Explorer.connect(server, {
          profile: { runOn: WORKER, dialect, ...oneShot },
        });
        assert.equal(await explorer.value(THREAD), "'rpyc-explorer-run'");
        await behavesAsARun(explorer);
        if (mode === 'threaded') {
          await canBeInterrupted(explorer);
        }
        assert.doesNotMatch(server.log(), /Traceback|abruptly/);
      });
    }

    for (const mode of ['forking', 'oneshot'] as const) {
      it(`is stopped on a ${mode} server over the one connection that there is`, async () => {
        await using server = await startClassic(version, { mode });
        const oneShot = mode === 'oneshot' ? { oneShot: true } : {};
        await using explorer = await Explorer.connect(server, {
          profile: { runOn: WORKER, dialect, ...oneShot },
        });
        const run = explorer.run("print('there')\nwhile True: pass");
        await eventually('it is there', () => explorer.printed().includes('there'));
        assert.equal((await explorer.interrupt()).outcome, 'asked');
        assert.equal((await run).status, 'interrupted');
        assert.equal(await explorer.value('6 * 7'), '42');
      });
    }

    it('is the main thread also where the function of a program waits for it', async () => {
      const { server, explorer } = await guest(version, 'own', main('other', "__import__('program').call"));
      try {
        assert.equal(await explorer.value(IS_MAIN), 'True');
        await behavesAsARun(explorer);
        await canBeInterrupted(explorer);
      } finally {
        await explorer[Symbol.asyncDispose]();
        await server[Symbol.asyncDispose]();
      }
    });

    for (const [kind, runOn] of [
      ['blender', main()],
      ['ida', main()],
      ['gdb', main('gdb')],
      ['maya', main()],
      ['houdini', main('houdini')],
      ['own', main('other', "__import__('program').post")],
    ] as const) {
      it(`is the main thread of a program like ${kind}, which goes on with its own work`, async () => {
        const { server, explorer } = await guest(version, kind, runOn);
        try {
          assert.equal(await explorer.value(IS_MAIN), 'True');
          await behavesAsARun(explorer);
          await canBeInterrupted(explorer);
          const ticks = Number(await explorer.value('import program\nprogram.ticks'));
          await eventually(
            'it goes on',
            async () => Number(await explorer.value('program.ticks')) > ticks + 2,
          );
          await explorer.run(
            'def where():\n    return threading.current_thread() is threading.main_thread()',
          );
          const { handle } = named((await explorer.page(explorer.root('Namespace'))).nodes, 'where');
          const called = await explorer.tree.changes.call({ handle, callId: 'call', source: '' });
          assert.ok(called.status === 'done', JSON.stringify(called));
          assert.equal(called.node?.value, 'True', 'calls from the tree as well');
          assert.doesNotMatch(server.log(), /Traceback/);
        } finally {
          await explorer[Symbol.asyncDispose]();
          await server[Symbol.asyncDispose]();
        }
      });
    }

    it('is told to be waited for where the program does not come round, and the run is taken back', async () => {
      const { server, explorer } = await guest(version, 'blender', main());
      try {
        await explorer.run('import program\nran = []\nprogram.pause()');
        const run = explorer.run("ran.append('never')");
        const refused = problemOf(run);
        await eventually('it says so', () =>
          /^Waiting for the main thread of Blender, which has not come round for 3 s/.test(
            explorer.printed('stderr'),
          ),
        );
        assert.deepEqual(await explorer.interrupt(), { outcome: 'waiting' });
        assert.equal((await refused).code, 'ERR_CANCELLED');
        explorer.pool.setProfiles(
          explorer.pool.profiles.map((profile) => ({ ...profile, runOn: undefined })),
        );
        assert.equal(await explorer.value('program.resume(), ran'), '(None, [])', 'the choice holds at once');
      } finally {
        await explorer[Symbol.asyncDispose]();
        await server[Symbol.asyncDispose]();
      }
    });

    it('ends with the connection', async () => {
      const { server, explorer } = await guest(version, 'blender', main());
      try {
        await explorer.run('import program\nprogram.pause()');
        const run = explorer.run('1');
        await eventually('it waits', () => explorer.pool.state('p').busy);
        server.kill();
        const result = await run;
        assert.equal(result.status, 'lost');
        assert.match(result.problem?.message ?? '', /check what it has done/);
      } finally {
        await explorer[Symbol.asyncDispose]();
        await server[Symbol.asyncDispose]();
      }
    });

    it('is named in the sentence where there is none such', async () => {
      await using server = await startClassic(version);
      const of = async (runOn: RunThread): Promise<Problem> => {
        await using explorer = await Explorer.connect(server, { profile: { runOn } });
        return await problemOf(explorer.run('1'));
      };
      assert.match((await of(main())).message, /No host program was recognised .* “Choose Thread for Runs…”/);
      assert.match((await of(main('ida'))).message, /is not IDA, .* “Choose Thread for Runs…”/);
      assert.match((await of(main('qt'))).message, /is not Qt, /);
      assert.match((await of(main('other', 'nobody'))).message, /NameError.* “Choose Thread for Runs…”/);
      assert.match((await of(main('other', '42'))).message, /int is not callable/);
    });
  });
}
