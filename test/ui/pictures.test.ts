/** The panel in which results are pictures, tables and pages, as a person sees it; and what hostile pages do in it. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type Server, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';

import type { FrameLocator, Locator } from 'playwright-core';

import { profileTo } from '../support/pool';
import { eventually } from '../support/poll';
import { type PythonPeer, startClassic } from '../support/pythonPeer';
import { loadTools, REPOSITORY, type TestBrowser, type VsCodeServer } from '../support/tools';
import { WorkbenchPage } from './workbenchPage';

const THEMES = ['Light Modern', 'Dark High Contrast', 'Light High Contrast', 'Dark Modern'] as const;

const FIGURE = `import numpy as np
import matplotlib.pyplot as plt

t = np.linspace(0, 2, 400)
for tau in (0.2, 0.5, 1.0):
    plt.plot(t, np.exp(-t / tau) * np.cos(20 * t), label=f"τ = {tau} s")
plt.xlabel("time (s)"); plt.ylabel("signal (V)"); plt.legend()
plt.show()
`;

const TABLE = `import pandas as pd
pd.DataFrame({"channel": range(1200), "rate": [48000.0, 0.5, -1.25] * 400, "state": ["idle", "sweep", None] * 400})
`;

/** Everything that a page can try to get out of its frame, or to have something loaded. */
const hostile = (port: number): string => `class Page:
    def _repr_html_(self):
        return '''<h1 id="seen">hostile</h1>
<script>parent.postMessage('x', '*'); fetch('http://127.0.0.1:${port}/script')</script>
<img src="http://127.0.0.1:${port}/img"><img src="x" onerror="fetch('http://127.0.0.1:${port}/onerror')">
<link rel="stylesheet" href="http://127.0.0.1:${port}/style"><link rel="preconnect" href="http://127.0.0.1:${port}">
<link rel="prefetch" href="http://127.0.0.1:${port}/prefetch"><style>@import "http://127.0.0.1:${port}/import";
@font-face { font-family: f; src: url("http://127.0.0.1:${port}/font") } body { font-family: f; background: url("http://127.0.0.1:${port}/css") }</style>
<meta http-equiv="refresh" content="0; url=http://127.0.0.1:${port}/refresh"><base href="http://127.0.0.1:${port}/">
<iframe src="http://127.0.0.1:${port}/frame"></iframe><object data="http://127.0.0.1:${port}/object"></object>
<video src="http://127.0.0.1:${port}/video" autoplay></video><svg><image href="http://127.0.0.1:${port}/svg"/></svg>
<form action="http://127.0.0.1:${port}/form"><button id="send">send</button></form>
<p><a id="leave" href="http://127.0.0.1:${port}/link">leave</a></p>
<p><a id="top" target="_top" href="http://127.0.0.1:${port}/top">top</a></p>
<p><a id="open" target="_blank" href="http://127.0.0.1:${port}/open">open</a></p>
<p><a id="command" href="command:workbench.action.quit">quit</a></p>'''
Page()
`;

const DRAWING = (port: number): string => `class Drawing:
    def _repr_svg_(self):
        return '''<svg xmlns="http://www.w3.org/2000/svg" width="80" height="40" onload="fetch('http://127.0.0.1:${port}/onload')">
<script>fetch('http://127.0.0.1:${port}/svgscript')</script><image href="http://127.0.0.1:${port}/svgimage" width="9" height="9"/>
<rect width="80" height="40" fill="green"/></svg>'''
Drawing()
`;

interface Image {
  readonly naturalWidth: number;
  readonly width: number;
}

const WIDTHS = ({ naturalWidth, width }: Image): readonly number[] => [naturalWidth, width];

