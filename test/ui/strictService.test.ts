/** What a person sees of a strict service, and of one that tries to act through what it calls its objects. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { eventually } from '../support/poll';
import { type PythonPeer, startPeer } from '../support/pythonPeer';
import { loadTools, REPOSITORY, type TestBrowser, type VsCodeServer } from '../support/tools';
import { profileTo } from '../support/pool';
import { WorkbenchPage } from './workbenchPage';

const THEMES = ['Light Modern', 'Dark High Contrast', 'Light High Contrast', 'Dark Modern'] as const;
const LINK = '[click](command:workbench.action.quit)';

/** Runs in the page. */
function colourOf(label: string): string {
  return `getComputedStyle([...document.querySelectorAll('.label-name')].find(
    (element) => element.textContent === ${JSON.stringify(label)},
  )).color`;
}

describe('a strict service, as a person sees it', () => {
  let folder: string;
  let server: VsCodeServer;
  let browser: TestBrowser;
  let workbench: WorkbenchPage;
  let tutorial: PythonPeer;
  let hostile: PythonPeer;

  before(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'rpyc-strict-'));
    tutorial = await startPeer('6.0.2', 'open_service.py');
    hostile = await startPeer('6.0.2', 'hostile_service.py', ['strict']);
    const tools = await loadTools();
    server = await tools.startVsCodeServer(await tools.ensureVsCode(tools.CURRENT_VSCODE), {
      dataDir: path.join(folder, 'server'),
      settings: {
        'rpyc.profiles': [
          profileTo(tutorial, { id: 'tutorial', label: 'Tutorial' }),
          profileTo(hostile, { id: 'hostile', label: 'Hostile' }),
        ],
      },
    });
    browser = await tools.openBrowser();
    workbench = new WorkbenchPage(browser.page, 'strict');
    await browser.page.goto(tools.workbenchAddress(server, { folder, extensionDevelopmentPath: REPOSITORY }));
  });

  after(async () => {
    await browser.close();
    await server.stop();
    for (const each of [tutorial, hostile]) await each[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  });

  afterEach(async function () {
    if (this.currentTest?.state === 'failed') {
      await workbench.picture('failed');
    }
  });

  /** Nothing in a part of the workbench is a link or an icon that the peer has asked for. */
  async function isPlain(part: string): Promise<void> {
    const { page } = browser;
    assert.equal(
      await page.locator(`${part} a[href^="command:"], ${part} a[data-href^="command:"]`).count(),
      0,
    );
    assert.equal(await page.locator(`${part} .codicon-trash`).count(), 0);
    assert.equal(await page.locator(`${part} a`, { hasText: /^click$/ }).count(), 0);
  }

  it('job 4: shows in grey what is out of reach, and why', async () => {
    const { page } = browser;
    await workbench.openView();
    await workbench.widenSideBar(180);
    await workbench.row('Tutorial').click();
    await workbench.row('Root service').waitFor();
    await workbench.expand('Root service');
    await workbench.row('get_question').waitFor();
    for (const theme of THEMES) {
      await workbench.chooseTheme(theme);
      await workbench.scrollTo('get_question', 100);
      await workbench.picture(theme.toLowerCase().replaceAll(' ', '-'));
    }
    const colour = (label: string): Promise<string> => page.evaluate<string>(colourOf(label));
    assert.notEqual(await colour('get_question'), await colour('get_answer'));
    await workbench.row('get_question').hover();
    await page.getByText('Only names that begin with exposed_ can be reached').first().waitFor();
    await workbench.pictureAsItIs('rule');
    assert.doesNotMatch(tutorial.log(), /AttributeError|Exception caught/);
  });

  it('cannot act through its names in a list, a dialogue, a notification or the status bar', async () => {
    const { page } = browser;
    await workbench.toggle('Tutorial');
    await workbench.row('Hostile').click();
    await workbench.row('Root service').last().waitFor();
    await workbench.rowMenu('Root service', 'Find Child…');
    await workbench.question.first().fill('trash');
    const list = '.quick-input-list';
    await page.locator(list).getByText('$(trash)').first().waitFor();
    await isPlain(list);
    await workbench.picture('list');
    await workbench.pick('o7 $(trash)', 'o7 $(trash)');
    await workbench.row('o7 $(trash)').waitFor();
    await workbench.rowMenu('o7 $(trash)', 'Copy Value');
    const bar = '.part.statusbar';
    await eventually('it was copied', () => page.locator(bar).getByText('Copied').first().isVisible());
    await isPlain(bar);
    assert.match(await page.locator(bar).getByText('Copied').first().innerText(), /\$\(trash\)/);

    await workbench.rowMenu('Root service', 'Find Child…');
    await workbench.pick(`m0 ${LINK}`, 'm0 [click');
    await workbench.rowMenu(`m0 ${LINK}`, 'Call…');
    await workbench.asked('arguments as in Python');
    await isPlain('.quick-input-widget');
    await workbench.picture('call');
    await page.keyboard.press('Enter');
    await workbench.question.first().waitFor({ state: 'hidden' });
    const notifications = await workbench.openNotifications();
    await notifications.getByText('ValueError').first().waitFor();
    await isPlain('.notifications-center');
    await workbench.picture('notification');
    await workbench.clearNotifications();
  });
});
