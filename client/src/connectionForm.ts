import { MAX_PROFILE_TEXT } from '../../server/src/api/fields';
import type {
  DialectChoice,
  PreHandshakeStep,
  PreHandshakeValue,
  RegistryPlace,
  ServiceKind,
  SshMachineFields,
  Transport,
  TransportKind,
} from '../../server/src/api/model';
import {
  DEFAULT_REGISTRY_PORT,
  DEFAULT_RPYC_PORT,
  DEFAULT_TLS_PORT,
  TRANSPORT_RULES,
  endpointOf,
  hostAndPort,
  isPath,
  isServiceName,
  isUser,
  readPin,
} from '../../server/src/api/transport';
import { parseAddress } from './profiles';
import type { AddressFault } from './profiles';
import type { NewProfile } from './settings';

/** How a certificate is looked at. */
export type Trust = 'system' | 'ca' | 'pin' | 'insecure';

export type TextStepName =
  | 'address'
  | 'ca'
  | 'pin'
  | 'cert'
  | 'key'
  | 'path'
  | 'pipe'
  | 'machine'
  | 'farEnd'
  | 'command'
  | 'serviceName'
  | 'registry';

/** What a server wants to hear before the protocol; `asWritten` is what only the settings can say. */
export type Greeting = 'none' | 'passwordLine' | 'passwordFrame' | 'asWritten';

export type StepName =
  | 'kind'
  | TextStepName
  | 'trust'
  | 'clientCertificate'
  | 'service'
  | 'oneClient'
  | 'dialect'
  | 'greeting'
  | 'style'
  | 'label';

/** What was answered so far. An answer outlives a change of mind about the steps before it. */
export interface Answers {
  kind: TransportKind;
  trust: Trust;
  clientCertificate: boolean;
  texts: Partial<Record<TextStepName, string>>;
  service: ServiceKind;
  /** The server is not as most are: what is unusual is asked. */
  special: boolean;
  oneClient: boolean;
  /** Of a server that takes one client only, and so cannot be tried. */
  dialect: Exclude<DialectChoice, 'auto'>;
  greeting: Greeting;
  /** What a connection that is edited says before the protocol: it stays where its greeting does. */
  readonly said?: readonly PreHandshakeStep[];
  label: string;
}

export type TextFault =
  AddressFault | 'path' | 'pin' | 'pipe' | 'user' | 'socket' | 'command' | 'quote' | 'serviceName';

export function noAnswers(): Answers {
  return {
    kind: 'tcp',
    trust: 'system',
    clientCertificate: false,
    texts: {},
    service: 'auto',
    special: false,
    oneClient: false,
    dialect: 'D',
    greeting: 'none',
    label: '',
  };
}

/** The steps that the answers so far lead through. Each depends on those before it only. */
export function stepsOf({ kind, trust, clientCertificate, ...more }: Answers): readonly StepName[] {
  const inside: Readonly<Record<TransportKind, readonly StepName[]>> = {
    tcp: ['address'],
    tls: [
      'address',
      'trust',
      ...(trust === 'ca' || trust === 'pin' ? [trust] : []),
      'clientCertificate',
      ...(clientCertificate ? (['cert', 'key'] as const) : []),
    ],
    unix: ['path'],
    pipe: ['pipe'],
    ssh: ['machine', 'farEnd'],
    subprocess: ['command'],
    deploy: ['machine'],
    registry: ['serviceName', 'registry'],
  };
  // What is brought to a machine is a classic server.
  const service: readonly StepName[] = kind === 'deploy' ? [] : ['service', ...specialSteps(kind, more)];
  return ['kind', ...inside[kind], ...service, 'label'];
}

type Special = Pick<Answers, 'special' | 'oneClient'>;

/** A program that is started here has one client anyway. */
function specialSteps(kind: TransportKind, { special, oneClient }: Special): readonly StepName[] {
  const one: readonly StepName[] = oneClient ? ['oneClient', 'dialect'] : ['oneClient'];
  return special ? [...(kind === 'subprocess' ? [] : one), 'greeting', 'style'] : [];
}

/** What a step begins with. */
export function suggestionFor(step: TextStepName, { texts }: Answers): string {
  return texts[step] ?? (step === 'farEnd' ? hostAndPort('localhost', DEFAULT_RPYC_PORT) : '');
}

