import assert from 'node:assert/strict';

import * as vscode from 'vscode';

import { eventually, eventuallyOk } from '../support/poll';
import { type PythonPeer, RPYC_VERSIONS, startClassic } from '../support/pythonPeer';
import type { ShownSnapshot } from '../../client/src/resultsPanel';
import { closeEditors, command, connect, extension, listConnections, snapshot } from './editor';
import { profileTo } from './profiles';

const LAB = 'Picture lab';
const FIGURE = 'from matplotlib.figure import Figure; Figure(figsize=(2, 1))';
const TABLE = "import pandas; pandas.DataFrame({'n': range(1200)})";
const HOSTILE =
  'type("Page", (), {"_repr_html_": lambda self: ' +
  '"<script>document.title=1</script><link rel=preconnect href=http://127.0.0.1:9><b>seen</b>"})()';

const SETTING = 'rpyc.run.showPictures';

for (const version of RPYC_VERSIONS) {
  describe(`pictures of results on rpyc ${version}`, () => {
    let peer: PythonPeer;
    let editor: vscode.TextEditor;

    const panel = (): Promise<ShownSnapshot | undefined> => extension().exports.panel();

    /** Runs one line of Python in the editor. */
    const run = async (source: string): Promise<void> => {
      // The name of a text that was closed is given again, at times with what stood in it.
      const document = await eventually('a new text is open', async () => {
        const made = await vscode.workspace.openTextDocument({ language: 'python', content: source });
        return made.getText() === source ? made : undefined;
      });
      editor = await vscode.window.showTextDocument(document, vscode.ViewColumn.One);
      await command('rpyc.runSelection');
    };

    const drawn = (what: string): Promise<ShownSnapshot> =>
      eventually(`${what} is drawn`, async () => {
        const shown = await panel();
        return shown?.drawn === undefined ? undefined : shown;
      });

    before(async () => {
      peer = await startClassic(version);
      await listConnections([profileTo(peer, LAB)]);
      await connect(LAB);
    });

    afterEach(async () => {
      await vscode.workspace.getConfiguration().update(SETTING, undefined, true);
      await closeEditors();
      await eventually('the panel is closed', async () => (await panel()) === undefined);
    });

    after(async () => {
      await listConnections([]);
      await peer[Symbol.asyncDispose]();
      await command('notifications.clearAll');
    });

    it('a figure opens the panel beside the text, and the page holds it', async () => {
      await run(FIGURE);
      const { drawn: page, visible, active, count } = await drawn('the figure');
      assert.deepEqual([page?.as, page?.width, page?.height], ['picture', 288, 144]);
      assert.deepEqual([visible, active, count], [true, false, 1]);
      assert.equal(vscode.window.activeTextEditor?.document, editor.document);
    });

    it('a figure does not open it where the setting says so, until it is asked for', async () => {
      await vscode.workspace.getConfiguration().update(SETTING, false, true);
      await run(FIGURE);
      assert.equal(await panel(), undefined);
      await command('rpyc.showResult');
      assert.equal((await drawn('the figure')).drawn?.as, 'picture');
    });

    it('a table is shown on demand, its first rows at once', async () => {
      await run(TABLE);
      assert.equal(await panel(), undefined);
      await command('rpyc.showResult');
      const { drawn: page } = await drawn('the table');
      assert.deepEqual([page?.as, page?.rows, page?.columns, page?.text], ['table', 500, 1, '0 0']);
    });

    it('a page that is hostile is drawn in a frame', async () => {
      await run(HOSTILE);
      await command('rpyc.showResult');
      const { drawn: page, problem } = await drawn('the page');
      assert.deepEqual([page?.as, problem], ['page', '']);
      assert.match(page?.text ?? '', /<x-link rel=preconnect/);
    });

    it('a value that raises says so, and why', async () => {
      await run('type("Bad", (), {"_repr_png_": lambda self: 1 / 0})()');
      const { drawn: page } = await drawn('the error');
      assert.equal(page?.as, 'error');
      assert.match(page.text, /ZeroDivisionError/);
      await run('type("Wrong", (), {"_repr_png_": lambda self: 42})()');
      await eventuallyOk('the sentence is there', async () =>
        assert.match((await panel())?.problem ?? '', /_repr_png_ gave int, which is no such thing/),
      );
    });

    it('a value is put under Results, where it can be looked into', async () => {
      await run('{"rate": 48000}');
      await command('rpyc.exploreResult');
      await eventually('the row is there', () =>
        snapshot().rows.some(({ label, kind }) => /^#\d+ Untitled-\d+:1$/.test(label) && kind === 'dict'),
      );
    });
  });
}
