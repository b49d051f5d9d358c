#!/usr/bin/env node
/**
 * The executable for `runTests` of @vscode/test-electron where there is no desktop build: it takes that one's
 * arguments, opens the same extension and tests in the web workbench, and ends with the tests' exit code.
 *
 * Environment: RPYC_VSCODE_VERSION chooses the build (the current one unless told), RPYC_VSCODE_SETTINGS holds
 * machine settings as JSON, RPYC_VSCODE_TRUST=1 leaves workspace trust on, RPYC_VSCODE_TIMEOUT is a number of
 * seconds, RPYC_VSCODE_PICTURE is where to put a picture of a workbench whose tests never ended.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { format, parseArgs } from 'node:util';

import { exitOnSignals, progress, runMain, ToolError } from './command.mjs';
import { CURRENT_VSCODE, ensureVsCode } from './vscodeBuild.mjs';
import { startVsCodeServer, workbenchAddress } from './vscodeServer.mjs';
import { openBrowser } from './workbench.mjs';

const DEFAULT_TIMEOUT_SECONDS = 600;

/** What the workbench says of itself, above all that it has no network; the tests' own lines remain. */
const NOISE = new RegExp(
  [
    'vsda|open-vsx\\.org|ERR_NAME_NOT_RESOLVED|ERR_INTERNET_DISCONNECTED|Service Worker',
    '/static/out/vs/|authentication provider|DefaultAccount|AccountPolicyGate|AgentHost|ChatSessionStore',
    'connection token|Creating a socket|reconnection-grace-time|builtin extensions cache',
  ].join('|'),
);

async function main() {
  exitOnSignals();
  const { values, positionals } = parseArgs({ strict: false, allowPositionals: true });
  const { extensionDevelopmentPath, extensionTestsPath } = values;
  if (typeof extensionDevelopmentPath !== 'string' || typeof extensionTestsPath !== 'string') {
    throw new ToolError('Give --extensionDevelopmentPath=… and --extensionTestsPath=…');
  }
  const { env } = process;
  const build = await ensureVsCode(env.RPYC_VSCODE_VERSION ?? CURRENT_VSCODE);
  const dataDir = mkdtempSync(path.join(tmpdir(), 'rpyc-vscode-'));
  let server;
  let browser;
  try {
    server = await startVsCodeServer(build, {
      dataDir,
      settings: JSON.parse(env.RPYC_VSCODE_SETTINGS ?? '{}'),
      workspaceTrust: env.RPYC_VSCODE_TRUST === '1',
      env,
    });
    browser = await openBrowser();
    const address = workbenchAddress(server, {
      folder: positionals[0],
      extensionDevelopmentPath,
      extensionTestsPath,
    });
    return await runInPage(browser.page, address, server);
  } finally {
    await browser?.close();
    await server?.stop();
    rmSync(dataDir, { recursive: true, force: true, maxRetries: 3 });
  }
}

async function runInPage(page, address, server) {
  const seconds = Number(process.env.RPYC_VSCODE_TIMEOUT ?? DEFAULT_TIMEOUT_SECONDS);
  let timer;
  const outcome = new Promise((resolve, reject) => {
    void page.exposeFunction('codeAutomationLog', relayLog);
    void page.exposeFunction('codeAutomationExit', resolve);
    page.once('crash', () => reject(new ToolError('The workbench page crashed')));
    void server.exited.then((code) =>
      reject(new ToolError(`The VS Code server ended with ${code}\n${server.log()}`)),
    );
    timer = setTimeout(
      () => reject(new ToolError(`The tests did not end within ${seconds} s\n${server.log()}`)),
      seconds * 1000,
    );
  });
  // It may fail before it is awaited below.
  outcome.catch(() => undefined);
  try {
    await page.goto(address);
    return Number(await outcome);
  } catch (error) {
    await takePicture(page);
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

function relayLog(type, args) {
  const text = format(...[args].flat());
  if (!NOISE.test(text)) {
    const stream = type === 'error' || type === 'warn' ? process.stderr : process.stdout;
    stream.write(`${text}\n`);
  }
}

async function takePicture(page) {
  const file = process.env.RPYC_VSCODE_PICTURE;
  if (file !== undefined && !page.isClosed()) {
    mkdirSync(path.dirname(file), { recursive: true });
    await page.screenshot({ path: file }).catch(() => undefined);
    progress(`Picture of the workbench: ${file}`);
  }
}

await runMain(main);
process.exit();