/** What is wrong with a text; undefined where nothing is. */
export function textFault(step: TextStepName, text: string): TextFault | undefined {
  const trimmed = text.trim();
  if (trimmed === '') {
    // Without an address, whichever registry hears a broadcast is asked.
    return step === 'registry' ? undefined : 'empty';
  }
  switch (step) {
    case 'address':
      return faultIn(parseAddress(trimmed));
    case 'ca':
    case 'cert':
    case 'key':
    case 'path':
      return isPath(trimmed) ? undefined : 'path';
    case 'pin':
      return readPin(trimmed) === undefined ? 'pin' : undefined;
    case 'pipe':
      return TRANSPORT_RULES.pipe['name']?.read(trimmed) === undefined ? 'pipe' : undefined;
    case 'machine':
      return faultIn(parseMachine(trimmed));
    case 'farEnd':
      return faultIn(parseFarEnd(trimmed));
    case 'command':
      return faultIn(parseCommand(trimmed));
    case 'serviceName':
      return isServiceName(trimmed) ? undefined : 'serviceName';
    case 'registry':
      return faultIn(parseRegistry(trimmed));
  }
}

/** The transport that the answers describe; undefined where one of them is missing or wrong. */
export function transportOf({ kind, trust, clientCertificate, texts }: Answers): Transport | undefined {
  const text = (step: TextStepName): string => texts[step]?.trim() ?? '';
  const steps = stepsOf({ ...noAnswers(), kind, trust, clientCertificate });
  const isComplete = steps.every(
    (step) =>
      !isTextStep(step) || textFault(step, suggestionFor(step, { ...noAnswers(), texts })) === undefined,
  );
  if (!isComplete) {
    return undefined;
  }
  switch (kind) {
    case 'tcp':
      return { kind, ...good(parseAddress(text('address'))) };
    case 'tls':
      return {
        kind,
        ...good(parseAddress(text('address'), DEFAULT_TLS_PORT)),
        ...(trust === 'ca' ? { ca: text('ca') } : {}),
        ...(trust === 'pin' ? { pin: readPin(text('pin')) ?? '' } : {}),
        ...(trust === 'insecure' ? { insecure: true } : {}),
        ...(clientCertificate ? { cert: text('cert'), key: text('key') } : {}),
      };
    case 'unix':
      return { kind, path: text('path') };
    case 'pipe':
      return { kind, name: text('pipe') };
    case 'ssh': {
      const farEnd = suggestionFor('farEnd', { ...noAnswers(), texts });
      return { kind, ...good(parseMachine(text('machine'))), ...good(parseFarEnd(farEnd.trim())) };
    }
    case 'subprocess':
      return { kind, command: good(parseCommand(text('command'))).words };
    case 'deploy':
      return { kind, ...good(parseMachine(text('machine'))) };
    case 'registry': {
      const registry = text('registry');
      return {
        kind,
        service: text('serviceName'),
        ...(registry === '' ? {} : { registry: good(parseRegistry(registry)) }),
      };
    }
  }
}

/** The name that a connection is given unless the user types another one. */
export function suggestedLabel(answers: Answers): string {
  const transport = transportOf(answers);
  return transport === undefined ? '' : endpointOf(transport);
}

/** The profile that the answers make, once every step is answered. */
export function profileFrom(answers: Answers): NewProfile | undefined {
  const transport = transportOf(answers);
  const service = answers.kind === 'deploy' ? 'classic' : answers.service;
  return transport === undefined
    ? undefined
    : { label: answers.label.trim(), transport, service, ...specialFields(answers) };
}

function specialFields(answers: Answers): Partial<Pick<NewProfile, 'oneShot' | 'dialect' | 'preHandshake'>> {
  const { dialect, label, greeting, said } = answers;
  const steps = stepsOf(answers);
  const secret = { secret: `password of ${label.trim()}`.slice(0, MAX_PROFILE_TEXT) };
  const anew: readonly PreHandshakeStep[] =
    greeting === 'passwordFrame' ? [{ sendFrame: secret }] : [{ send: secret }, { send: '\n' }];
  return {
    ...(steps.includes('dialect') ? { oneShot: true, dialect } : {}),
    ...(steps.includes('greeting') && greeting !== 'none'
      ? { preHandshake: greetingOf(said) === greeting && said !== undefined ? said : anew }
      : {}),
  };
}

