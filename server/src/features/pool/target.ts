import type { DialectChoice, Profile, ServiceKind, Transport } from '../../api/model';
import { type ProblemContext, ProblemError, badProfile } from '../problem';

const PROFILE_KEYS = ['id', 'version', 'label', 'transport', 'service', 'dialect', 'oneShot'];
const TRANSPORT_KEYS = ['kind', 'host', 'port'];
const SERVICE_KINDS: readonly ServiceKind[] = ['auto', 'classic', 'service'];
const DIALECT_CHOICES: readonly DialectChoice[] = ['auto', 'A', 'B', 'C', 'D'];
const MAX_TEXT = 255;
const MAX_PORT = 65535;

type Fields = Readonly<Record<string, unknown>>;

/**
 * Checks a profile, wherever it was stored (schema version 1).
 * A field that is not known is refused and not passed over: a `tls` that is ignored would be a promise broken.
 *
 * @param value what the settings, a store, a link or another extension gave
 * @returns a profile that holds the known fields only
 * @throws ProblemError with the code `ERR_PROFILE`, naming the field that is wrong
 */
export function parseProfile(value: unknown): Profile {
  const fields = asFields(value, 'profile', 'must be an object', 'of a connection');
  const label = text(fields, 'label', 'of a connection');
  const where = `of “${label}”`;
  refuseUnknown(fields, PROFILE_KEYS, '', where);
  if (fields['version'] !== 1) {
    fail('version', 'must be 1', where);
  }
  const { dialect, oneShot } = fields;
  if (dialect !== undefined && !isOneOf(DIALECT_CHOICES, dialect)) {
    fail('dialect', `must be one of ${DIALECT_CHOICES.join(', ')}`, where);
  }
  if (oneShot !== undefined && typeof oneShot !== 'boolean') {
    fail('oneShot', 'must be true or false', where);
  }
  const service = fields['service'];
  if (!isOneOf(SERVICE_KINDS, service)) {
    fail('service', `must be one of ${SERVICE_KINDS.join(', ')}`, where);
  }
  return {
    id: text(fields, 'id', where),
    version: 1,
    label,
    transport: parseTransport(fields['transport'], where),
    service,
    ...(dialect === undefined ? {} : { dialect }),
    ...(oneShot === undefined ? {} : { oneShot }),
  };
}

/** `host:port`, with an IPv6 address in brackets: the key of an endpoint, and how it is shown. */
export function endpointOf(transport: Transport): string {
  const { host, port } = transport;
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** What the sentence of a problem may name. */
export function contextOfProfile(profile: Profile): ProblemContext {
  return { label: profile.label, endpoint: endpointOf(profile.transport) };
}

/** Whether two profiles open the same kind of connection to the same place, whatever they are called. */
export function isSameTarget(a: Profile, b: Profile): boolean {
  return (
    endpointOf(a.transport) === endpointOf(b.transport) &&
    a.service === b.service &&
    (a.dialect ?? 'auto') === (b.dialect ?? 'auto') &&
    (a.oneShot ?? false) === (b.oneShot ?? false)
  );
}

function parseTransport(value: unknown, where: string): Transport {
  const fields = asFields(value, 'transport', 'must be an object with kind, host and port', where);
  if (fields['kind'] !== 'tcp') {
    fail('transport.kind', 'must be tcp', where);
  }
  refuseUnknown(fields, TRANSPORT_KEYS, 'transport.', where);
  const { host, port } = fields;
  if (typeof host !== 'string' || host.length > MAX_TEXT || !isHost(host)) {
    fail('transport.host', 'must be a host name or an address', where);
  }
  if (typeof port !== 'number' || !Number.isInteger(port) || port < 1 || port > MAX_PORT) {
    fail('transport.port', `must be a whole number from 1 to ${MAX_PORT}`, where);
  }
  return { kind: 'tcp', host: host.replace(/^\[(.*)\]$/, '$1'), port };
}

/** No white space, control character or slash, and no leading dash: a host is never taken for an option. */
function isHost(host: string): boolean {
  return /^(\[[^\s[\]/\p{Cc}]+\]|[^\s[\]/\-\p{Cc}][^\s[\]/\p{Cc}]*)$/u.test(host);
}

function text(fields: Fields, name: string, where: string): string {
  const value = fields[name];
  if (typeof value !== 'string' || value.trim() === '' || value.length > MAX_TEXT || /\p{Cc}/u.test(value)) {
    fail(name, `must be one line of 1 to ${MAX_TEXT} characters`, where);
  }
  return value;
}

function asFields(value: unknown, name: string, rule: string, where: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    fail(name, rule, where);
  }
  return { ...value };
}

function refuseUnknown(fields: Fields, known: readonly string[], prefix: string, where: string): void {
  const unknown = Object.keys(fields).find((key) => !known.includes(key) && fields[key] !== undefined);
  if (unknown !== undefined) {
    fail(`${prefix}${unknown.slice(0, MAX_TEXT)}`, 'is not a known field', where);
  }
}

function isOneOf<T>(allowed: readonly T[], value: unknown): value is T {
  return (allowed as readonly unknown[]).includes(value);
}

function fail(field: string, rule: string, where: string): never {
  throw new ProblemError(badProfile(field, rule, where));
}
