/** What reading an object raised on the peer, as the user is told it. */
import { RemoteError } from '../../rpyc/index';
import { ProblemError, raisedThere, toProblem } from '../problem';
import type { FailurePlace, Failures } from '../run/failures';
import { type PeerError, errorOf } from '../run/runError';

/** Code of the peer has raised, and the helper told it. */
export class ReadingFailed extends Error {
  constructor(readonly error: PeerError) {
    super(`${error.typeName}: ${error.message}`);
  }
}

/** Gives what the peer raised a name by which it can be opened in the debugger; other errors stay as they are. */
export function raisedProblem(
  error: unknown,
  place: FailurePlace,
  label: string,
  failures: Failures,
): unknown {
  if (!(error instanceof RemoteError || error instanceof ReadingFailed)) {
    return error;
  }
  const raised = error instanceof ReadingFailed ? error.error : errorOf(error);
  const { failure } = failures.keep(place, raised);
  const problem = error instanceof ReadingFailed ? raisedThere(label, raised) : toProblem(error, { label });
  return new ProblemError({ ...problem, ...(failure === undefined ? {} : { failure }) }, { cause: error });
}
