/** The check of a profile's `transport`: each kind has fields of its own. */
import {
  type Fault,
  type FieldRule,
  type FieldRules,
  type Fields,
  isFields,
  isLine,
  isOneOf,
  MAX_PROFILE_TEXT,
  readFields,
  wrong,
} from './fields';
import type { RegistryPlace, Transport, TransportKind } from './model';
import { SECRET_RULE, readSecret } from './secrets';

export const MAX_PORT = 65535;
/** Longest name of a file or a socket, in UTF-16 code units. */
export const MAX_PATH_TEXT = 1024;
const MAX_WORDS = 100;
const MAX_VARIABLES = 100;

export const DEFAULT_RPYC_PORT = 18812;
export const DEFAULT_TLS_PORT = 18821;

export const DEFAULT_REGISTRY_PORT = 18811;
export const REGISTRY_MODES = ['udp', 'tcp'] as const;

export const TLS_VERSIONS = ['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'] as const;

const PATH_RULE = 'must be a whole path: /…, ~/… or C:\\…';
const PORT_RULE = `must be a whole number from 1 to ${MAX_PORT}`;

const host: FieldRule = {
  rule: 'must be a host name or an address',
  required: true,
  read: (value) => {
    const name = typeof value === 'string' ? withoutBrackets(value) : '';
    return isHost(name) ? name : undefined;
  },
};
const port: FieldRule = {
  rule: PORT_RULE,
  read: (value) => (typeof value === 'number' && isPort(value) ? value : undefined),
};
const path: FieldRule = { rule: PATH_RULE, read: (value) => (isPath(value) ? value : undefined) };
const yesOrNo: FieldRule = {
  rule: 'must be true or false',
  read: (value) => (typeof value === 'boolean' ? value : undefined),
};

/** How a machine is reached over SSH; what is left out is as in the user's ssh configuration. */
const SSH_RULES: FieldRules = {
  host,
  user: {
    rule: 'must be a name without spaces, quotes and a dash in front',
    read: (value) => (isLine(value) && isUser(value) ? value : undefined),
  },
  port,
  identityFile: path,
  configFile: path,
};

const REGISTRY_RULES: FieldRules = {
  host,
  port: { ...port, fallback: DEFAULT_REGISTRY_PORT },
  transport: {
    rule: `must be one of ${REGISTRY_MODES.join(', ')}`,
    read: (value) => (isOneOf(REGISTRY_MODES, value) ? value : undefined),
    fallback: 'udp',
  },
};

/** The fields of each kind, beside `kind` itself. */
export const TRANSPORT_RULES: Readonly<Record<TransportKind, FieldRules>> = {
  tcp: { host, port: { ...port, fallback: DEFAULT_RPYC_PORT } },
  tls: {
    host,
    port: { ...port, fallback: DEFAULT_TLS_PORT },
    ca: path,
    cert: path,
    key: path,
    passphrase: { rule: SECRET_RULE, read: readSecret },
    pin: {
      rule: 'must be a SHA-256 fingerprint: 64 hexadecimal digits, with or without colons',
      read: (value) => (typeof value === 'string' ? readPin(value) : undefined),
    },
    servername: { ...host, required: false },
    minVersion: {
      rule: `must be one of ${TLS_VERSIONS.join(', ')}`,
      read: (value) => (isOneOf(TLS_VERSIONS, value) ? value : undefined),
    },
    insecure: yesOrNo,
  },
  unix: { path: { ...path, required: true } },
  pipe: {
    name: {
      rule: 'must be the name of a pipe, such as rpyc or \\\\.\\pipe\\rpyc',
      required: true,
      read: (value) => (isLine(value) && /^(\\\\\.\\pipe\\)?[^\\/\s]+$/i.test(value) ? value : undefined),
    },
  },
  ssh: {
    ...SSH_RULES,
    remoteHost: { ...host, required: false },
    remotePort: port,
    remoteSocket: {
      rule: 'must be the whole path of a socket on the other machine: /…',
      read: (value) => (isLine(value, MAX_PATH_TEXT) && value.startsWith('/') ? value : undefined),
    },
  },
  subprocess: {
    command: {
      rule: `must be a list of 1 to ${MAX_WORDS} texts: the program and its arguments`,
      required: true,
      read: (value) => (isCommand(value) ? [...value] : undefined),
    },
    cwd: path,
    env: {
      rule: 'must be an object with texts',
      read: (value) => (isEnvironment(value) ? { ...value } : undefined),
    },
  },
  deploy: {
    ...SSH_RULES,
    python: {
      rule: 'must be the name or the path of a Python 3 on the other machine, without a dash in front',
      read: (value) => (isLine(value) && /^[^\s-]/.test(value) ? value : undefined),
    },
  },
  registry: {
    service: {
      rule: 'must be the name of a service, on one line',
      required: true,
      read: (value) => (isServiceName(value) ? value.trim() : undefined),
    },
    registry: {
      rule: 'must be { "host": …, "port": …, "transport": "udp" or "tcp" }',
      read: (value) => readRegistry(value),
    },
  },
};

