/** What a person sees who looks for services: words where there is nothing, rows that tell, a question before a connection. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { dump } from '../../server/src/rpyc/core/brine';
import { decodeCommand } from '../../server/src/rpyc/utils/registryMessages';
import { closedPort } from '../support/badServers';
import { eventually } from '../support/poll';
import { type PythonPeer, startPeer, startRegistry } from '../support/pythonPeer';
import { type RawRegistry, rawRegistry } from '../support/rawRegistry';
import { loadTools, REPOSITORY, type TestBrowser, type VsCodeServer } from '../support/tools';
import { WorkbenchPage } from './workbenchPage';

const HOST = '127.0.0.1';
const VIEW = 'Services on the Network';
const THEMES = ['Dark Modern', 'Light Modern', 'Dark High Contrast', 'Light High Contrast'] as const;

describe('the view of the services, as a person sees it', () => {
  let folder: string;
  let server: VsCodeServer;
  let browser: TestBrowser;
  let workbench: WorkbenchPage;
  let registry: PythonPeer;
  let forbidding: PythonPeer;
  let strange: RawRegistry;
  let peer: PythonPeer;

  before(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'rpyc-services-'));
    registry = await startRegistry('6.0.2', 'UDP', ['--listing', 'True']);
    forbidding = await startRegistry('5.3.0', 'TCP');
    peer = await startPeer('6.0.2', 'registered_service.py', ['UDP', HOST, String(registry.port)]);
    const told = [
      ['203.0.113.7', 18812],
      [HOST, 22],
      ['intranet.example', 18812],
    ];
    strange = await rawRegistry('TCP', (request) => {
      const received = decodeCommand(request);
      const isList = 'command' in received && received.command.command === 'LIST';
      return [dump(isList ? ['$(bug) [THERMO](command:x)'] : told)];
    });
    const tools = await loadTools();
    server = await tools.startVsCodeServer(await tools.ensureVsCode(tools.CURRENT_VSCODE), {
      dataDir: path.join(folder, 'server'),
      settings: {
        'rpyc.discovery.broadcast': false,
        'rpyc.registries': [
          { mode: 'udp', host: HOST, port: registry.port },
          { mode: 'tcp', host: HOST, port: forbidding.port },
          { mode: 'tcp', host: HOST, port: strange.port },
          { mode: 'tcp', host: HOST, port: await closedPort() },
        ],
      },
    });
    browser = await tools.openBrowser();
    workbench = new WorkbenchPage(browser.page, 'services');
    await browser.page.goto(tools.workbenchAddress(server, { folder, extensionDevelopmentPath: REPOSITORY }));
  });

  after(async () => {
    await browser.close();
    await server.stop();
    for (const each of [registry, forbidding, peer, strange]) await each[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  });

  it('begins with words and one button, finds, marks, and asks before it connects', async () => {
    const { page } = browser;
    await workbench.openView();
    await workbench.widenSideBar(150);
    await workbench.chooseTheme(THEMES[0]);
    await page.getByRole('button', { name: new RegExp(`${VIEW} Section`) }).click();
    const look = page.getByRole('button', { name: 'Look for Services', exact: true }).last();
    await look.waitFor();
    await workbench.picture('welcome');
    await look.click();
    await page.getByRole('button', { name: 'Connections Section' }).click();
    await workbench.row('GREETER').waitFor();
    await eventually('the server was tried', () =>
      workbench.row(`${HOST}:${peer.port}`).first().getByText('reachable').isVisible(),
    );
    await workbench.row('203.0.113.7:18812').getByText('not checked: on the internet').waitFor();
    // What a stranger calls itself is shown as it is.
    await workbench.row('$(BUG) [THERMO](COMMAND:X)').waitFor();
    for (const theme of THEMES) {
      await workbench.chooseTheme(theme);
      await workbench.picture(theme.toLowerCase().replaceAll(' ', '-'));
    }
    await workbench.chooseTheme(THEMES[0]);
    await workbench.row('Registries').click();
    await workbench.row(`${HOST}:${forbidding.port}`).getByText('tells no names').waitFor();
    await workbench.row('Registries').getByText('1 of them tells no names').waitFor();
    await page.getByText('cannot be asked: nothing listens there').waitFor();
    await workbench.picture('registries');
    await workbench.row('203.0.113.7:18812').hover();
    await page.getByText('This is an address of the internet').waitFor();
    await workbench.pictureAsItIs('tooltip');
    const place = `${HOST}:${peer.port}`;
    await workbench.row(place).first().hover();
    await workbench.row(place).first().getByRole('button', { name: 'Connect to Service' }).click();
    await page.getByPlaceholder('A registry told this address.').waitFor();
    await workbench.picture('question');
    await page.keyboard.press('Enter');
    await workbench.row(`GREETER at ${place}`).waitFor();
    await workbench.row('Root service').waitFor();
    await workbench.picture('connected');
    assert.ok(await page.getByText(VIEW).first().isVisible());
  });
});
