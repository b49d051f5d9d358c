/** The sentences about what a debug console cannot do. */
import type { Problem } from '../../api/model';
import { ProblemError } from '../problem';

export function notAPathError(): ProblemError {
  return new ProblemError({
    code: 'ERR_EXPRESSION',
    message: 'Only names, attributes and items are shown here, since nothing is run by looking.',
  });
}

/** A service has to be asked for everything that has no name here yet. */
export function notReadByLookingError(): ProblemError {
  return new ProblemError({
    code: 'ERR_EXPRESSION',
    message: 'Only names that were given in the console are shown here, since nothing is read by looking.',
  });
}

export function watchedOnProductionError(): ProblemError {
  return new ProblemError({
    code: 'ERR_EXPRESSION',
    message:
      'This connection is marked as production: only names, attributes and items are watched there, since nothing is run by itself.',
  });
}

export function serviceWatchedOnProductionError(): ProblemError {
  return new ProblemError({
    code: 'ERR_EXPRESSION',
    message:
      'This connection is marked as production: only root and names that were given in the console are watched there, since reading an attribute may run code. Type it in the console to read it once.',
  });
}

/** A path of names leads nowhere, or only running code would tell. */
export function pathEndsError({ code, detail = '' }: Problem): ProblemError {
  return new ProblemError({ code, message: `${detail}.` });
}
