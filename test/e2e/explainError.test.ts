import assert from 'node:assert/strict';

import * as vscode from 'vscode';

import { eventually } from '../support/poll';
import { runPython, startPeer } from '../support/pythonPeer';
import { closeEditors, command, extension } from './editor';

const SCHEME = 'rpyc-explanation';
const FAILING = `
import sys, rpyc
rpyc.connect('127.0.0.1', int(sys.argv[1])).root.visible()
`;

describe('explaining an error', () => {
  before(async () => {
    await extension().activate();
    await closeEditors();
  });

  afterEach(async () => {
    await closeEditors();
    await vscode.env.clipboard.writeText('');
  });

  /** The page that comes with the command, and the tab that shows it. */
  async function explained(): Promise<string> {
    const before = new Set(pages().map(String));
    await command('rpyc.explainError');
    const uri = await eventually('a page opens', () => pages().find((each) => !before.has(String(each))));
    await eventually('it is shown', () => {
      const label = vscode.window.tabGroups.activeTabGroup.activeTab?.label ?? '';
      return label.includes('RPyC error explained');
    });
    return (await vscode.workspace.openTextDocument(uri)).getText();
  }

  function pages(): readonly vscode.Uri[] {
    return vscode.workspace.textDocuments.map(({ uri }) => uri).filter(({ scheme }) => scheme === SCHEME);
  }

  it('takes what was copied: what a real client printed at a real server', async () => {
    await using server = await startPeer('6.0.2', 'failing_service.py');
    const { stderr } = await runPython('6.0.2', FAILING, [String(server.port)]);
    await vscode.env.clipboard.writeText(stderr);
    const page = await explained();
    assert.match(page, /^# The program at the other end does not let others reach `visible`/);
    assert.match(page, /`def exposed_visible\(self, …\)`/);
    assert.match(page, /allow_public_attrs/);
    assert.match(page, /rpyc 6\\\.0\\\.0 to 6\\\.0\\\.2/);
    assert.match(page, /text that was copied/);
    const { activeTab } = vscode.window.tabGroups.activeTabGroup;
    assert.ok(activeTab?.input instanceof vscode.TabInputWebview, 'It is shown as a preview');
  });

  it('takes the selection before what was copied', async () => {
    await vscode.env.clipboard.writeText('EOFError: connection closed by peer');
    const content = 'A log\nValueError: invalid message type: 18\nEOFError: stream has been closed\n';
    const editor = await vscode.window.showTextDocument(
      await vscode.workspace.openTextDocument({ content, language: 'log' }),
    );
    editor.selection = new vscode.Selection(1, 0, 2, 0);
    const page = await explained();
    assert.match(page, /^# The two programs run releases of rpyc that cannot talk to each other/);
    assert.match(page, /text that was selected/);
    assert.match(page, /`pip install rpyc==6\.0\.2`/);
  });

  it('says so when the text has no error in it, and connects to nothing', async () => {
    const editor = await vscode.window.showTextDocument(
      await vscode.workspace.openTextDocument({
        content: '[all is well](command:rpyc.restart)',
        language: 'log',
      }),
    );
    editor.selection = new vscode.Selection(0, 0, 0, 20);
    const page = await explained();
    assert.match(page, /^# There is no Python exception in this text/);
    assert.doesNotMatch(page, /all is well|command:/);
  });
});
