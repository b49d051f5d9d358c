/*
 * What went wrong before there was a stream, in words and codes of the library. Upstream lets the errors of sockets out.
 */

import { ConnectError, ErrorCode, ListenError, RpycError } from './errors';

/** What a connect was doing when its time was over. */
export type OpeningStage = 'resolve' | 'connect' | 'tls';

const systemErrors: ReadonlyMap<string, readonly [code: ErrorCode, text: string]> = new Map([
  ['ECONNREFUSED', [ErrorCode.refused, 'Connection refused']],
  ['ENOTFOUND', [ErrorCode.dns, 'Host name is not known']],
  ['ENODATA', [ErrorCode.dns, 'Host name has no address']],
  ['EAI_AGAIN', [ErrorCode.dns, 'Host name cannot be looked up now']],
  ['EAI_FAIL', [ErrorCode.dns, 'Host name cannot be looked up']],
  ['EAI_NODATA', [ErrorCode.dns, 'Host name has no address']],
  ['EAI_NONAME', [ErrorCode.dns, 'Host name is not known']],
  ['EHOSTUNREACH', [ErrorCode.unreachable, 'Host cannot be reached']],
  ['ENETUNREACH', [ErrorCode.unreachable, 'Network cannot be reached']],
  ['EHOSTDOWN', [ErrorCode.unreachable, 'Host is down']],
  ['ENETDOWN', [ErrorCode.unreachable, 'Network is down']],
  ['EADDRNOTAVAIL', [ErrorCode.unreachable, 'Address cannot be used']],
  ['EAFNOSUPPORT', [ErrorCode.unreachable, 'Address family is not supported']],
  ['ENOENT', [ErrorCode.refused, 'No socket is there']],
  ['ENOTSOCK', [ErrorCode.refused, 'It is no socket']],
  ['EACCES', [ErrorCode.unreachable, 'Permission denied']],
  ['EPERM', [ErrorCode.unreachable, 'Permission denied']],
  ['ETIMEDOUT', [ErrorCode.timeout, 'Connection timed out']],
  ['ECONNRESET', [ErrorCode.closed, 'Connection was reset']],
] satisfies [string, [ErrorCode, string]][]);

/** @param where names the endpoint, for people */
export function connectError(error: Error, where: string): ConnectError {
  const [code, text] = systemErrors.get(systemCode(error)) ?? [ErrorCode.unreachable, 'Connection failed'];
  return new ConnectError(`${text}: ${where}`, code, { cause: error });
}

const listenMends: ReadonlyMap<string, string> = new Map([
  ['EADDRINUSE', 'another program listens there: choose another port, or 0 for a free one'],
  ['EACCES', 'the system does not allow it: choose a port above 1023, or another folder for a socket'],
  ['EADDRNOTAVAIL', 'this machine has no such address: choose one of its own'],
  ['ENOTFOUND', 'the host name is not known: choose an address of this machine'],
]);

/** Why a server cannot listen on `where`; what is no error of the system stays as it is. */
export function listenError(error: Error, where: string): Error {
  const code = systemCode(error);
  if (error instanceof RpycError || !/^E[A-Z]+$/.test(code)) return error;
  const reason = listenMends.get(code) ?? error.message;
  return new ListenError(`Cannot listen on ${where}: ${reason}`, { cause: error });
}

/** Node's own code of an error; empty where it has none. */
export function systemCode(error: Error): string {
  if ('code' in error && typeof error.code === 'string') return error.code;
  // Each address of the host failed in its own way.
  const first: unknown = error instanceof AggregateError ? error.errors[0] : undefined;
  return first instanceof Error ? systemCode(first) : '';
}

export function timedOut(where: string, stage: OpeningStage, seconds: number | undefined): ConnectError {
  const what = { resolve: 'Host name was not found', connect: 'No connection', tls: 'No TLS answer' }[stage];
  return new ConnectError(`${what} within ${seconds ?? 0} seconds: ${where}`, ErrorCode.timeout);
}

export function aborted(where: string, reason: unknown): ConnectError {
  return new ConnectError(`Connecting was cancelled: ${where}`, ErrorCode.aborted, { cause: reason });
}
