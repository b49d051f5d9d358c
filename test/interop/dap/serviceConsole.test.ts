import assert from 'node:assert/strict';

import { Handler } from '../../../server/src/rpyc/index';
import { DapClient } from '../../support/dapClient';
import { Explorer } from '../../support/explorer';
import { asked, refusals, requests } from '../../support/policyBench';
import { eventually } from '../../support/poll';
import { type PythonPeer, RPYC_VERSIONS, startPeer } from '../../support/pythonPeer';
import { Relay } from '../../support/relay';

for (const version of RPYC_VERSIONS) {
  describe(`the debug console of a strict service and rpyc ${version}`, function () {
    this.timeout(60_000);
    let server: PythonPeer;
    let relay: Relay;
    let explorer: Explorer;
    let client: DapClient;

    const result = async (expression: string): Promise<string> => (await client.evaluate(expression)).result;

    before(async () => {
      server = await startPeer(version, 'open_service.py');
      relay = await Relay.start(server);
      explorer = await Explorer.connect(relay);
      client = await DapClient.attach(explorer);
    });

    after(async () => {
      await client[Symbol.asyncDispose]();
      await explorer[Symbol.asyncDispose]();
      await relay[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    });

    it('carries out attributes, items, calls and arithmetic under the policy', async () => {
      assert.equal(await result('root.get_answer() + root.the_real_answer_though * 2'), '128');
      assert.equal(await result("root.question.ask(loudly=True) == 'what?'"), 'True');
      assert.equal(await result('root.numbers[7] // 2, root.row[-1][0]'), '(24, 3)');
      assert.equal(await result("'two' in root.row and not 99 in root.row"), 'True');
      assert.equal(await result('len(root.row + root.row)'), '6');
      assert.equal(await result('root.row[0:2] == root.row[:2]'), 'True');
      assert.equal(await result('root.row != root.queue'), 'True');
      assert.equal(await result("root.row\nroot.mixed['a'] if root.letters else None"), '1');
      assert.match(await result('root.row'), /^\[1, 'two', \[3\]\]$/);
      assert.equal(await result('repr(root.row)'), `"[1, 'two', [3]]"`);
      const { variablesReference } = await client.evaluate('root.pair');
      const second = await client.variable(variablesReference, '[1]');
      assert.equal((await client.variable(second.variablesReference, '[0]')).value, '2');
    });

    it('gives names to results, and takes them back', async () => {
      assert.equal(await result('row = root.row\ntotal = 1'), '');
      assert.equal(await result('total += row[0] * 10; total'), '11');
      const { variablesReference } = await client.scope('Names');
      const names = await client.variables(variablesReference);
      assert.deepEqual(
        names.map(({ name, value, type }) => [name, value, type]),
        [
          ['row', '<list>', 'list'],
          ['total', '11', 'int'],
        ],
      );
      const items = await client.variables(names[0]?.variablesReference ?? 0);
      assert.deepEqual(
        items.slice(0, 2).map(({ value }) => value),
        ['1', "'two'"],
      );
      // The row that showed it is closed, and the name still stands for it.
      await client.scope('Names');
      await client.scope('Names');
      await client.scope('Names');
      assert.equal(await result('row[1]'), "'two'");
      await client.evaluate('del total');
      await assert.rejects(client.evaluate('total'), /no name “total”/);
    });

    it('explains what it refuses, and asks the service for none of it', async () => {
      await relay.reset();
      const refused: readonly [string, RegExp][] = [
        ['root._count()', /private to the service/],
        ['root.get_question()', /Only names that begin with exposed_/],
        ['root.question.whisper', /Only names that begin with exposed_/],
        ['root.__class__', /allow_all_attrs is off/],
        ['for x in root.row: pass', /a loop cannot be done here/],
        ['[1, 2]', /a list of its own/],
        ['import os', /an import cannot/],
        ['root.row[', /no Python expression/],
        ["'abc'.upper()", /str came by value/],
        ['1 / 0', /division by zero/],
        ["1 + 'a'", /Python has no \+ for int and str/],
      ];
      for (const [source, why] of refused) {
        await assert.rejects(client.evaluate(source), why, source);
      }
      const counts = await relay.counts();
      assert.equal(requests(counts, Handler.callattr), 0);
      assert.deepEqual(refusals(server), []);
      await assert.rejects(client.evaluate('root.row.exposed_x = 1'), /allow_setattr/);
      await assert.rejects(client.evaluate('root.numbers[-1]'), /KeyError/);
    });

    it('shows and completes without reading', async () => {
      await client.evaluate('question = root.question');
      await relay.reset();
      const complete = async (text: string): Promise<readonly string[]> => {
        const answer = await client.completionsRequest({ text, column: text.length + 1 });
        return answer.body.targets.map(({ label }) => label);
      };
      const members = await complete('root.');
      assert.ok(members.includes('get_answer') && members.includes('numbers'), String(members));
      assert.ok(!members.includes('get_question') && !members.includes('_count'), String(members));
      assert.deepEqual(await complete('question.as'), ['ask']);
      assert.deepEqual(await complete('que'), ['question']);
      assert.deepEqual(await complete('root.question.'), []);
      await assert.rejects(client.evaluate('root.question', 'hover'), /nothing is read by looking/);
      assert.match((await client.evaluate('question', 'hover')).result, /Question/);
      assert.equal(requests(await relay.counts(), Handler.getattr), 0);
      assert.equal((await client.evaluate('question.words + 1', 'watch')).result, '7');
      assert.equal((await client.evaluate("'a' * 20000", 'clipboard')).result.length, 20_002);
    });

    it('asks for nothing that was not opened, and reads what is', async () => {
      await relay.reset();
      const { variablesReference } = await client.scope('Root service');
      assert.equal(asked(await relay.counts()), 0);
      const members = await client.variables(variablesReference);
      assert.equal(requests(await relay.counts(), Handler.getattr), 0);
      const answer = members.find(({ name }) => name === 'the_real_answer_though');
      assert.equal(answer?.presentationHint?.lazy, true);
      const [read] = await client.variables(answer.variablesReference);
      assert.equal(read?.value, '43');
    });

    it('reads nothing by itself where the connection is marked as production', async () => {
      const careful = await Explorer.connect(relay, { profile: { production: true } });
      const watching = await DapClient.attach(careful);
      try {
        await relay.reset();
        await assert.rejects(
          watching.evaluate('root.the_real_answer_though', 'watch'),
          /marked as production/,
        );
        await assert.rejects(watching.evaluate('root.get_answer()', 'watch'), /marked as production/);
        await assert.rejects(watching.evaluate('root.get_answer()', 'clipboard'), /marked as production/);
        assert.equal((await watching.evaluate('root', 'watch')).result.includes('Service'), true);
        assert.equal(asked(await relay.counts()), 0);
        await watching.evaluate('answer = root.the_real_answer_though');
        assert.equal((await watching.evaluate('answer', 'watch')).result, '43');
      } finally {
        await watching[Symbol.asyncDispose]();
        await careful[Symbol.asyncDispose]();
      }
    });

    it('gives everything back when it is disconnected', async () => {
      const lent = async (): Promise<string> => (await client.evaluate('root.lent()')).result;
      const before = await lent();
      const other = await DapClient.attach(explorer);
      const { variablesReference } = await other.evaluate('kept = root.boxes\nroot.queue');
      await other.variables(variablesReference);
      await other.evaluate('(root.letters, root.ordered)');
      assert.ok(Number(await lent()) > Number(before));
      await other.disconnectRequest();
      await eventually('all is given back', async () => (await lent()) === before);
      await other[Symbol.asyncDispose]();
      assert.equal(await result('row[1]'), "'two'", 'what another session holds stays');
    });
  });
}
