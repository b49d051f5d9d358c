/** What a person sees who opens a failed run in the debugger. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { profileTo } from '../support/pool';
import { type PythonPeer, startClassic } from '../support/pythonPeer';
import { loadTools, REPOSITORY, type TestBrowser, type VsCodeServer } from '../support/tools';
import { WorkbenchPage } from './workbenchPage';

const FILE = 'tides.py';
const SNIPPET = `# This runs on the remote Python, not here.
def average(levels):
    total = sum(levels)
    return total / len(levels)


def report(week):
    print("levels of", ", ".join(week))
    return {day: average(levels) for day, levels in week.items()}


report({"monday": [1.2, 1.9, 2.4], "tuesday": []})
`;

describe('an error in the debugger, as a person sees it', () => {
  let folder: string;
  let server: VsCodeServer;
  let browser: TestBrowser;
  let workbench: WorkbenchPage;
  let peer: PythonPeer;

  before(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'rpyc-post-mortem-'));
    const workspace = path.join(folder, 'survey');
    mkdirSync(workspace);
    writeFileSync(path.join(workspace, FILE), SNIPPET);
    peer = await startClassic('6.0.2');
    const tools = await loadTools();
    server = await tools.startVsCodeServer(await tools.ensureVsCode(tools.CURRENT_VSCODE), {
      dataDir: path.join(folder, 'server'),
      settings: {
        'editor.minimap.enabled': false,
        'remote.autoForwardPorts': false,
        'rpyc.profiles': [profileTo(peer, { id: 'harbour', label: 'Harbour' })],
      },
    });
    browser = await tools.openBrowser();
    workbench = new WorkbenchPage(browser.page, 'post-mortem');
    const options = { folder: workspace, extensionDevelopmentPath: REPOSITORY };
    await browser.page.goto(tools.workbenchAddress(server, options));
  });

  after(async () => {
    await browser.close();
    await server.stop();
    await peer[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  });

  afterEach(async function () {
    if (this.currentTest?.state === 'failed') {
      await workbench.picture('failed');
    }
  });

  it('job 7: opens from the hover of its mark, with its frames, variables and a console in the frame', async () => {
    const { page } = browser;
    await workbench.openView();
    await workbench.chooseTheme('Dark Modern');
    await workbench.row('Harbour').click();
    await workbench.row('Namespace').waitFor();
    await workbench.openFile(FILE);
    await workbench.runCommand('RPyC: Run File');
    const link = page.getByRole('link', { name: 'Open in Debugger' }).first();
    await workbench.hoverMark('✗ ZeroDivisionError', link);
    await workbench.pictureAsItIs('hover');
    await link.click();
    await page.locator('.exception-widget').waitFor();
    await page.locator('.debug-call-stack').getByText('average').first().waitFor();
    await page.locator('.debug-variables').getByText('total').first().waitFor();
    await page.locator('.repl-input-wrapper').click();
    await page.keyboard.type('len(levels), total');
    await page.keyboard.press('Enter');
    await page.locator('.repl').getByText('(0, 0)').first().waitFor();
    await workbench.picture('dark', 'post-mortem.png');
    await workbench.chooseTheme('Light Modern');
    await workbench.picture('light');
  });
});