describe('results as pictures, as a person sees them', () => {
  let folder: string;
  let server: VsCodeServer;
  let browser: TestBrowser;
  let workbench: WorkbenchPage;
  let peer: PythonPeer;
  let listener: Server;
  const asked: string[] = [];

  before(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'rpyc-pictures-'));
    listener = createServer((request, response) => {
      asked.push(request.url ?? '');
      response.end();
    });
    listener.on('connection', () => asked.push('connection'));
    await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
    const { port } = listener.address() as AddressInfo;
    const files = { figure: FIGURE, table: TABLE, hostile: hostile(port), drawing: DRAWING(port) };
    for (const [name, text] of Object.entries(files)) {
      writeFileSync(path.join(folder, `${name}.py`), text);
    }
    peer = await startClassic('6.0.2');
    const tools = await loadTools();
    server = await tools.startVsCodeServer(await tools.ensureVsCode(tools.CURRENT_VSCODE), {
      dataDir: path.join(folder, '.server'),
      settings: {
        'rpyc.profiles': [profileTo(peer, { id: 'lab', label: 'lab-3', dialect: 'D' })],
        'security.workspace.trust.enabled': false,
        'remote.autoForwardPorts': false,
      },
    });
    browser = await tools.openBrowser();
    workbench = new WorkbenchPage(browser.page, 'pictures');
    await browser.page.goto(tools.workbenchAddress(server, { folder, extensionDevelopmentPath: REPOSITORY }));
    await workbench.openView();
    await workbench.row('lab-3').click();
    await workbench.row('Namespace').waitFor();
  });

  after(async () => {
    await browser.close();
    await server.stop();
    await peer[Symbol.asyncDispose]();
    await new Promise((resolve) => listener.close(resolve));
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  });

  afterEach(async function () {
    if (this.currentTest?.state === 'failed') {
      await workbench.pictureAsItIs('failed');
    }
  });

  /** The page of the panel. */
  const panel = (): FrameLocator =>
    browser.page.locator('iframe.webview.ready').last().contentFrame().frameLocator('#active-frame');

  const stage = (): Locator => panel().locator('#stage');

  async function runFile(name: string, mark: string): Promise<void> {
    const { page } = browser;
    // Files open beside the panel, and the keys are not those of its page.
    if (name !== 'figure') {
      await page.locator('.editor-instance .view-lines').first().click();
    }
    await page.keyboard.press('Control+P');
    await workbench.pick(name, `${name}.py`);
    await page
      .locator(`.editor-group-container .tab.active`, { hasText: `${name}.py` })
      .first()
      .waitFor();
    await workbench.runCommand('RPyC: Run File');
    await workbench.waitForMark(mark);
  }

  it('a figure that a file shows is beside it at once, in each kind of theme', async () => {
    await runFile('figure', '✓');
    await stage().locator('img').waitFor();
    await panel().locator('#title', { hasText: 'figure.py:1' }).waitFor();
    for (const theme of THEMES) {
      await workbench.chooseTheme(theme);
      await workbench.picture(`figure ${theme}`, theme === 'Dark Modern' ? 'figure.png' : undefined);
    }
    await panel().locator('#larger').click();
    await panel().locator('#actual').click();
    const [natural = 0, width = 0] = await stage().locator('img').evaluate(WIDTHS);
    // It is drawn twice as fine as it is large, for screens that can show that.
    assert.ok(natural > 800 && Math.abs(natural / 2 - width) <= 1, `${natural} ${width}`);
    await panel().locator('#fit').click();
  });

  it('a table is paged, in each kind of theme', async () => {
    await runFile('table', '→ ');
    await workbench.runCommand('RPyC: Show Result');
    await stage().locator('table').waitFor();
    for (const theme of THEMES) {
      await workbench.chooseTheme(theme);
      await workbench.picture(`table ${theme}`);
    }
    await panel().locator('#next').click();
    await panel().locator('#range', { hasText: 'Rows 501 to 1,000 of 1,200' }).waitFor();
    assert.equal(await stage().locator('tbody tr').first().innerText(), '500\t500\t-1.25\tNone');
    await panel().locator('#back').click();
    await stage().locator('img').waitFor();
  });

  it('a hostile page is shown in a frame, and does nothing there', async () => {
    await runFile('hostile', '→ <Page');
    await workbench.runCommand('RPyC: Show Result');
    const frame = stage().frameLocator('iframe');
    await frame.getByRole('heading', { name: 'hostile' }).waitFor();
    assert.deepEqual(asked, [], 'as it is shown');
    for (const id of ['send', 'leave', 'top', 'open', 'command']) {
      await frame.locator(`#${id}`).click();
      await frame.locator('#seen').waitFor();
      assert.deepEqual(asked, [], `after ${id}`);
    }
    const { page } = browser;
    await workbench.pictureAsItIs('hostile page');
    assert.equal(page.context().pages().length, 1);
    assert.deepEqual(asked, []);
    assert.equal(await stage().locator('iframe').getAttribute('sandbox'), '');
  });

  it('a hostile drawing is an image, and does nothing there', async () => {
    await runFile('drawing', '→ <Drawing');
    const image = stage().locator('img[src^="data:image/svg+xml"]');
    await image.waitFor();
    await eventually('it is drawn', async () => (await image.evaluate(WIDTHS))[0] === 80);
    assert.equal(await panel().locator('svg').count(), 0);
    assert.deepEqual(asked, []);
  });
});
