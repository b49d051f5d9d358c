/** What a person sees of a link that proposes a connection, and of a certificate that nobody vouches for. */
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import type { Locator } from 'playwright-core';

import { type BadServer, badServer } from '../support/badServers';
import { TestAuthority } from '../support/certificates';
import { eventually } from '../support/poll';
import { type PythonPeer, startClassic } from '../support/pythonPeer';
import { loadTools, REPOSITORY, type TestBrowser, type VsCodeServer } from '../support/tools';
import { WorkbenchPage } from './workbenchPage';

const VERSION = '6.0.2';
const LINK = 'code-oss://rpyc-explorer.rpyc-explorer/connect';

for (const build of ['OLDEST_VSCODE', 'CURRENT_VSCODE'] as const) {
  describe(`proposals and pins, as a person sees them in the ${build.startsWith('O') ? 'oldest' : 'newest'} VS Code`, () => {
    let folder: string;
    let server: VsCodeServer;
    let browser: TestBrowser;
    let workbench: WorkbenchPage;
    let authority: TestAuthority;
    let secure: PythonPeer;
    let plain: PythonPeer;
    let trap: BadServer;
    let certificate: X509Certificate;
    let failed = false;

    before(async () => {
      folder = mkdtempSync(path.join(tmpdir(), 'rpyc-proposals-ui-'));
      const workspace = path.join(folder, 'lab');
      mkdirSync(workspace);
      authority = await TestAuthority.create();
      // The authority's own certificate is a self-signed one.
      const files = { cert: authority.ca, key: authority.ca.replace(/pem$/, 'key') };
      certificate = new X509Certificate(readFileSync(files.cert));
      secure = await startClassic(VERSION, {
        args: ['--ssl-keyfile', files.key, '--ssl-certfile', files.cert],
      });
      plain = await startClassic(VERSION);
      trap = await badServer();
      const tools = await loadTools();
      server = await tools.startVsCodeServer(await tools.ensureVsCode(tools[build]), {
        dataDir: path.join(folder, 'server'),
        // The newest shows dialogs in tests, too.
        dialogs: build === 'OLDEST_VSCODE',
        settings: {
          'remote.autoForwardPorts': false,
          'rpyc.profiles': [
            { label: 'Vault', transport: { kind: 'tls', host: secure.host, port: secure.port } },
          ],
        },
      });
      browser = await tools.openBrowser();
      workbench = new WorkbenchPage(browser.page, `proposals-${build.toLowerCase().split('_')[0] ?? ''}`);
      await browser.page.goto(
        tools.workbenchAddress(server, { folder: workspace, extensionDevelopmentPath: REPOSITORY }),
      );
      await workbench.openView();
    });

    after(async () => {
      await browser.close();
      await server.stop();
      for (const owned of [secure, plain, trap, authority]) {
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

    /** The dialog that says this. */
    function dialog(text: string | RegExp): Locator {
      return browser.page.locator('.monaco-dialog-box').filter({ hasText: text });
    }

    /** Follows a link, and lets VS Code hand it over. */
    async function follow(query: string): Promise<void> {
      await workbench.runCommand('Developer: Open URL');
      await workbench.asked('URL to open');
      await workbench.answer(`${LINK}?${query}`);
      const handing = dialog(/to open this (URI|URL)/);
      await handing.getByRole('button', { name: 'Open' }).click();
      await handing.waitFor({ state: 'hidden' });
    }

    it('asks before a connection of a link is listed, and leaves no trace of one that is refused', async () => {
      await follow(`host=${trap.host}&port=${trap.port}&label=Free%20Cookies&service=classic`);
      const question = dialog('A link proposes the connection "Free Cookies"');
      await question.getByText(`${trap.host}:${trap.port}`).first().waitFor();
      await question.getByText('TCP, a classic server').waitFor();
      await workbench.pictureAsItIs('link');
      await question.getByRole('button', { name: 'Cancel' }).click();
      await question.waitFor({ state: 'hidden' });
      await workbench.row('Vault').waitFor();
      assert.equal(await workbench.row('Free Cookies').count(), 0);
      assert.equal(trap.visits(), 0);
    });

    it('says which part of a link cannot be proposed', async () => {
      await follow('host=lab&run=rm');
      const notifications = await workbench.openNotifications();
      await notifications
        .getByText(/The link proposes no connection that can be used: run cannot stand/)
        .waitFor();
      await workbench.clearNotifications();
    });

    it('lists and connects once the user agrees', async () => {
      await follow(`host=${plain.host}&port=${plain.port}&label=Bench`);
      const question = dialog('A link proposes the connection "Bench"');
      await question.getByRole('button', { name: 'Add and Connect' }).click();
      await workbench.row('Bench').getByText(`rpyc ${VERSION}`).waitFor();
    });

    it('job 13: pins a self-signed certificate from its failure, and connects', async () => {
      await workbench.row('Vault').click();
      const notifications = await workbench.openNotifications();
      await notifications.getByText(/is self-signed/).waitFor();
      await notifications.getByRole('button', { name: 'Pin This Certificate…' }).click();
      const question = dialog('Trust this certificate of');
      await question.getByText(certificate.fingerprint256).waitFor();
      await question.getByText('made for: CN=test authority').waitFor();
      await question.getByText(`to ${certificate.validTo}`).waitFor();
      await workbench.pictureAsItIs('pin');
      await question.getByRole('button', { name: 'Pin and Connect' }).click();
      await workbench.row('Vault').getByText(`rpyc ${VERSION}`).waitFor();
      await workbench.row('Vault').hover();
      const hover = browser.page.locator('.monaco-hover').filter({ hasText: 'the certificate is pinned' });
      await eventually('the hover tells the pin', () => hover.first().isVisible());
      await hover.getByText(`process ${secure.pid}`).first().waitFor();
      await workbench.pictureAsItIs('hover');
      await workbench.rest();
    });

    it('asks once more where a file of the workspace has a connection do something by itself', async () => {
      const file = path.join(folder, 'lab/.vscode/settings.json');
      const write = (more: object): void => {
        const transport = { kind: 'tcp', host: plain.host, port: plain.port };
        writeFileSync(
          file,
          JSON.stringify({ 'rpyc.profiles': [{ id: 'shared', label: 'Shared', transport, ...more }] }),
        );
      };
      mkdirSync(path.dirname(file));
      write({});
      await workbench.row('Shared').click();
      const question = dialog('Connect to "Shared"');
      await question.getByText('from the settings of the workspace').waitFor();
      await question.getByRole('button', { name: 'Connect' }).click();
      await workbench.row('Shared').getByText(`rpyc ${VERSION}`).waitFor();
      const taken = path.join(folder, 'taken');
      const post = `open(${JSON.stringify(taken)}, 'w').close`;
      write({ runOn: { thread: 'main', host: 'other', post } });
      await workbench.row('Shared').getByText(`rpyc ${VERSION}`).waitFor({ state: 'hidden' });
      await workbench.row('Shared').click();
      await question.getByText(`this Python of the profile runs on the server: ${post}`).waitFor();
      await workbench.pictureAsItIs('changed');
      await question.getByRole('button', { name: 'Cancel' }).click();
      await question.waitFor({ state: 'hidden' });
      assert.ok(!existsSync(taken));
    });
  });
}
