import assert from 'node:assert/strict';

import { type MenuState, menuEntries } from '../../../client/src/menuModel';
import type { ConnectionState, PeerInfo } from '../../../server/src/api/model';

const CLASSIC: PeerInfo = { dialect: 'D', serverKind: 'threaded', service: 'classic', rootType: 'x' };

function state(
  profileId: string,
  status: ConnectionState['status'],
  more: Partial<ConnectionState> = {},
): ConnectionState {
  return { profileId, generation: 1, status, openConnections: 0, busy: false, ...more };
}

/** `command profile` of each row, a bar before each group. */
function menu(now: Partial<MenuState>): string {
  const whole = { states: [], isTrusted: true, hasPython: false, hasOutput: false, isStopped: false, ...now };
  const entries = menuEntries(whole);
  return entries
    .map(({ group, command, profileId = '' }, index) => {
      const bar = group === entries[index - 1]?.group ? '' : '| ';
      return `${bar}${command.replace('rpyc.', '')} ${profileId}`.trim();
    })
    .join(', ');
}

describe('The menu of the status bar', () => {
  it('offers to add a connection where there is none', () => {
    assert.equal(menu({}), '| addConnection, | showConnections, explainError, showLog');
  });

  it('offers of each connection what its state allows', () => {
    const states = [
      state('a', 'disconnected'),
      state('b', 'connecting'),
      state('c', 'connected'),
      state('d', 'lost'),
      state('e', 'failed'),
      state('f', 'reconnecting'),
    ];
    assert.equal(
      menu({ states }).split(', addConnection')[0],
      '| connect a, cancelConnecting b, disconnect c, connect d, connect e, connect f',
    );
  });

  it('offers runs where there is a classic connection and a Python file', () => {
    const states = [state('c', 'connected', { peer: CLASSIC })];
    const runs = 'runSelection, chooseConnection, findModule';
    assert.ok(menu({ states, hasPython: true }).includes(`| ${runs}`));
    assert.ok(menu({ states }).includes('| findModule'));
    const service = [state('c', 'connected', { peer: { ...CLASSIC, service: 'service' } })];
    assert.ok(!menu({ states: service, hasPython: true }).includes('runSelection'));
  });

  it('connects to nothing in a workspace that is not trusted', () => {
    const states = [state('a', 'disconnected'), state('b', 'connecting')];
    assert.equal(
      menu({ states, isTrusted: false, hasPython: true }),
      '| cancelConnecting b, | showConnections, explainError, showLog',
    );
  });

  it('begins with the restart where the background process was left stopped', () => {
    assert.match(menu({ isStopped: true }), /^\| restart, addConnection/);
    assert.match(menu({ hasOutput: true }), /\| showOutput/);
  });

  it('is bounded', () => {
    const states = Array.from({ length: 100 }, (_, index) => state(`p${index}`, 'disconnected'));
    assert.ok(
      menuEntries({ states, isTrusted: true, hasPython: true, hasOutput: true, isStopped: true }).length < 30,
    );
  });
});
