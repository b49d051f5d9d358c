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

/** What is watched leads through code of the peer, which does not run by itself there. */
export function notRunError(): ProblemError {
  return new ProblemError({
    code: 'ERR_UNREAD',
    message: 'Code computes this, and does not run by itself here: choose “Read Watched Values” to read it.',
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

/** The last row of what gives its items only once. */
export function generatorNote(): string {
  return 'Its items are given only once, so none is taken to show it: call __next__ to take one.';
}

/** The last row of a container without positions that is too long to be followed to its end. */
export function itemLimitNote(limit: number): string {
  return `Only the first ${limit.toLocaleString('en')} items are shown: search for a key, or call a method of the service that gives a part.`;
}

/** The last row of a page of an object with names that no reader wants to see. */
export function longNamesNote(count: number, limit: number): string {
  return `Names longer than ${limit.toLocaleString('en')} characters are not shown: ${count.toLocaleString('en')} of them.`;
}

/** The last row of a page for which older rows had to go. */
export function rowLimitNote(limit: number): string {
  return `More than ${limit.toLocaleString('en')} rows were open here: the oldest were let go. Refresh to see them again.`;
}

/** The part is none that can be given another value. */
export function fixedError(detail = 'There is no place to put a value'): ProblemError {
  return new ProblemError({
    code: 'ERR_FIXED',
    message: 'This cannot be changed here: change what holds it, or run a snippet that does.',
    detail,
  });
}

/** What would put the old value back is gone. */
export function undoneError(): ProblemError {
  return new ProblemError({
    code: 'ERR_UNDONE',
    message:
      'This change can no longer be undone, since its row was closed or it was undone before: edit the value again.',
  });
}

/** What a service's policy can be told to allow; `exposed` stands for a name that it could offer. */
export type PolicyFlag = 'allow_setattr' | 'allow_delattr' | 'exposed';

/** A service never lets its clients change itself, unless it was written so. */
export function serviceItselfError(
  label: string,
  name: '_rpyc_setattr' | '_rpyc_delattr',
  detail: string,
): ProblemError {
  return new ProblemError({
    code: 'ERR_POLICY',
    message: `The service at “${label}” lets nobody change its own attributes: call a method of it that does, or define ${name} in its class.`,
    detail,
  });
}

/** The service's own policy refused. */
export function policyError(label: string, flag: PolicyFlag, detail: string): ProblemError {
  const does = { allow_setattr: 'set', allow_delattr: 'delete', exposed: 'call' } as const;
  const mend =
    flag === 'exposed'
      ? 'expose the name in the service, or set allow_public_attrs in the protocol_config of its server'
      : `set ${flag} in the protocol_config of its server`;
  return new ProblemError({
    code: 'ERR_POLICY',
    message: `The service at “${label}” does not let its clients ${does[flag]} this: ${mend}.`,
    detail,
  });
}

/**
 * The service is expected to refuse, or did.
 *
 * @param rule why, as one sentence
 */
export function blockedError(label: string, name: string, rule: string, detail?: string): ProblemError {
  return new ProblemError({
    code: 'ERR_POLICY',
    message: `The service at “${label}” does not give “${name}” to its clients. ${rule} To reach it, expose it in the service.`,
    ...(detail === undefined ? {} : { detail }),
  });
}

/** The connection ended while a change or call was on its way. */
export function lostMeanwhile(label: string, detail: string): ProblemError {
  return new ProblemError({
    code: 'ERR_LOST',
    message: `The connection to “${label}” was lost meanwhile: connect again, and check what was done before you repeat it.`,
    detail,
  });
}

/** What was read is computed by code of the peer, which failed. */
export function raisedError(exception: string): ProblemError {
  return new ProblemError({
    code: 'ERR_RAISED',
    message: `Reading this raised ${exception} on the peer.`,
  });
}

/** The peer has not answered yet what was asked last. */
export function stillReadingError(label: string): ProblemError {
  return new ProblemError({
    code: 'ERR_STILL_READING',
    message: `“${label}” has not answered the last read yet: what is watched there is read again when it has.`,
  });
}
