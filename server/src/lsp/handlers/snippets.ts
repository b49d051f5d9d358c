import { ForgetFailures, InterruptRun, Run, RunOutputProduced } from '../../api/messages';
import type { ConnectionPool } from '../../features/pool/connectionPool';
import { contextOfProfile } from '../../features/pool/target';
import { type Failures, dropFailures } from '../../features/run/failures';
import type { RunsInProgress } from '../../features/run/runsInProgress';
import type { SnippetRunner } from '../../features/run/snippetRunner';
import type { MessageEdge } from '../edge';

/** Runs, and what they print. */
export function handleSnippets(
  edge: MessageEdge,
  pool: ConnectionPool,
  runner: SnippetRunner,
  runs: RunsInProgress,
  failures: Failures,
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
  edge.onNotification(ForgetFailures, (params) =>
    dropFailures(failures, params.failures, (profileId) => pool.lendNow(profileId)),
  );
  runner.onDidProduceOutput((output) => edge.notify(RunOutputProduced, output));
}
