import assert from 'node:assert/strict';

import * as vscode from 'vscode';

import { eventually } from '../support/poll';
import { type PythonPeer, RPYC_VERSIONS, startClassic } from '../support/pythonPeer';
import { command, connect, expand, listConnections, row, snapshot, waitForRow } from './editor';
import { profileTo } from './profiles';

const [version = '5.3.0'] = RPYC_VERSIONS;
const lab = 'Wire lab';

function kinds(): readonly string[] {
  return snapshot().rows.map(({ kind }) => kind);
}

function descriptions(kind: string): readonly string[] {
  return snapshot()
    .rows.filter((one) => one.kind === kind)
    .map(({ label, description }) => `${label}  ${description}`);
}

describe('what is held and what actions cost', () => {
  let peer: PythonPeer;

  before(async () => {
    peer = await startClassic(version);
    await listConnections([profileTo(peer, lab)]);
    await connect(lab);
  });

  after(async () => {
    await command('rpyc.hideReferences');
    await command('rpyc.hideCosts');
    await listConnections([]);
    await peer[Symbol.asyncDispose]();
  });

  it('is not shown unless it is switched on', async () => {
    await expand([lab, 'Builtins']);
    assert.ok(!kinds().includes('references') && !kinds().includes('costs'));
    assert.doesNotMatch(row([lab, 'Builtins']).description, /round trip/);
  });

  it('costs of an action stand on its row and in a list', async () => {
    await command('rpyc.showCosts');
    await waitForRow([lab, 'Costs']);
    await expand([lab, 'Threads']);
    await eventually('the cost on the row', () =>
      /1 round trip, [\d.]+ k?B, [\d.]+ ms$/.test(row([lab, 'Threads']).description),
    );
    await expand([lab, 'Costs']);
    await eventually('the action in the list', () =>
      descriptions('cost').some((text) => /^Expand: .*1 round trip/.test(text)),
    );
    await command('rpyc.hideCosts');
    await eventually('nothing of it', () => !kinds().includes('costs'));
  });

  it('a reference is listed, released, and found again', async () => {
    await command('rpyc.showReferences');
    await waitForRow([lab, 'References']);
    await expand([lab, 'Modules']);
    await expand([lab, 'Modules', 'json']);
    await expand([lab, 'References']);
    const held = (): string | undefined =>
      descriptions('reference').find((text) => /json/.test(text) && /held by its row/.test(text));
    await eventually('the module among what is held', () => held() !== undefined);
    const node = await eventually('its row', () => row([lab, 'References']));
    await vscode.commands.executeCommand('rpyc.releaseReferences', node.id);
    await eventually('the module to be released', () => held() === undefined);
    await expand([lab, 'Modules', 'json', 'decoder']);
    await eventually('the parts of a module below it', () => descriptions('reference').length > 0);
  });
});
