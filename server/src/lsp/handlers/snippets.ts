import { InterruptRun, Run, RunOutputProduced } from '../../api/messages';
import type { ConnectionPool } from '../../features/pool/connectionPool';
import { contextOfProfile } from '../../features/pool/target';
import type { RunsInProgress } from '../../features/run/runsInProgress';
import type { SnippetRunner } from '../../features/run/snippetRunner';
import type { MessageEdge } from '../edge';

/** Runs, and what they print. */
export function handleSnippets(
  edge: MessageEdge,
  pool: ConnectionPool,
  runner: SnippetRunner,
  runs: RunsInProgress,
): void {
  edge.onRequest(
    Run,
    ({ profileId }) => contextOfProfile(pool.profile(profileId)),
    (request, signal) => runner.run(request, signal),
  );
  edge.onRequest(
    InterruptRun,
    ({ profileId }) => contextOfProfile(pool.profile(profileId)),
    (request, signal) => runs.interrupt(request, signal),
  );
  runner.onDidProduceOutput((output) => edge.notify(RunOutputProduced, output));
}
