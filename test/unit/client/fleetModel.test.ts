import assert from 'node:assert/strict';

import { csvCell, exported } from '../../../client/src/fleetExport';
import type { ExportedRow } from '../../../client/src/fleetExport';
import { FleetModel, failedLine, lastLines } from '../../../client/src/fleetModel';
import type { FleetMark } from '../../../client/src/fleetModel';
import { FleetQueue } from '../../../client/src/fleetQueue';
import type { RunResult } from '../../../server/src/api/model';
import { eventually } from '../../support/poll';

let now = 0;

function fleet(...ids: readonly string[]): FleetModel {
  now = 0;
  const targets = ids.map((profileId) => ({ profileId, label: profileId.toUpperCase(), production: false }));
  return new FleetModel(targets, () => now);
}

function value(text: string | undefined, valueType = 'int'): RunResult {
  const given = text === undefined ? {} : { value: text, valueType };
  return { runId: 'r', status: 'done', ...given, elapsedMs: 5 };
}

function raised(message: string, line = 3): RunResult {
  const frames = [
    { file: 'code.py', line, name: '<module>' },
    { file: 'lib.py', line: 99, name: 'inner' },
  ];
  const error = { typeName: 'builtins.ValueError', message, traceback: 'Traceback', frames };
  return { runId: 'r', status: 'error', error, elapsedMs: 5 };
}

function marks(model: FleetModel): readonly FleetMark[] {
  const found = model.compare().marks;
  return model.rows.map(({ profileId }) => found.get(profileId) ?? 'none');
}

describe('the same code on several connections', () => {
  it('goes from waiting to its end on each of them, with its time', () => {
    const model = fleet('a', 'b');
    assert.deepEqual(
      model.rows.map(({ state }) => state),
      ['waiting', 'waiting'],
    );
    now = 100;
    model.connecting('a');
    now = 130;
    const connecting = model.row('a');
    assert.ok(connecting !== undefined);
    assert.equal(model.elapsed(connecting), 30);
    model.running('a', 'run-1');
    now = 200;
    const running = model.row('a');
    assert.ok(running !== undefined);
    assert.deepEqual([running.state, running.runId, model.elapsed(running)], ['running', 'run-1', 70]);
    model.end('a', value('1'));
    model.endWithout('b', 'interrupted', 'It had not begun');
    assert.deepEqual(
      model.rows.map(({ state, elapsedMs }) => [state, elapsedMs]),
      [
        ['done', 5],
        ['interrupted', 0],
      ],
    );
    assert.deepEqual([model.open.length, model.again.map(({ profileId }) => profileId)], [0, ['b']]);
    model.asked('a', 'too late');
    assert.equal(model.row('a')?.asked, 0);
  });

  it('marks what differs from the most common result', () => {
    const model = fleet('a', 'b', 'c', 'd', 'e');
    model.end('a', value('1'));
    assert.deepEqual(marks(model), ['same', 'none', 'none', 'none', 'none'], 'one alone agrees with itself');
    model.end('b', value('2'));
    assert.deepEqual(marks(model).slice(0, 2), ['alone', 'alone'], 'neither of two is the odd one');
    assert.equal(model.compare().base, undefined);
    model.end('c', value('1'));
    model.end('d', raised('1'));
    model.endWithout('e', 'unreached', 'Nobody answers');
    assert.deepEqual(marks(model), ['same', 'differs', 'same', 'differs', 'none']);
    const { compared, differing, kinds, base } = model.compare();
    assert.deepEqual([compared, differing, kinds, base], [4, 2, 3, 'a']);
  });

  it('marks what differs from the one that was chosen, until it is chosen again or has no result', () => {
    const model = fleet('a', 'b', 'c');
    model.end('a', value('1'));
    model.end('b', value('2'));
    model.end('c', value('1'));
    model.refer('b');
    assert.deepEqual(marks(model), ['differs', 'reference', 'differs']);
    assert.equal(model.compare().base, 'b');
    model.restart('b');
    assert.deepEqual(marks(model), ['same', 'none', 'same']);
    model.end('b', value('2'));
    model.refer('b');
    assert.deepEqual([marks(model), model.reference], [['same', 'differs', 'same'], undefined]);
  });

  it('compares type and value, the exception, or what was printed where there is no value', () => {
    const differ = (
      one: RunResult,
      other: RunResult,
      printed: readonly [string, string] = ['', ''],
    ): boolean => {
      const model = fleet('a', 'b');
      model.print('a', { text: printed[0], dropped: 0 });
      model.print('b', { text: printed[1], dropped: 0 });
      model.end('a', one);
      model.end('b', other);
      return model.compare().differing > 0;
    };
    assert.equal(differ(value('1'), value('1', 'bool')), true);
    assert.equal(differ(value('1'), value('1'), ['noise 1\n', 'noise 2\n']), false);
    assert.equal(differ(value(undefined), value(undefined), ['one\n', 'two\n']), true);
    assert.equal(differ(value(undefined), value(undefined), ['one\n', 'one']), false);
    assert.equal(differ(value('<X object at 0x7f01>'), value('<X object at 0x7f02>')), false);
    // Outside of such a text, an address may be the answer itself.
    assert.equal(differ(value("'breakpoint at 0x7f01'"), value("'breakpoint at 0x7f02'")), true);
    assert.equal(differ(raised('odd'), raised('odd', 7)), false);
    assert.equal(differ(raised('odd'), raised('even')), true);
    assert.equal(differ(value('ValueError'), raised('')), true);
    assert.equal(differ(value(undefined), value('None')), true);
  });

  it('keeps the end of an endless output, and tells how much is gone', () => {
    const model = fleet('a');
    for (let burst = 0; burst < 5; burst++) {
      model.print('a', { text: 'x'.repeat(300_000), dropped: burst === 0 ? 7 : 0 });
    }
    model.print('a', { text: '\nlast\n\n', dropped: 0 });
    const row = model.row('a');
    assert.deepEqual([row?.output.length, row?.cut], [1_000_000, 500_014]);
    assert.equal(lastLines(row?.output ?? '', 1), 'last');
    assert.equal(lastLines('a\nb\nc\n', 2), 'b\nc');
  });

  it('finds the line of the document that failed', () => {
    const model = fleet('a');
    model.end('a', raised('odd'));
    const [row] = model.rows;
    assert.ok(row !== undefined);
    assert.deepEqual([failedLine(row, 'code.py'), failedLine(row, 'other.py')], [3, undefined]);
  });
});

