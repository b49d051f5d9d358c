/** What can go wrong with one row of the tree, told to the user. The sentences about connections are in problem.ts. */
import { ProblemError } from '../problem';

/** The path to the object ends early: something on it was deleted or replaced. */
export function goneError(detail: string): ProblemError {
  return new ProblemError({
    code: 'ERR_GONE',
    message: 'This object is not there any more: refresh the tree to see what is.',
    detail,
  });
}

/** The path leads through an attribute that only running code would tell. */
export function unreadError(detail: string): ProblemError {
  return new ProblemError({
    code: 'ERR_UNREAD',
    message: 'This value was computed when it was read: read it again to look inside.',
    detail,
  });
}

/** The helper holds as many objects as it may. */
export function heldLimitError(detail: string): ProblemError {
  return new ProblemError({
    code: 'ERR_HELD_LIMIT',
    message: 'Too many objects are open on this connection: close some of the rows, or reconnect.',
    detail,
  });
}

/** The object has no parts to show. */
export function noPartsError(): ProblemError {
  return new ProblemError({
    code: 'ERR_GONE',
    message: 'There is nothing inside this row: refresh the tree.',
  });
}

/** The last row of a page of an object that has more names than are taken in. */
export function nameLimitNote(limit: number): string {
  return `This object lists more than ${limit.toLocaleString('en')} names: the rest is not shown.`;
}

/** The last row of a page for which older rows had to go. */
export function rowLimitNote(limit: number): string {
  return `More than ${limit.toLocaleString('en')} rows were open here: the oldest were let go. Refresh to see them again.`;
}
