/**
 * The one check of a profile, used by the client for what is in the settings and by the background process for what
 * it is told. The JSON schema of the setting in `package.json` says the same.
 */
import type { DialectChoice, Profile, ServiceKind, TcpTransport, Transport } from './model';

/** What a profile that leaves a field out is given. Its label and its id are then made from its address. */
export const PROFILE_DEFAULTS = {
  version: 1,
  kind: 'tcp',
  port: 18812,
  service: 'auto',
  dialect: 'auto',
  oneShot: false,
} as const;

/** Longest label, id and host, in UTF-16 code units. */
export const MAX_PROFILE_TEXT = 255;

export const MAX_PORT = 65535;

export const PROFILE_FIELDS: readonly string[] = [
  'id',
  'version',
  'label',
  'transport',
  'service',
  'dialect',
  'oneShot',
];

export const TRANSPORT_FIELDS: readonly string[] = ['kind', 'host', 'port'];

const SERVICE_KINDS: readonly ServiceKind[] = ['auto', 'classic', 'service'];
const DIALECT_CHOICES: readonly DialectChoice[] = ['auto', 'A', 'B', 'C', 'D'];

/** Why a profile cannot be used. */
export interface ProfileFault {
  /** The field at fault: `label`, `transport.port`, or `profile` where it is no object at all. */
  readonly field: string;
  /** What the field has to be, as the end of a sentence that begins with the field. */
  readonly rule: string;
}

export type CheckedProfile = { readonly profile: Profile } | { readonly fault: ProfileFault };

type Fields = Readonly<Record<string, unknown>>;

/**
 * Checks a profile of schema version 1, wherever it was stored, and fills in what it leaves out.
 * A field that is not known is a fault and not passed over: a `tls` that is ignored would be a promise broken.
 *
 * @param value what the settings, a store, a link or another extension gave
 * @returns a profile that holds the known fields only, or the first fault
 */
export function checkProfile(value: unknown): CheckedProfile {
  if (!isFields(value)) {
    return wrong('profile', 'must be an object');
  }
  const unknown = unknownField(value, PROFILE_FIELDS);
  if (unknown !== undefined) {
    return wrong(unknown, 'is not a known field');
  }
  const { version = PROFILE_DEFAULTS.version, dialect = PROFILE_DEFAULTS.dialect } = value;
  const { service = PROFILE_DEFAULTS.service, oneShot = PROFILE_DEFAULTS.oneShot } = value;
  if (version !== PROFILE_DEFAULTS.version) {
    return wrong('version', `must be ${PROFILE_DEFAULTS.version}`);
  }
  if (value['label'] !== undefined && !isText(value['label'])) {
    return wrong('label', `must be one line of at most ${MAX_PROFILE_TEXT} characters`);
  }
  const checked = checkTransport(value['transport']);
  if ('fault' in checked) {
    return checked;
  }
  if (!isOneOf(SERVICE_KINDS, service)) {
    return wrong('service', `must be one of ${SERVICE_KINDS.join(', ')}`);
  }
  if (!isOneOf(DIALECT_CHOICES, dialect)) {
    return wrong('dialect', `must be one of ${DIALECT_CHOICES.join(', ')}`);
  }
  if (typeof oneShot !== 'boolean') {
    return wrong('oneShot', 'must be true or false');
  }
  const { transport } = checked;
  const address = endpointOf(transport);
  const { id = `${transport.kind}:${address}`.slice(0, MAX_PROFILE_TEXT) } = value;
  if (!isText(id) || id.trim() === '') {
    return wrong('id', `must be one line of 1 to ${MAX_PROFILE_TEXT} characters`);
  }
  const label = value['label']?.trim() ?? '';
  const profile: Profile = {
    id,
    version,
    label: label === '' ? address.slice(0, MAX_PROFILE_TEXT) : label,
    transport,
    service,
    dialect,
    oneShot,
  };
  return { profile };
}

/** `host:port`, with an IPv6 address in brackets: the key of an endpoint, and how it is shown. */
export function endpointOf({ host, port }: Pick<Transport, 'host' | 'port'>): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Letters of a host name, or of an IP address with its zone. One that begins like an option is refused. */
export function isHost(host: string): boolean {
  return host.length <= MAX_PROFILE_TEXT && /^[\p{L}\p{N}_:.][\p{L}\p{M}\p{N}_:.%-]*$/u.test(host);
}

export function isPort(port: number): boolean {
  return Number.isInteger(port) && port >= 1 && port <= MAX_PORT;
}

function checkTransport(
  value: unknown,
): { readonly transport: TcpTransport } | { readonly fault: ProfileFault } {
  if (!isFields(value)) {
    return wrong('transport', 'must be an object with kind, host and port');
  }
  const { kind, port = PROFILE_DEFAULTS.port } = value;
  if (kind !== PROFILE_DEFAULTS.kind) {
    return wrong('transport.kind', `must be ${PROFILE_DEFAULTS.kind}`);
  }
  const unknown = unknownField(value, TRANSPORT_FIELDS);
  if (unknown !== undefined) {
    return wrong(`transport.${unknown}`, 'is not a known field');
  }
  const host = typeof value['host'] === 'string' ? withoutBrackets(value['host']) : '';
  if (!isHost(host)) {
    return wrong('transport.host', 'must be a host name or an address');
  }
  if (typeof port !== 'number' || !isPort(port)) {
    return wrong('transport.port', `must be a whole number from 1 to ${MAX_PORT}`);
  }
  return { transport: { kind, host, port } };
}

/** An IPv6 address may be written as in an address with a port. */
function withoutBrackets(host: string): string {
  return /^\[([^[\]]*:[^[\]]*)\]$/.exec(host)?.[1] ?? host;
}

function isText(value: unknown): value is string {
  return (
    typeof value === 'string' && value.length <= MAX_PROFILE_TEXT && !/[\p{Cc}\p{Zl}\p{Zp}]/u.test(value)
  );
}

function unknownField(fields: Fields, known: readonly string[]): string | undefined {
  return Object.keys(fields)
    .find((key) => !known.includes(key) && fields[key] !== undefined)
    ?.slice(0, MAX_PROFILE_TEXT);
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isOneOf<T>(allowed: readonly T[], value: unknown): value is T {
  return (allowed as readonly unknown[]).includes(value);
}

function wrong(field: string, rule: string): { readonly fault: ProfileFault } {
  return { fault: { field, rule } };
}
