import assert from 'node:assert/strict';

import { Watcher } from '../../../client/src/watcher';
import { WatchModel, pathText } from '../../../client/src/watchModel';
import type { Pin, WatchedRow } from '../../../client/src/watchModel';
import type { ObjectPath } from '../../../server/src/api/model';
import { MAX_WATCHED } from '../../../server/src/api/watch';
import type { WatchAnswer } from '../../../server/src/api/watch';

function pin(name: string, profileId = 'p'): Pin {
  return {
    profileId,
    name,
    path: [
      { kind: 'root', name: 'namespace' },
      { kind: 'attr', name },
    ],
  };
}

function value(text: string): WatchAnswer {
  return { reading: { kind: 'number', typeName: 'int', value: text } };
}

const names = (model: WatchModel): readonly string[] => model.rows.map((row) => row.pin.name);

describe('what is watched', () => {
  it('is kept in order, each way once, up to a limit, and read back from whatever was stored', () => {
    let stored: unknown;
    const model = new WatchModel(
      [pin('a'), { profileId: 1 }, { ...pin('b'), path: [{ kind: 'odd' }] }],
      (pins) => {
        stored = pins;
      },
    );
    assert.deepEqual(names(model), ['a']);
    const [b] = model.add([pin('b'), pin('a'), pin('c', 'q')]);
    assert.ok(b !== undefined);
    model.move(b, -1);
    model.move(b, -1);
    assert.deepEqual(names(model), ['b', 'a', 'c']);
    assert.deepEqual(names(new WatchModel(stored, () => undefined)), ['b', 'a', 'c']);
    assert.deepEqual(model.profileIds, ['p', 'q']);
    model.remove([b]);
    assert.deepEqual(stored, [pin('a'), pin('c', 'q')]);
    const many = model.add(Array.from({ length: MAX_WATCHED + 5 }, (_, index) => pin(`n${index}`)));
    assert.deepEqual([many.length, model.rows.length], [MAX_WATCHED - 2, MAX_WATCHED]);
    assert.deepEqual(names(new WatchModel('rubbish', () => undefined)), []);
  });

  it('is marked from one read to the next where the value is another one, and says what it was', () => {
    const model = new WatchModel([pin('a'), pin('b')], () => undefined);
    const [a, b] = model.rows;
    assert.ok(a !== undefined && b !== undefined);
    const accept = (...answers: readonly WatchAnswer[]): readonly string[] =>
      model.accept(model.rows, answers, 5).map((row) => row.pin.name);
    assert.deepEqual(accept(value('1'), value('1')), ['a', 'b']);
    assert.deepEqual([a.isChanged, a.before], [false, undefined], 'the first value is no change');
    assert.deepEqual(accept(value('2'), value('1')), ['a']);
    assert.deepEqual([a.isChanged, a.before?.value, a.changedAt, b.isChanged], [true, '1', 5, false]);
    const gone = { problem: { code: 'ERR_GONE', message: 'gone' } };
    assert.deepEqual(accept(value('2'), gone), ['a', 'b'], 'the mark goes, what it was stays');
    assert.deepEqual([a.isChanged, a.before?.value, b.problem, b.reading], [false, '1', 'gone', b.reading]);
    assert.deepEqual(accept(value('2'), gone), []);
    assert.deepEqual(model.fail(model.rows, 'gone'), [a]);
    assert.deepEqual(accept(value('2'), value('3')), ['a', 'b']);
    assert.deepEqual([b.isChanged, b.before?.value, b.problem], [true, '1', undefined]);
  });

  it('is called by its way where no expression leads to it', () => {
    const path: ObjectPath = [
      { kind: 'root', name: 'service' },
      { kind: 'attr', name: 'motors' },
      { kind: 'index', index: 2 },
      { kind: 'key', index: 0, text: "'x'" },
    ];
    assert.equal(pathText(path), "service.motors[2]['x']");
  });
});

