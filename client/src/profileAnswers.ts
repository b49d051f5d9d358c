import type { Profile, Transport } from '../../server/src/api/model';
import { checkTransport, hostAndPort, machineOf } from '../../server/src/api/transport';
import { noAnswers } from './connectionForm';
import type { Answers, TextStepName, Trust } from './connectionForm';

/** The answers that lead to a profile: what the dialogue begins with where a connection is edited. */
export function answersFrom({ label, transport, service }: Profile): Answers {
  return {
    ...noAnswers(),
    kind: transport.kind,
    trust: trustOf(transport),
    clientCertificate: transport.kind === 'tls' && transport.cert !== undefined,
    texts: textsOf(transport),
    service,
    label,
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
