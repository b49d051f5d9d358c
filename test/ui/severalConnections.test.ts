/** What a person sees and presses in the table of a run on several connections: with the mouse, and with keys alone. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import type { FrameLocator, Locator } from 'playwright-core';

import { closedPort } from '../support/badServers';
import { eventuallyOk } from '../support/poll';
import { profileTo } from '../support/pool';
import { type PythonPeer, startClassic } from '../support/pythonPeer';
import { loadTools, REPOSITORY, type TestBrowser, type VsCodeServer } from '../support/tools';
import { WorkbenchPage } from './workbenchPage';

const FILE = 'check.py';
/** One of them fails, and one does not end. */
const SNIPPET = `# Are all of the rigs alike?
import os, sys, time
import rpyc

rig = os.environ["RIG"]
print("checking rig", rig)
if rig == "3":
    raise RuntimeError("the arm is not at home")
while rig == "4":
    time.sleep(0.2)
{"rpyc": rpyc.__version__,
 "cores": len(os.sched_getaffinity(0))}
`;
const MARKS_FILE = 'marks.py';
const MARKS = `print("<b>bold?</b>", "<img src=x onerror=alert(1)>")
"<script>alert(1)</script>"
`;
const THEMES = ['Light Modern', 'Dark High Contrast', 'Light High Contrast', 'Dark Modern'] as const;
const RIGS = [
  { label: 'Rig 1', version: '6.0.2' },
  { label: 'Rig 2', version: '6.0.2' },
  { label: 'Rig 3', version: '6.0.2' },
  { label: 'Rig 4', version: '6.0.2' },
  { label: 'Rig 6', version: '5.3.0' },
] as const;

