import assert from 'node:assert/strict';

import type { Problem } from '../../../server/src/api/model';
import { Handler } from '../../../server/src/rpyc/index';
import { named } from '../../support/explorer';
import { PolicyBench, asked, refusals, requests } from '../../support/policyBench';
import { OLDER_RPYC_VERSIONS, RPYC_VERSIONS } from '../../support/pythonPeer';

async function problemOf(work: Promise<unknown>): Promise<Problem> {
  const error: unknown = await work.then(
    () => assert.fail('It did not fail'),
    (reason: unknown) => reason,
  );
  return (error as { readonly problem: Problem }).problem;
}

for (const version of [...RPYC_VERSIONS, ...OLDER_RPYC_VERSIONS]) {
  describe(`the policy of a strict service and rpyc ${version}`, function () {
    this.timeout(60_000);

    it('job 4: understand a strict service', async () => {
      await using bench = await PolicyBench.start(version);
      const { explorer, server } = bench;
      // On a slow link it shows that requests leave together.
      await bench.relay.setDelay(100);
      const [rows, counts] = await bench.counted(() => bench.rows());
      await bench.relay.setDelay(0);
      assert.deepEqual([asked(counts), counts.roundTrips, counts.down.exceptions], [2, 1, 0]);
      assert.deepEqual([requests(counts, Handler.dir), requests(counts, Handler.inspect)], [1, 1]);

      const answer = named(rows, 'get_answer');
      assert.deepEqual([answer.kind, answer.value, answer.callable], ['method', 'Gives the answer.', true]);
      assert.equal(
        (await explorer.tree.describe(answer.handle)).documentation?.replace(/\n +/g, '\n'),
        'Gives the answer.\n\nAlways the same.',
      );
      assert.equal(named(rows, 'the_real_answer_though').value, 'click to read');
      assert.equal(named(rows, 'the_real_answer_though').blocked, undefined);

      const question = named(rows, 'get_question');
      assert.deepEqual(
        [question.kind, question.value, question.blocked, question.callable, question.expandable],
        [
          'method',
          'not exposed by the service',
          'Only names that begin with exposed_ can be reached (allow_public_attrs is off).',
          undefined,
          false,
        ],
      );
      assert.match(named(rows, '_count').blocked ?? '', /begin with an underscore.*allow_all_attrs is off/);

      // Everything that is in reach is read, called where it is called, and opened; nothing else is asked for.
      for (const row of rows.filter(({ blocked, callable }) => blocked === undefined && callable !== true)) {
        const read = await explorer.tree.read(row.handle);
        if (read.expandable) {
          await explorer.page(read);
        }
        await explorer.tree.describe(row.handle);
      }
      assert.equal(
        (await explorer.tree.changes.call({ handle: answer.handle, callId: 'c', source: '' })).status,
        'done',
      );
      for (const row of rows.filter(({ blocked }) => blocked !== undefined)) {
        const { handle } = row;
        const { tree } = explorer;
        await tree.describe(handle);
        const attempts = [
          () => tree.read(handle),
          () => tree.text(handle, 100),
          () => tree.changes.set({ handle, source: '1' }),
          () => tree.changes.delete(handle),
          () => tree.changes.call({ handle, callId: 'c', source: '' }),
        ];
        for (const attempt of attempts) {
          const { code, message } = await problemOf(attempt());
          assert.equal(code, 'ERR_POLICY', message);
          assert.ok(message.includes(row.blocked ?? '?'), message);
        }
      }
      const refused = await bench.relay.counts();
      assert.equal(refused.down.exceptions, 0);
      assert.deepEqual(refusals(server), []);
    });

    it('shows the same of an object under the service, and the signature that its documentation has', async () => {
      await using bench = await PolicyBench.start(version);
      const { explorer, server } = bench;
      const question = await bench.read('question');
      assert.match(question.typeName, /Question$/);
      const [rows, counts] = await bench.counted(() => bench.rows(question));
      assert.deepEqual([asked(counts), counts.down.exceptions], [2, 0]);
      const blocked = rows.filter((row) => row.blocked !== undefined).map(({ name }) => name);
      assert.deepEqual(
        blocked.filter((name) => !name.startsWith('__')),
        ['public', 'whisper', '_private'],
      );
      const ask = named(rows, 'ask');
      const details = await explorer.tree.describe(ask.handle);
      assert.equal(details.signature, 'exposed_ask(loudly=False) -> str');
      assert.match(details.documentation ?? '', /^Asks the question\.$/);
      assert.equal((await explorer.tree.read(named(rows, 'words').handle)).value, '6');
      assert.deepEqual(refusals(server), []);
    });

    it('asks for what is out of reach when it is told to, and corrects itself where that is given', async () => {
      await using bench = await PolicyBench.start(version, ['public']);
      const { explorer, server } = bench;
      const question = await bench.read('question');
      const before = await bench.rows(question);
      assert.notEqual(named(before, 'public').blocked, undefined);
      const read = await explorer.tree.read(named(before, 'public').handle, undefined, true);
      assert.deepEqual([read.value, read.blocked], ["'in reach of who may read public names'", undefined]);
      assert.deepEqual(refusals(server), []);
      const after = await bench.rows(question);
      assert.deepEqual(
        [named(after, 'public').blocked, named(after, 'whisper').blocked, named(after, 'whisper').callable],
        [undefined, undefined, true],
      );
      assert.match(named(after, '_private').blocked ?? '', /allow_all_attrs is off/);
      assert.equal(named(await bench.rows(), 'get_question').blocked, undefined);

      const problem = await problemOf(explorer.tree.read(named(after, '_private').handle, undefined, true));
      assert.equal(problem.code, 'ERR_POLICY');
      assert.equal(named(await bench.rows(question), '_private').value, 'refused by the service');
      assert.notDeepEqual(refusals(server), [], 'The log would show a refusal');
    });

    it('sees that everything is allowed once a private name was given', async () => {
      await using bench = await PolicyBench.start(version, ['all']);
      assert.equal((await bench.read('_count', true)).kind, 'method');
      const question = await bench.read('question');
      const rows = await bench.rows(question);
      assert.deepEqual(
        rows.filter(({ blocked }) => blocked !== undefined),
        [],
      );
      assert.match((await bench.explorer.tree.read(named(rows, '_private').handle)).value, /everything/);
      assert.deepEqual(refusals(bench.server), []);
    });

    it('notices after one refusal that the usual prefix is not used', async () => {
      await using bench = await PolicyBench.start(version, ['prefix']);
      const problem = await problemOf(bench.read('the_real_answer_though'));
      assert.equal(problem.code, 'ERR_POLICY');
      const rows = await bench.rows();
      assert.match(named(rows, 'question').blocked ?? '', /another prefix/);
      assert.match(named(rows, 'shown_answer').blocked ?? '', /not use the usual prefix/);
      assert.equal((await bench.read('shown_answer', true)).value, '44');
    });

    it('predicts nothing of objects that decide themselves', async () => {
      await using bench = await PolicyBench.start(version);
      const box = await bench.read('box');
      const rows = await bench.rows(box);
      assert.ok(rows.length > 0);
      for (const { name, blocked } of rows) {
        assert.match(blocked ?? '', /decides itself/, name);
      }
      assert.deepEqual(refusals(bench.server), []);
    });
  });
}
