import assert from 'node:assert/strict';

import * as vscode from 'vscode';

import type { CallsSnapshot } from '../../client/src/callsView';
import { eventually, eventuallyOk } from '../support/poll';
import { type PythonPeer, type RpycVersion, runPython, startClassic } from '../support/pythonPeer';
import { ACCEPT, SELECT_NEXT, clipboardAfter, command, connect, listConnections, snapshot } from './editor';
import { profileTo } from './profiles';

const version: RpycVersion = '6.0.2';

function calls(): CallsSnapshot {
  return snapshot().calls ?? assert.fail('Nobody has called');
}

function labels(): readonly string[] {
  return calls().rows.map(({ label }) => label);
}

/** On the one connection that there is. */
async function run(content: string): Promise<void> {
  const document = await vscode.workspace.openTextDocument({ language: 'python', content });
  const editor = await vscode.window.showTextDocument(document);
  editor.selection = new vscode.Selection(0, 0, document.lineCount, 0);
  await command('rpyc.runSelection');
}

describe('job 20: be called back', () => {
  const exposing = 'Calling';
  const silent = 'Not Calling';
  let peer: PythonPeer;

  before(async () => {
    peer = await startClassic(version);
    const more = { dialect: 'D' } as const;
    await listConnections([
      profileTo(peer, exposing, { ...more, expose: ['stdout_write', 'console', 'ask'] }),
      profileTo(peer, silent, more),
    ]);
    await connect(exposing);
  });

  after(async () => {
    await command('rpyc.clearCalls');
    await command('rpyc.disconnect', exposing);
    await command('rpyc.disconnect', silent);
    await listConnections([]);
    await peer[Symbol.asyncDispose]();
    await command('notifications.clearAll');
  });

  it('lists what one peer calls, live, and refuses another one and any other name', async () => {
    await run("rpyc_editor.stdout_write('from IDA\\n')\nrpyc_editor.console('done', 3)");
    await eventuallyOk('the calls are listed', () => {
      assert.deepEqual(labels(), ['console', 'stdout_write']);
      assert.equal(calls().printed, `▶ ${exposing}\nfrom IDA\ndone 3\n`);
    });
    assert.match(calls().rows[0]?.description ?? '', /^\('done', 3\) · Calling · /);
    assert.match(snapshot().statusBar.text, /\$\(call-incoming\) 2$/);
    await run('rpyc_editor.open_file("x")');
    await eventually('another name is refused', () =>
      snapshot().outputs[exposing]?.includes("AttributeError: cannot access 'open_file'"),
    );
    await command('rpyc.disconnect', exposing);
    await connect(silent);
    await run('rpyc_editor');
    await eventually('the other peer has nothing', () => snapshot().outputs[silent]?.includes('NameError'));
    assert.equal(labels().length, 2);
    await command('rpyc.disconnect', silent);
    await connect(exposing);
  });

  it('asks the user, and stops answering at a button', async () => {
    const asked = run("rpyc_editor.ask('Name?', 'Ada')");
    await eventually('it is listed', () => calls().rows[0]?.description.includes('waits for you'));
    await eventually('it is answered', async () => {
      await command(ACCEPT);
      return calls().rows[0]?.description.includes("→ 'Ada'");
    });
    await asked;
    await command('rpyc.stopAnswering');
    assert.ok(calls().paused);
    await run("rpyc_editor.console('no')");
    await eventually('it is refused', () => calls().rows[0]?.description.includes('refused'));
    assert.match(calls().message, /not answered/);
    await command('rpyc.resumeAnswering');
    const copied = await clipboardAfter('rpyc.copyCalls');
    assert.match(copied, /stdout_write\('from IDA\\n'\) – answered with None\n[^]*refused/);
  });

  it('listens, where the user says so, for a program that has the Python that connects', async () => {
    await command('rpyc.clearCalls');
    const started = command('rpyc.startListening');
    let isStarted = false;
    void started.then(() => (isStarted = true));
    // The first way, and then the first function.
    await eventually(
      'a way and a function are chosen',
      async () => {
        await command(SELECT_NEXT);
        await command('workbench.action.quickPickManyToggle');
        await command(ACCEPT);
        return isStarted;
      },
      { timeoutMs: 20_000, intervalMs: 500 },
    );
    await eventually('it listens', () => labels()[0] === 'Listening');
    const program = await clipboardAfter('rpyc.copyListenerPython');
    const client = runPython(version, program);
    await eventually(
      'it is let in',
      async () => {
        await command('notification.acceptPrimaryAction');
        return /^(print|console)$/.test(labels()[1] ?? '');
      },
      { timeoutMs: 30_000, intervalMs: 300 },
    );
    assert.equal((await client).code, 0);
    assert.match(calls().printed, /▶ worker\nhello\n$/);
    await command('rpyc.stopListening');
    await eventually('it listens no more', () => labels()[0] !== 'Listening');
    assert.notEqual((await runPython(version, program)).code, 0);
  });
});
