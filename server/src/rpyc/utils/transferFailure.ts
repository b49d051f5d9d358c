/*
 * Why a file cannot be uploaded or downloaded, in words: from Node's error for files here, from the peer's for files there.
 */

import { RemoteError, TransferError } from '../core/errors';

/** POSIX numbers, which Python gives on Windows too. */
const reasons: ReadonlyMap<unknown, string> = new Map<unknown, string>([
  ...[2, 'ENOENT'].map((key) => [key, 'no such file or folder'] as const),
  ...[1, 13, 'EPERM', 'EACCES'].map((key) => [key, 'permission denied'] as const),
  ...[40, 'ELOOP'].map((key) => [key, 'its links lead in a circle'] as const),
  ...[36, 'ENAMETOOLONG'].map((key) => [key, 'the name is too long'] as const),
]);

/** What is there is neither a file nor a folder. */
const NEITHER = 'it is neither a file nor a folder';
/** What listing the names in it fails with then, as number and as code. */
const NOT_A_FOLDER: ReadonlySet<unknown> = new Set([20, 'ENOTDIR']);

/**
 * @param what `upload` or `download`
 * @param cause why it cannot be looked at; undefined where it can
 */
export function cannotTransfer(
  what: 'upload' | 'download',
  path: string,
  isThere: boolean,
  cause: unknown,
): TransferError {
  const start = `Cannot ${what} '${path}'`;
  if (isThere) return new TransferError(`${start}: ${NEITHER}`);
  const reason = reasons.get(numberOf(cause)) ?? (cause instanceof Error ? cause.message : String(cause));
  return new TransferError(`${start}: ${reason}`, { cause });
}

/** Whether listing something failed for the reason alone that it is no folder. */
export function isNoFolder(error: unknown): boolean {
  return NOT_A_FOLDER.has(numberOf(error));
}

function numberOf(error: unknown): unknown {
  if (error instanceof RemoteError) return error.attributes.get('errno');
  return error instanceof Error ? Reflect.get(error, 'code') : undefined;
}