describe('a queue of connections', () => {
  it('begins no more than its limit, and passes over what takes too long', async () => {
    const begun: string[] = [];
    const ends = new Map<string, () => void>();
    const queue = new FleetQueue(2, 60_000, (id) => {
      begun.push(id);
      return new Promise((resolve) => ends.set(id, resolve));
    });
    queue.add(['a', 'b', 'c', 'd', 'e']);
    assert.deepEqual(begun, ['a', 'b']);
    assert.deepEqual([queue.withdraw('c'), queue.withdraw('a')], [true, false]);
    ends.get('b')?.();
    await eventually('the next one begins', () => begun.length === 3);
    assert.deepEqual(begun, ['a', 'b', 'd']);
    queue.dispose();
    ends.get('a')?.();
    ends.get('d')?.();
    const hasty: string[] = [];
    const impatient = new FleetQueue(1, 1, (id) => {
      hasty.push(id);
      return new Promise(() => undefined);
    });
    impatient.add(['a', 'b', 'c']);
    await eventually('those that hang hold up nobody', () => hasty.length === 3);
    impatient.dispose();
  });
});

describe('a table of results for other programs', () => {
  const row: ExportedRow = {
    connection: 'Lab',
    state: 'done',
    comparison: 'differs',
    value: '=1+1',
    type: 'str',
    seconds: '0.02',
    error: '',
    line: '',
    output: 'one "two"\nthree\n',
  };

  it('is no formula in a spreadsheet, and numbers stay numbers', () => {
    for (const text of ['=1', '@x', '+x', '-x', '\t=1']) {
      assert.equal(csvCell(text), `'${text}`, text);
    }
    for (const text of ['-1', '+2.5', '-1e-7', 'x']) {
      assert.equal(csvCell(text), text);
    }
  });

  it('has a line for each connection as CSV, an object as JSON, and a paragraph as text', () => {
    const csv = exported([row], '1 of 1', 'csv');
    assert.equal(
      csv,
      'connection,state,comparison,value,type,seconds,error,line,output\r\n' +
        'Lab,done,differs,\'=1+1,str,0.02,,,"one ""two""\nthree\n"\r\n',
    );
    assert.deepEqual(JSON.parse(exported([row], '1 of 1', 'json')), [row]);
    assert.equal(
      exported([row], '1 of 1', 'text'),
      '1 of 1\n\nLab · done · differs · 0.02 s\n  → =1+1  (str)\n  one "two"\n  three\n',
    );
  });
});
