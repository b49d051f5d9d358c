/** What a person sees who adds a connection over TLS, makes a mistake on the way, and looks at the kinds of connections. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { type CertificateFiles, TestAuthority } from '../support/certificates';
import { type PythonPeer, startClassic } from '../support/pythonPeer';
import { loadTools, REPOSITORY, type TestBrowser, type VsCodeServer } from '../support/tools';
import { WorkbenchPage } from './workbenchPage';

const VERSION = '6.0.2';

describe('the kinds of connections, as a person sees them', () => {
  let folder: string;
  let server: VsCodeServer;
  let browser: TestBrowser;
  let workbench: WorkbenchPage;
  let authority: TestAuthority;
  let stranger: TestAuthority;
  let client: CertificateFiles;
  let peer: PythonPeer;
  let failed = false;

  before(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'rpyc-kinds-ui-'));
    const workspace = path.join(folder, 'lab');
    mkdirSync(workspace);
    authority = await TestAuthority.create();
    stranger = await TestAuthority.create();
    const files = await authority.issue('server');
    client = await authority.issue('ann');
    peer = await startClassic(VERSION, {
      args: ['--ssl-keyfile', files.key, '--ssl-certfile', files.cert, '--ssl-cafile', authority.ca],
    });
    const tools = await loadTools();
    server = await tools.startVsCodeServer(await tools.ensureVsCode(tools.CURRENT_VSCODE), {
      dataDir: path.join(folder, 'server'),
      settings: {
        'remote.autoForwardPorts': false,
        'rpyc.profiles': [
          { label: 'Bench', transport: { kind: 'tcp', host: '10.0.0.7' } },
          { label: 'Rig', transport: { kind: 'tls', host: 'rig.example', insecure: true } },
          { label: 'Furnace', transport: { kind: 'ssh', host: 'gate.example', user: 'me' } },
          { label: 'Analyser', transport: { kind: 'unix', path: '/run/analyser/rpyc.sock' } },
          { label: 'Solver', transport: { kind: 'subprocess', command: ['rpyc_classic', '-m', 'stdio'] } },
          { label: 'Node 4', transport: { kind: 'deploy', host: 'node4.example' } },
        ],
      },
    });
    browser = await tools.openBrowser();
    workbench = new WorkbenchPage(browser.page, 'kinds');
    await browser.page.goto(
      tools.workbenchAddress(server, { folder: workspace, extensionDevelopmentPath: REPOSITORY }),
    );
  });

  after(async () => {
    await browser.close();
    await server.stop();
    for (const owned of [peer, authority, stranger]) {
      await owned[Symbol.asyncDispose]();
    }
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  });

  beforeEach(() => assert.ok(!failed, 'An earlier step failed'));

  afterEach(async function () {
    if (this.currentTest?.state === 'failed') {
      failed = true;
      await workbench.picture('failed');
    }
  });

  /** Waits for the step of the dialogue that asks this, and answers it. */
  async function answer(question: string, text: string): Promise<void> {
    await workbench.asked(question);
    await workbench.answer(text);
  }

  async function choose(question: string, label: string): Promise<void> {
    await workbench.asked(question);
    await workbench.pick(label);
  }

  it('shows of each how it gets there', async () => {
    await workbench.openView();
    await workbench.widenSideBar(160);
    for (const label of ['Bench', 'Rig', 'Furnace', 'Analyser', 'Solver', 'Node 4']) {
      await workbench.row(label).waitFor();
    }
    await workbench.row('Rig').getByText('rig.example:18821 (not verified)').waitFor();
    await workbench.row('Furnace').getByText('ssh: me@gate.example → localhost:18812').waitFor();
  });

  it('job 13: adds a connection over TLS, told at its end that the CA file is the wrong one', async () => {
    await workbench.runCommand('RPyC: Add Connection…');
    await choose('How is the server reached?', 'TLS');
    await answer('Where does the RPyC server listen?', `127.0.0.1:${peer.port}`);
    await workbench.asked('How is the certificate of the server verified?');
    await workbench.picture('trust');
    await choose('How is the certificate of the server verified?', 'By a CA File');
    await workbench.asked('The file with the certificate of the authority');
    await workbench.picture('ca-file');
    await answer('The file with the certificate of the authority', stranger.ca);
    await choose('certificate of its clients?', 'Yes');
    await answer('The file with our certificate', client.cert);
    await answer('The file with the key', client.key);
    await choose('What is at the other end?', 'Find Out');
    await answer('What is this connection called?', 'Vault');
    const notifications = await workbench.openNotifications();
    await notifications.getByText(/comes from an authority that is not trusted here/).waitFor();
    await workbench.picture('wrong-ca');
    await notifications.getByRole('button', { name: 'Edit…' }).click();
  });

  it('goes back to the answers, and lists the connection once it works', async () => {
    await answer('Where does the RPyC server listen?', `127.0.0.1:${peer.port}`);
    await choose('How is the certificate of the server verified?', 'By a CA File');
    await answer('The file with the certificate of the authority', authority.ca);
    await choose('certificate of its clients?', 'Yes');
    await answer('The file with our certificate', client.cert);
    await answer('The file with the key', client.key);
    await choose('What is at the other end?', 'Find Out');
    await answer('What is this connection called?', 'Vault');
    await choose('Where is the connection kept?', 'In My Settings');
    // Once it is kept, the tree goes to its row.
    await browser.page.locator('.monaco-list-row.selected').getByText('Vault').first().waitFor();
    await workbench.row('Vault').getByText(`rpyc ${VERSION}`).waitFor();
    await workbench.row('Namespace').waitFor();
  });

  for (const theme of ['Dark Modern', 'Light Modern', 'Dark High Contrast']) {
    it(`can be told apart in ${theme}`, async () => {
      await workbench.chooseTheme(theme);
      await workbench.scrollToTop();
      await workbench.row('Vault').hover();
      await browser.page.getByText('encrypted, the certificate is verified by').first().waitFor();
      await workbench.picture(theme.toLowerCase().replaceAll(' ', '-'));
    });
  }
});
