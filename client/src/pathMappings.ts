import * as vscode from 'vscode';
import type { PathMapping } from '../../server/src/api/model';
import type { Connections } from './connections';

/** `${workspaceFolder}` and `${workspaceFolder:name}` */
const FOLDER = /^\$\{workspaceFolder(?::([^}]+))?\}/;

/** Where the files of a connection are here. A mapping whose folder is not open is left out. */
export function pathMappingsOf(connections: Connections, profileId: string): readonly PathMapping[] {
  const { pathMappings = [] } = connections.entry(profileId)?.profile ?? {};
  const folders = vscode.workspace.workspaceFolders ?? [];
  return pathMappings.flatMap(({ localRoot, remoteRoot }) => {
    const [whole, name] = FOLDER.exec(localRoot) ?? [];
    if (whole === undefined) {
      return [{ localRoot, remoteRoot }];
    }
    const folder = name === undefined ? folders[0] : folders.find((one) => one.name === name);
    return folder === undefined
      ? []
      : [{ localRoot: folder.uri.fsPath + localRoot.slice(whole.length), remoteRoot }];
  });
}
