import type { Profile, Transport } from '../../server/src/api/model';
import { checkTransport, hostAndPort, machineOf } from '../../server/src/api/transport';
import { greetingOf, noAnswers, stepsOf } from './connectionForm';
import type { Answers, TextStepName, Trust } from './connectionForm';

/** The answers that lead to a profile: what the dialogue begins with where a connection is edited. */
export function answersFrom(profile: Profile): Answers {
  const { label, transport, service, oneShot = false, dialect = 'auto', preHandshake = [] } = profile;
  const none = noAnswers();
  return {
    ...none,
    kind: transport.kind,
    trust: trustOf(transport),
    clientCertificate: transport.kind === 'tls' && transport.cert !== undefined,
    texts: textsOf(transport),
    service,
    special: oneShot || preHandshake.length > 0,
    oneClient: oneShot,
    dialect: dialect === 'auto' ? none.dialect : dialect,
    greeting: greetingOf(preHandshake),
    said: preHandshake,
    label,
  };
}

type SpecialField = 'oneShot' | 'dialect' | 'preHandshake';

/** The fields that an edited profile loses, since its server is no longer said to be unusual. */
export function withoutSpecial(
  answers: Answers,
  before: Profile,
): { readonly [Field in SpecialField]?: undefined } {
  const steps = stepsOf(answers);
  // What was not asked stays, unless it was about another way to a server.
  const isMoved = answers.kind !== before.transport.kind;
  const isAsked = isMoved || steps.includes('service');
  const isMany = isAsked && (isMoved || answers.kind !== 'subprocess') && !steps.includes('dialect');
  const isSilent = isAsked && !(steps.includes('greeting') && answers.greeting !== 'none');
  return {
    ...(isMany ? { oneShot: undefined } : {}),
    // It was asked for since such a server cannot be asked.
    ...(isMany && before.oneShot === true ? { dialect: undefined } : {}),
    ...(isSilent ? { preHandshake: undefined } : {}),
  };
}

/** What the dialogue asks for, by kind. The rest of a transport is written by hand. */
const ASKED: Readonly<Record<Transport['kind'], readonly string[]>> = {
  tcp: ['host', 'port'],
  tls: ['host', 'port', 'ca', 'pin', 'insecure', 'cert', 'key'],
  unix: ['path'],
  pipe: ['name'],
  ssh: ['host', 'user', 'port', 'remoteHost', 'remotePort', 'remoteSocket'],
  subprocess: ['command'],
  deploy: ['host', 'user', 'port'],
  registry: ['service', 'registry'],
};

/** Keeps what the dialogue did not ask for, as far as it goes with the new answers. */
export function withRest(answered: Transport, before: Transport): Transport {
  if (answered.kind !== before.kind) {
    return answered;
  }
  const rest = Object.entries(before).filter(([field]) => !['kind', ...ASKED[before.kind]].includes(field));
  const all = { ...Object.fromEntries(rest), ...answered };
  return 'fault' in checkTransport(all) ? answered : all;
}

function trustOf(transport: Transport): Trust {
  if (transport.kind !== 'tls') {
    return 'system';
  }
  const { insecure = false, pin, ca } = transport;
  return insecure ? 'insecure' : pin !== undefined ? 'pin' : ca !== undefined ? 'ca' : 'system';
}

function textsOf(transport: Transport): Partial<Record<TextStepName, string>> {
  switch (transport.kind) {
    case 'tcp':
      return { address: hostAndPort(transport.host, transport.port) };
    case 'tls': {
      const { host, port, ca, pin, cert, key } = transport;
      return {
        address: hostAndPort(host, port),
        ...(ca === undefined ? {} : { ca }),
        ...(pin === undefined ? {} : { pin }),
        ...(cert === undefined ? {} : { cert }),
        ...(key === undefined ? {} : { key }),
      };
    }
    case 'unix':
      return { path: transport.path };
    case 'pipe':
      return { pipe: transport.name };
    case 'ssh': {
      const { remoteHost = 'localhost', remotePort, remoteSocket } = transport;
      const port = remotePort === undefined ? {} : { remotePort };
      return { machine: machineOf(transport), farEnd: remoteSocket ?? farEnd({ remoteHost, ...port }) };
    }
    case 'subprocess':
      return { command: transport.command.map(quoted).join(' ') };
    case 'deploy':
      return { machine: machineOf(transport) };
    case 'registry': {
      const { service, registry } = transport;
      const mode = registry?.transport === 'tcp' ? 'tcp://' : '';
      return {
        serviceName: service,
        registry: registry === undefined ? '' : mode + hostAndPort(registry.host, registry.port),
      };
    }
  }
}

function farEnd({ remoteHost, remotePort }: { remoteHost: string; remotePort?: number }): string {
  return remotePort === undefined ? remoteHost : hostAndPort(remoteHost, remotePort);
}

/** As `parseCommand` reads it. */
function quoted(word: string): string {
  return /^[^\s"']+$/.test(word) ? word : `"${word.replace(/["\\]/g, '\\$&')}"`;
}
