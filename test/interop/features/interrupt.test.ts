import assert from 'node:assert/strict';

import type { Problem, RunResult } from '../../../server/src/api/model';
import { Explorer, FILE_NAME, named } from '../../support/explorer';
import { eventually } from '../../support/poll';
import { RPYC_VERSIONS, startClassic, startPeer } from '../../support/pythonPeer';

const LOOP = "kept = 'before'\nprint('there', flush=True)\nwhile True:\n    pass";

/** Goes on, however often one presses Ctrl-C. */
const STUBBORN = [
  "kept = 'before'",
  'while True:',
  '    try:',
  "        print('there', flush=True)",
  '        while True: pass',
  '    except (KeyboardInterrupt, Exception):',
  '        pass',
].join('\n');

async function begin(explorer: Explorer, source: string): Promise<Promise<RunResult>[]> {
  const from = explorer.printed().length;
  const run = explorer.run(source);
  await eventually('the run is there', () => explorer.printed().slice(from).includes('there'));
  // In a list, since a promise alone would be waited for.
  return [run];
}

async function problemOf(work: Promise<unknown>): Promise<Problem> {
  const error: unknown = await work.then(
    () => assert.fail('It did not fail'),
    (reason: unknown) => reason,
  );
  return (error as { readonly problem: Problem }).problem;
}

for (const version of RPYC_VERSIONS) {
  const dialect = version === '5.3.0' ? 'C' : 'D';

  describe(`interrupting runs on rpyc ${version}`, function () {
    this.timeout(60_000);

    for (const mode of ['threaded', 'forking'] as const) {
      it(`job 6: stops an endless loop on a ${mode} server, and keeps what was set before it`, async () => {
        await using server = await startClassic(version, { mode });
        // A wrong guess of the dialect would stand in the log.
        await using explorer = await Explorer.connect(server, { profile: { dialect } });
        const [run] = await begin(explorer, LOOP);
        const asked = performance.now();
        assert.equal((await explorer.interrupt()).outcome, 'asked');
        const result = await run;
        assert.equal(result?.status, 'interrupted');
        const took = performance.now() - asked;
        assert.ok(took < 1000, `${Math.round(took)} ms`);
        assert.match(result.error?.traceback ?? '', /KeyboardInterrupt/);
        assert.equal(result.error?.frames.at(-1)?.file, FILE_NAME);
        assert.equal(await explorer.value('kept'), "'before'");
        assert.equal(explorer.states.at(-1)?.status, 'connected');
        assert.doesNotMatch(server.log(), /abruptly|Traceback/);
      });
    }

    it('stops a run of a thread pool', async () => {
      await using server = await startPeer(version, 'classic_service.py', ['ThreadPoolServer']);
      await using explorer = await Explorer.connect(server);
      const [run] = await begin(explorer, LOOP);
      const { outcome } = await explorer.interrupt();
      const result = await run;
      // Its result may be here before the answer to the question is.
      assert.notEqual(outcome, 'waiting');
      assert.equal(result?.status, 'interrupted', JSON.stringify(result));
      assert.equal(await explorer.value('kept'), "'before'");
    });

    it('tells where the run is when it is asked to stop', async () => {
      await using server = await startClassic(version);
      await using explorer = await Explorer.connect(server);
      const [run] = await begin(explorer, "def deep():\n    print('there')\n    while True: pass\ndeep()");
      const { place } = await explorer.interrupt();
      assert.equal(place?.file, FILE_NAME);
      assert.equal(place.name, 'deep');
      await run;
    });

    for (const mode of ['threaded', 'forking'] as const) {
      it(`insists where the code catches it, on a ${mode} server`, async () => {
        await using server = await startClassic(version, { mode });
        await using explorer = await Explorer.connect(server);
        const [run] = await begin(explorer, STUBBORN);
        const [outcome, result] = await Promise.all([explorer.interrupt(true), run]);
        assert.notEqual(outcome.outcome, 'waiting');
        assert.equal(result?.status, 'interrupted');
        assert.match(result.error?.typeName ?? '', /RunTerminated/);
        assert.equal(await explorer.value('kept'), "'before'");
      });
    }

    it('stops a run that has not arrived there yet', async () => {
      await using server = await startClassic(version);
      await using explorer = await Explorer.connect(server);
      const run = explorer.run(`${'#\n'.repeat(500_000)}while True: pass`);
      await eventually('it was sent', () => explorer.pool.state('p').busy, { intervalMs: 1 });
      await explorer.interrupt();
      assert.equal((await run).status, 'interrupted');
    });

    it('takes back a run that waits for its turn', async () => {
      await using server = await startClassic(version);
      await using explorer = await Explorer.connect(server);
      const [first] = await begin(explorer, LOOP);
      const second = explorer.run("print('second')");
      const refused = problemOf(second);
      assert.deepEqual(await explorer.interrupt(), { outcome: 'waiting' });
      assert.equal((await refused).code, 'ERR_CANCELLED');
      await explorer.runs.interrupt({ profileId: 'p', runId: 'run-1', insist: false });
      assert.equal((await first)?.status, 'interrupted');
      assert.equal(explorer.printed(), 'there\n');
    });

    it('says that a run is over', async () => {
      await using server = await startClassic(version);
      await using explorer = await Explorer.connect(server);
      await explorer.run('1');
      assert.deepEqual(await explorer.interrupt(), { outcome: 'ended' });
    });

    it('stops a call from the tree', async () => {
      await using server = await startClassic(version);
      await using explorer = await Explorer.connect(server);
      await explorer.run("def forever():\n    print('there')\n    while True: pass");
      const { handle } = named((await explorer.page(explorer.root('Namespace'))).nodes, 'forever');
      const printed: string[] = [];
      explorer.tree.changes.onDidProduceOutput(({ text }) => printed.push(text));
      const call = explorer.tree.changes.call({ handle, callId: 'call', source: '' });
      await eventually('the call is there', () => printed.join('').includes('there'));
      await explorer.runs.interrupt({ profileId: 'p', runId: 'call', insist: false });
      const result = await call;
      assert.match(result.status === 'error' ? result.error.typeName : '', /KeyboardInterrupt/);
    });

    it('says that a server which takes one client has no second way in', async () => {
      await using server = await startClassic(version, { mode: 'oneshot' });
      await using explorer = await Explorer.connect(server, { profile: { oneShot: true, dialect } });
      const gate = "import time\nprint('there', flush=True)\ntime.sleep(1)\n'end'";
      const [run] = await begin(explorer, gate);
      const { code, message } = await problemOf(explorer.interrupt());
      assert.equal(code, 'ERR_UNINTERRUPTIBLE');
      assert.match(message, /lets nobody else in while it runs/);
      assert.equal((await run)?.value, "'end'");
    });
  });
}
