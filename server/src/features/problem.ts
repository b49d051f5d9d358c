import type { ConnectionStage, Problem } from '../api/model';
import { AsyncResultTimeout, ErrorCode, RemoteError, RpycError } from '../rpyc/index';

/** What a failure is about, as far as the caller knows; it goes into the sentence. */
export interface ProblemContext {
  /** `host:port` */
  readonly endpoint?: string;
  /** What the user calls the connection. */
  readonly label?: string;
  /** How far connecting had come. */
  readonly stage?: ConnectionStage | undefined;
}

/** An error whose message is already the sentence for the user. */
export class ProblemError extends Error {
  readonly problem: Problem;

  constructor(problem: Problem, options?: ErrorOptions) {
    super(problem.message, options);
    this.name = 'ProblemError';
    this.problem = problem;
  }
}

/** Codes of the problems that this layer finds; those of the library pass through under their own names. */
export const ProblemCode = {
  busy: 'ERR_BUSY',
  cancelled: 'ERR_CANCELLED',
  connectionLimit: 'ERR_CONNECTION_LIMIT',
  internal: 'ERR_INTERNAL',
  listen: 'ERR_LISTEN',
  lost: 'ERR_LOST',
  notClassic: 'ERR_NOT_CLASSIC',
  notConnected: 'ERR_NOT_CONNECTED',
  profile: 'ERR_PROFILE',
  remote: 'ERR_REMOTE',
  shape: 'ERR_SHAPE',
  stale: 'ERR_STALE',
  unknownProfile: 'ERR_UNKNOWN_PROFILE',
} as const;

/** Attempts that fail like this may go better in a moment; after others it is useless to try again. */
const PASSING: ReadonlySet<string> = new Set([
  ErrorCode.refused,
  ErrorCode.dns,
  ErrorCode.unreachable,
  ErrorCode.timeout,
  ErrorCode.closed,
  ProblemCode.connectionLimit,
]);

const MAX_PEER_TEXT = 300;
const MAX_DETAIL = 8000;

// ---- problems that have no error of the library behind them ------------------------------------------------

export function badProfile(field: string, rule: string, label: string | undefined): Problem {
  const name = oneLine(label ?? '');
  const where = name === '' ? 'of a connection' : `of “${name}”`;
  return {
    code: ProblemCode.profile,
    message: `The field “${oneLine(field)}” ${where} ${rule}: correct it in the settings.`,
  };
}

export function unknownProfile(): Problem {
  return {
    code: ProblemCode.unknownProfile,
    message: 'This connection is no longer in the list: add it again.',
  };
}

export function notConnected(label: string): Problem {
  return { code: ProblemCode.notConnected, message: `“${label}” is not connected: connect it first.` };
}

export function busy(label: string): Problem {
  return {
    code: ProblemCode.busy,
    message: `“${label}” is busy with a run, and its server offers no second way in: wait until the run ends.`,
  };
}

export function notClassic(label: string): Problem {
  return {
    code: ProblemCode.notClassic,
    message: `“${label}” offers a service and not a whole Python: choose a classic connection to run code.`,
  };
}

export function notClassicServer(label: string, rootType: string): Problem {
  return {
    code: ProblemCode.notClassic,
    message: `“${label}” is set up as classic, and its server offers a service: set its kind to service or auto.`,
    detail: `The root is a ${oneLine(rootType)}`,
  };
}

/** A fork of RPyC that says of itself that it cannot talk to it. */
export function rpycNg(endpoint: string, version: string): Problem {
  return {
    code: ErrorCode.dialect,
    message: `${endpoint} runs rpyc-ng, which cannot talk to RPyC: install rpyc 4.1 to 6 on the server.`,
    detail: `The peer calls itself version ${oneLine(version)}`,
  };
}

export function staleHandle(): Problem {
  return {
    code: ProblemCode.stale,
    message: 'This object belongs to a connection that has ended: refresh the tree.',
  };
}

export function connectionLimit(endpoint: string, limit: number): Problem {
  return {
    code: ProblemCode.connectionLimit,
    message: `All ${limit} connections that are allowed to ${endpoint} are in use: disconnect one of them.`,
  };
}

export function cancelled(): Problem {
  return {
    code: ProblemCode.cancelled,
    message: 'This was cancelled: start it again if it is still wanted.',
  };
}

