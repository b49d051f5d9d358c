import * as vscode from 'vscode';
import type { ConnectionPicker } from './connectionPicker';
import type { Connections } from './connections';
import type { ConnectionsView } from './connectionsView';
import { VIEW_ID } from './connectionsView';
import type { NewProfile, Settings } from './settings';

export interface ServiceConnectionParts {
  readonly connections: Connections;
  readonly settings: Settings;
  readonly picker: ConnectionPicker;
  readonly view: ConnectionsView;
}

/**
 * Lists connections in the user's settings, each where none leads to the same place, and connects them. They are
 * listed first: a server that is down now may be up later.
 */
export async function listAndConnect(
  parts: ServiceConnectionParts,
  profiles: readonly NewProfile[],
): Promise<void> {
  const { picker, view } = parts;
  const ids: string[] = [];
  for (const profile of profiles) {
    const id = await listed(parts, profile);
    ids.push(...(id === undefined ? [] : [id]));
  }
  await vscode.commands.executeCommand(`${VIEW_ID}.focus`);
  await Promise.all(
    ids.map(async (id) => {
      if (await picker.connect(id)) {
        await view.showConnected(id);
      }
    }),
  );
}

async function listed(
  { connections, settings }: ServiceConnectionParts,
  profile: NewProfile,
): Promise<string | undefined> {
  const place = JSON.stringify(profile.transport);
  const find = (): string | undefined =>
    connections.entries.find((entry) => JSON.stringify(entry.profile.transport) === place)?.profile.id;
  const known = find();
  if (known === undefined) {
    await settings.addProfile(profile);
  }
  return known ?? find();
}
