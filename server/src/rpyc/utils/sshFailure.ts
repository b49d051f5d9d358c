/*
 * What went wrong, read from what the system's ssh printed. Upstream has no such file: plumbum passes on ssh's text.
 */

import { ConnectError, ErrorCode } from '../core/errors';

/** The newest output of ssh is kept, for its last words. */
const KEPT_CHARACTERS = 16 * 1024;
const LONGEST_WORDS = 300;

/** What ssh says on every connection at the log level that we ask for, and lines that only frame others. */
const NOISE =
  /^(Authenticated |Transferred: |Bytes per second: |debug\d: |Warning: Permanently added |Connection to .* closed\.$|@+|\s)/;

/** Collects what a process prints for people: the newest part, line by line. */
export class LastWords {
  private text = '';

  add(part: string): void {
    this.text = (this.text + part).slice(-KEPT_CHARACTERS);
  }

  /** All that is kept. */
  toString(): string {
    return this.text;
  }

  /** The lines that say something, control characters taken out. */
  get lines(): readonly string[] {
    return this.text
      .split(/\r?\n/)
      .filter((line) => line !== '' && !NOISE.test(line))
      .map((line) => line.replace(/\p{Cc}/gu, ' ').trim());
  }
}

interface Cause {
  readonly pattern: RegExp;
  readonly code: string;
  /** Says what it is and names the mend. */
  readonly text: string;
}

/** In order of how much each says: where ssh prints several lines, the last is often the least. */
const CAUSES: readonly Cause[] = [
  {
    pattern:
      /host key .*(changed|differ)|IDENTIFICATION HAS CHANGED|host key .* is known|key verification failed/i,
    code: ErrorCode.hostKey,
    text: 'Host key is unknown or has changed, so compare it by connecting once with ssh in a terminal',
  },
  {
    pattern: /Permission denied \(|Too many authentication failures|authentication methods? available/i,
    code: ErrorCode.authentication,
    text: 'Login over SSH was refused, so check the user name and the key or the agent',
  },
  {
    pattern: /administratively prohibited|forwarding (is )?(disabled|not permitted|denied)/i,
    code: ErrorCode.ssh,
    text: 'SSH server forbids tunnels, so allow TCP forwarding there',
  },
  {
    pattern: /open failed: connect failed: .*(not known|resolve|resolution)|Could not resolve hostname/i,
    code: ErrorCode.dns,
    text: 'Host name is not known',
  },
  {
    pattern: /open failed: connect failed: .*refused/i,
    code: ErrorCode.refused,
    text: 'Nothing listens there at the far end of the tunnel',
  },
  {
    pattern: /^rpyc relay: (Connection refused|No such file)/i,
    code: ErrorCode.refused,
    text: 'Nothing listens there at the far end of the tunnel',
  },
  { pattern: /Connection refused/i, code: ErrorCode.refused, text: 'SSH connection was refused' },
  { pattern: /timed? ?out/i, code: ErrorCode.timeout, text: 'SSH connection timed out' },
  { pattern: /unreachable|No route to host/i, code: ErrorCode.unreachable, text: 'Host cannot be reached' },
  {
    pattern: /no python3 here|\b(python\S*|sudo): (command )?not found/i,
    code: ErrorCode.ssh,
    text: 'No Python 3 was found there, so install one or name it in pythonExecutable',
  },
  {
    pattern: /closed by|reset by|Broken pipe|not responding|Connection closed/i,
    code: ErrorCode.closed,
    text: 'SSH connection was closed',
  },
];

/**
 * The error for an ssh that ended by itself.
 *
 * @param where what it was to lead to, for people
 * @param words what it printed
 */
export function sshFailure(where: string, words: LastWords): ConnectError {
  const { lines } = words;
  for (const { pattern, code, text } of CAUSES) {
    const line = lines.findLast((candidate) => pattern.test(candidate));
    if (line !== undefined) return new ConnectError(sentence(text, where, line), code);
  }
  return new ConnectError(sentence('SSH ended', where, lines.at(-1)), ErrorCode.ssh);
}

/** The error for an ssh that could not be started. */
export function sshNotStarted(program: string, cause: Error): ConnectError {
  const isMissing = 'code' in cause && cause.code === 'ENOENT';
  return new ConnectError(
    isMissing
      ? `Program ${program} was not found, so install the OpenSSH client or name it in sshExecutable`
      : `Program ${program} could not be started`,
    isMissing ? ErrorCode.sshMissing : ErrorCode.ssh,
    { cause },
  );
}

function sentence(text: string, where: string, words: string | undefined): string {
  if (words === undefined) return `${text}: ${where}`;
  const short = words.length > LONGEST_WORDS ? `${words.slice(0, LONGEST_WORDS)}…` : words;
  return `${text}: ${where} (ssh says: ${short.replace(/\.$/, '')})`;
}
