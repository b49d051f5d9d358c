import assert from 'node:assert/strict';

import * as vscode from 'vscode';

import { command, extension, snapshot } from './editor';

describe('before anything is connected', () => {
  it('the extension wakes up fast, and starts no process', async () => {
    assert.equal(vscode.version, process.env['RPYC_VSCODE_VERSION']);
    await extension().activate();
    const { activationMs, backendPid, backendStatus } = snapshot();
    assert.ok(activationMs < 200, `Activation took ${Math.round(activationMs)} ms`);
    assert.deepEqual({ backendPid, backendStatus }, { backendPid: undefined, backendStatus: 'stopped' });
  });

  it('every command of the manifest is there', async () => {
    const { contributes } = extension().packageJSON as {
      readonly contributes: { readonly commands: readonly { readonly command: string }[] };
    };
    const registered = new Set(await vscode.commands.getCommands(true));
    const missing = contributes.commands.map((each) => each.command).filter((id) => !registered.has(id));
    assert.deepEqual(missing, []);
    await command('rpyc.showConnections');
  });
});
