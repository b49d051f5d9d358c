import {
  ObjectChildren,
  ObjectDescribe,
  ObjectDocument,
  ObjectImportLine,
  ObjectKeep,
  ObjectRead,
  ObjectRelease,
  ObjectResolve,
  ObjectRoots,
  ObjectShow,
  ObjectSourceCode,
  ObjectText,
  ObjectWatch,
} from '../../api/messages';
import type { Handle } from '../../api/model';
import type { ObjectTree } from '../../features/inspect/objectTree';
import type { LoadShownObjects } from '../../features/pictures/shownObjects';
import type { ConnectionPool } from '../../features/pool/connectionPool';
import { contextOfProfile } from '../../features/pool/target';
import type { ProblemContext } from '../../features/connectSentences';
import type { MessageEdge } from '../edge';

/** Remote objects: rows, pages, hovers and full texts. */
export function handleInspection(
  edge: MessageEdge,
  pool: ConnectionPool,
  tree: ObjectTree,
  loadShown: LoadShownObjects,
): void {
  const ofProfile = ({ profileId }: { readonly profileId: string }): ProblemContext =>
    contextOfProfile(pool.profile(profileId));
  const ofHandle = ({ handle }: { readonly handle: Handle }): ProblemContext => {
    const profileId = tree.profileOf(handle);
    return profileId === undefined ? {} : ofProfile({ profileId });
  };
  edge.onRequest(ObjectRoots, ofProfile, ({ profileId }) => tree.roots(profileId));
  edge.onRequest(ObjectResolve, ofProfile, ({ profileId, path }, signal) =>
    tree.resolve(profileId, path, signal),
  );
  edge.onRequest(ObjectChildren, ofHandle, (params, signal) => tree.children(params, signal));
  edge.onRequest(ObjectDescribe, ofHandle, ({ handle }, signal) => tree.describe(handle, signal));
  edge.onRequest(ObjectRead, ofHandle, ({ handle, anyway }, signal) =>
    tree.read(handle, signal, anyway === true),
  );
  edge.onRequest(ObjectText, ofHandle, ({ handle, limit }, signal) => tree.text(handle, limit, signal));
  edge.onRequest(ObjectDocument, ofHandle, (params, signal) => tree.documents.document(params, signal));
  edge.onRequest(ObjectSourceCode, ofHandle, ({ handle }, signal) =>
    tree.documents.sourceCode(handle, signal),
  );
  edge.onRequest(ObjectImportLine, ofHandle, ({ handle }, signal) =>
    tree.documents.importLine(handle, signal),
  );
  edge.onRequest(ObjectShow, ofHandle, async (params, signal) => (await loadShown()).show(params, signal));
  edge.onRequest(ObjectKeep, ofHandle, async (params, signal) => (await loadShown()).keep(params, signal));
  edge.onRequest(ObjectWatch, ofProfile, (params, signal) => tree.watching.read(params, signal));
  edge.onNotification(ObjectRelease, ({ handles }) => tree.release(handles));
}
