import {
  ActionFinished,
  ReferenceListing,
  ReferenceRelease,
  ReferencesChanged,
  ShowWire,
} from '../../api/messages';
import type { Handle } from '../../api/model';
import type { ObjectTree } from '../../features/inspect/objectTree';
import type { ActionCosts, ActionSubject } from '../../features/pool/actionCosts';
import type { ConnectionPool } from '../../features/pool/connectionPool';
import { contextOfProfile } from '../../features/pool/target';
import type { Around, MessageEdge } from '../edge';

/** Characters of what an action was about. */
const MAX_TARGET = 300;

/** What actions cost, and what is held on the peers. */
export function handleWire(
  edge: MessageEdge,
  pool: ConnectionPool,
  tree: ObjectTree,
  costs: ActionCosts,
): void {
  const { references } = tree;
  const about = ({ profileId }: { readonly profileId: string }): ReturnType<typeof contextOfProfile> =>
    contextOfProfile(pool.profile(profileId));
  edge.onNotification(ShowWire, (shown) => {
    costs.switch(shown.costs);
    references.isWatched = shown.references;
  });
  edge.onRequest(ReferenceListing, about, ({ profileId }) => references.list(profileId));
  edge.onRequest(ReferenceRelease, about, ({ profileId, ids }) => references.release(profileId, ids));
  costs.onDidFinish((cost) => edge.notify(ActionFinished, cost));
  references.onDidChange((profileId) => edge.notify(ReferencesChanged, { profileId }));
}

/** Does the work of each request, and measures it where that is wanted. */
export function measuring(costs: ActionCosts, tree: ObjectTree): Around {
  return (method, params, work) =>
    costs.isOn ? costs.measure({ method, ...subjectOf(params, tree) }, work) : work();
}

function subjectOf(params: unknown, tree: ObjectTree): Omit<ActionSubject, 'method'> {
  const { handle, fileName } = (params ?? {}) as { readonly handle?: Handle; readonly fileName?: string };
  const row = handle === undefined ? undefined : tree.subjectOf(handle);
  const target = row?.target ?? fileName?.split(/[\\/]/).at(-1) ?? '';
  return { target: target.slice(0, MAX_TARGET), ...(row === undefined ? {} : { path: row.path }) };
}
