import type { Problem, RunError } from '../api/model';
import { AsyncResultTimeout, ErrorCode, ListenError, RemoteError, RpycError } from '../rpyc/index';
import { UntrustedCertificateError } from './certificate';
import { type ProblemContext, STALE_SENTENCE, connectSentence, forkSentence } from './connectSentences';
import { oneLine, withoutSecrets } from './problemText';

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
  namedPipes: 'ERR_NAMED_PIPES',
  newAddress: 'ERR_NEW_ADDRESS',
  noRegistry: 'ERR_NO_REGISTRY',
  notClassic: 'ERR_NOT_CLASSIC',
  notConnected: 'ERR_NOT_CONNECTED',
  notRegistered: 'ERR_NOT_REGISTERED',
  profile: 'ERR_PROFILE',
  remote: 'ERR_REMOTE',
  secret: 'ERR_SECRET',
  shape: 'ERR_SHAPE',
  stale: 'ERR_STALE',
  uninterruptible: 'ERR_UNINTERRUPTIBLE',
  unknownProfile: 'ERR_UNKNOWN_PROFILE',
} as const;

/** Attempts that fail like this may go better in a moment; after others it is useless to try again. */
const PASSING: ReadonlySet<string> = new Set([
  ErrorCode.refused,
  ErrorCode.dns,
  ErrorCode.unreachable,
  ErrorCode.timeout,
  ErrorCode.closed,
  // What stands in front of a server that is being started hangs up, or says so in a language of its own.
  ErrorCode.notRpyc,
  ProblemCode.connectionLimit,
  // A server that was started anew registers after a while.
  ProblemCode.noRegistry,
  ProblemCode.notRegistered,
]);

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

/** A pre-handshake or a key needs something that only the user knows. */
export function missingSecret(name: string): Problem {
  return {
    code: ProblemCode.secret,
    message: `The secret “${oneLine(name)}” of this connection is not known: press Connect, and type it when asked.`,
  };
}

export function noNamedPipes(): Problem {
  return {
    code: ProblemCode.namedPipes,
    message:
      'Named pipes are there on Windows only: set the kind of the connection to unix, and give a socket.',
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

const NO_INTERRUPT = {
  single:
    'its server lets nobody else in while it runs. Disconnect to leave it; it goes on there until it ends.',
  stuck: 'its Python does not answer: something there holds the whole interpreter. Try again, or disconnect.',
  elsewhere: 'its process is not one that the server started beside ours. Disconnect to leave it.',
  python:
    'the Python there has no way to stop a thread. Disconnect to leave it; it goes on there until it ends.',
} as const;

/** @param reason why a run cannot be stopped */
export function uninterruptible(label: string, reason: keyof typeof NO_INTERRUPT): Problem {
  return {
    code: ProblemCode.uninterruptible,
    message: `The run on “${label}” cannot be interrupted: ${NO_INTERRUPT[reason]}`,
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
    message: forkSentence(endpoint),
    detail: `The peer calls itself version ${oneLine(version)}`,
  };
}

export function staleHandle(): Problem {
  return {
    code: ProblemCode.stale,
    message: STALE_SENTENCE,
  };
}

export function connectionLimit(endpoint: string, limit: number): Problem {
  return {
    code: ProblemCode.connectionLimit,
    message: `All ${limit} connections that are allowed to ${endpoint} are in use: disconnect one of them.`,
  };
}

/** A surrogate without its other half has no form in UTF-8. */
export function halfCharacter(): Problem {
  return {
    code: 'ERR_TEXT',
    message:
      'This text holds half a character (a lone surrogate), which cannot be sent: write it as an escape, such as \\ud800.',
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
  const system = cause instanceof ListenError ? cause.cause : cause;
  const code: unknown = system instanceof Error ? Reflect.get(system, 'code') : undefined;
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
    const message = connectSentence(code, error.message, about);
    if (message !== undefined) {
      const certificate = error instanceof UntrustedCertificateError ? { certificate: error.facts } : {};
      return { code, message, ...detailOf(error), ...certificate };
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

/** Code of the peer has raised, where only reading was asked for. */
export function raisedThere(label: string, { typeName, message, traceback }: RunError): Problem {
  const text = oneLine(`${typeName.replace(/^(?:builtins|exceptions)\./, '')}: ${message}`);
  return {
    code: ProblemCode.remote,
    message: `“${label}” raised ${text}: the log has the traceback.`,
    detail: withoutSecrets(traceback).slice(0, MAX_DETAIL),
  };
}

function remoteSentence(error: RemoteError, about: ProblemContext): string {
  const who = about.label === undefined ? 'The remote Python' : `“${about.label}”`;
  const text = oneLine(error.message);
  if (error.typeName === 'AttributeError' && /^AttributeError: cannot access/.test(error.message)) {
    return `${who} does not let clients reach this (${text}): expose the name in the service, or allow public attributes there.`;
  }
  return `${who} raised ${text}: the log has the traceback.`;
}

// ---- technical detail -------------------------------------------------------------------------------------

function detailOf(error: unknown): { readonly detail?: string } {
  if (error === undefined) {
    return {};
  }
  return { detail: withoutSecrets(detailText(error)).slice(0, MAX_DETAIL) };
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
