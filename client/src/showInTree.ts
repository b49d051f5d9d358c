import { ObjectResolve } from '../../server/src/api/messages';
import type { ObjectPath } from '../../server/src/api/model';
import type { Backend } from './backend';
import type { Connections } from './connections';
import type { ConnectionsView } from './connectionsView';
import { problemOf } from './problems';
import type { ObjectRow } from './rows';

export interface TreeParts {
  readonly backend: Backend;
  readonly connections: Connections;
  readonly view: ConnectionsView;
}

/**
 * Puts the focus of the tree on the row of an object, or on the nearest one above it: that of a property that was not
 * read, and that of a connection which is not there.
 */
export async function showInTree(
  { backend, connections, view }: TreeParts,
  { profileId, path }: { readonly profileId: string; readonly path: ObjectPath },
): Promise<void> {
  const { model } = view;
  const connection = model.connectionRow(profileId);
  const [first] = path;
  const roots = connections.isConnected(profileId) ? await model.childrenOf(connection) : [];
  const root = roots.find((row): row is ObjectRow => {
    const step = row.kind === 'object' ? row.node.path[0] : undefined;
    return step?.kind === 'root' && first?.kind === 'root' && step.name === first.name;
  });
  if (root === undefined) {
    return view.reveal(connection);
  }
  let at = root;
  for (let length = 2; length <= path.length; length++) {
    try {
      const node = await backend.request(ObjectResolve, { profileId, path: path.slice(0, length) });
      const under = await model.reveal(at, node);
      view.rowChanged(at);
      at = under;
    } catch (error) {
      if (problemOf(error).code !== 'ERR_UNREAD') {
        throw error;
      }
      break;
    }
  }
  await view.reveal(at);
}
