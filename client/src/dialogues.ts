/** The way to the dialogues about connections: their code is loaded when it is first needed. */
import type { NewConnectionParts } from './newConnection';

/** See `addConnection` of `newConnection.ts`. */
export async function addConnection(parts: NewConnectionParts): Promise<void> {
  const loaded = await import(/* webpackChunkName: "dialogues" */ './newConnection.js');
  await loaded.addConnection(parts);
}
