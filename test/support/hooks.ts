/**
 * Root hooks of every Mocha run: what a test file opened must be closed when its tests have ended.
 * An unhandled rejection fails the test that runs at that moment.
 */
import assert from 'node:assert/strict';
import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises';

/** How long what is on its way out may take. */
const GRACE_MS = 3000;

/** Kinds of resources that keep a process alive; what belongs to reading files comes and goes by itself. */
const WATCHED = new Set([
  'Timeout',
  'TCPSocketWrap',
  'TCPServerWrap',
  'TLSWrap',
  'UDPWrap',
  'PipeWrap',
  'PipeServerWrap',
  'ProcessWrap',
  'MessagePort',
  'Worker',
]);

/** What keeps this process alive, each kind with its count. */
function activeResources(): Map<string, number> {
  const counts = new Map<string, number>();
  for (const kind of process.getActiveResourcesInfo()) {
    if (WATCHED.has(kind)) {
      counts.set(kind, (counts.get(kind) ?? 0) + 1);
    }
  }
  return counts;
}

/** Names what is there now and was not before. */
function leaked(before: ReadonlyMap<string, number>, now: ReadonlyMap<string, number>): string[] {
  return [...now]
    .map(([kind, count]) => ({ kind, surplus: count - (before.get(kind) ?? 0) }))
    .filter(({ surplus }) => surplus > 0)
    .map(({ kind, surplus }) => `${surplus} ${kind}`);
}

// Mocha passes an unhandled rejection on to other listeners, and where there is none it is lost.
process.on('unhandledRejection', (reason) => {
  throw reason instanceof Error ? reason : new Error('Unhandled rejection', { cause: reason });
});

async function settle(before: ReadonlyMap<string, number>, hook: Mocha.Runnable): Promise<string[]> {
  const deadline = performance.now() + GRACE_MS;
  for (;;) {
    const left = leaked(before, activeResources());
    if (left.length === 0 || performance.now() >= deadline) {
      return left;
    }
    await delay(20);
    // In the turn in which it fires, our own timer still counts; and Mocha sets one for a hook that waits.
    await nextTurn();
    hook.clearTimeout();
  }
}

export const mochaHooks = {
  beforeAll(this: Mocha.Context): void {
    // What is taken away there cannot clean up.
    if (process.env['RPYC_DISABLE_ENTRIES'] !== undefined) return;
    let before: ReadonlyMap<string, number> = activeResources();
    for (const suite of this.test?.parent?.suites ?? []) {
      suite.afterAll('leaves no socket, timer or process behind', async function () {
        const left = await settle(before, this.runnable());
        // The next file is not blamed for what this one left.
        before = activeResources();
        assert.deepEqual(left, [], `${suite.title} left behind: ${left.join(', ')}`);
      });
    }
  },
};
