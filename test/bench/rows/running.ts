/** How soon a person sees what a run gives and prints, from the key to the pixels of a real workbench. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { profileTo } from '../../support/pool';
import { type RpycVersion, startClassic } from '../../support/pythonPeer';
import { Relay } from '../../support/relay';
import { loadTools, REPOSITORY, type TestBrowser } from '../../support/tools';
import { WorkbenchPage } from '../../ui/workbenchPage';
import type { Row, RowResult } from '../row';
import { summarise } from '../stats';

const FILE = 'bench.py';
/** Each press gives another value, so that an old result is not taken for the new one. */
const SOURCE = `import time; presses = globals().get("presses", 0) + 1; print("printed at %.6f" % time.time()); "press " + str(presses)\n`;
const PRESSES = 30;
const RESULT_MS = 50;
const LINK_MS = 50;
const MORE_MS = 30;
const PRINTED_MS = 200;

/** When the key went down, and when the page showed the result and the printed line, in ms since 1970. */
interface Seen {
  readonly pressed: number;
  readonly shown: number;
  readonly printed: number;
  readonly printedAt: number;
  /** What a letter takes from its key to the page, in ms. */
  readonly typed: number;
}

/**
 * Looks at each frame that the page draws. The text of a result is generated content, which stands in no element.
 * Both texts are looked for after the key only.
 */
const WATCH = `(press) => {
  const now = () => performance.timeOrigin + performance.now();
  const seen = {};
  const contentOf = (span) => getComputedStyle(span, '::after').content;
  const lines = (root) => [...document.querySelectorAll(root)].map((one) => one.textContent.replaceAll('\\u00a0', ' ')).join('\\n');
  window.seen = new Promise((resolve) => {
    const look = () => {
      if (seen.pressed !== undefined) {
        const spans = [...document.querySelectorAll('.editor-instance .view-lines span')];
        if (seen.shown === undefined && spans.some((span) => contentOf(span).includes('press ' + press + "'"))) seen.shown = now();
        const times = [...lines('.part.panel .view-line').matchAll(/printed at ([0-9.]+)/g)].map((match) => Number(match[1]) * 1000);
        const last = Math.max(...times);
        if (seen.printed === undefined && last > seen.pressed) Object.assign(seen, { printed: now(), printedAt: last });
        if (seen.shown !== undefined && seen.printed !== undefined) return resolve(seen);
      }
      requestAnimationFrame(look);
    };
    addEventListener('keydown', (event) => {
      if (event.key === 'Enter') seen.pressed ??= now();
    }, { capture: true });
    look();
  });
}`;

/** When the key of a letter went down, and when the page showed the letter. */
const WATCH_LETTER = `() => {
  window.typed = new Promise((resolve) => {
    addEventListener('keydown', () => {
      const pressed = performance.now();
      const look = () => {
        const [line] = document.querySelectorAll('.editor-instance .view-lines .view-line');
        if (line?.textContent.startsWith('x')) return resolve(performance.now() - pressed);
        requestAnimationFrame(look);
      };
      look();
    }, { capture: true, once: true });
  });
}`;

/** What the workbench takes by itself, on this machine at this moment. */
async function typeOnce({ page }: TestBrowser): Promise<number> {
  await page.evaluate(`(${WATCH_LETTER})()`);
  await page.keyboard.press('x');
  const took = await page.evaluate<number>('window.typed');
  await page.keyboard.press('Backspace');
  return took;
}

async function pressOnce(browser: TestBrowser, press: number): Promise<Seen> {
  await browser.page.evaluate(`(${WATCH})(${press})`);
  await browser.page.keyboard.press('Control+Alt+Enter');
  const seen = await browser.page.evaluate<Omit<Seen, 'typed'>>('window.seen');
  return { ...seen, typed: await typeOnce(browser) };
}

/** @param delayMs of the link, there and back; none on loopback */
async function press(version: RpycVersion, delayMs: number): Promise<readonly Seen[]> {
  const folder = mkdtempSync(path.join(tmpdir(), 'rpyc-running-'));
  const workspace = path.join(folder, 'files');
  mkdirSync(workspace);
  writeFileSync(path.join(workspace, FILE), SOURCE);
  const tools = await loadTools();
  try {
    await using peer = await startClassic(version);
    await using relay = await Relay.start(peer, { delayMs: delayMs / 2 });
    const server = await tools.startVsCodeServer(await tools.ensureVsCode(tools.CURRENT_VSCODE), {
      dataDir: path.join(folder, 'server'),
      settings: {
        'editor.minimap.enabled': false,
        'rpyc.profiles': [profileTo(delayMs === 0 ? peer : relay, { id: 'bench', label: 'Bench' })],
      },
    });
    const browser = await tools.openBrowser();
    try {
      const workbench = new WorkbenchPage(browser.page, 'bench');
      const place = { folder: workspace, extensionDevelopmentPath: REPOSITORY };
      await browser.page.goto(tools.workbenchAddress(server, place));
      await workbench.openView();
      await workbench.row('Bench').click();
      await workbench.row('Namespace').waitFor();
      await workbench.openFile(FILE);
      await browser.page.locator('.editor-instance .view-lines').first().click();
      await browser.page.keyboard.press('Control+Home');
      const seen: Seen[] = [];
      for (let number = 1; number <= PRESSES + 2; number++) {
        seen.push(await pressOnce(browser, number));
      }
      // The first opens the channel and loads what shows results.
      return seen.slice(2);
    } finally {
      await browser.close();
      await server.stop();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

async function result(version: RpycVersion, delayMs: number, target: number): Promise<RowResult> {
  const seen = await press(version, delayMs);
  const ours = summarise(seen.map(({ pressed, shown }) => shown - pressed));
  return {
    figure: ours.median,
    unit: 'ms',
    target: { value: target, bound: 'most' },
    rawUnit: 'ms',
    ours,
    theirs: summarise(seen.map(({ typed }) => typed)),
    against: 'a letter that is typed into the same editor',
    note: 'in the newest VS Code of the tests, seen in the frames that its page draws',
  };
}

async function firstLine(version: RpycVersion): Promise<RowResult> {
  const seen = await press(version, 0);
  const ours = summarise(seen.map(({ printed, printedAt }) => printed - printedAt));
  return {
    figure: ours.median,
    unit: 'ms',
    target: { value: PRINTED_MS, bound: 'most' },
    rawUnit: 'ms',
    ours,
    note: 'both clocks are of this machine',
  };
}

export function runningRows(version: RpycVersion): readonly Row[] {
  return [
    {
      name: 'result',
      what: 'from the key to the inline result, on loopback',
      run: () => result(version, 0, RESULT_MS),
    },
    {
      name: 'result-link',
      what: `the same over a link of ${LINK_MS} ms`,
      run: () => result(version, LINK_MS, LINK_MS + MORE_MS),
    },
    {
      name: 'printed',
      what: 'from a line that is printed there to the line in the output',
      run: () => firstLine(version),
    },
  ];
}
