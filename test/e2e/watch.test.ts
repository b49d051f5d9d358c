import assert from 'node:assert/strict';

import * as vscode from 'vscode';

import type { WatchSnapshot } from '../../client/src/watchView';
import { eventually, eventuallyOk } from '../support/poll';
import type { PythonPeer, RpycVersion } from '../support/pythonPeer';
import {
  clipboardAfter,
  command,
  connect,
  expand,
  listConnections,
  row,
  snapshot,
  waitForRow,
  waitForStatus,
} from './editor';
import { profileTo } from './profiles';
import { onPeer, startJourneyPeer } from './secondClient';

const REFRESH = 'rpyc.watch.refreshSeconds';
const NAME = "sys.modules['abc'].level";

function watched(): WatchSnapshot {
  const [one, ...others] = snapshot().watched;
  assert.ok(one !== undefined && others.length === 0, JSON.stringify(snapshot().watched));
  return one;
}

/** Waits until the row reads so. */
function reads(description: RegExp, look: WatchSnapshot['look']): Promise<void> {
  return eventuallyOk(
    `${String(description)}, ${look}`,
    () => {
      assert.match(watched().description, description);
      assert.equal(watched().look, look);
    },
    { timeoutMs: 15_000 },
  );
}

/** What the peer's version has to do with it is tested without the editor. */
const version: RpycVersion = '6.0.2';

describe('what is watched', () => {
  const bench = 'Watched';
  let peer: PythonPeer;
  const give = (level: string): Promise<number> =>
    onPeer(version, peer, `import abc\nabc.level = ${level}`, '0');

  before(async () => {
    await vscode.workspace.getConfiguration().update(REFRESH, 0.5, vscode.ConfigurationTarget.Global);
    peer = await startJourneyPeer(version);
    await listConnections([profileTo(peer, bench)]);
    await give('20.5');
    await connect(bench);
  });

  after(async () => {
    await command('rpyc.resumeWatching');
    await command('rpyc.removeAllWatched');
    await command('rpyc.disconnect', bench);
    await listConnections([]);
    await peer[Symbol.asyncDispose]();
    await vscode.workspace.getConfiguration().update(REFRESH, undefined, vscode.ConfigurationTarget.Global);
    await command('notifications.clearAll');
  });

  it('pins a row, marks what changes, is grey without its connection, and comes back with it', async () => {
    const level = [bench, 'Modules', 'abc', 'level'];
    await expand(level.slice(0, 2));
    await expand(level.slice(0, 3));
    await command('rpyc.watchObject', (await waitForRow(level)).id);
    await reads(/^20\.5 {2}· {2}float$/, 'plain');
    assert.equal(watched().label, NAME);

    // By its timer, while the view is shown; the mark is looked at while nothing else is read.
    await command('rpyc.watch.focus');
    await give('20.6');
    await reads(/20\.6 {2}· {2}float$/, 'plain');
    await command('rpyc.pauseWatching');
    await give('21');
    await command('rpyc.readWatched');
    await reads(/^20\.6 → 21 {2}· {2}int$/, 'changed');
    assert.equal(watched().spoken, `${NAME}, changed from 20.6 to 21, int, ${bench}`);
    assert.match(watched().hover, /Before:\s+```python\s+20\.6\s/);
    assert.match(watched().hover, /read at .*\d/);
    await command('rpyc.resumeWatching');
    await reads(/^21 {2}· {2}int$/, 'plain');
    assert.equal(await clipboardAfter('rpyc.copyWatchedValue'), '21');

    const { port } = peer;
    peer.kill();
    await peer.exited;
    await reads(/^21 {2}· {2}int {2}· {2}(connection lost|connecting…)$/, 'grey');
    peer = await startJourneyPeer(version, { port });
    await waitForStatus(bench, 'connected');
    await reads(/not there any more/, 'grey');
    await give("'back'");
    await reads(/'back' {2}· {2}str$/, 'plain');

    await command('rpyc.showWatched', watched().id);
    assert.equal(row(level).description, "'back'  ·  str");
    await command('rpyc.removeWatched', watched().id);
    await eventually('nothing is watched', () => snapshot().watched.length === 0);
  });
});
