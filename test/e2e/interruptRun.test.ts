import assert from 'node:assert/strict';

import * as vscode from 'vscode';

import { eventually } from '../support/poll';
import { RPYC_VERSIONS, startClassic } from '../support/pythonPeer';
import { answerUntil, closeEditors, command, connect, listConnections, snapshot, state } from './editor';
import { profileTo } from './profiles';

const LAB = 'Lab that hangs';

const LOOP = "kept = 'before'\nprint('there', flush=True)\nwhile True:\n    pass\n";
const STUBBORN =
  "while True:\n    try:\n        print('again', flush=True)\n        while True: pass\n    except KeyboardInterrupt:\n        pass\n";

function output(): string {
  return snapshot().outputs[LAB] ?? '';
}

/** Runs all of a new document, and waits until it has printed this. */
async function begin(content: string, printed: string): Promise<{ readonly run: Thenable<unknown> }> {
  const document = await vscode.workspace.openTextDocument({ language: 'python', content });
  const editor = await vscode.window.showTextDocument(document);
  const end = document.lineAt(document.lineCount - 1).range.end;
  editor.selection = new vscode.Selection(new vscode.Position(0, 0), end);
  const run = command('rpyc.runSelection');
  await eventually('the run has begun', () => output().includes(printed));
  return { run };
}

/** Ends the input of what waits, whether its box is open or not. */
async function endInput(running: Thenable<unknown>): Promise<void> {
  let isOver = false;
  const ended = eventually('its input has ended', async () => {
    await command('rpyc.answerInput', 'end');
    return isOver;
  });
  await Promise.all([ended, running.then(() => (isOver = true))]);
  await command('notifications.clearAll');
}

for (const version of RPYC_VERSIONS) {
  describe(`interrupting a run in the editor on rpyc ${version}`, () => {
    for (const mode of ['threaded', 'forking'] as const) {
      it(`job 6: stops it on a ${mode} server, and what it has set is still there`, async () => {
        await using peer = await startClassic(version, { mode });
        try {
          await listConnections([profileTo(peer, LAB)]);
          await connect(LAB);
          const { run } = await begin(LOOP, 'there');
          await eventually('the row says so', () => state(LAB).busy);
          await command('rpyc.interruptRun', LAB);
          await run;
          assert.match(output(), /■ interrupted after \d/);
          const { run: next } = await begin('print(kept)', 'before');
          await next;
          assert.equal(state(LAB).status, 'connected');
        } finally {
          await closeEditors();
          await listConnections([]);
        }
      });
    }

    it('asks in the editor for what it reads, and tells how long it takes', async () => {
      await using peer = await startClassic(version);
      try {
        await listConnections([profileTo(peer, LAB)]);
        await connect(LAB);
        const { run: empty } = await begin("print([input('Name? ')])", 'Name? ');
        await eventually('the time is told', () => /running \d+ s/.test(snapshot().statusBar.text));
        await answerUntil('it has read an empty line', empty, () => output().includes("['']"));
        const { run: ended } = await begin("input('Nothing? ')", 'Nothing? ');
        await endInput(ended);
        assert.match(output(), /✗ EOFError after/);
        const { run: stopped } = await begin("input('For ever? ')", 'For ever? ');
        await command('rpyc.interruptRun', LAB);
        await stopped;
        assert.match(output(), /■ interrupted after \d/);
      } finally {
        await closeEditors();
        await listConnections([]);
      }
    });

    it('goes on waiting when its box is closed by another one, until it is answered', async () => {
      await using peer = await startClassic(version);
      try {
        await listConnections([profileTo(peer, LAB)]);
        await connect(LAB);
        const { run } = await begin("import getpass\nprint([getpass.getpass('Pin? ')])", 'Pin? ');
        for (let round = 0; round < 5; round++) {
          await command('rpyc.answerInput');
          await command('workbench.action.quickOpen');
          await command('workbench.action.closeQuickOpen');
        }
        assert.doesNotMatch(output(), /EOFError/);
        assert.ok(state(LAB).busy);
        await answerUntil('it has read', run, () => output().includes("['']"), ['rpyc.answerInput']);
      } finally {
        await closeEditors();
        await listConnections([]);
        await command('notifications.clearAll');
      }
    });

    it('stops harder what goes on, when it is asked again', async () => {
      await using peer = await startClassic(version);
      try {
        await listConnections([profileTo(peer, LAB)]);
        await connect(LAB);
        const { run } = await begin(STUBBORN, 'again');
        await command('rpyc.interruptRun', LAB);
        await eventually('it goes on', () => output().split('again').length > 2);
        await command('rpyc.interruptRun', LAB);
        await run;
        assert.match(output(), /■ interrupted after \d/);
      } finally {
        await closeEditors();
        await listConnections([]);
        await command('notifications.clearAll');
      }
    });
  });
}
