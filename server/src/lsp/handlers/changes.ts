import {
  ObjectCall,
  ObjectDelete,
  ObjectSet,
  ObjectSignature,
  ObjectTake,
  ObjectUndo,
  RunOutputProduced,
} from '../../api/messages';
import type { Handle } from '../../api/model';
import type { ObjectTree } from '../../features/inspect/objectTree';
import type { ConnectionPool } from '../../features/pool/connectionPool';
import { contextOfProfile } from '../../features/pool/target';
import type { ProblemContext } from '../../features/connectSentences';
import type { MessageEdge } from '../edge';

/** Changes of remote objects, and calls. */
export function handleChanges(edge: MessageEdge, pool: ConnectionPool, tree: ObjectTree): void {
  const { changes } = tree;
  const ofProfile = (profileId: string | undefined): ProblemContext =>
    profileId === undefined ? {} : contextOfProfile(pool.profile(profileId));
  const ofHandle = ({ handle }: { readonly handle: Handle }): ProblemContext =>
    ofProfile(tree.profileOf(handle));
  edge.onRequest(ObjectSet, ofHandle, (params, signal) => changes.set(params, signal));
  edge.onRequest(ObjectDelete, ofHandle, ({ handle }, signal) => changes.delete(handle, signal));
  edge.onRequest(
    ObjectUndo,
    ({ undo }) => ofProfile(changes.profileOfUndo(undo)),
    ({ undo }, signal) => changes.undo(undo, signal),
  );
  edge.onRequest(ObjectSignature, ofHandle, ({ handle }, signal) => changes.signature(handle, signal));
  edge.onRequest(ObjectCall, ofHandle, (params, signal) => changes.call(params, signal));
  edge.onRequest(ObjectTake, ofHandle, (params, signal) => changes.take(params, signal));
  changes.onDidProduceOutput((output) => edge.notify(RunOutputProduced, output));
}
