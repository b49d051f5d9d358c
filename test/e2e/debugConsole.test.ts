import assert from 'node:assert/strict';

import * as vscode from 'vscode';

import { eventually } from '../support/poll';
import { startClassic } from '../support/pythonPeer';
import { command, connect, listConnections, state } from './editor';
import { profileTo } from './profiles';

const LAB = 'Lab to type at';

interface Stack {
  readonly stackFrames: readonly { readonly name: string }[];
}

interface Evaluated {
  readonly result: string;
  readonly variablesReference: number;
}

describe('the Debug Console in the editor', () => {
  it('job 3: opens on a connection without a launch.json, evaluates there, shows an error as frames, and leaves it as it was', async () => {
    await using peer = await startClassic('6.0.2');
    try {
      await listConnections([profileTo(peer, LAB)]);
      await connect(LAB);
      await command('rpyc.openDebugConsole', LAB);
      const session = await eventually('the session has begun', () => vscode.debug.activeDebugSession);
      assert.deepEqual([session.type, session.name], ['rpyc', `RPyC: ${LAB}`]);
      const started: string[] = [];
      const listening = vscode.debug.onDidStartDebugSession(({ name }) => started.push(name));
      const document = await vscode.workspace.openTextDocument({ content: 'mine' });
      await vscode.window.showTextDocument(document);
      await command('rpyc.openDebugConsole', LAB);
      await vscode.commands.executeCommand('type', { text: '4' });
      listening.dispose();
      assert.deepEqual(
        [started, document.getText()],
        [[], 'mine'],
        'the console in front takes what is typed',
      );
      const frame = await eventually('its frame is in front', () => {
        const item = vscode.debug.activeStackItem;
        return item instanceof vscode.DebugStackFrame ? item : undefined;
      });
      const expression = 'def twice(x):\n    return [x, x]\ntwice(21)';
      const evaluated = (await session.customRequest('evaluate', {
        expression,
        context: 'repl',
        frameId: frame.frameId,
      })) as Evaluated;
      assert.equal(evaluated.result, '[21, 21]');
      const wrong = { expression: '1 / 0', context: 'repl' };
      await assert.rejects(async () => session.customRequest('evaluate', wrong), /ZeroDivisionError/);
      await command('rpyc.showLastError', LAB);
      const { stackFrames } = (await session.customRequest('stackTrace', { threadId: 1 })) as Stack;
      assert.deepEqual(
        stackFrames.map(({ name }) => name),
        ['<module>'],
      );
      const ended = new Promise<void>((resolve) => {
        const listener = vscode.debug.onDidTerminateDebugSession(() => {
          listener.dispose();
          resolve();
        });
      });
      await vscode.debug.stopDebugging(session);
      await ended;
      assert.equal(state(LAB).status, 'connected');
    } finally {
      await vscode.debug.stopDebugging();
      await listConnections([]);
    }
  });
});
