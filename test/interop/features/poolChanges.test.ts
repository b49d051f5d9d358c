import assert from 'node:assert/strict';

import type { ConnectionState } from '../../../server/src/api/model';
import { badServer } from '../../support/badServers';
import { Door } from '../../support/door';
import { eventually } from '../../support/poll';
import { TestPool, profileTo } from '../../support/pool';
import { startClassic } from '../../support/pythonPeer';

const VERSION = '6.0.2';

/** A pause that no test waits for. */
const MUCH_LATER = { firstRetryMs: 600_000, maxRetryMs: 600_000 };

function told(test: TestPool, profileId = 'p'): ConnectionState | undefined {
  return test.states.findLast((state) => state.profileId === profileId);
}

async function failsWith(code: string, work: Promise<unknown>): Promise<void> {
  await assert.rejects(work, (error: { readonly problem?: { readonly code: string } }) => {
    assert.equal(error.problem?.code, code);
    return true;
  });
}

describe('what the pool tells of profiles that are changed', function () {
  this.timeout(60_000);

  it('says that a connected profile that leads elsewhere now is not connected', async () => {
    await using server = await startClassic(VERSION);
    await using test = new TestPool([profileTo(server)]);
    await test.pool.connect('p');
    const lease = await test.pool.lend('p', 'explore');
    test.pool.setProfiles([profileTo(server, { dialect: 'D' })]);
    assert.equal(told(test)?.status, 'disconnected');
    assert.equal(told(test)?.generation, 1);
    assert.equal((await test.pool.connect('p')).generation, 2);
    await eventually('the first connection is closed', () => lease.connection.closed);
    assert.equal(told(test)?.status, 'connected', 'what is on its way out tells nothing any more');
  });

  it('takes back that a profile has failed, once it is corrected', async () => {
    await using server = await startClassic(VERSION);
    const nowhere = profileTo({ host: '127.0.0.1', port: 1 });
    await using test = new TestPool([nowhere]);
    await failsWith('ERR_REFUSED', test.pool.connect('p'));
    assert.equal(told(test)?.status, 'failed');
    test.pool.setProfiles([profileTo(server)]);
    assert.equal(told(test)?.status, 'disconnected');
    assert.equal(told(test)?.problem, undefined);
  });

  it('takes back that a profile is not valid, once it is', async () => {
    await using server = await startClassic(VERSION);
    await using test = new TestPool([]);
    test.pool.setProfiles([{ ...profileTo(server), tls: true }]);
    assert.equal(told(test)?.problem?.code, 'ERR_PROFILE');
    test.pool.setProfiles([profileTo(server)]);
    assert.equal(told(test)?.status, 'disconnected');
    assert.equal((await test.pool.connect('p')).status, 'connected');
  });

  it('goes on saying that a profile is not valid when its connection has been closed', async () => {
    await using server = await startClassic(VERSION);
    await using test = new TestPool([profileTo(server)]);
    await test.pool.connect('p');
    test.pool.setProfiles([{ ...profileTo(server), tls: true }]);
    await test.pool.close();
    assert.equal(told(test)?.problem?.code, 'ERR_PROFILE');
  });

  it('tells nothing of profiles that stay as they are', async () => {
    await using server = await startClassic(VERSION);
    await using test = new TestPool([profileTo(server)]);
    await test.pool.connect('p');
    const { length } = test.states;
    test.pool.setProfiles([profileTo(server, { label: 'Renamed' })]);
    assert.equal(test.states.length, length);
  });
});

describe('attempts to connect that are given up', function () {
  this.timeout(60_000);

  it('are not joined by who asks to connect next', async () => {
    await using server = await badServer();
    await using test = new TestPool([profileTo(server)]);
    const [first, second] = [new AbortController(), new AbortController()];
    const firstEnds = assert.rejects(test.pool.connect('p', first.signal));
    await eventually('it reaches the server', () => server.visits() === 1);
    first.abort();
    await firstEnds;
    const secondEnds = assert.rejects(test.pool.connect('p', second.signal));
    await eventually('another one reaches the server', () => server.visits() === 2);
    second.abort();
    await secondEnds;
  });

  it('end the wish to come back by itself', async () => {
    await using server = await startClassic(VERSION);
    await using door = await Door.to(server);
    await using test = new TestPool([profileTo(door)], MUCH_LATER);
    await test.pool.connect('p');
    door.shut();
    door.clear();
    await test.state({ status: 'reconnecting' });
    await eventually('all are outside', () => door.clients === 0);
    await door.open('nowhere');
    const giveUp = new AbortController();
    const ends = assert.rejects(test.pool.connect('p', giveUp.signal));
    await eventually('it is at the door', () => door.clients === 1);
    giveUp.abort();
    await ends;
    await test.state({ status: 'disconnected' });
    door.shut();
    door.clear();
    await failsWith('ERR_REFUSED', test.pool.connect('p'));
    assert.equal(test.pool.state('p').status, 'failed');
  });
});

describe('runs whose second connection cannot be had', function () {
  this.timeout(60_000);

  it('use the main one, which explores again when they end', async () => {
    await using server = await startClassic(VERSION);
    await using door = await Door.to(server);
    await using test = new TestPool([profileTo(door)]);
    await test.pool.connect('p');
    const explore = await test.pool.lend('p', 'explore');
    explore.dispose();
    door.shut();
    const run = await test.pool.lend('p', 'run');
    assert.equal(run.connection, explore.connection);
    assert.equal(test.pool.state('p').busy, true);
    await failsWith('ERR_BUSY', test.pool.lend('p', 'explore'));
    run.dispose();
    (await test.pool.lend('p', 'explore')).dispose();

    await door.open();
    const next = await test.pool.lend('p', 'run');
    assert.notEqual(next.connection, explore.connection, 'it is tried again');
    (await test.pool.lend('p', 'explore')).dispose();
    next.dispose();
  });

  it('use the main one where no place is left at the endpoint', async () => {
    await using server = await startClassic(VERSION);
    await using test = new TestPool([profileTo(server)], { connectionsPerEndpoint: 1, placeSeconds: 0.1 });
    await test.pool.connect('p');
    const run = await test.pool.lend('p', 'run');
    assert.equal(test.pool.state('p').openConnections, 1);
    run.dispose();
  });

  it('fail when they are cancelled while it is tried', async () => {
    await using server = await startClassic(VERSION);
    await using door = await Door.to(server);
    await using test = new TestPool([profileTo(door)]);
    await test.pool.connect('p');
    door.shut();
    await door.open('nowhere');
    const cancel = new AbortController();
    const run = assert.rejects(test.pool.lend('p', 'run', cancel.signal));
    await eventually('it is at the door', () => door.clients === 2);
    cancel.abort();
    await run;
    assert.equal(test.pool.state('p').busy, false);
    assert.equal(test.pool.state('p').status, 'connected');
  });
});
