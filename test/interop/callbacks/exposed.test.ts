/** Servers that the editor has connected to, and that call functions of it. */
import assert from 'node:assert/strict';

import type { CallAnswer } from '../../../server/src/api/callbacks';
import type { CallbackName, Profile } from '../../../server/src/api/model';
import { Failures } from '../../../server/src/features/run/failures';
import { SnippetRunner } from '../../../server/src/features/run/snippetRunner';
import { RunsInProgress } from '../../../server/src/features/run/runsInProgress';
import { call, getattr, type Netref, silentLogger } from '../../../server/src/rpyc/index';
import { CallbackBench } from '../../support/callbackBench';
import { eventually } from '../../support/poll';
import { type Address, profileTo, TestPool } from '../../support/pool';
import { RPYC_VERSIONS, type RpycVersion, startClassic, startPeer } from '../../support/pythonPeer';

/** A connected profile that exposes names, and what becomes of the calls. */
class Exposing implements AsyncDisposable {
  readonly bench = new CallbackBench();
  private constructor(readonly test: TestPool) {}

  static async connect(
    server: Address,
    expose: readonly CallbackName[],
    more: Partial<Profile> = {},
  ): Promise<Exposing> {
    const profile = profileTo(server, { expose, ...more });
    const exposing: Exposing = new Exposing(
      new TestPool([profile], {}, (one) => exposing.bench.door.rootFor(one)),
    );
    exposing.expose(profile);
    await exposing.test.pool.connect('p');
    return exposing;
  }

  expose(profile: Profile): void {
    this.bench.profiles = [profile];
    this.test.pool.setProfiles([profile]);
  }

  async root(): Promise<Netref> {
    const { connection } = await this.test.pool.lend('p', 'explore');
    return (await connection.root) as Netref;
  }

  async ask(name: string, ...args: readonly unknown[]): Promise<unknown> {
    return call((await getattr(await this.root(), name)) as Netref, args);
  }

  runner(): SnippetRunner {
    const { pool } = this.test;
    const label = (): string => 'Lab';
    return new SnippetRunner({
      lend: pool.lend.bind(pool),
      label,
      runs: new RunsInProgress({
        lendBeside: pool.lendBeside.bind(pool),
        label,
        askUser: () => Promise.resolve(null),
      }),
      failures: new Failures(),
      logger: silentLogger,
      lentTo: (connection) => this.bench.door.lentTo(connection),
    });
  }

