import assert from 'node:assert/strict';

import * as vscode from 'vscode';

import { eventually, eventuallyOk } from '../support/poll';
import { type PythonPeer, RPYC_VERSIONS, startClassic } from '../support/pythonPeer';
import { answerUntil, closeEditors, command, connect, extension, listConnections, snapshot } from './editor';
import { profileTo } from './profiles';

const LAB = 'Inline lab';

const CELLS = [
  '# %% one',
  'def fails(n):',
  '    return 1 / n',
  '',
  "'first'",
  '# %% two',
  'fails(1)',
  '',
  'fails(0)',
].join('\n');

interface Shown {
  readonly line: number;
  readonly text: string;
  readonly kind: string;
}

for (const version of RPYC_VERSIONS) {
  describe(`results in the text on rpyc ${version}`, () => {
    let peer: PythonPeer;
    let editor: vscode.TextEditor;

    const shown = (): Promise<readonly Shown[]> => extension().exports.results(editor.document.uri);

    const put = (line: number): void => {
      const at = new vscode.Position(line, 0);
      editor.selection = new vscode.Selection(at, at);
    };

    before(async () => {
      peer = await startClassic(version);
      await listConnections([profileTo(peer, LAB)]);
      await connect(LAB);
    });

    beforeEach(async () => {
      const document = await vscode.workspace.openTextDocument({ language: 'python', content: CELLS });
      editor = await vscode.window.showTextDocument(document);
    });

    after(async () => {
      await closeEditors();
      await listConnections([]);
      await peer[Symbol.asyncDispose]();
      await command('notifications.clearAll');
    });

    it('a cell shows its value at its end, and the cursor moves on to the next one', async () => {
      put(1);
      await command('rpyc.runCellAndMoveOn');
      assert.deepEqual(await shown(), [{ line: 4, text: "→ 'first'", kind: 'value' }]);
      assert.equal(editor.selection.active.line, 5);
      await command('rpyc.copyResult');
      assert.equal(await vscode.env.clipboard.readText(), "'first'");
    });

    it('job 3: run a snippet: prints as it runs, shows its value, and leaves its names to the next one', async () => {
      const output = (): string => snapshot().outputs[LAB] ?? '';
      const lines = ["print('at once')", 'import time; time.sleep(1.5)', "kept = 'kept'; kept * 2"];
      const document = await vscode.workspace.openTextDocument({
        language: 'python',
        content: [...lines, 'kept * 3'].join('\n'),
      });
      editor = await vscode.window.showTextDocument(document);
      editor.selection = new vscode.Selection(0, 0, 2, lines[2]?.length ?? 0);
      const run = command('rpyc.runSelection');
      await eventually('it prints', () => output().includes('at once\n'));
      assert.doesNotMatch(output(), /kept/);
      await run;
      assert.deepEqual(await shown(), [{ line: 2, text: "→ 'keptkept'", kind: 'value' }]);
      put(3);
      await command('rpyc.runSelection');
      assert.equal((await shown()).at(-1)?.text, "→ 'keptkeptkept'");
    });

    it('what ran can be run again from the history', async () => {
      const outputs = (): number => (snapshot().outputs[LAB] ?? '').split("→ 'again'").length - 1;
      await editor.edit((edit) => edit.insert(new vscode.Position(0, 0), "'again'\n"));
      put(0);
      await command('rpyc.runSelection');
      assert.equal(outputs(), 1);
      await answerUntil('it has run again', command('rpyc.showHistory', LAB), () => outputs() === 2);
    });

    it('an error marks the lines through which it came, and is a problem until it is cleared', async () => {
      put(0);
      await command('rpyc.runFile');
      assert.deepEqual(await shown(), [
        { line: 8, text: '✗ ZeroDivisionError: division by zero', kind: 'error' },
      ]);
      const [problem, ...others] = vscode.languages.getDiagnostics(editor.document.uri);
      assert.deepEqual(others, []);
      assert.equal(problem?.message, 'ZeroDivisionError: division by zero');
      assert.equal(problem.range.start.line, 2);
      assert.deepEqual(
        problem.relatedInformation?.map(({ location }) => location.range.start.line),
        [8],
      );
      await command('rpyc.clearResults');
      assert.deepEqual(await shown(), []);
      assert.deepEqual(vscode.languages.getDiagnostics(editor.document.uri), []);
    });

    it('a result moves with its lines, and goes when they change', async () => {
      put(6);
      await command('rpyc.runSelection');
      assert.deepEqual(await shown(), [{ line: 6, text: '→ 1.0', kind: 'value' }]);
      await editor.edit((edit) => edit.insert(new vscode.Position(0, 0), '# new\n# lines\n'));
      assert.deepEqual(await shown(), [{ line: 8, text: '→ 1.0', kind: 'value' }]);
      await editor.edit((edit) => edit.insert(new vscode.Position(8, 6), '1'));
      assert.deepEqual(await shown(), []);
    });

    it('the time of a run stands there until it ends', async () => {
      await editor.edit((edit) => edit.insert(new vscode.Position(0, 0), 'while True: pass\n'));
      put(0);
      const run = command('rpyc.runSelection');
      await eventuallyOk('the run is shown', async () => {
        const [first] = await shown();
        assert.match(`${first?.kind} ${first?.text}`, /^pending running… \d+ s$/);
      });
      await eventually('it has begun', () => snapshot().states[LAB]?.busy === true);
      await command('rpyc.interruptRun', LAB);
      await run;
      assert.deepEqual(await shown(), [{ line: 0, text: '■ interrupted', kind: 'error' }]);
      assert.deepEqual(vscode.languages.getDiagnostics(editor.document.uri), []);
    });

    it('a file that has run says where it runs, and offers its cells', async () => {
      put(6);
      await command('rpyc.runSelection');
      await eventuallyOk('the lines above the code are there', async () => {
        const lenses = (await command(
          'vscode.executeCodeLensProvider',
          editor.document.uri,
        )) as readonly vscode.CodeLens[];
        const titles = lenses.map(({ command: done, range }) => `${range.start.line} ${done?.title}`);
        assert.ok(titles.includes(`0 Runs on ${LAB}`), titles.join('; '));
        assert.ok(titles.includes('5 Run Cell'), titles.join('; '));
      });
    });
  });
}
