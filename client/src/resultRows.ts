import type { ObjectNode } from '../../server/src/api/model';
import type { ConnectionsView } from './connectionsView';
import type { ObjectRow } from './rows';

/** Shows a new row under Results, which is opened for it. */
export async function showResult(view: ConnectionsView, profileId: string, node: ObjectNode): Promise<void> {
  const { model } = view;
  const connection = model.connectionRow(profileId);
  const find = (): ObjectRow | undefined =>
    model
      .loaded(connection)
      .find((row): row is ObjectRow => row.kind === 'object' && row.node.kind === 'results');
  if (find() === undefined) {
    view.refresh(connection);
    await model.childrenOf(connection);
  }
  const results = find();
  if (results !== undefined) {
    // A refresh that does not know yet that it is open would close it.
    model.expand(results);
    view.refresh(results);
    const row = await model.reveal(results, node);
    view.rowChanged(results);
    await view.revealNew(row);
  }
}
