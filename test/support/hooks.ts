/**
 * Root hooks of every Mocha run: what a test file opened must be closed when its tests have ended.
 * An unhandled rejection fails the run by Mocha's own doing.
 */
import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';

/** How long what is on its way out may take. */
const GRACE_MS = 3000;

/** Kinds of resources that keep a process alive; what belongs to reading files comes and goes by itself. */
const WATCHED = new Set([
  'Timeout',
  'Immediate',
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
export function activeResources(): Map<string, number> {
  const counts = new Map<string, number>();
  for (const kind of process.getActiveResourcesInfo()) {
    if (WATCHED.has(kind)) {
      counts.set(kind, (counts.get(kind) ?? 0) + 1);
    }
  }
  return counts;
}

/** Names what is there now and was not before. */
export function leaked(before: ReadonlyMap<string, number>, now: ReadonlyMap<string, number>): string[] {
  return [...now]
    .map(([kind, count]) => ({ kind, surplus: count - (before.get(kind) ?? 0) }))
    .filter(({ surplus }) => surplus > 0)
    .map(({ kind, surplus }) => `${surplus} ${kind}`);
}

function watch(suite: Mocha.Suite, before: ReadonlyMap<string, number>): void {
  suite.afterAll('leaves no socket, timer or process behind', async function () {
    // Mocha's own timer for this hook would count.
    this.timeout(0);
    const deadline = performance.now() + GRACE_MS;
    let left = leaked(before, activeResources());
    while (left.length > 0 && performance.now() < deadline) {
      await delay(20);
      left = leaked(before, activeResources());
    }
    assert.deepEqual(left, [], `${suite.title} left behind: ${left.join(', ')}`);
  });
}

export const mochaHooks = {
  beforeAll(this: Mocha.Context): void {
    this.timeout(0);
    const before = activeResources();
    for (const suite of this.test?.parent?.suites ?? []) {
      watch(suite, before);
    }
  },
};
