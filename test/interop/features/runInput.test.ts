/** What a run reads from `sys.stdin`: the user is asked, for as long as it takes. */
import assert from 'node:assert/strict';

import { Explorer, named } from '../../support/explorer';
import { eventually } from '../../support/poll';
import { type PythonPeer, RPYC_VERSIONS, startClassic } from '../../support/pythonPeer';

for (const version of RPYC_VERSIONS) {
  describe(`input of runs on rpyc ${version}`, () => {
    let server: PythonPeer;
    let explorer: Explorer;

    before(async () => {
      server = await startClassic(version);
      explorer = await Explorer.connect(server);
    });

    after(async () => {
      await explorer[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    });

    beforeEach(() => {
      explorer.output.length = 0;
      explorer.questions.length = 0;
    });

    /** Lets nobody answer; whether the question was withdrawn. */
    function keepSilent(): () => boolean {
      let withdrawn = false;
      explorer.answers = (_question, signal) =>
        new Promise(() => signal.addEventListener('abort', () => (withdrawn = true)));
      return () => withdrawn;
    }

    it('asks with what was printed on the line, and shows what was typed', async () => {
      explorer.answers = ({ prompt }) => Promise.resolve(`<${prompt}>`);
      assert.equal(await explorer.value("print('first')\ninput('Wie heißt du? ')"), "'<Wie heißt du?>'");
      assert.equal(explorer.printed(), 'first\nWie heißt du? <Wie heißt du?>\n');
    });

    it('asks one after the other where threads ask at once, as far as rpyc can', async () => {
      let open = 0;
      explorer.answers = async () => {
        open += 1;
        assert.equal(open, 1);
        await new Promise((resolve) => setImmediate(resolve));
        open -= 1;
        return 'x';
      };
      const source = [
        'import threading',
        'got = []',
        'threads = [threading.Thread(target=lambda: got.append(input())) for n in range(4)]',
        '[t.start() for t in threads]; [t.join() for t in threads]',
        'got',
      ];
      const value = await explorer.value(source.join('\n'));
      if (version === '5.3.0') {
        assert.equal(value, '[]');
        assert.match(explorer.printed('stderr'), /RuntimeError: With rpyc 5 only the first thread of a run/);
      } else {
        assert.equal(value, "['x', 'x', 'x', 'x']");
        assert.equal(explorer.questions.length, 4);
      }
    });

    it('asks for a password so that it is not seen, and shows it nowhere', async () => {
      const hidden: unknown[] = [];
      explorer.answers = (question) => {
        hidden.push(question.hidden);
        return Promise.resolve('s3cret');
      };
      const source = "from getpass import getpass\nlen(getpass('Pin: ')), len(input('Name: '))";
      assert.equal(await explorer.value(source), '(6, 6)');
      assert.deepEqual(explorer.questions, ['Pin:', 'Name:']);
      assert.deepEqual(hidden, [true, undefined]);
      assert.equal(explorer.printed(), 'Pin: \nName: s3cret\n');
    });

    it('ends the input where the user gives none', async () => {
      explorer.answers = () => Promise.resolve(null);
      const { status, error } = await explorer.run('input()');
      assert.deepEqual([status, error?.typeName], ['error', 'builtins.EOFError']);
    });

    it('can be interrupted while it waits, and shows other rows meanwhile', async () => {
      const withdrawn = keepSilent();
      const run = explorer.run('kept = 7\ntry:\n    input("? ")\nexcept Exception:\n    pass');
      await eventually('it has asked', () => explorer.questions.length === 1);
      assert.equal(named((await explorer.page(explorer.root('Namespace'))).nodes, 'kept').value, '7');
      assert.equal((await explorer.interrupt()).outcome, 'asked');
      const { status, error } = await run;
      assert.deepEqual([status, error?.typeName], ['interrupted', 'builtins.KeyboardInterrupt']);
      assert.ok(withdrawn());
      assert.equal(await explorer.value('kept'), '7');
    });

    it('withdraws what it asks with the connection', async () => {
      const withdrawn = keepSilent();
      const run = explorer.run('input()');
      await eventually('it has asked', () => explorer.questions.length === 1);
      await explorer.pool.disconnect('p');
      assert.equal((await run).status, 'lost');
      assert.ok(withdrawn());
      await explorer.pool.connect('p');
    });

    it('reaches the user from a call as well', async () => {
      explorer.answers = () => Promise.resolve('typed');
      await explorer.run('def ask_me():\n    return input("Call? ")');
      const row = named((await explorer.page(explorer.root('Namespace'))).nodes, 'ask_me');
      const result = await explorer.tree.changes.call({ handle: row.handle, callId: 'call', source: '' });
      assert.ok(result.status === 'done', JSON.stringify(result));
      assert.equal(result.node?.value, "'typed'");
      assert.deepEqual(explorer.questions, ['Call?']);
    });

    it("leaves the program's own sys.stdin as it was", async () => {
      assert.equal(await explorer.value('import sys\ntype(sys.stdin).__name__'), "'Reader'");
    });
  });
}