  async run(source: string): Promise<string> {
    const request = { profileId: 'p', runId: source, source, fileName: '/snippet.py', lineOffset: 0 };
    const result = await this.runner().run(request);
    return result.error === undefined
      ? (result.value ?? '')
      : `${result.error.typeName}: ${result.error.message}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.test[Symbol.asyncDispose]();
    await this.bench[Symbol.asyncDispose]();
  }
}

const DIALECT = { '5.3.0': 'C', '6.0.2': 'D' } as const;
const more = (version: RpycVersion): Partial<Profile> => ({ dialect: DIALECT[version as '5.3.0'] });

for (const version of RPYC_VERSIONS) {
  describe(`job 20: be called back by a server of rpyc ${version}`, () => {
    it('that is a service calls what is exposed while we wait for it, and nothing else', async () => {
      await using peer = await startPeer(version, 'calling_service.py');
      await using lab = await Exposing.connect(peer, ['stdout_write', 'console'], more(version));
      assert.equal(await lab.ask('call', 'stdout_write', 'one\n'), null);
      assert.equal(await lab.ask('call', 'console', 'two', 3), null);
      for (const name of ['print', 'open_file', 'get_service_name', 'secret']) {
        assert.equal(await lab.ask('refusal', name), `AttributeError: cannot access '${name}'`);
      }
      await eventually('all is told', () => lab.bench.printed === 'one\ntwo 3\n');
      assert.deepEqual(lab.bench.lines, ["stdout_write('one\\n') answered", "console('two', 3) answered"]);
      assert.ok([...lab.bench.calls.values()].every((one) => one.peer === 'Lab'));
    });

    it('reaches nothing where nothing is exposed, and no more what is taken away', async () => {
      await using peer = await startPeer(version, 'calling_service.py');
      await using lab = await Exposing.connect(peer, ['notify', 'confirm'], more(version));
      await using other = await Exposing.connect(peer, [], more(version));
      assert.equal(await lab.ask('call', 'confirm', 'Go on?'), true);
      assert.equal(await other.ask('refusal', 'confirm'), "AttributeError: cannot access 'confirm'");
      lab.expose(profileTo(peer, { expose: ['notify', 'ask'], ...more(version) }));
      assert.equal(await lab.ask('refusal', 'confirm'), "AttributeError: cannot access 'confirm'");
      // What is added counts for the next connection.
      assert.equal(await lab.ask('refusal', 'ask'), "AttributeError: cannot access 'ask'");
      assert.equal(await lab.ask('call', 'notify', 'still'), null);
      assert.equal(lab.test.pool.state('p').status, 'connected');
    });

    it('waits for the user by the way, and is told when calls are stopped', async () => {
      await using peer = await startPeer(version, 'calling_service.py');
      await using lab = await Exposing.connect(peer, ['ask', 'print'], more(version));
      let reply: (answer: CallAnswer) => void = () => undefined;
      const answers = (): Promise<CallAnswer> => new Promise((resolve) => (reply = resolve));
      lab.bench.answer = answers;
      await lab.ask('later', 'ask', 'Name?');
      await eventually('the question', () => lab.bench.questions.length === 1);
      assert.equal(await lab.ask('call', 'print', 'meanwhile'), null, 'other calls go on');
      assert.equal(await lab.ask('result'), false);
      reply({ value: 'Ada' });
      await eventually('the answer', async () => (await lab.ask('result')) === 'Ada');
      await lab.ask('later', 'ask', 'Again?');
      await eventually('the question', () => lab.bench.questions.length === 2);
      lab.bench.door.pause(true);
      await eventually('it is told', () => lab.bench.lines.at(-1)?.startsWith("ask('Again?') refused"));
      await assert.rejects(lab.ask('result'), { typeName: 'RuntimeError' });
      await assert.rejects(lab.ask('call', 'print', 'no'), { typeName: 'RuntimeError' });
      lab.bench.door.pause(false);
      assert.equal(await lab.ask('call', 'print', 'yes'), null);
      await eventually('the list', () => lab.bench.calls.size === 5);
      assert.deepEqual(
        [...lab.bench.calls.values()].map(({ state }) => state),
        ['answered', 'answered', 'refused', 'refused', 'answered'],
      );
    });

    it('gives up a question when the connection goes', async () => {
      await using peer = await startPeer(version, 'calling_service.py');
      await using lab = await Exposing.connect(peer, ['ask'], more(version));
      let withdrawn = false;
      lab.bench.answer = (_question, signal) =>
        new Promise(() => signal.addEventListener('abort', () => (withdrawn = true)));
      await lab.ask('later', 'ask', 'Name?');
      await eventually('the question', () => lab.bench.questions.length === 1);
      await lab.test.pool.disconnect('p');
      await eventually('it is withdrawn', () => withdrawn);
      await eventually('it is told', () => lab.bench.lines[0] === "ask('Name?') ended");
      assert.ok(lab.bench.effects.some(({ kind }) => kind === 'gone'));
    });

    it('that floods is answered slowly, and told in portions', async () => {
      await using peer = await startPeer(version, 'calling_service.py');
      await using lab = await Exposing.connect(peer, ['stdout_write'], more(version));
      await lab.ask('flood', 800);
      await eventually('all are settled', () => lab.bench.calls.size + lab.bench.unlisted >= 800, {
        timeoutMs: 20_000,
      });
      assert.ok(lab.bench.calls.size <= 100 * lab.bench.batches);
      assert.ok(lab.bench.batches < 100);
      assert.equal(lab.test.pool.state('p').status, 'connected');
    });

    it('that is classic gives its runs rpyc_editor, which waits as long as its user does', async () => {
      await using peer = await startClassic(version);
      await using lab = await Exposing.connect(peer, ['console', 'ask', 'record', 'show'], more(version));
      lab.bench.answer = (question) =>
        Promise.resolve({ value: question.kind === 'ask' ? `${question.text} yes` : null });
      assert.equal(
        await lab.run("rpyc_editor.console('a', 1.5, sep='-')\nrpyc_editor.ask('Well?')"),
        "'Well? yes'",
      );
      assert.equal(
        await lab.run('rpyc_editor.open_file'),
        "builtins.AttributeError: cannot access 'open_file'",
      );
      assert.equal(
        await lab.run('rpyc_editor.ask()'),
        'builtins.TypeError: 1 to 2 arguments are taken, and 0 were given',
      );
      assert.equal(
        await lab.run('repr(rpyc_editor)'),
        "'<functions of the editor: console, record, show, ask>'",
      );
      await lab.run(
        "rpyc_editor.record('start', lab=[1], n=2)\nrpyc_editor.show({'k': 1})\nrpyc_editor.show('text', title='T')",
      );
      await eventually('all is told', () => lab.bench.calls.size === 6);
      assert.equal(lab.bench.printed, 'a-1.5\n');
      assert.equal(lab.bench.lines[3], "record('start', lab=<list>, n=2) answered");
      const shown = lab.bench.effects.flatMap((effect) => (effect.kind === 'show' ? [effect.text] : []));
      assert.equal(shown.at(-1), 'text');
    });

    it('that is classic has no such name where nothing is exposed', async () => {
      await using peer = await startClassic(version);
      await using lab = await Exposing.connect(peer, [], more(version));
      assert.match(await lab.run('rpyc_editor'), /NameError/);
    });
  });
}
