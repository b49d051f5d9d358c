import assert from 'node:assert/strict';

import { type PastRun, RunHistory } from '../../../client/src/runHistory';

/** What VS Code keeps, in memory alone. */
function memento(): ConstructorParameters<typeof RunHistory>[0] {
  const values = new Map<string, unknown>();
  return {
    keys: () => [...values.keys()],
    get: <T>(key: string, fallback?: T): T => (values.has(key) ? (values.get(key) as T) : (fallback as T)),
    update: (key: string, value: unknown) => Promise.resolve(void values.set(key, value)),
  };
}

function run(id: string, more: Partial<PastRun> = {}): PastRun {
  const where = { profileId: 'lab', label: 'Lab', fileName: '/a.py', line: 0, at: 0, elapsedMs: 1 };
  return { id, source: `x = ${id}`, status: 'done', outcome: '', ...where, ...more };
}

function ids(history: RunHistory): readonly string[] {
  return history.runs.map(({ id }) => id);
}

describe('the history of runs', () => {
  it('lists the newest first, and no more than the user wants', async () => {
    let size = 3;
    const history = new RunHistory(memento(), () => size);
    for (const id of ['1', '2', '3', '4']) {
      await history.add(run(id));
    }
    assert.deepEqual(ids(history), ['4', '3', '2']);
    size = 1;
    assert.deepEqual(ids(history), ['4']);
    size = 0;
    await history.add(run('5'));
    assert.deepEqual(ids(history), []);
  });

  it('lists the same source once for each connection, where it ran last', async () => {
    const history = new RunHistory(memento(), () => 10);
    await history.add(run('1', { source: 'same' }));
    await history.add(run('2', { source: 'same', profileId: 'other' }));
    await history.add(run('3', { source: 'same' }));
    assert.deepEqual(ids(history), ['3', '2']);
  });

  it('forgets one, those of a connection, or all', async () => {
    const history = new RunHistory(memento(), () => 10);
    for (const id of ['1', '2', '3']) {
      await history.add(run(id, { profileId: id === '2' ? 'other' : 'lab' }));
    }
    await history.remove('3');
    assert.deepEqual(ids(history), ['2', '1']);
    await history.clear('lab');
    assert.deepEqual(ids(history), ['2']);
    await history.clear(undefined);
    assert.deepEqual(ids(history), []);
  });

  it('keeps no source that is as long as a file, and drops the oldest where all are too long together', async () => {
    const history = new RunHistory(memento(), () => 1000);
    await history.add(run('long', { source: 'x'.repeat(20_001), outcome: 'y' }));
    assert.deepEqual(ids(history), []);
    for (let id = 0; id < 101; id += 1) {
      await history.add(run(String(id), { source: String(id).padEnd(20_000), outcome: 'y'.repeat(300) }));
    }
    assert.equal(history.runs.length, 100);
    assert.deepEqual([history.runs[0]?.id, history.runs.at(-1)?.id], ['100', '1']);
    assert.equal(history.runs[0]?.outcome.length, 200);
  });
});