export const TRANSPORT_KINDS = Object.keys(TRANSPORT_RULES) as readonly TransportKind[];

/** Reads the transport of a profile, and fills in what it leaves out. */
export function checkTransport(
  value: unknown,
): { readonly transport: Transport } | { readonly fault: Fault } {
  if (!isFields(value)) {
    return wrong('transport', 'must be an object with a kind and what that kind needs');
  }
  const { kind, ...given } = value;
  if (!isOneOf(TRANSPORT_KINDS, kind)) {
    return wrong('transport.kind', `must be one of ${TRANSPORT_KINDS.join(', ')}`);
  }
  const read = readFields(given, TRANSPORT_RULES[kind], 'transport.');
  if ('fault' in read) {
    return read;
  }
  const contradiction = contradictionIn(kind, read.fields);
  if (contradiction !== undefined) {
    return { fault: contradiction };
  }
  // What each field holds was checked by its rule; a test compares the rules with the types.
  return { transport: { kind, ...withFarEnd(kind, read.fields) } as unknown as Transport };
}

/** Fields that are good each by itself. */
function contradictionIn(kind: TransportKind, fields: Fields): Fault | undefined {
  if (kind === 'tls') {
    const isChecked = fields['ca'] !== undefined || fields['pin'] !== undefined;
    if (fields['insecure'] === true && isChecked) {
      return { field: 'transport.insecure', rule: 'must be left out beside ca or pin' };
    }
    if ((fields['cert'] === undefined) !== (fields['key'] === undefined)) {
      const missing = fields['cert'] === undefined ? 'cert' : 'key';
      return { field: `transport.${missing}`, rule: 'must be there where the other of cert and key is' };
    }
    if (fields['passphrase'] !== undefined && fields['key'] === undefined) {
      return { field: 'transport.passphrase', rule: 'must be left out where there is no key' };
    }
  }
  if (kind === 'ssh' && fields['remoteSocket'] !== undefined) {
    const other = ['remoteHost', 'remotePort'].find((name) => fields[name] !== undefined);
    return other === undefined
      ? undefined
      : { field: `transport.${other}`, rule: 'must be left out beside remoteSocket' };
  }
  return undefined;
}

function withFarEnd(kind: TransportKind, fields: Fields): Fields {
  return kind === 'ssh' && fields['remoteSocket'] === undefined
    ? { remoteHost: 'localhost', remotePort: DEFAULT_RPYC_PORT, ...fields }
    : fields;
}

/** Where it leads, as it is shown, and the key of what is known of the place: `host:port` for TCP and TLS. */
export function endpointOf(transport: Transport): string {
  switch (transport.kind) {
    case 'tcp':
    case 'tls':
      return hostAndPort(transport.host, transport.port);
    case 'unix':
      return transport.path;
    case 'pipe':
      return transport.name;
    case 'ssh': {
      const { remoteHost = 'localhost', remotePort = DEFAULT_RPYC_PORT, remoteSocket } = transport;
      return `${machineOf(transport)} → ${remoteSocket ?? hostAndPort(remoteHost, remotePort)}`;
    }
    case 'subprocess':
      return transport.command.map(quoteWord).join(' ');
    case 'deploy':
      return machineOf(transport);
    case 'registry': {
      const { service, registry } = transport;
      return registry === undefined ? service : `${service} @ ${hostAndPort(registry.host, registry.port)}`;
    }
  }
}

