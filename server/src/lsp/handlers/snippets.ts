import { Run, RunOutputProduced } from '../../api/messages';
import type { ConnectionPool } from '../../features/pool/connectionPool';
import { contextOfProfile } from '../../features/pool/target';
import type { SnippetRunner } from '../../features/run/snippetRunner';
import type { MessageEdge } from '../edge';

/** Runs, and what they print. */
export function handleSnippets(edge: MessageEdge, pool: ConnectionPool, runner: SnippetRunner): void {
  edge.onRequest(
    Run,
    ({ profileId }) => contextOfProfile(pool.profile(profileId)),
    (request, signal) => runner.run(request, signal),
  );
  runner.onDidProduceOutput((output) => edge.notify(RunOutputProduced, output));
}
