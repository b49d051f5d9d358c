import type { ConnectionState } from '../../server/src/api/model';
import type { CommandId } from './commandIds';
import { isOffered } from './offers';

/** Connections that the menu lists one by one; the view has all of them. */
const MAX_CONNECTIONS = 15;

/** What the menu behind the status-bar item depends on. */
export interface MenuState {
  /** In the order of the view. */
  readonly states: readonly ConnectionState[];
  readonly isTrusted: boolean;
  /** A Python file is in front. */
  readonly hasPython: boolean;
  readonly hasOutput: boolean;
  /** The background process was left stopped. */
  readonly isStopped: boolean;
}

/** A row of the menu: an existing command. */
export interface MenuEntry {
  readonly group: 'connections' | 'python' | 'rpyc';
  readonly command: CommandId;
  /** Whom the command is about. */
  readonly profileId?: string;
}

/** The rows that make sense now. */
export function menuEntries(now: MenuState): readonly MenuEntry[] {
  const { states, isTrusted, hasPython, hasOutput, isStopped } = now;
  const classic = states.some(({ status, peer }) => status === 'connected' && peer?.service === 'classic');
  const when = (condition: boolean, group: MenuEntry['group'], command: CommandId): readonly MenuEntry[] =>
    condition ? [{ group, command }] : [];
  return [
    ...when(isStopped, 'connections', 'rpyc.restart'),
    ...states.slice(0, MAX_CONNECTIONS).flatMap((state) => entryOf(state, isTrusted)),
    ...when(isTrusted, 'connections', 'rpyc.addConnection'),
    ...when(isTrusted && classic && hasPython, 'python', 'rpyc.runSelection'),
    ...when(isTrusted && states.length > 0 && hasPython, 'python', 'rpyc.chooseConnection'),
    ...when(isTrusted && classic, 'python', 'rpyc.findModule'),
    ...when(hasOutput, 'python', 'rpyc.showOutput'),
    ...when(true, 'rpyc', 'rpyc.showConnections'),
    ...when(true, 'rpyc', 'rpyc.explainError'),
    ...when(true, 'rpyc', 'rpyc.showLog'),
  ];
}

function entryOf({ profileId, status }: ConnectionState, isTrusted: boolean): readonly MenuEntry[] {
  const command =
    status === 'connected' ? 'disconnect' : status === 'connecting' ? 'cancelConnecting' : 'connect';
  const isPossible = isOffered(command, status) && (isTrusted || command !== 'connect');
  return isPossible ? [{ group: 'connections', command: `rpyc.${command}`, profileId }] : [];
}
