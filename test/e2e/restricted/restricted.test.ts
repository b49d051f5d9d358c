import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import path from 'node:path';

import * as vscode from 'vscode';

import { type PythonPeer, RPYC_VERSIONS, startClassic } from '../../support/pythonPeer';
import { command, extension, listConnections, snapshot, state } from '../editor';
import { profileTo } from '../profiles';

const LAB = 'Lab in Restricted Mode';
const [VERSION = '5.3.0'] = RPYC_VERSIONS;

/** What VS Code gives every extension: whether this command can be chosen here. */
function enablement(id: string): string {
  const { contributes } = extension().packageJSON as {
    readonly contributes: {
      readonly commands: readonly { readonly command: string; readonly enablement?: string }[];
    };
  };
  return contributes.commands.find((one) => one.command === id)?.enablement ?? '';
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
