import { Connect, ConnectionStateChanged, DialectLearned, Disconnect, SetProfiles } from '../../api/messages';
import type { ConnectionPool } from '../../features/pool/connectionPool';
import { contextOfProfile } from '../../features/pool/target';
import type { MessageEdge } from '../edge';

/** Profiles, connecting and disconnecting, and what becomes of connections. */
export function handleConnections(edge: MessageEdge, pool: ConnectionPool): void {
  const about = ({ profileId }: { readonly profileId: string }): ReturnType<typeof contextOfProfile> =>
    contextOfProfile(pool.profile(profileId));
  edge.onNotification(SetProfiles, ({ profiles }) => pool.setProfiles(profiles));
  edge.onRequest(Connect, about, ({ profileId, secrets, address }, signal) =>
    pool.connect(profileId, signal, secrets, address),
  );
  edge.onRequest(Disconnect, about, async ({ profileId }) => {
    await pool.disconnect(profileId);
    return null;
  });
  pool.onDidChangeState((state) => edge.notify(ConnectionStateChanged, state));
  pool.onDidLearnDialect((learned) => edge.notify(DialectLearned, learned));
}
