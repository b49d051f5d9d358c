import assert from 'node:assert/strict';

import * as vscode from 'vscode';

import { eventually } from '../support/poll';
import { type PythonPeer, RPYC_VERSIONS, startClassic } from '../support/pythonPeer';
import { closeEditors, command, connect, expand, listConnections, row, waitForRow } from './editor';
import { profileTo } from './profiles';

const NAMES = `import json
one = {'b': [1, 2], 'a': 'x'}
two = {'b': [1, 3], 'a': 'x'}
dumps = json.dumps
`;

/** The text that the editor in front shows, once it is a document of a peer. */
function remoteText(part: string): Promise<vscode.TextEditor> {
  return eventually(`an editor with ${part}`, () =>
    vscode.window.visibleTextEditors.find(
      ({ document }) => document.uri.scheme !== 'untitled' && document.getText().includes(part),
    ),
  );
}

for (const version of RPYC_VERSIONS) {
  describe(`actions on rows on rpyc ${version}`, () => {
    const lab = `Rows ${version}`;
    const at = (name: string): string => row([lab, 'Namespace', name]).id;
    let peer: PythonPeer;

    before(async () => {
      peer = await startClassic(version);
      await listConnections([profileTo(peer, lab)]);
      await connect(lab);
      const document = await vscode.workspace.openTextDocument({ language: 'python', content: NAMES });
      await vscode.window.showTextDocument(document);
      await command('rpyc.runFile');
      await expand([lab, 'Namespace']);
      await waitForRow([lab, 'Namespace', 'two']);
    });

    after(async () => {
      await closeEditors();
      await listConnections([]);
      await peer[Symbol.asyncDispose]();
      await command('notifications.clearAll');
    });

    it('a value is copied as JSON', async () => {
      await command('rpyc.copyJson', at('one'));
      assert.deepEqual(JSON.parse(await vscode.env.clipboard.readText()), { b: [1, 2], a: 'x' });
    });

    it('a function is copied as the line that imports it', async () => {
      await command('rpyc.copyImport', at('dumps'));
      assert.equal(await vscode.env.clipboard.readText(), 'from json import dumps');
    });

    it('the source of a function opens at its first line', async () => {
      await command('rpyc.openSource', at('dumps'));
      const editor = await remoteText('def dumps(');
      const line = editor.document.lineAt(editor.selection.active.line).text;
      assert.match(line, /^def dumps\(/);
    });

    it('two values are compared beside each other', async () => {
      await command('rpyc.selectForCompare', at('one'));
      await command('rpyc.compareWithSelected', at('two'));
      const tab = await eventually('the comparison', () => vscode.window.tabGroups.activeTabGroup.activeTab);
      await eventually(
        'both sides',
        () => vscode.window.tabGroups.activeTabGroup.activeTab?.input instanceof vscode.TabInputTextDiff,
      );
      assert.match(
        vscode.window.tabGroups.activeTabGroup.activeTab?.label ?? tab.label,
        /one \(.*\) compared with two/,
      );
    });
  });
}
