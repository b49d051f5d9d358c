/** The rules by which a registry keeps and drops services, on a clock that the test moves. */
import assert from 'node:assert/strict';

import type { ServerAddress } from '../../../../server/src/rpyc/utils/registryMessages';
import { ServiceTable } from '../../../../server/src/rpyc/utils/registryTable';

const A: ServerAddress = ['10.0.0.1', 1001];
const B: ServerAddress = ['10.0.0.2', 1002];
const C: ServerAddress = ['10.0.0.2', 1003];

interface Bench {
  readonly table: ServiceTable;
  readonly clock: { now: number };
  /** What was told, `+NAME host:port` and `-NAME host:port`; emptied by reading. */
  readonly told: () => string[];
}

function bench(options: { pruningTimeout?: number; maxRegistrations?: number } = {}): Bench {
  const clock = { now: 1000 };
  let events: string[] = [];
  const { pruningTimeout = 240, maxRegistrations = 100 } = options;
  const table = new ServiceTable({
    pruningTimeout,
    maxRegistrations,
    now: () => clock.now,
    onAdded: (name, [host, port]) => events.push(`+${name} ${host}:${port}`),
    onRemoved: (name, [host, port]) => events.push(`-${name} ${host}:${port}`),
  });
  return {
    table,
    clock,
    told: () => {
      const all = events;
      events = [];
      return all;
    },
  };
}

describe('the table of a registry', () => {
  it('keeps names in capitals and finds them in any case', () => {
    const { table, told } = bench();
    assert.ok(table.add(['calc', 'Math', 'CALC'], A));
    assert.deepEqual(table.names, ['CALC', 'MATH']);
    assert.deepEqual(table.query('cAlC'), [A]);
    assert.deepEqual(table.query('nosuch'), []);
    assert.deepEqual(told(), ['+CALC 10.0.0.1:1001', '+MATH 10.0.0.1:1001']);
    assert.equal(table.size, 2);
  });

  it('answers with whoever was renewed longest ago first', () => {
    const { table, told } = bench();
    table.add(['X'], A);
    table.add(['X'], B);
    assert.deepEqual(table.query('x'), [A, B]);
    table.add(['X'], A);
    assert.deepEqual(table.query('x'), [B, A]);
    assert.deepEqual(told(), ['+X 10.0.0.1:1001', '+X 10.0.0.2:1002']);
  });

  it('drops what was not renewed in time, and only when its name is asked for', () => {
    const { table, clock, told } = bench();
    table.add(['X', 'Y'], A);
    clock.now += 100;
    table.add(['X'], B);
    clock.now += 140;
    assert.deepEqual(table.query('X'), [A, B], 'as old as allowed is not too old');
    clock.now += 1;
    told();
    assert.deepEqual(table.names, ['X', 'Y']);
    assert.deepEqual(table.namesOn(A[0]), ['X', 'Y']);
    assert.deepEqual(told(), []);
    assert.deepEqual(table.query('X'), [B]);
    assert.deepEqual(told(), ['-X 10.0.0.1:1001']);
    assert.deepEqual(table.names, ['X', 'Y'], 'nobody has asked for Y');
    assert.deepEqual(table.query('Y'), []);
    assert.deepEqual(table.names, ['X']);
  });

  it('removes a server from all of its names, and tells of those only', () => {
    const { table, told } = bench();
    table.add(['X', 'Y'], A);
    table.add(['Y', 'Z'], B);
    table.add(['Z'], C);
    told();
    table.remove(B);
    assert.deepEqual(told(), ['-Y 10.0.0.2:1002', '-Z 10.0.0.2:1002']);
    assert.deepEqual(table.names, ['X', 'Y', 'Z']);
    table.remove(B);
    table.remove(['10.0.0.9', 1]);
    assert.deepEqual(told(), []);
    assert.equal(table.size, 3);
    assert.deepEqual(table.namesOn('10.0.0.2'), ['Z']);
  });

  it('takes no more than it may hold, all names of a server or none', () => {
    const { table, told } = bench({ maxRegistrations: 3 });
    assert.ok(table.add(['A', 'B'], A));
    told();
    assert.equal(table.add(['C', 'D'], B), false);
    assert.deepEqual(told(), []);
    assert.deepEqual(table.names, ['A', 'B']);
    assert.ok(table.add(['C'], B));
    assert.ok(table.add(['A', 'B'], A), 'renewing takes no room');
    assert.equal(table.add(['D'], C), false);
    table.remove(A);
    assert.ok(table.add(['D'], C));
  });

  it('makes room by dropping what is too old anyway', () => {
    const { table, clock, told } = bench({ maxRegistrations: 2, pruningTimeout: 10 });
    table.add(['A', 'B'], A);
    clock.now += 11;
    told();
    assert.ok(table.add(['C', 'D'], B));
    assert.deepEqual(told(), [
      ...['-A 10.0.0.1:1001', '-B 10.0.0.1:1001'],
      ...['+C 10.0.0.2:1002', '+D 10.0.0.2:1002'],
    ]);
    assert.equal(table.size, 2);
  });

  it('stays as small as a flood may make it', () => {
    const { table } = bench({ maxRegistrations: 1000 });
    let refused = 0;
    for (let port = 1; port <= 20_000; port++) {
      if (!table.add([`FLOOD${port}`], ['10.6.6.6', port])) refused++;
    }
    assert.equal(refused, 19_000);
    assert.equal(table.size, 1000);
    assert.equal(table.names.length, 1000);
  });
});
