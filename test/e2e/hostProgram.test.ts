/** Programs with a main loop of their own: one serves on its main thread, another is asked to run things there. */
import assert from 'node:assert/strict';

import * as vscode from 'vscode';

import { eventually } from '../support/poll';
import { RPYC_VERSIONS, startPeer } from '../support/pythonPeer';
import {
  closeEditors,
  closeQuestion,
  collapse,
  command,
  connect,
  expand,
  hover,
  listConnections,
  row,
  snapshot,
  state,
  waitForRow,
} from './editor';
import { profileTo } from './profiles';

const HOST = 'Host program';
const CYCLES = 3;

function output(): string {
  return snapshot().outputs[HOST] ?? '';
}

/** Runs all of a new document, and gives what its first line of output is. */
async function printed(source: string): Promise<string> {
  const before = output().length;
  const document = await vscode.workspace.openTextDocument({ language: 'python', content: source });
  const editor = await vscode.window.showTextDocument(document);
  editor.selection = new vscode.Selection(
    new vscode.Position(0, 0),
    document.lineAt(document.lineCount - 1).range.end,
  );
  await command('rpyc.runSelection');
  return output().slice(before);
}

const WHERE =
  "import threading\nprint('main' if threading.current_thread() is threading.main_thread() else 'other')";

for (const version of RPYC_VERSIONS) {
  const dialect = version === '5.3.0' ? 'C' : 'D';

  describe(`a host program in the editor on rpyc ${version}`, () => {
    for (const kind of ['gdb', 'poller'] as const) {
      it(`job 15: a ${kind} that serves now and then opens rows, and what runs there prints while it is answered`, async () => {
        await using peer = await startPeer(version, 'host_program.py', [kind]);
        const { path } = peer.ready;
        const way = typeof path === 'string' ? { transport: { kind: 'unix', path } as const } : {};
        try {
          await listConnections([profileTo(peer, HOST, { oneShot: true, dialect, ...way })]);
          await connect(HOST);
          await printed(WHERE);
          await eventually('the main thread runs it', () => /^main$/m.test(output()));
          for (let cycle = 0; cycle < CYCLES; cycle += 1) {
            const text = await printed(`cycle = ${cycle}\nprint('printed', cycle)`);
            assert.match(text, new RegExp(`^printed ${cycle}$`, 'm'));
            await expand([HOST, 'Namespace']);
            await eventually('the row tells it', () =>
              row([HOST, 'Namespace', 'cycle']).description.startsWith(String(cycle)),
            );
            await collapse([HOST, 'Namespace']);
            await command('rpyc.refresh', HOST);
          }
          assert.equal(state(HOST).status, 'connected');
        } finally {
          await closeEditors();
          await listConnections([]);
        }
      });
    }

    it('job 15: a choice in the menu sends runs to the main thread of the program, and a run that waits is taken back', async () => {
      await using peer = await startPeer(version, 'guest_program.py', ['blender']);
      try {
        await listConnections([profileTo(peer, HOST, { dialect })]);
        await connect(HOST);
        assert.match(await printed(WHERE), /^other$/m);
        assert.doesNotMatch(await hover([HOST]), /main thread/);
        await closeQuestion(command('rpyc.chooseThread', HOST));
        await command('rpyc.chooseThread', HOST, 'auto');
        await eventually('it is written down', () => snapshot().profiles[0]?.runOn?.thread === 'main');
        await waitForRow([HOST]);
        assert.match(await hover([HOST]), /runs in the main thread of the host program/);
        assert.equal(state(HOST).status, 'connected', 'nobody was disconnected for it');
        assert.match(await printed(WHERE), /^main$/m);
        await printed('import program\nprogram.pause()');
        const waiting = printed("print('never')");
        await eventually('it says that it waits', () =>
          /Waiting for the main thread of Blender/.test(output()),
        );
        await command('rpyc.interruptRun', HOST);
        await waiting;
        await command('rpyc.chooseThread', HOST, 'connection');
        await eventually('it is the usual one', () => snapshot().profiles[0]?.runOn === undefined);
        assert.match(await printed(`program.resume()\n${WHERE}`), /^other$/m);
        assert.doesNotMatch(output(), /^never$/m);
      } finally {
        await closeEditors();
        await listConnections([]);
        await command('notifications.clearAll');
      }
    });
  });
}