/** The answer that stands for the steps of a profile. */
export function greetingOf(steps: readonly PreHandshakeStep[] = []): Greeting {
  const [first, second, ...more] = steps;
  if (first === undefined) {
    return 'none';
  }
  if (second === undefined) {
    return 'sendFrame' in first && isSecret(first.sendFrame) ? 'passwordFrame' : 'asWritten';
  }
  const isLine = 'send' in first && isSecret(first.send) && 'send' in second && second.send === '\n';
  return isLine && more.length === 0 ? 'passwordLine' : 'asWritten';
}

function isSecret(value: PreHandshakeValue): boolean {
  return typeof value === 'object' && 'secret' in value;
}

/** Steps that offer a choice, and the label. */
const CHOICES: ReadonlySet<StepName> = new Set<StepName>([
  'kind',
  'trust',
  'clientCertificate',
  'service',
  'oneClient',
  'dialect',
  'greeting',
  'style',
  'label',
]);

export function isTextStep(step: StepName): step is TextStepName {
  return !CHOICES.has(step);
}

// ---- what people type -----------------------------------------------------------------------------------------

/** Reads `host`, `user@host`, `user@host:port`; a name of the ssh configuration is a host, too. */
export function parseMachine(text: string): SshMachineFields | TextFault {
  const at = text.lastIndexOf('@');
  const user = at < 0 ? undefined : text.slice(0, at);
  if (user !== undefined && !isUser(user)) {
    return 'user';
  }
  const NO_PORT = 0;
  const place = parseAddress(text.slice(at + 1), NO_PORT);
  if (typeof place === 'string') {
    return place === 'empty' ? 'host' : place;
  }
  return {
    host: place.host,
    ...(user === undefined ? {} : { user }),
    ...(place.port === NO_PORT ? {} : { port: place.port }),
  };
}

/** Reads `host`, `host:port`, and either with `udp://` or `tcp://` before it; by UDP where that is left out. */
export function parseRegistry(text: string): RegistryPlace | TextFault {
  const [, mode = 'udp', rest = ''] = /^(?:(udp|tcp):\/\/)?(.*)$/i.exec(text) ?? [];
  const place = parseAddress(rest, DEFAULT_REGISTRY_PORT);
  return typeof place === 'string'
    ? place === 'empty'
      ? 'host'
      : place
    : { ...place, transport: mode.toLowerCase() === 'tcp' ? 'tcp' : 'udp' };
}

type FarEnd =
  { readonly remoteHost: string; readonly remotePort: number } | { readonly remoteSocket: string };

/** Reads `port`, `host:port` or the path of a socket, as the machine at the other end of SSH sees them. */
export function parseFarEnd(text: string): FarEnd | TextFault {
  if (text.startsWith('/')) {
    return text.length > 1 ? { remoteSocket: text } : 'socket';
  }
  const place = parseAddress(/^\d+$/.test(text) ? `localhost:${text}` : text);
  return typeof place === 'string' ? place : { remoteHost: place.host, remotePort: place.port };
}

/** Splits a command line into words: at spaces, unless they stand in quotes. A backslash is itself but before a quote. */
export function parseCommand(text: string): { readonly words: readonly string[] } | TextFault {
  const words: string[] = [];
  const WORD = /(?:[^\s"']|"(?:[^"\\]|\\.)*"|'[^']*')+/gy;
  for (let rest = text.trimStart(); rest !== ''; rest = rest.trimStart()) {
    WORD.lastIndex = 0;
    const word = WORD.exec(rest)?.[0];
    if (word === undefined) {
      return 'quote';
    }
    words.push(word.replace(/"((?:[^"\\]|\\.)*)"|'([^']*)'/g, withoutQuotes));
    rest = rest.slice(word.length);
  }
  return words.length === 0 || words[0] === '' ? 'command' : { words };
}

function withoutQuotes(_all: string, double: string | undefined, single: string | undefined): string {
  return single ?? (double ?? '').replace(/\\(["\\])/g, '$1');
}

function faultIn(parsed: object | TextFault): TextFault | undefined {
  return typeof parsed === 'string' ? parsed : undefined;
}

/** What was checked before. */
function good<T extends object>(parsed: T | TextFault): T {
  if (typeof parsed === 'string') {
    throw new TypeError(`The answer was not checked: ${parsed}`);
  }
  return parsed;
}
