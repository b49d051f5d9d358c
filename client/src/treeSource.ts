import type * as vscode from 'vscode';
import {
  ObjectChildren,
  ObjectRead,
  ObjectRelease,
  ObjectResolve,
  ObjectRoots,
} from '../../server/src/api/messages';
import type { Backend } from './backend';
import type { Connections } from './connections';
import { isHiddenGroup } from './memberGroups';
import { problemOf } from './problems';
import type { ObjectSource } from './rowModel';

/** Where the rows of the tree come from: the background process. */
export function objectSource(
  backend: Backend,
  connections: Connections,
  log: vscode.LogOutputChannel,
): ObjectSource {
  return {
    roots: (profileId) => backend.request(ObjectRoots, { profileId }),
    children: (params) => backend.request(ObjectChildren, params),
    resolve: (profileId, path) => backend.request(ObjectResolve, { profileId, path }),
    read: (handle, anyway) => backend.request(ObjectRead, { handle, anyway }),
    isHidden: isHiddenGroup,
    release: (handles) => backend.notify(ObjectRelease, { handles }),
    isConnected: (profileId) => connections.isConnected(profileId),
    isStale: (error) => problemOf(error).code === 'ERR_STALE',
    messageOf: (error) => {
      const { message, detail } = problemOf(error);
      log.warn(`Rows of the tree: ${message}${detail === undefined ? '' : ` ${detail}`}`);
      return message;
    },
  };
}