export function badAnswer(label: string, detail: string): Problem {
  return {
    code: ProblemCode.shape,
    message: `“${label}” gave an answer that makes no sense: reconnect, and see the log if it happens again.`,
    detail: detail.slice(0, MAX_DETAIL),
  };
}

/** A registry or a server of our own that could not begin. @param what `registry`, `demo server` */
export function cannotListen(
  what: string,
  { host, port }: { readonly host: string; readonly port: number },
  cause: unknown,
): Problem {
  const code: unknown = cause instanceof Error ? Reflect.get(cause, 'code') : undefined;
  const mends: Readonly<Record<string, string>> = {
    EADDRINUSE: 'another program listens there already, maybe a registry that runs: stop it, or use that one',
    EACCES: 'the system lets only administrators listen there: choose a port above 1023',
    EADDRNOTAVAIL: 'this machine has no such address: choose one of its own',
  };
  const mend = mends[String(code)] ?? 'the system refused it: choose Show Log to see why';
  return {
    code: ProblemCode.listen,
    message: `The ${what} cannot listen on ${host}:${port}, since ${mend}.`,
    ...detailOf(cause),
  };
}

/** The server is gone, and the pool tries to get it back. */
export function lostAndReconnecting(label: string, cause: Error | undefined): Problem {
  return lost(`The connection to “${label}” was lost: it comes back by itself once the server does.`, cause);
}

/** The server is gone, and what it held went with it: only the user can decide to begin anew. */
export function lostForGood(label: string, cause: Error | undefined): Problem {
  return lost(
    `The connection to “${label}” was lost, and its Python with it: press Connect to begin with a new one.`,
    cause,
  );
}

/** The server holds the socket open and no longer answers. */
export function stoppedAnswering(label: string, seconds: number): Problem {
  return lost(
    `“${label}” has not answered for ${seconds} s: check the server and the network, then connect again.`,
    undefined,
  );
}

function lost(message: string, cause: Error | undefined): Problem {
  return { code: ProblemCode.lost, message, ...detailOf(cause) };
}

// ---- errors of the library and of the system -----------------------------------------------------------------

/**
 * Turns whatever was thrown into one sentence for the user. The technical text goes into `detail`.
 *
 * @param error an error of the library, of Node or of this project; anything else counts as internal
 * @param about what the caller was busy with
 */
export function toProblem(error: unknown, about: ProblemContext = {}): Problem {
  if (error instanceof ProblemError) {
    return error.problem;
  }
  if (isAbort(error)) {
    return cancelled();
  }
  if (error instanceof RemoteError) {
    return { code: ProblemCode.remote, message: remoteSentence(error, about), ...detailOf(error) };
  }
  if (error instanceof RpycError) {
    const code = error instanceof AsyncResultTimeout ? ErrorCode.timeout : error.code;
    const message = sentenceFor(code, error, about);
    if (message !== undefined) {
      return { code, message, ...detailOf(error) };
    }
  }
  return {
    code: ProblemCode.internal,
    message: 'Something went wrong inside the extension: choose Show Log and report what it says.',
    ...detailOf(error),
  };
}

/** Whether trying again may help, with nothing changed by the user. */
export function isPassing({ code }: Problem): boolean {
  return PASSING.has(code);
}

function sentenceFor(code: string, error: Error, about: ProblemContext): string | undefined {
  const at = about.endpoint ?? 'the server';
  const name = about.label === undefined ? at : `“${about.label}”`;
  switch (code) {
    case ErrorCode.refused:
      return `Nothing listens on ${at}: start the RPyC server there, or correct the host and port.`;
    case ErrorCode.dns:
      return `The host of ${at} is not known: correct its name, or check the network.`;
    case ErrorCode.unreachable:
      return `There is no way to ${at}: check the address, the network and any firewall or VPN.`;
    case ErrorCode.timeout:
      return timeoutSentence(at, name, about.stage);
    case ErrorCode.notRpyc:
      return notRpycSentence(at, error.message);
    case ErrorCode.dialect:
      return dialectSentence(at, error.message);
    case ErrorCode.dialectRequired:
      return `${name} takes one client only and must not be probed: set the dialect in its settings first (C for rpyc 4.1 to 5, D for rpyc 6).`;
    case ErrorCode.closed:
      return about.stage === undefined
        ? `The connection to ${name} is closed: connect it again.`
        : hungUpSentence(at);
    case ErrorCode.limit:
      return `${at} sent more than is safe to take in at once: the connection was closed; ask for less, or check that it is the right server.`;
    case ErrorCode.protocol:
      return `What answers on ${at} does not make sense as RPyC: correct the port, or ask whoever runs the server whether it wants a password first.`;
    case ErrorCode.authentication:
      return `${at} refused to let us in: check the credentials of the connection.`;
    case ErrorCode.attribute:
    case ErrorCode.raised:
      return `${name} asked the editor for something that it may not have: check what runs on the server.`;
    case ErrorCode.released:
      return staleHandle().message;
    case ErrorCode.ping:
      return `${name} answered a ping wrongly: connect it again.`;
    default:
      return undefined;
  }
}

