/** The way to the dialogues about connections: their code is loaded when it is first needed. */
import type { ConnectionDrop } from './connectionsView';
import type { NewConnectionParts } from './newConnection';
import type { PROFILE_ACTIONS, ProfileActionParts } from './profileActions';
import type { Row } from './rows';

/** See `addConnection` of `newConnection.ts`. */
export async function addConnection(parts: NewConnectionParts, address?: string): Promise<void> {
  const loaded = await import(/* webpackChunkName: "dialogues" */ './newConnection.js');
  await loaded.addConnection(parts, address);
}

/** See `PROFILE_ACTIONS` of `profileActions.ts`. */
export async function profileAction(
  name: keyof typeof PROFILE_ACTIONS,
  parts: ProfileActionParts,
  argument: Row | string | undefined,
  given?: string,
): Promise<void> {
  const loaded = await import(/* webpackChunkName: "dialogues" */ './profileActions.js');
  await loaded.PROFILE_ACTIONS[name](parts, argument, given);
}

/** See `drop` of `profileActions.ts`. */
export async function dropConnections(parts: ProfileActionParts, dropped: ConnectionDrop): Promise<void> {
  const loaded = await import(/* webpackChunkName: "dialogues" */ './profileActions.js');
  await loaded.drop(parts, dropped);
}
