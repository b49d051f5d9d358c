import assert from 'node:assert/strict';

import * as vscode from 'vscode';

import { eventuallyOk } from '../support/poll';
import { type PythonPeer, startClassic } from '../support/pythonPeer';
import { closeEditors, command, connect, listConnections } from './editor';
import { profileTo } from './profiles';

const LAB = 'Live lab';
const SOURCE = [
  'class Boat:',
  '    """Floats."""',
  '    def sail(self, to, speed=3):',
  '        """Goes there."""',
  '    @property',
  '    def depth(self): seen.append(1)',
  'seen = []',
  'boat = Boat()',
  '',
].join('\n');
const SETTING = 'rpyc.run.liveCompletion';

describe('a file that has run on a connection', () => {
  let peer: PythonPeer;
  let document: vscode.TextDocument;

  /** Writes a last line; the place at its end. */
  const write = async (line: string): Promise<vscode.Position> => {
    const editor = await vscode.window.showTextDocument(document);
    const last = document.lineAt(document.lineCount - 1).range;
    await editor.edit((edit) => edit.replace(last, line));
    return new vscode.Position(document.lineCount - 1, line.length);
  };

  /** What we suggest at the end of a last line: with our label beside the name. */
  const suggested = async (line: string, of = document): Promise<readonly vscode.CompletionItem[]> => {
    const at = of === document ? await write(line) : of.lineAt(of.lineCount - 1).range.end;
    const { items } = (await command(
      'vscode.executeCompletionItemProvider',
      of.uri,
      at,
      undefined,
      5,
    )) as vscode.CompletionList;
    return items.filter(({ label }) => typeof label === 'object' && label.description === LAB);
  };

  const labels = async (line: string): Promise<readonly string[]> =>
    (await suggested(line)).map(({ label }) => (typeof label === 'string' ? label : label.label));

  before(async () => {
    peer = await startClassic('6.0.2');
    await listConnections([profileTo(peer, LAB)]);
    await connect(LAB);
    document = await vscode.workspace.openTextDocument({ language: 'python', content: SOURCE });
    await vscode.window.showTextDocument(document);
    await command('rpyc.runFile');
  });

  after(async () => {
    await vscode.workspace.getConfiguration().update(SETTING, undefined, vscode.ConfigurationTarget.Global);
    await closeEditors();
    await listConnections([]);
    await peer[Symbol.asyncDispose]();
    await command('notifications.clearAll');
  });

  it('job 19: is completed from the live objects there, behind what others suggest', async () => {
    await eventuallyOk('members are suggested', async () => {
      assert.deepEqual((await labels('boat.')).slice(0, 2), ['depth', 'sail']);
    });
    const [sail] = await suggested('boat.sa');
    assert.equal(sail?.kind, vscode.CompletionItemKind.Method);
    assert.equal(sail.documentation, 'Goes there.');
    assert.match(sail.sortText ?? '', /^~/);
    assert.deepEqual(await labels('conn.modules.os.path.isab'), ['isabs']);
    assert.deepEqual(await labels('vars(boat)["'), []);
    assert.deepEqual(await labels('# boat.'), []);
  });

  it('shows what a name stands for, and what a call takes', async () => {
    const at = await write('boat.sail');
    const hovers = (await command('vscode.executeHoverProvider', document.uri, at)) as vscode.Hover[];
    const text = hovers
      .flatMap(({ contents }) => contents)
      .map((content) => (content instanceof vscode.MarkdownString ? content.value : ''))
      .join('\n');
    assert.match(text, /sail\(to, speed=3\)[^]*Goes there\.[^]*from Live lab/);
    const help = (await command(
      'vscode.executeSignatureHelpProvider',
      document.uri,
      await write('boat.sail("there", '),
      '(',
    )) as vscode.SignatureHelp;
    assert.equal(help.signatures[0]?.label, 'sail(to, speed=3)');
    assert.equal(help.activeParameter, 1);
    assert.equal(help.signatures[0].documentation, 'Goes there.\n\nfrom Live lab');
  });

  it('is left alone where it is not wanted, and so is every other file', async () => {
    const other = await vscode.workspace.openTextDocument({ language: 'python', content: 'boat.' });
    assert.deepEqual(await suggested('', other), []);
    await vscode.workspace.getConfiguration().update(SETTING, false, vscode.ConfigurationTarget.Global);
    assert.deepEqual(await labels('boat.'), []);
    await vscode.workspace.getConfiguration().update(SETTING, undefined, vscode.ConfigurationTarget.Global);
    assert.ok((await labels('boat.')).length > 0);
    await command('rpyc.disconnect', LAB);
    assert.deepEqual(await labels('boat.'), []);
  });
});
