/** The list of what peers call, as a person sees it. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { profileTo } from '../support/pool';
import { type PythonPeer, startClassic } from '../support/pythonPeer';
import { loadTools, REPOSITORY, type TestBrowser, type VsCodeServer } from '../support/tools';
import { WorkbenchPage } from './workbenchPage';

const FILE = 'sweep.py';
const SNIPPET = `# Runs on the instrument's computer, and calls the editor.
channels = ["A", "B", "C", "D"]
for step, channel in enumerate(channels, 1):
    rpyc_editor.record("swept", channel=channel, peak=step / 8)
    rpyc_editor.progress(step, len(channels), "sweeping " + channel)

rpyc_editor.console("swept", len(channels), "channels")
rpyc_editor.ask("Which channel is stored?", "B")
`;

describe('functions that peers may call, as a person sees them', () => {
  let folder: string;
  let server: VsCodeServer;
  let browser: TestBrowser;
  let workbench: WorkbenchPage;
  let peer: PythonPeer;

  before(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'rpyc-calls-'));
    const workspace = path.join(folder, 'bench');
    mkdirSync(workspace);
    writeFileSync(path.join(workspace, FILE), SNIPPET);
    peer = await startClassic('6.0.2');
    const tools = await loadTools();
    server = await tools.startVsCodeServer(await tools.ensureVsCode(tools.CURRENT_VSCODE), {
      dataDir: path.join(folder, 'server'),
      settings: {
        'editor.minimap.enabled': false,
        'remote.autoForwardPorts': false,
        'rpyc.profiles': [profileTo(peer, { id: 'rig', label: 'Rig', dialect: 'D' })],
      },
    });
    browser = await tools.openBrowser();
    workbench = new WorkbenchPage(browser.page, 'calls');
    await browser.page.goto(
      tools.workbenchAddress(server, { folder: workspace, extensionDevelopmentPath: REPOSITORY }),
    );
  });

  after(async () => {
    await browser.close();
    await server.stop();
    await peer[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  });

  afterEach(async function () {
    if (this.currentTest?.state === 'failed') {
      await workbench.pictureAsItIs('failed');
    }
  });

  it('job 20: are ticked for one connection, and what is called is listed and answered', async () => {
    const { page } = browser;
    await workbench.openView();
    await workbench.widenSideBar(120);
    await workbench.chooseTheme('Dark Modern');
    await workbench.rowMenu('Rig', 'Expose Functions to Peer…');
    const list = page.locator('.quick-input-list .monaco-list-row');
    for (const name of ['console', 'record', 'ask', 'progress']) {
      await workbench.question.first().fill(name);
      await list
        .filter({ hasText: new RegExp(`^${name}\\(`) })
        .first()
        .click();
    }
    await workbench.question.first().fill('');
    await page.getByText('4 Selected').waitFor();
    await workbench.pictureAsItIs('choose');
    await page.keyboard.press('Enter');
    await workbench.row('Rig').click();
    await workbench.row('Namespace').waitFor();
    await workbench.openFile(FILE);
    await workbench.runCommand('RPyC: Run File');
    await page.getByText("('Which channel is stored?', 'B') waits for you").waitFor();
    await workbench.picture('dark', 'calls.png');
    await page.keyboard.press('Enter');
    await page.getByText("('Which channel is stored?', 'B') → 'B'").waitFor();
    await workbench.waitForMark("→ 'B'");
    await workbench.chooseTheme('Light Modern');
    await workbench.picture('light');
  });
});
