import assert from 'node:assert/strict';

import { eventually, eventuallyOk } from '../support/poll';
import { type PythonPeer, RPYC_VERSIONS } from '../support/pythonPeer';
import { ROOTS, command, connect, listConnections, rowsUnder, snapshot, waitForStatus } from './editor';
import { profileTo } from './profiles';
import { startJourneyPeer } from './secondClient';

const LAB = 'Lab';
const CRASHES = 3;
const [VERSION = '5.3.0'] = RPYC_VERSIONS;

describe('a background process that keeps crashing', () => {
  let peer: PythonPeer;

  before(async () => {
    peer = await startJourneyPeer(VERSION);
    await listConnections([profileTo(peer, LAB)]);
  });

  after(async () => {
    await listConnections([]);
    await peer[Symbol.asyncDispose]();
  });

  it('is left stopped, which is said, and a restart brings it back', async () => {
    // Crashes of the tests before this one are forgotten by a restart that the user asks for.
    await command('rpyc.restart');
    await eventuallyOk('it is said that nothing is connected', () =>
      assert.match(snapshot().message, /^Nothing is connected: click a connection/),
    );
    await connect(LAB);
    assert.equal(snapshot().message, '');
    for (let crash = 1; crash <= CRASHES; crash++) {
      const pid = await eventually('the process runs', () => snapshot().backendPid);
      process.kill(pid, 'SIGKILL');
      await eventually('it is gone', () => snapshot().backendPid !== pid);
    }
    await eventually('it is given up', () => snapshot().backendStatus === 'givenUp');
    const { problem } = await waitForStatus(LAB, 'lost');
    assert.match(problem?.message ?? '', /keeps crashing: run "RPyC: Restart Background Process"/);
    assert.equal(snapshot().backendPid, undefined);
    assert.match(snapshot().message, /was left stopped\. Choose "Restart Background Process"/);

    await command('rpyc.restart');
    await waitForStatus(LAB, 'connected');
    assert.equal(snapshot().message, '');
    await eventuallyOk('the objects are back', () =>
      assert.deepEqual(
        rowsUnder([LAB]).map(({ label }) => label),
        ROOTS,
      ),
    );
    await command('notifications.clearAll');
  });
});

describe('a restart of a healthy background process', () => {
  let peer: PythonPeer;

  before(async () => {
    peer = await startJourneyPeer(VERSION);
    await listConnections([profileTo(peer, LAB)]);
  });

  after(async () => {
    await listConnections([]);
    await peer[Symbol.asyncDispose]();
  });

  it('brings back the connections that it had', async () => {
    const { peer: before } = await connect(LAB);
    const pid = snapshot().backendPid;
    await command('rpyc.restart');
    const { peer: after } = await waitForStatus(LAB, 'connected');
    assert.notEqual(snapshot().backendPid, pid);
    assert.deepEqual(after, before);
    await eventuallyOk('the objects are back', () =>
      assert.deepEqual(
        rowsUnder([LAB]).map(({ label }) => label),
        ROOTS,
      ),
    );
  });

  it('leaves the connections alone that the user had ended', async () => {
    await command('rpyc.disconnect', LAB);
    await waitForStatus(LAB, 'disconnected');
    await command('rpyc.restart');
    assert.equal((await waitForStatus(LAB, 'disconnected')).problem, undefined);
    await command('notifications.clearAll');
  });
});
