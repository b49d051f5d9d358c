/**
 * `npm start`: from a fresh clone to VS Code with two live connections to look at.
 * Only the line with the address goes to stdout; what is going on is told on stderr.
 * Plain Node built-ins only, since this runs before anything is installed.
 */
import { parseArgs } from 'node:util';

import { progress, runMain, ToolError } from './command.mjs';
import { ensurePeers, findPythonWithRpyc } from './peers.mjs';
import { checkNode, ensureDebianPackages, ensureNodeModules, WORKBENCH_PACKAGES } from './provision.mjs';
import { openInBrowser } from './start/browser.mjs';
import { ensureBundles } from './start/bundles.mjs';
import { createDemoFolder } from './start/demoFolder.mjs';
import { startHarbour, startLabBench } from './start/demoServers.mjs';
import { findCode, openDesktop } from './start/desktop.mjs';
import { startWebWorkbench } from './start/webWorkbench.mjs';
import { CURRENT_VSCODE, ensureVsCode } from './vscodeBuild.mjs';

const USAGE = `Usage: npm start [-- --no-open]

  --no-open  serve the web workbench, print "Ready: ADDRESS" and open nothing`;

/** What a shell reports for a program that was interrupted. */
const INTERRUPTED = 130;

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/** How often to look whether the parent is still there. */
const PARENT_MS = 500;

async function main() {
  const options = readArguments();
  if (options.help) {
    process.stdout.write(`${USAGE}\n`);
    return;
  }
  checkNode();
  await prepare();
  await live(options.open);
}

function readArguments() {
  try {
    const { values } = parseArgs({ options: { 'no-open': { type: 'boolean' }, help: { type: 'boolean' } } });
    return { open: values['no-open'] !== true, help: values.help === true };
  } catch (error) {
    throw new ToolError(`${error.message}\n\n${USAGE}`);
  }
}

/** Installs and builds what is missing. Interrupted, it ends at once, and what it runs ends with it. */
async function prepare() {
  const forget = whenToldToEnd(() => process.exit(INTERRUPTED));
  await ensureNodeModules();
  await ensureBundles();
  forget();
}

/**
 * Calls back on each signal, and once the parent is gone: a shell between npm and this process dies of a signal
 * without passing it on.
 *
 * @returns what ends this
 */
function whenToldToEnd(callback) {
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid !== parent) {
      clearInterval(watch);
      callback();
    }
  }, PARENT_MS);
  watch.unref();
  SIGNALS.forEach((name) => process.on(name, callback));
  return () => {
    clearInterval(watch);
    SIGNALS.forEach((name) => process.removeListener(name, callback));
  };
}

/** Starts the servers and the editor, waits for the end, and leaves nothing running. */
async function live(open) {
  const over = new AbortController();
  let interrupts = 0;
  whenToldToEnd(() => {
    interrupts += 1;
    if (interrupts === 1) {
      progress('Stopping; the tab in the browser can be closed');
      over.abort();
    } else if (interrupts > 2) {
      // The terminal and npm may both pass on one Ctrl-C; more of them mean that somebody is out of patience.
      process.exit(INTERRUPTED);
    }
  });
  const running = [];
  const own = (thing) => {
    running.push(thing);
    over.signal.throwIfAborted();
    return thing;
  };
  try {
    await demo(open, own, over.signal);
  } catch (error) {
    if (!over.signal.aborted) {
      throw error;
    }
  } finally {
    for (const thing of running.reverse()) {
      await thing.stop();
    }
  }
  // An installation that was under way ends with this process.
  process.exit(0);
}

async function demo(open, own, signal) {
  const profiles = await startServers(own, signal);
  const folder = own(createDemoFolder());
  const code = open ? findCode() : undefined;
  if (code !== undefined) {
    progress('Opening VS Code; close its window or press Ctrl-C to end');
    const window = own(openDesktop(code, folder, profiles));
    if (await orAbort(window.closed, signal)) {
      return;
    }
    progress(`${code} opened no window: using the web workbench instead`);
  }
  await orAbort(ensureDebianPackages(WORKBENCH_PACKAGES), signal);
  const build = await orAbort(ensureVsCode(CURRENT_VSCODE), signal);
  progress('Starting the web workbench');
  const workbench = own(await startWebWorkbench(build, folder, profiles));
  process.stdout.write(`Ready: ${workbench.address}\n`);
  if (open && !(await openInBrowser(workbench.address))) {
    progress('No browser was found to open: open the address above yourself');
  }
  progress('Press Ctrl-C to end');
  await orAbort(workbench.ended, signal);
  throw new ToolError('The workbench ended by itself: start it again');
}

async function startServers(own, signal) {
  progress('Starting the demo servers');
  const bench = own(await startLabBench());
  const peer = await orAbort(anyPython(), signal);
  if (peer === undefined) {
    return [bench.profile];
  }
  const harbour = own(await startHarbour(peer));
  return [harbour.profile, bench.profile];
}

/** A Python with rpyc, brought along if need be: a live Python is what the demo is about. */
async function anyPython() {
  const ways = [() => undefined, () => ensureDebianPackages(['python3-rpyc']), ensurePeers];
  let reason = '';
  for (const provide of ways) {
    try {
      await provide();
      const found = findPythonWithRpyc();
      if (found !== undefined) {
        return found;
      }
    } catch (error) {
      [reason] = error.message.split('\n');
    }
  }
  progress(`There is no Python with rpyc, so only our own server is shown (${reason})`);
  progress('Type "python3 -m pip install rpyc" and start again to see a real Python as well');
  return undefined;
}

/** The promise's value, or the reason of the abort as an error. */
async function orAbort(promise, signal) {
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    promise.then(resolve, reject);
  });
}

await runMain(main);
