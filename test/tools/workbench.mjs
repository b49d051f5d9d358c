/** Opens a workbench in Chromium, to click through it or to let a test run in its extension host. */
import { existsSync } from 'node:fs';

import { chromium } from 'playwright-core';

import { findProgram, ToolError } from './command.mjs';

const CHROMIUM_ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** The browser for tests: Debian's own, since Playwright's builds are a download. */
function findChromium() {
  const found = ['chromium', 'chromium-browser', 'google-chrome'].map(findProgram).find(Boolean);
  if (found === undefined || !existsSync(found)) {
    throw new ToolError('Chromium is missing. Type: sudo apt-get install chromium');
  }
  return found;
}

/**
 * Starts a browser with one page. It ends with this process.
 *
 * @param options `width` and `height` of the page; `colorScheme`
 * @returns `{ browser, context, page, close() }`
 */
export async function openBrowser(options = {}) {
  const { width = 1280, height = 800, colorScheme = 'dark' } = options;
  const browser = await chromium.launch({ executablePath: findChromium(), args: CHROMIUM_ARGUMENTS });
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme,
    permissions: ['clipboard-read', 'clipboard-write'],
  });
  const page = await context.newPage();
  return { browser, context, page, close: () => browser.close() };
}