/** `user@host:port` of a machine that SSH reaches, as far as they are given. */
export function machineOf({
  user,
  host: name,
  port: number,
}: {
  readonly user?: string;
  readonly host: string;
  readonly port?: number;
}): string {
  const place = number === undefined ? name : hostAndPort(name, number);
  return user === undefined ? place : `${user}@${place}`;
}

/** `host:port`, with an IPv6 address in brackets. */
export function hostAndPort(name: string, number: number): string {
  return name.includes(':') ? `[${name}]:${number}` : `${name}:${number}`;
}

/** Letters of a host name, or of an IP address with its zone. One that begins like an option is refused. */
export function isHost(name: string): boolean {
  return name.length <= MAX_PROFILE_TEXT && /^[\p{L}\p{N}_:.][\p{L}\p{M}\p{N}_:.%-]*$/u.test(name);
}

export function isPort(number: number): boolean {
  return Number.isInteger(number) && number >= 1 && number <= MAX_PORT;
}

/** What OpenSSH takes for a name: it may stand in commands of the user's configuration. */
export function isUser(name: string): boolean {
  return /^[\p{L}\p{N}_.+][\p{L}\p{N}_.+@\\-]*(?<!\\)$/u.test(name);
}

/** A path that means the same wherever the process runs. */
export function isPath(value: unknown): value is string {
  return isLine(value, MAX_PATH_TEXT) && /^(\/|~\/|[A-Za-z]:[\\/]|\\\\)/.test(value);
}

/** A name of a service: one line that says what it seems to say. */
export function isServiceName(name: unknown): name is string {
  return (
    typeof name === 'string' &&
    name.trim() !== '' &&
    name.length <= MAX_PROFILE_TEXT &&
    !/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u.test(name)
  );
}

function readRegistry(value: unknown): RegistryPlace | undefined {
  const read = isFields(value) ? readFields(value, REGISTRY_RULES, '') : undefined;
  // What each field holds was checked by its rule.
  return read !== undefined && 'fields' in read ? (read.fields as unknown as RegistryPlace) : undefined;
}

/** The digits of a fingerprint, in lower case; undefined where it is none. */
export function readPin(text: string): string | undefined {
  const digits = text.replace(/^\s*sha-?256(?: fingerprint)?[:=]/i, '').replace(/[:\s]/g, '');
  return /^[0-9a-f]{64}$/i.test(digits) ? digits.toLowerCase() : undefined;
}

/** An IPv6 address may be written as in an address with a port. */
function withoutBrackets(name: string): string {
  return /^\[([^[\]]*:[^[\]]*)\]$/.exec(name)?.[1] ?? name;
}

function isCommand(value: unknown): value is readonly string[] {
  return (
    Array.isArray(value) &&
    value.length >= 1 &&
    value.length <= MAX_WORDS &&
    value[0] !== '' &&
    value.every(
      (word) => typeof word === 'string' && word.length <= 10 * MAX_PATH_TEXT && !word.includes('\0'),
    )
  );
}

function isEnvironment(value: unknown): value is Readonly<Record<string, string>> {
  return (
    isFields(value) &&
    Object.keys(value).length <= MAX_VARIABLES &&
    Object.entries(value).every(
      ([name, text]) => /^[^=\0]+$/.test(name) && typeof text === 'string' && !text.includes('\0'),
    )
  );
}

/** As a person would type it, on one line. */
function quoteWord(word: string): string {
  const line = word.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ');
  return /^[^\s"']+$/.test(line) ? line : `"${line.replaceAll('"', '\\"')}"`;
}