/** Connections that answer when the test says so. */
class Bench {
  readonly model = new WatchModel([pin('a'), pin('b'), pin('c', 'q')], () => undefined);
  readonly connected = new Set(['p']);
  readonly told: (readonly WatchedRow[])[] = [];
  asked: {
    profileId: string;
    paths: number;
    isAsked: boolean;
    answer: (answers: readonly WatchAnswer[] | Error) => void;
  }[] = [];
  seconds = 0.001;
  readonly watcher = new Watcher({
    model: this.model,
    read: (profileId, paths, isAsked) =>
      new Promise((resolve, reject) => {
        const answer = (answers: readonly WatchAnswer[] | Error): void =>
          answers instanceof Error ? reject(answers) : resolve(answers);
        this.asked.push({ profileId, paths: paths.length, isAsked, answer });
        this.arrived?.();
      }),
    isConnected: (profileId) => this.connected.has(profileId),
    seconds: () => this.seconds,
    messageOf: String,
    onDidRead: (rows) => this.told.push(rows),
  });
  private arrived: (() => void) | undefined;

  /** The next request. Only a timer can bring it once the last one was answered. */
  async next(): Promise<Bench['asked'][number]> {
    if (this.asked.length === 0) {
      await new Promise<void>((resolve) => (this.arrived = resolve));
    }
    const request = this.asked.shift();
    assert.ok(request !== undefined);
    return request;
  }
}

describe('what is watched', () => {
  let bench: Bench;

  beforeEach(() => {
    bench = new Bench();
  });

  afterEach(() => bench.watcher.dispose());

  it('is read by its timer while somebody looks, and never twice at once', async () => {
    const { watcher, connected } = bench;
    watcher.wake('p');
    assert.deepEqual(bench.asked, [], 'nobody looks');
    watcher.setLive(true);
    const first = await bench.next();
    assert.deepEqual(
      [first.profileId, first.paths],
      ['p', 2],
      'all of a connection, and none that is not there',
    );
    const both = watcher.readNow();
    watcher.wake('p');
    watcher.newPause();
    assert.deepEqual(bench.asked, [], 'the first is not answered yet');
    first.answer([value('1'), value('1')]);
    const second = await bench.next();
    assert.deepEqual([first.isAsked, second.isAsked], [false, true], 'the user asked for the second one');
    assert.deepEqual(bench.asked, [], 'however often it was asked meanwhile');
    second.answer(new Error('slow'));
    await both;
    assert.equal(bench.model.rows[0]?.problem, 'Error: slow');
    connected.add('q');
    watcher.wake('q');
    assert.equal((await bench.next()).profileId, 'q', 'no connection waits for another one');
    const third = await bench.next();
    assert.deepEqual([third.profileId, third.isAsked], ['p', false], 'by its timer, also after a failure');
    third.answer([value('2'), value('1')]);
    await bench.next();
    assert.equal(bench.told.length, 3);
  });

  it('is not read while it is paused, unless it is asked for, and never again when it is over', async () => {
    const { watcher } = bench;
    watcher.setPaused(true);
    watcher.setLive(true);
    assert.deepEqual(bench.asked, []);
    const read = watcher.readNow();
    (await bench.next()).answer([value('1'), value('1')]);
    await read;
    assert.deepEqual(watcher.due, []);
    watcher.setPaused(false);
    const last = await bench.next();
    watcher.setLive(false);
    last.answer([value('2'), value('1')]);
    await watcher.readNow(['q']);
    assert.equal(bench.model.rows[0]?.reading?.value, '2');
    assert.deepEqual(watcher.due, []);
    bench.seconds = 1000;
    watcher.setLive(true);
    (await bench.next()).answer([value('3'), value('1')]);
    await new Promise(setImmediate);
    assert.deepEqual(watcher.due, ['p']);
    watcher.dispose();
    assert.deepEqual(watcher.due, []);
    await watcher.readNow();
    assert.deepEqual(bench.asked, []);
    assert.equal(bench.told.length, 3);
  });
});
