import assert from 'node:assert/strict';

import * as vscode from 'vscode';

import type { FleetSnapshot } from '../../client/src/fleetRuns';
import { type BadServer, badServer, closedPort } from '../support/badServers';
import { eventually, eventuallyOk } from '../support/poll';
import { type PythonPeer, startClassic, startPeer } from '../support/pythonPeer';
import {
  answerUntil,
  closeEditors,
  closeQuestion,
  command,
  extension,
  listConnections,
  SELECT_NEXT,
  snapshot,
} from './editor';
import { profileTo } from './profiles';

const OLD = 'Fleet 5.3.0';
const NEW = 'Fleet 6.0.2';
const OTHER = 'Fleet 6.0.2 too';
const NOBODY = 'Fleet of nobody';
const SILENT = 'Fleet that hangs';
const SERVICE = 'Fleet service';
const LIVE = [OLD, NEW, OTHER];
const PANEL = /rpyc\.several$/;

describe('the same code on several connections', () => {
  let peers: readonly PythonPeer[] = [];
  let service: PythonPeer;
  let silent: BadServer;
  let document: vscode.TextDocument;

  before(async () => {
    const [old, fresh, other] = await Promise.all([
      startClassic('5.3.0'),
      startClassic('6.0.2'),
      startClassic('6.0.2'),
    ]);
    peers = [old, fresh, other];
    service = await startPeer('6.0.2', 'open_service.py');
    silent = await badServer();
    await listConnections([
      profileTo(old, OLD, { service: 'classic' }),
      profileTo(fresh, NEW, { service: 'classic', dialect: 'D' }),
      profileTo(other, OTHER, { service: 'classic', dialect: 'D' }),
      profileTo({ host: '127.0.0.1', port: await closedPort() }, NOBODY),
      profileTo(silent, SILENT),
      profileTo(service, SERVICE, { service: 'service', dialect: 'D' }),
    ]);
  });

  after(async () => {
    await closeEditors();
    await listConnections([]);
    for (const peer of [...peers, service, silent]) {
      await peer[Symbol.asyncDispose]();
    }
    await command('notifications.clearAll');
  });

  afterEach(async () => {
    await command('rpyc.interruptSeveral');
    await closeEditors();
    await command('notifications.clearAll');
  });

  function table(): FleetSnapshot {
    const found = snapshot().several;
    assert.ok(found !== undefined, 'Nothing has run on several connections');
    return found;
  }

  function row(label: string): FleetSnapshot['rows'][number] {
    const found = table().rows.find((one) => one.label === label);
    assert.ok(found !== undefined, `There is no row ${label}`);
    return found;
  }

  const states = (): readonly string[] => table().rows.map(({ state }) => state);

  function end(): Promise<unknown> {
    return eventuallyOk('all have ended', () => assert.equal(table().table.open, false, states().join()), {
      timeoutMs: 20_000,
    });
  }

  async function write(...lines: readonly string[]): Promise<void> {
    document = await vscode.workspace.openTextDocument({ language: 'python', content: lines.join('\n') });
    await vscode.window.showTextDocument(document, vscode.ViewColumn.One);
  }

  async function run(ids: readonly string[], ...lines: readonly string[]): Promise<void> {
    await write(...lines);
    await command('rpyc.runFileOnSeveral', ids);
  }

  /** All of them have printed this and nothing else, and go on. */
  function allPrint(text: string, count: number): Promise<unknown> {
    const told = (): readonly string[] =>
      table().rows.map(({ state, output, error }) => `${state}: ${output}${error}`);
    return eventuallyOk(`all print ${text}`, () =>
      assert.deepEqual(told(), Array<string>(count).fill(`running: ${text}`)),
    );
  }

  const inText = async (): Promise<string> =>
    (await extension().exports.results(document.uri)).map(({ line, text }) => `${line} ${text}`).join('; ');

  it('shows one table, marks what differs, and says who cannot be reached, while one hangs', async () => {
    await run([...LIVE, NOBODY, SILENT], 'import rpyc', 'rpyc.__version__');
    await eventuallyOk('four of five have ended', () =>
      assert.deepEqual(states(), ['done', 'done', 'done', 'unreached', 'connecting']),
    );
    assert.deepEqual(
      table().rows.map(({ mark }) => mark),
      ['differs', 'same', 'same', 'none', 'none'],
    );
    assert.deepEqual([row(OLD).value, row(OLD).type], ["'5.3.0'", 'str']);
    assert.match(row(NOBODY).error, /Nothing listens on .*: start the RPyC server/);
    assert.equal(table().table.progress, '4 of 5 done');
    assert.equal(table().table.summary, '1 of 3 differ · 1 without a result');
    assert.match(await inText(), /^1 running… \d+ s$/);
    await command('rpyc.interruptSeveral');
    await end();
    assert.equal(row(SILENT).state, 'interrupted');
    await eventually('nobody waits for it any more', () => silent.clients.size === 0);
    await eventuallyOk('the text tells them all', async () =>
      assert.equal(await inText(), '1 → 5 connections: 1 of 3 differ · 2 without a result'),
    );
    for (const label of LIVE) {
      assert.match(snapshot().outputs[label] ?? '', /→ '\d\.\d\.\d'\n✓ /, label);
    }
    await vscode.window.showTextDocument(document, vscode.ViewColumn.One);
    const problems = vscode.languages.getDiagnostics(document.uri);
    assert.deepEqual(problems, []);
  });

  it('stops all of them on their servers, and what they have set stays', async () => {
    await run(LIVE, "kept = 'kept'", "print('there', flush=True)", 'while True:', '    pass');
    await allPrint('there', LIVE.length);
    await command('rpyc.interruptSeveral');
    await end();
    assert.deepEqual(states(), ['interrupted', 'interrupted', 'interrupted']);
    await run(LIVE, 'kept');
    await end();
    assert.deepEqual(
      table().rows.map(({ value, mark }) => `${value} ${mark}`),
      ["'kept' same", "'kept' same", "'kept' same"],
    );
    assert.equal(table().table.summary, 'all 3 results are the same');
  });

  it('asks harder when it is asked again, one row at a time, and the others go on', async () => {
    await run(
      [OLD, NEW],
      'while True:',
      '    try:',
      "        print('again', flush=True)",
      '        while True: pass',
      '    except KeyboardInterrupt:',
      '        pass',
    );
    await allPrint('again', 2);
    await command('rpyc.interruptRun', OLD);
    await eventually('it goes on', () => row(OLD).output.includes('again\nagain'));
    await command('rpyc.interruptRun', OLD);
    await eventuallyOk('one has ended', () => assert.deepEqual(states(), ['interrupted', 'running']));
    await command('rpyc.interruptSeveral');
    await eventually('it was asked', () => row(NEW).output.includes('again\nagain'));
    assert.ok(row(NEW).buttons.some(({ title }) => title === 'Interrupt Harder'));
    await command('rpyc.interruptSeveral');
    await end();
  });

  it('marks the line that failed, and runs again what has failed', async () => {
    await run(
      LIVE,
      'import rpyc',
      'tries = globals().get("tries", 0) + 1',
      'if rpyc.__version__[0] == "5" and tries == 1:',
      "    raise ValueError('too old')",
      "'well'",
    );
    await end();
    assert.deepEqual(states(), ['failed', 'done', 'done']);
    assert.deepEqual([row(OLD).mark, row(OLD).error], ['differs', 'ValueError: too old (line 4)']);
    assert.ok(row(OLD).buttons.some(({ action }) => action === 'debug'));
    await eventuallyOk('the text tells it', async () =>
      assert.equal(await inText(), '4 ✗ 1 of 3 connections: ValueError: too old'),
    );
    const [problem, ...others] = vscode.languages.getDiagnostics(document.uri);
    assert.deepEqual(
      [problem?.range.start.line, problem?.message, problem?.source, others],
      [3, '1 of 3 connections: ValueError: too old', 'RPyC: 3 connections', []],
    );
    await command('rpyc.runFailedAgain');
    await eventuallyOk('it is well now', () => assert.deepEqual(states(), ['done', 'done', 'done']));
    await eventuallyOk('the text tells that, too', async () =>
      assert.equal(await inText(), '4 → 3 connections: all 3 results are the same'),
    );
    assert.deepEqual(vscode.languages.getDiagnostics(document.uri), []);
  });

  it('is not held up by one that floods', async () => {
    await run(
      LIVE,
      'import rpyc',
      'if rpyc.__version__[0] == "5":',
      '    for n in range(4000): print("line", n)',
      '"done"',
    );
    await end();
    assert.deepEqual(
      table().rows.map(({ value }) => value),
      ["'done'", "'done'", "'done'"],
    );
    await eventuallyOk('the end of it is shown', () =>
      assert.equal(row(OLD).output, 'line 3997\nline 3998\nline 3999'),
    );
  });

  it('begins the others when as many go on as may begin at once', async () => {
    const [, , other] = peers;
    assert.ok(other !== undefined);
    const before = snapshot().profiles;
    const slow = Array.from({ length: 9 }, (_, at) => profileTo(other, `Slow ${at}`, { dialect: 'D' }));
    await listConnections([...before, ...slow]);
    try {
      await run(
        [...slow.map(({ id }) => id), OLD, NEW],
        'import os, time',
        `while os.getpid() == ${other.pid}: time.sleep(0.1)`,
        "'behind them'",
      );
      await eventuallyOk(
        'those behind them have ended',
        () => assert.deepEqual(states(), [...slow.map(() => 'running'), 'done', 'done']),
        { timeoutMs: 20_000 },
      );
      await command('rpyc.interruptSeveral');
      await end();
      assert.deepEqual(states(), [...slow.map(() => 'interrupted'), 'done', 'done']);
    } finally {
      await listConnections(before);
    }
  });

  it('goes on when its table is closed, and opens it again', async () => {
    await run([OLD, NEW], "print('there', flush=True)", 'while True:', '    pass');
    await allPrint('there', 2);
    const own = await eventually('one table for all runs', () => {
      const found = vscode.window.tabGroups.all
        .flatMap((group) => group.tabs)
        .filter(({ input }) => input instanceof vscode.TabInputWebview && PANEL.test(input.viewType));
      assert.equal(found.length, 1);
      return found;
    });
    await vscode.window.tabGroups.close(own);
    await eventually('it is closed', () => !table().isShown);
    assert.deepEqual(states(), ['running', 'running']);
    await command('rpyc.showSeveral');
    assert.deepEqual([table().isShown, states()], [true, ['running', 'running']]);
    await command('rpyc.interruptSeveral');
    await end();
  });

  it('says so where a connection is lost, and the others are not touched', async () => {
    await using doomed = await startClassic('6.0.2');
    const before = snapshot().profiles;
    await listConnections([...before, profileTo(doomed, 'Doomed', { service: 'classic', dialect: 'D' })]);
    try {
      await run(
        [NEW, 'Doomed'],
        'import os, sys',
        `if os.getpid() == ${doomed.pid}:`,
        '    os._exit(1)',
        "'well'",
      );
      await end();
      assert.deepEqual(states(), ['done', 'lost']);
      assert.match(row('Doomed').error, /was lost while this ran: connect again, and check what it has done/);
    } finally {
      await listConnections(before);
    }
  });

  it('marks the last choice for the document, and leaves out what runs no code', async () => {
    await run([OLD, OTHER, SERVICE], '"first"');
    await end();
    assert.deepEqual(
      table().rows.map(({ label }) => label),
      [OLD, OTHER],
    );
    await vscode.window.showTextDocument(document, vscode.ViewColumn.One);
    const outputs = (): number => (snapshot().outputs[OTHER] ?? '').split("→ 'first'").length - 1;
    const once = outputs();
    const again = async (): Promise<void> => {
      await vscode.window.showTextDocument(document, vscode.ViewColumn.One);
      // What is marked is so a moment after the list is there.
      await answerUntil('the list is closed', command('rpyc.runFileOnSeveral'), () => !table().table.open, [
        SELECT_NEXT,
      ]);
      assert.ok(outputs() > once);
    };
    await eventuallyOk('it has run again', again, { timeoutMs: 30_000 });
    await end();
    assert.deepEqual(
      table().rows.map(({ label }) => label),
      [OLD, OTHER],
    );
  });

  it('waits for the run before it on the same connection, and is taken back while it waits', async () => {
    await write('while True: pass');
    const first = command('rpyc.runFileOnSeveral', [OLD]);
    await first;
    await eventually('it has begun', () => snapshot().states[OLD]?.busy === true);
    await run([OLD, NEW], "'second'");
    await eventuallyOk('one of two is done', () => assert.deepEqual(states(), ['running', 'done']));
    await command('rpyc.interruptSeveral');
    await end();
    assert.ok(['interrupted', 'done'].includes(row(OLD).state), row(OLD).state);
    await run([OLD], "'third'");
    await end();
    assert.equal(row(OLD).value, "'third'");
  });

  it('asks once for all that are marked as production, and can leave them out', async () => {
    const before = snapshot().profiles;
    const marked = before.map((profile) =>
      profile.id === NEW || profile.id === OTHER ? { ...profile, production: true } : profile,
    );
    await listConnections(marked);
    try {
      await write("'careful'");
      const shown = (): string =>
        snapshot()
          .several?.rows.map(({ label, production, value }) => `${label} ${production} ${value}`)
          .join('; ') ?? '';
      const last = shown();
      await closeQuestion(command('rpyc.runFileOnSeveral', LIVE));
      assert.equal(shown(), last, 'nothing runs where the user closes the question');
      const leaveOut = async (): Promise<void> => {
        const running = command('rpyc.runFileOnSeveral', LIVE);
        await answerUntil('all have ended', running, () => !table().table.open, [
          'quickInput.first',
          SELECT_NEXT,
        ]);
        assert.equal(shown(), `${OLD}  'careful'`);
      };
      // A key may come before the list that it is for.
      await eventuallyOk('they are left out', leaveOut, { timeoutMs: 30_000 });
      await answerUntil('all run', command('rpyc.runFileOnSeveral', LIVE), () =>
        shown().endsWith(`${NEW} PRODUCTION 'careful'; ${OTHER} PRODUCTION 'careful'`),
      );
    } finally {
      await listConnections(before);
    }
  });
});
