/** What a person sees who connects for the first time, looks around, runs something, and loses the server. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { badServer, closedPort } from '../support/badServers';
import { eventually, eventuallyOk } from '../support/poll';
import { type PythonPeer, pythonEnv, runPython, startClassic } from '../support/pythonPeer';
import { loadTools, REPOSITORY, type TestBrowser, type VsCodeServer } from '../support/tools';
import { WorkbenchPage } from './workbenchPage';

const VERSION = '6.0.2';
const DEMO = path.join(REPOSITORY, 'test/tools/demo');
const FILE = 'survey.py';
const SNIPPET = `# This runs on the remote Python, not here.
import time
from harbour import Harbour

harbour = Harbour()
for hour in range(1, 4):
    harbour.step()
    print(f"hour {hour}: the tide is at {harbour.tide.level} m")
    time.sleep(1)

harbour.chart["name"]
`;

const THEME = 'Dark Modern';
const OTHER_THEMES = ['Light Modern', 'Dark High Contrast'];

const SETTINGS = {
  'editor.minimap.enabled': false,
  'remote.autoForwardPorts': false,
};

describe('the journey of a person', () => {
  let folder: string;
  let server: VsCodeServer;
  let browser: TestBrowser;
  let workbench: WorkbenchPage;
  let peer: PythonPeer;
  let failed = false;

  function startHarbourPeer(port = 0): Promise<PythonPeer> {
    const searchPath = [DEMO, pythonEnv(VERSION).env['PYTHONPATH']].filter(Boolean).join(path.delimiter);
    return startClassic(VERSION, { port, env: { PYTHONPATH: searchPath } });
  }

  before(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'rpyc-journey-'));
    const workspace = path.join(folder, 'survey');
    mkdirSync(workspace);
    writeFileSync(path.join(workspace, FILE), SNIPPET);
    const tools = await loadTools();
    peer = await startHarbourPeer();
    server = await tools.startVsCodeServer(await tools.ensureVsCode(tools.CURRENT_VSCODE), {
      dataDir: path.join(folder, 'server'),
      settings: SETTINGS,
    });
    browser = await tools.openBrowser();
    workbench = new WorkbenchPage(browser.page, 'journey');
    const address = tools.workbenchAddress(server, {
      folder: workspace,
      extensionDevelopmentPath: REPOSITORY,
    });
    await browser.page.goto(address);
  });

  after(async () => {
    await browser.close();
    await server.stop();
    await peer[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  });

  // Each step goes on where the one before it has led.
  beforeEach(() => assert.ok(!failed, 'An earlier step of the journey failed'));

  afterEach(async function () {
    if (this.currentTest?.state === 'failed') {
      failed = true;
      await workbench.picture('failed');
    }
  });

  it('begins with a welcome that says what to do', async () => {
    await workbench.openView();
    await workbench.widenSideBar(90);
    await workbench.chooseTheme(THEME);
    await browser.page.getByText('No remote Python is listed yet.').waitFor();
    await browser.page.getByRole('button', { name: 'Try a Demo Server' }).first().waitFor();
    await workbench.picture('welcome');
  });

  it('adds a connection with a dialogue that checks what is typed', async () => {
    await browser.page.getByRole('button', { name: 'Add Connection…' }).first().click();
    await browser.page.getByText('SSH Tunnel').first().waitFor();
    await workbench.picture('ways');
    await browser.page.keyboard.press('Enter');
    await browser.page.getByText('Where does the RPyC server listen?').first().waitFor();
    await workbench.answer('127.0.0.1:99999');
    await browser.page.getByText('A port is a number from 1 to 65535.').first().waitFor();
    await workbench.picture('wrong-port');
    await workbench.answer(`127.0.0.1:${peer.port}`);
    await browser.page.getByText('Find Out').first().waitFor();
    await workbench.picture('kind');
    await browser.page.keyboard.press('Enter');
    await browser.page.getByText('What is this connection called?').first().waitFor();
    await workbench.answer('Harbour');
    await workbench.asked('Where is the connection kept?');
    await workbench.picture('place');
    await browser.page.keyboard.press('Enter');
    await workbench.row('Namespace').waitFor();
    await workbench.row('Harbour').getByText(`rpyc ${VERSION}`).waitFor();
    await workbench.picture('connected');
  });

  it('finds a module by its name, and looks into it', async () => {
    await workbench.rowButton('Modules', 'Find in Modules…');
    await workbench.question.first().fill('sys');
    await browser.page.locator('.quick-input-list').getByText('sys', { exact: true }).first().waitFor();
    await workbench.picture('find-module');
    await browser.page.keyboard.press('Enter');
    await workbench.row('sys').first().waitFor();
    await workbench.expand('sys');
    await workbench.row('byteorder').waitFor();
    const { stdout } = await runPython(VERSION, 'import sys; print(repr(sys.byteorder))');
    await workbench.row('byteorder').getByText(stdout.trim()).waitFor();
    await workbench.picture('sys');
    await workbench.toggle('sys');
    await workbench.toggle('Modules');
  });

  it('job 3: runs a selection, and sees it print while it runs', async () => {
    await workbench.openFile(FILE);
    await browser.page.locator('.editor-instance .view-lines').first().click();
    await browser.page.keyboard.press('Control+A');
    await browser.page.keyboard.press('Control+Alt+Enter');
    await eventually('the first line is printed', async () => /hour 1: /.test(await workbench.outputText()));
    assert.doesNotMatch(await workbench.outputText(), /hour 3: /);
    await workbench.picture('running');
    await eventually('the value is shown', async () => {
      return /hour 3: [^]*→ 'Port of Examples'/.test(await workbench.outputText());
    });
    await browser.page.keyboard.press('Control+Home');
  });

  it('job 19: is offered what the live objects have, and finds again what ran', async () => {
    const { page } = browser;
    await page.keyboard.press('Control+End');
    await page.keyboard.type('harbour.');
    const offered = page.locator('.suggest-widget');
    await offered.getByText('berths', { exact: true }).first().waitFor();
    await workbench.picture('completion', 'completion.png');
    await page.keyboard.press('Escape');
    await page.keyboard.press('Shift+Home');
    await page.keyboard.press('Delete');
    await workbench.runCommand('RPyC: Show Run History');
    await page.locator('.quick-input-list').getByText("'Port of Examples'").first().waitFor();
    await workbench.picture('history', 'history.png');
    await page.keyboard.press('Escape');
    await page.keyboard.press('Control+Home');
  });

  it('sees in the namespace what the run has left, and pages through a long list', async () => {
    await workbench.expand('Namespace');
    await workbench.expand('harbour');
    await workbench.row('chart').waitFor();
    await workbench.expand('chart');
    await workbench.row("'name'").waitFor();
    await workbench.picture('workbench', 'workbench.png');
    for (const theme of OTHER_THEMES) {
      await workbench.chooseTheme(theme);
      await workbench.picture(`workbench-${theme.toLowerCase().replaceAll(' ', '-')}`);
    }
    await workbench.chooseTheme(THEME);
    await workbench.toggle('chart');
    await workbench.expand('soundings');
    await workbench.row('[0]').waitFor();
    await (await workbench.scrollTo('Load more…', 250)).click();
    await workbench.row('[100]').waitFor();
    await workbench.row('Load more…').waitFor({ state: 'hidden' });
    await workbench.picture('load-more');
    await workbench.toggle('soundings');
  });

  it('reads signature and documentation where the mouse rests', async () => {
    await workbench.expand('Methods');
    await workbench.row('ship').hover();
    const hover = browser.page.locator('.workbench-hover');
    await hover.getByText('The ship of this name, at anchor or at a berth.').waitFor();
    await hover.getByText('ship(name: str)').first().waitFor();
    await workbench.pictureAsItIs('hover');
    await workbench.rest();
    await workbench.toggle('Methods');
  });

  it('reads a property by a click, and copies a value by the menu', async () => {
    await workbench.expand('tide');
    await workbench.row('level').getByText('click to read').waitFor();
    await workbench.picture('property');
    await workbench.row('level').click();
    await workbench
      .row('level')
      .getByText(/^2\.\d+/)
      .waitFor();
    await workbench.toggle('tide');
    await workbench.expand('chart');
    await workbench.rowMenu("'position'", 'Copy Value');
    await eventuallyOk('the value is copied', async () => {
      const text = await browser.page.evaluate<string>('navigator.clipboard.readText()');
      assert.equal(text, "{'latitude': 53.5461, 'longitude': 9.9661}");
    });
    await workbench.toggle('chart');
  });

  it('watches a value, in each kind of theme', async () => {
    await workbench.rowMenu('soundings', 'Watch');
    await workbench.row('harbour.soundings').waitFor();
    for (const theme of [THEME, ...OTHER_THEMES]) {
      await workbench.chooseTheme(theme);
      await workbench.picture(`watch-${theme.toLowerCase().replaceAll(' ', '-')}`);
    }
    await workbench.chooseTheme(THEME);
    await workbench.rowMenu('harbour.soundings', 'Remove');
    await workbench.row('harbour.soundings').waitFor({ state: 'hidden' });
  });

  it('sees that the server is gone, and that it is back', async () => {
    const { port } = peer;
    peer.kill();
    await peer.exited;
    await workbench
      .row('Harbour')
      .getByText(/lost|reconnecting/)
      .waitFor();
    await browser.page
      .getByText(/^The connection to “Harbour” was lost|^Nothing listens on/)
      .first()
      .waitFor();
    await workbench.row('soundings').waitFor();
    await workbench.picture('lost');
    peer = await startHarbourPeer(port);
    await workbench.row('Harbour').getByText(`rpyc ${VERSION}`).waitFor({ timeout: 40_000 });
    await workbench.row('harbour').waitFor({ state: 'hidden' });
    await workbench.picture('back');
  });

  it('is told in one sentence what is wrong with an address, and goes on', async () => {
    await using silent = await badServer();
    await addConnection(`127.0.0.1:${await closedPort()}`, 'Closed');
    await workbench.row('Nothing listens on').waitFor();
    const notifications = await workbench.openNotifications();
    await notifications.getByText(/Nothing listens on .*: start the RPyC server there/).waitFor();
    await workbench.picture('refused');
    // Whoever closes the message has not added anything.
    await workbench.clearNotifications();
    await workbench.row('Closed').waitFor({ state: 'hidden' });
    await addConnection(`127.0.0.1:${silent.port}`, 'Silent');
    await workbench.row('Silent').getByText(/…$/).waitFor();
    await workbench.picture('trying');
    await workbench.row(`127.0.0.1:${silent.port} accepts connections but stays silent`).waitFor();
    await workbench.picture('silent');
    await (await workbench.openNotifications()).getByRole('button', { name: 'Add Anyway' }).click();
    await workbench.asked('Where is the connection kept?');
    await browser.page.keyboard.press('Enter');
    await workbench.clearNotifications();
    await workbench.rowMenu('Silent', 'Remove Connection…');
    await workbench.asked('Nothing changes on the server.');
    await workbench.picture('remove');
    await browser.page.keyboard.press('Enter');
    await workbench.row('Silent').waitFor({ state: 'hidden' });
    await workbench.row('Namespace').waitFor();
  });

  it('sees a remote exception with its traceback', async () => {
    await browser.page.locator('.editor-instance .view-lines').first().click();
    await browser.page.keyboard.press('Control+End');
    await browser.page.keyboard.type('Harbour().ship("Nobody")');
    await workbench.runCommand('RPyC: Run Selection or Line on Connection');
    await eventually('the exception is shown', async () => {
      return /NameError|LookupError/.test(await workbench.outputText());
    });
    await workbench.picture('exception');
    // Where a theme tells nothing by backgrounds, a border tells the line.
    await workbench.chooseTheme('Dark High Contrast');
    await browser.page.locator('.editor-instance .view-lines').first().click();
    await browser.page.keyboard.press('Control+Home');
    await workbench.picture('exception-dark-high-contrast');
  });

  async function addConnection(address: string, label: string): Promise<void> {
    await workbench.runCommand('RPyC: Add Connection…');
    await browser.page.getByText('SSH Tunnel').first().waitFor();
    await browser.page.keyboard.press('Enter');
    await browser.page.getByText('Where does the RPyC server listen?').first().waitFor();
    await workbench.answer(address);
    await browser.page.getByText('Find Out').first().waitFor();
    await browser.page.keyboard.press('Enter');
    await browser.page.getByText('What is this connection called?').first().waitFor();
    await workbench.answer(label);
  }
});