describe('a run on several connections, as a person sees it', () => {
  let folder: string;
  let server: VsCodeServer;
  let browser: TestBrowser;
  let workbench: WorkbenchPage;
  let peers: readonly PythonPeer[];
  let table: FrameLocator;

  before(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'rpyc-several-'));
    const workspace = path.join(folder, 'rigs');
    mkdirSync(workspace);
    writeFileSync(path.join(workspace, FILE), SNIPPET);
    writeFileSync(path.join(workspace, MARKS_FILE), MARKS);
    peers = await Promise.all(
      RIGS.map(({ label, version }) => startClassic(version, { env: { RIG: label.slice(-1) } })),
    );
    const profiles = peers.map((peer, at) => {
      const { label = '', version = '' } = RIGS[at] ?? {};
      return profileTo(peer, {
        id: label,
        label,
        service: 'classic',
        dialect: version === '6.0.2' ? 'D' : 'C',
      });
    });
    const nobody = profileTo(
      { host: '127.0.0.1', port: await closedPort() },
      { id: 'Rig 5', label: 'Rig 5', service: 'classic' },
    );
    const tools = await loadTools();
    server = await tools.startVsCodeServer(await tools.ensureVsCode(tools.CURRENT_VSCODE), {
      dataDir: path.join(folder, 'server'),
      settings: { 'rpyc.profiles': [...profiles, nobody], 'editor.minimap.enabled': false },
    });
    browser = await tools.openBrowser({ width: 1500, height: 860 });
    workbench = new WorkbenchPage(browser.page, 'several');
    await browser.page.goto(
      tools.workbenchAddress(server, { folder: workspace, extensionDevelopmentPath: REPOSITORY }),
    );
  });

  after(async () => {
    await browser.close();
    await server.stop();
    for (const peer of peers) await peer[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  });

  afterEach(async function () {
    if (this.currentTest?.state === 'failed') {
      await workbench.picture('failed');
    }
  });

  const row = (label: string): Locator => table.getByRole('row').filter({ hasText: label });

  it('asks for the connections, and fills the table while they run', async () => {
    const { page } = browser;
    await workbench.openView();
    await workbench.widenSideBar(-60);
    await workbench.chooseTheme('Dark Modern');
    await workbench.openFile(FILE);
    await workbench.runCommand('RPyC: Run File on Several Connections…');
    await workbench.asked('Mark the connections that are to run it');
    await workbench.picture('choice');
    await page.locator('.quick-input-widget').getByRole('checkbox').first().click();
    await page.keyboard.press('Enter');
    table = page.frameLocator('iframe.webview').frameLocator('#active-frame');
    await table.getByText('5 of 6 done').first().waitFor();
    await eventuallyOk('it is compared', async () => {
      assert.match(await row('Rig 6').innerText(), /≠ differs/);
      assert.match(await row('Rig 3').innerText(), /✗ failed[\s\S]*the arm is not at home \(line 8\)/);
      assert.match(await row('Rig 5').innerText(), /not reached/);
    });
    await page.mouse.move(500, 650);
    await workbench.pictureAsItIs('running', 'several.png');
  });

  it('interrupts one row, runs it again, and shows differences only', async () => {
    await row('Rig 4').getByRole('button', { name: 'Interrupt, Rig 4' }).click();
    await row('Rig 4').getByText('■ interrupted').waitFor();
    await table.getByText('6 of 6 done').first().waitFor();
    await table.getByLabel('Differences only').check();
    await row('Rig 1').waitFor({ state: 'hidden' });
    await row('Rig 6').waitFor();
    await row('Rig 6').getByRole('button', { name: 'Use as Reference, Rig 6' }).click();
    await table.getByText('3 of 4 differ from the reference').first().waitFor();
    await workbench.picture('reference');
    await row('Rig 1').getByRole('button', { name: 'Compare, Rig 1' }).click();
    await browser.page.getByRole('tab', { name: 'Rig 6 ↔ Rig 1' }).waitFor();
    await workbench.picture('compare');
    await workbench.runCommand('View: Close Editor');
    await table.getByRole('button', { name: 'Copy as JSON' }).click();
    await browser.page.locator('.part.statusbar').getByText('Copied').waitFor();
    await row('Rig 6').getByRole('button', { name: 'No Reference' }).click();
    await table.getByText('2 of 4 differ').first().waitFor();
  });

  it('keeps how it is looked at while it is hidden, in each kind of theme', async () => {
    await table.getByText('6 of 6 done').first().click();
    await workbench.runCommand('File: New Untitled Text File');
    await row('Rig 2').waitFor({ state: 'detached' });
    await workbench.runCommand('RPyC: Show Results of Several Connections');
    await row('Rig 6').waitFor();
    assert.equal(await table.getByLabel('Differences only').isChecked(), true);
    assert.equal(await row('Rig 1').isVisible(), false);
    await table.getByLabel('Differences only').uncheck();
    for (const theme of THEMES) {
      await workbench.chooseTheme(theme);
      await row('Rig 1').waitFor();
      await workbench.picture(theme.toLowerCase().replaceAll(' ', '-'));
    }
  });

  it('can be used with keys alone, and tells each end to a screen reader', async () => {
    const { page } = browser;
    const focused = async (): Promise<string> => {
      const element = table.locator(':focus');
      return (await element.getAttribute('aria-label')) ?? element.innerText();
    };
    await table.getByLabel('Differences only').focus();
    // What cannot be pressed now is passed over.
    for (const name of ['Run Failed Again', 'Copy as Text', 'Copy as CSV', 'Copy as JSON', 'Connection']) {
      await page.keyboard.press('Tab');
      assert.equal(await focused(), name);
    }
    await page.keyboard.press('Enter');
    const header = table.getByRole('columnheader', { name: 'Connection' });
    assert.equal(await header.getAttribute('aria-sort'), 'ascending');
    await page.keyboard.press('Enter');
    assert.equal(await header.getAttribute('aria-sort'), 'descending');
    assert.match(await table.locator('tbody tr').first().innerText(), /^Rig 6/);
    await row('Rig 2').getByRole('button').first().focus();
    await page.keyboard.press('ArrowDown');
    assert.equal(await focused(), 'Value, Rig 1');
    assert.equal(
      await table.getByRole('status').innerText(),
      '6 of 6 done. 2 of 4 differ · 2 without a result',
    );
    await page.keyboard.press('Enter');
    await page.getByRole('tab', { name: 'Rig 1.txt' }).waitFor();
  });

  it('opens the error of one of them in the debugger', async () => {
    await workbench.runCommand('RPyC: Show Results of Several Connections');
    await row('Rig 3').getByRole('button', { name: 'Debug, Rig 3' }).click();
    await browser.page.locator('.exception-widget').getByText('the arm is not at home').first().waitFor();
    await workbench.picture('debug');
    await workbench.runCommand('Debug: Disconnect');
    await browser.page.locator('.debug-toolbar').waitFor({ state: 'hidden' });
  });

  it('shows what a peer sends as text, and runs at once on what is connected', async () => {
    await workbench.openFile(MARKS_FILE);
    await workbench.runCommand('RPyC: Run File on Several Connections…');
    await workbench.asked('Mark the connections that are to run it');
    await browser.page.locator('.quick-input-widget').getByText('5 Selected').waitFor();
    await browser.page.keyboard.press('Enter');
    await table.getByText('5 of 5 done').first().waitFor();
    await table.getByText('all 5 results are the same').first().waitFor();
    assert.match(await row('Rig 2').innerText(), /'<script>alert\(1\)<\/script>'/);
    assert.match(await row('Rig 2').innerText(), /<b>bold\?<\/b> <img src=x onerror=alert\(1\)>/);
    assert.equal(await table.locator('b, img, tbody script').count(), 0);
    await workbench.picture('marks');
  });
});
