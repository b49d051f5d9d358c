import type { Transport } from '../api/model';
import { machineOf } from '../api/transport';
import { ErrorCode } from '../rpyc/index';
import { oneLine, withoutSecrets } from './problemText';

/** Longest piece of what a program said that a sentence quotes. */
const MAX_WORDS = 160;

/** One sentence about a way that goes through a program of this machine: ssh, or the server itself. */
export function processSentence(
  code: string,
  at: string,
  message: string,
  transport: Transport | undefined,
): string | undefined {
  switch (code) {
    case ErrorCode.subprocess:
      return subprocessSentence(programOf(transport) ?? at, message);
    case ErrorCode.sshMissing:
      return 'There is no ssh program on this machine: install the OpenSSH client, and check that it is on the PATH.';
    case ErrorCode.deploy:
      return `No server could be started on ${at} (${words(message)}): check that Python 3.6 or newer is there, and that rpyc is installed here.`;
  }
  return transport?.kind === 'ssh' || transport?.kind === 'deploy'
    ? sshSentence(code, at, machineOf(transport), message)
    : undefined;
}

function subprocessSentence(at: string, message: string): string {
  const unstarted = /^Program cannot be started: (.*)/s.exec(message)?.[1];
  if (unstarted !== undefined) {
    return /ENOENT/.test(unstarted)
      ? `The program ${at} is not there: correct the command, or the folder that it is started in.`
      : `The program ${at} cannot be started (${words(unstarted)}): correct the command, or its permissions.`;
  }
  const [, how, said] =
    /ended with (exit code \S+|signal \S+) before it spoke RPyC(?:: (.*))?/s.exec(message) ?? [];
  const last = lastLine(said ?? '');
  const quoted = last === '' ? '' : `, and said “${last}”`;
  return `The program ${at} ended with ${how ?? 'an error'} before it spoke RPyC${quoted}: run it in a terminal, and correct the command.`;
}

/** The program without its arguments, which may hold what nobody is to read. */
export function programOf(transport: Transport | undefined): string | undefined {
  return transport?.kind === 'subprocess' ? oneLine(transport.command[0] ?? '') : undefined;
}

function sshSentence(code: string, at: string, machine: string, message: string): string | undefined {
  switch (code) {
    case ErrorCode.hostKey:
      return `SSH does not know the host key of ${machine}, or it has changed: connect once with ssh in a terminal, compare the key, and try again.`;
    case ErrorCode.authentication:
      return /over SSH/.test(message)
        ? `${machine} refused the login over SSH: check the user name, and that the key is in the agent or set in the connection.`
        : undefined;
    case ErrorCode.refused:
      return /far end/.test(message)
        ? `SSH reaches ${machine}, but nothing listens at the far end of ${at}: start the RPyC server there, or correct the port.`
        : `No SSH server listens on ${machine}: start sshd there, or correct the host and port.`;
    case ErrorCode.dns:
      return `SSH does not find a host on the way to ${at}: correct the name, or check the network.`;
    case ErrorCode.timeout:
      return /No login over SSH|SSH connection timed out/.test(message)
        ? `${machine} did not let SSH in within time: check the host and port, and whether ssh asks something in a terminal.`
        : undefined;
    case ErrorCode.closed:
      return /SSH connection was closed/.test(message)
        ? `The SSH connection to ${machine} was closed: check the network, and connect again.`
        : undefined;
    case ErrorCode.ssh:
      if (/forbids tunnels/.test(message)) {
        return `The SSH server of ${machine} forbids tunnels: have TCP forwarding allowed there.`;
      }
      return /No Python 3/.test(message)
        ? `There is no Python 3 on ${machine}: install it, or name it in the field python.`
        : `SSH to ${machine} ended (${words(/ssh says: (.*)\)/s.exec(message)?.[1] ?? message)}): try ssh in a terminal.`;
    default:
      return undefined;
  }
}

function words(text: string): string {
  const line = oneLine(withoutSecrets(text));
  return line.length > MAX_WORDS ? `${line.slice(0, MAX_WORDS)}…` : line;
}

/** Where a program says several lines, the last tells why it ended. */
function lastLine(text: string): string {
  return words(text.trimEnd().split('\n').at(-1) ?? '');
}
