import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import path from 'node:path';

import * as vscode from 'vscode';

import { type PythonPeer, RPYC_VERSIONS, startClassic } from '../../support/pythonPeer';
import { eventually } from '../../support/poll';
import { closeEditors, command, extension, listConnections, snapshot, state } from '../editor';
import { profileTo } from '../profiles';

const LAB = 'Lab in Restricted Mode';
const [VERSION = '5.3.0'] = RPYC_VERSIONS;

/** What VS Code gives every extension: what can be chosen, and when. */
function contributed(): readonly { readonly command: string; readonly enablement?: string }[] {
  const { contributes } = extension().packageJSON as {
    readonly contributes: { readonly commands: ReturnType<typeof contributed> };
  };
  return contributes.commands;
}

function enablement(id: string): string {
  return contributed().find((one) => one.command === id)?.enablement ?? '';
}

/** Runs a command, and closes whatever it asks. */
async function runAndClose(id: string, ...args: unknown[]): Promise<void> {
  let isOver = false;
  const end = (): boolean => (isOver = true);
  void command(id, ...args).then(end, end);
  await eventually(`${id} is over`, async () => {
    if (!isOver) {
      await command('workbench.action.closeQuickOpen');
    }
    return isOver;
  });
}

describe('a workspace that nobody has trusted', () => {
  let peer: PythonPeer;

  before(async () => {
    peer = await startClassic(VERSION);
    await extension().activate();
  });

  after(async () => {
    await listConnections([]);
    await peer[Symbol.asyncDispose]();
    await command('notifications.clearAll');
  });

  it('is what this window has open, with settings that would run a program', () => {
    assert.equal(vscode.workspace.isTrusted, false);
    const [folder] = vscode.workspace.workspaceFolders ?? [];
    assert.ok(folder);
    assert.ok(existsSync(path.join(folder.uri.fsPath, '.vscode/settings.json')));
  });

  it('lists none of its connections, and starts no process', () => {
    const { profiles, backendStatus, backendPid } = snapshot();
    assert.deepEqual(profiles, []);
    assert.deepEqual({ backendStatus, backendPid }, { backendStatus: 'stopped', backendPid: undefined });
  });

  it('starts no process and opens no socket, whatever command is run', async () => {
    await listConnections([profileTo(peer, LAB)]);
    const ids = contributed().map((one) => one.command);
    assert.ok(ids.length > 50);
    for (const id of ids) {
      // The palette offers only some of them; other extensions could still call them all.
      await runAndClose(id, LAB);
      const { backendStatus, states } = snapshot();
      assert.equal(backendStatus, 'stopped', id);
      assert.ok(
        Object.values(states).every(({ status }) => status === 'disconnected' || status === 'failed'),
        id,
      );
    }
    assert.doesNotMatch(peer.log(), /accepted|welcome/);
    await closeEditors();
  });

  it('connects to nothing, also not to what the user has listed, and runs nothing', async () => {
    await listConnections([profileTo(peer, LAB)]);
    // The palette does not offer them; other extensions could still call them.
    for (const id of ['rpyc.connect', 'rpyc.runSelection', 'rpyc.lookForServices', 'rpyc.startDemo']) {
      assert.match(enablement(id), /isWorkspaceTrusted/, id);
    }
    await command('rpyc.connect', LAB);
    await command('rpyc.connect', 'trap');
    await command('rpyc.lookForServices');
    assert.notEqual(state(LAB).status, 'connected');
    assert.equal(snapshot().backendPid, undefined);
    assert.doesNotMatch(peer.log(), /accepted|welcome/);
    const [folder] = vscode.workspace.workspaceFolders ?? [];
    assert.ok(folder);
    assert.equal(existsSync(path.join(folder.uri.fsPath, 'trapped')), false);
  });
});
