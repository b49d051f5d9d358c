import type { ConnectionStage, Transport } from '../api/model';
import { ErrorCode } from '../rpyc/index';
import { processSentence, programOf } from './processSentences';
import { tlsSentence } from './tlsSentences';

/** What a failure is about, as far as the caller knows; it goes into the sentence. */
export interface ProblemContext {
  /** `host:port`, or as `endpointOf` names the place. */
  readonly endpoint?: string;
  /** What the user calls the connection. */
  readonly label?: string;
  /** How far connecting had come. */
  readonly stage?: ConnectionStage | undefined;
  /** How the server is reached. */
  readonly transport?: Transport;
}

export const STALE_SENTENCE = 'This object belongs to a connection that has ended: refresh the tree.';

/**
 * What happened and what mends it, in one sentence; undefined for a code that nobody should meet.
 *
 * @param message what the library says
 */
export function connectSentence(code: string, message: string, about: ProblemContext): string | undefined {
  const at = programOf(about.transport) ?? about.endpoint ?? 'the server';
  const name = about.label === undefined ? at : `“${about.label}”`;
  const { transport } = about;
  const special = tlsSentence(code, at, message, transport) ?? processSentence(code, at, message, transport);
  if (special !== undefined) {
    return special;
  }
  switch (code) {
    case ErrorCode.refused:
      return transport?.kind === 'unix'
        ? `Nothing listens on the socket ${at}: start the RPyC server there, or correct the path.`
        : `Nothing listens on ${at}: start the RPyC server there, or correct the host and port.`;
    case ErrorCode.dns:
      return `The host of ${at} is not known: correct its name, or check the network.`;
    case ErrorCode.unreachable:
      if (transport?.kind === 'unix') {
        return `The socket ${at} may not be opened: check its permissions, and those of its folder.`;
      }
      return `There is no way to ${at}: check the address, the network and any firewall or VPN.`;
    case ErrorCode.timeout:
      return timeoutSentence(at, name, about);
    case ErrorCode.notRpyc:
      return notRpycSentence(at, message);
    case ErrorCode.dialect:
      return dialectSentence(at, message);
    case ErrorCode.dialectRequired:
      return `${name} takes one client only and must not be probed: set the dialect in its settings first (A for rpyc 3, B for 4.0, C for 4.1 to 5, D for 6).`;
    case ErrorCode.closed:
      return about.stage === undefined
        ? `The connection to ${name} is closed: connect it again.`
        : hungUpSentence(at);
    case ErrorCode.limit:
      return `${at} sent more than is safe to take in at once: the connection was closed; ask for less, or check that it is the right server.`;
    case ErrorCode.protocol:
      return `What answers on ${at} does not make sense as RPyC: correct the port, or ask whoever runs the server whether it wants a password first.`;
    case ErrorCode.authentication:
      return `${at} refused what it was told before the protocol: check the password or the other steps of the pre-handshake of this connection.`;
    case ErrorCode.attribute:
    case ErrorCode.raised:
      return `${name} asked the editor for something that it may not have: check what runs on the server.`;
    case ErrorCode.released:
      return STALE_SENTENCE;
    case ErrorCode.ping:
      return `${name} answered a ping wrongly: connect it again.`;
    default:
      return undefined;
  }
}

function timeoutSentence(at: string, name: string, { stage, transport }: ProblemContext): string {
  if (transport?.kind === 'subprocess' && stage !== undefined) {
    return `The program ${at} stays silent: check that it serves RPyC on its standard input and output, and set the kind of its service to service if it waits for its client.`;
  }
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
      return `${at} wants an encrypted connection: set the kind of the connection to TLS, or correct the port.`;
    case undefined:
      return hungUpSentence(at);
    default:
      return `It is ${stranger} that answers on ${at}, not an RPyC server: correct the port.`;
  }
}

function hungUpSentence(at: string): string {
  return `${at} hung up before it answered: check that it is an RPyC server, and whether it wants a password or TLS first.`;
}

/** A fork of RPyC that says of itself that it cannot talk to it. */
export function forkSentence(at: string): string {
  return `${at} runs rpyc-ng, a fork that cannot talk to RPyC: install rpyc itself on the server, best version 6.`;
}

function dialectSentence(at: string, message: string): string {
  return /\brpyc-ng\b/.test(message)
    ? forkSentence(at)
    : `${at} speaks another dialect of RPyC than the one that is set: set the dialect of the connection to auto.`;
}