function timeoutSentence(at: string, name: string, stage: ConnectionStage | undefined): string {
  switch (stage) {
    case 'resolve':
      return `The host of ${at} could not be looked up in time: correct its name, or check the network.`;
    case 'connect':
      return `${at} does not answer: check the host and port, and any firewall in between.`;
    case 'tls':
    case 'authenticate':
    case 'handshake':
    case 'root':
      return `${at} accepts connections but stays silent: it may serve one client at a time and be busy, so close its other client, or check that it is an RPyC server.`;
    case undefined:
      return `${name} did not answer in time: wait until it is less busy, or connect it again.`;
  }
}

/** The library tells what the first bytes looked like, if it knows. */
function notRpycSentence(at: string, message: string): string {
  const stranger = /answers like (.+)$/.exec(message)?.[1];
  switch (stranger) {
    case 'an HTTP server':
      return `A web server (HTTP) answers on ${at}, not an RPyC server: correct the port.`;
    case 'an SSH server':
      return `An SSH server answers on ${at}, not an RPyC server: correct the port.`;
    case 'a TLS server':
      return `${at} wants an encrypted connection (TLS), which is not offered yet: use the server's plain port, or a tunnel.`;
    case undefined:
      return hungUpSentence(at);
    default:
      return `It is ${stranger} that answers on ${at}, not an RPyC server: correct the port.`;
  }
}

function hungUpSentence(at: string): string {
  return `${at} hung up before it answered: check that it is an RPyC server, and whether it wants a password or TLS first.`;
}

function dialectSentence(at: string, message: string): string {
  const old = /\b(3\.x|4\.0)/.exec(message);
  return old === null
    ? `${at} speaks another dialect of RPyC than the one that is set: set the dialect of the connection to auto.`
    : `${at} speaks the dialect of rpyc 3.x or 4.0, and this extension those of rpyc 4.1 to 6: update rpyc on the server.`;
}

function remoteSentence(error: RemoteError, about: ProblemContext): string {
  const who = about.label === undefined ? 'The remote Python' : `“${about.label}”`;
  const text = oneLine(error.message);
  if (error.typeName === 'AttributeError' && /^AttributeError: cannot access/.test(error.message)) {
    return `${who} does not let clients reach this (${text}): expose the name in the service, or allow public attributes there.`;
  }
  return `${who} raised ${text}: the log has the traceback.`;
}

// ---- text of the peer ----------------------------------------------------------------------------------------

/** One bounded line without control characters or anything that turns the direction of writing. */
function oneLine(text: string): string {
  const line = text
    .slice(0, MAX_PEER_TEXT * 4)
    .replace(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, ' ')
    .replace(/\p{Cf}/gu, '')
    .trim();
  return line.length > MAX_PEER_TEXT ? `${line.slice(0, MAX_PEER_TEXT)}…` : line;
}

function detailOf(error: unknown): { readonly detail?: string } {
  if (error === undefined) {
    return {};
  }
  return { detail: detailText(error).slice(0, MAX_DETAIL) };
}

function detailText(error: unknown): string {
  if (!(error instanceof Error)) {
    return String(error);
  }
  if (error instanceof RemoteError) {
    return `${error.message}\n${error.remoteTraceback}`;
  }
  if (error instanceof RpycError) {
    const cause = error.cause instanceof Error ? `, caused by ${error.cause.message}` : '';
    return `${error.name} ${error.code}: ${error.message}${cause}`;
  }
  return error.stack ?? error.message;
}

function isAbort(error: unknown): boolean {
  return (
    (error instanceof RpycError && error.code === ErrorCode.aborted) ||
    (error instanceof Error && error.name === 'AbortError')
  );
}
