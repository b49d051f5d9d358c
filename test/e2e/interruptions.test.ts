import assert from 'node:assert/strict';

import * as vscode from 'vscode';

import { eventually } from '../support/poll';
import { type PythonPeer, RPYC_VERSIONS } from '../support/pythonPeer';
import { command, connect, listConnections, selectLines, snapshot, state, waitForStatus } from './editor';
import { profileTo } from './profiles';
import { startJourneyPeer } from './secondClient';

const LAB = 'Interrupted lab';
const [VERSION = '5.3.0'] = RPYC_VERSIONS;

describe('what the user does while something is under way', () => {
  let peer: PythonPeer;

  before(async () => {
    peer = await startJourneyPeer(VERSION);
    await listConnections([profileTo(peer, LAB)]);
    await connect(LAB);
  });

  after(async () => {
    await listConnections([]);
    await peer[Symbol.asyncDispose]();
    await command('notifications.clearAll');
  });

  it('a new name of the connection takes no output from a run', async () => {
    await selectLines('journey.py', 1, 6);
    const run = command('rpyc.runSelection');
    const output = (): string => snapshot().outputs[LAB] ?? '';
    await eventually('the run has begun', () => output().includes('line 1 at'));
    await listConnections([profileTo(peer, LAB, { label: 'Laboratory' })]);
    await command('rpyc.showOutput', LAB);
    await run;
    assert.match(output(), /line 1 at [^]*line 3 at [^]*→ 'printed 3 lines'\s+✓/);
    assert.equal(state(LAB).status, 'connected');
  });

  it('a copy of the row of a connection is its address', async () => {
    const { host, port } = peer;
    await command('rpyc.connections.focus');
    await command('list.focusFirst');
    await command('list.select');
    await eventually('the address is copied', async () => {
      await command('rpyc.copyValue');
      return (await vscode.env.clipboard.readText()) === `${host}:${port}`;
    });
  });

  it('the end of an attempt is the end of the reconnecting that it joined', async () => {
    peer.kill();
    await peer.exited;
    await waitForStatus(LAB, 'reconnecting');
    const joined = command('rpyc.connect', LAB);
    await command('rpyc.cancelConnecting', LAB);
    await joined;
    assert.equal(state(LAB).status, 'disconnected');
  });
});
