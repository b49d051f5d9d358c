import type { DialectChoice, Profile, ServiceKind } from '../../server/src/api/model';

/** Where in the settings a profile is written. */
export type ProfileOrigin = 'user' | 'workspace';

/** A profile and the place that it was read from. */
export interface ProfileEntry {
  readonly profile: Profile;
  readonly origin: ProfileOrigin;
  /** Position in the array of that place. */
  readonly index: number;
}

/** An entry of the setting that cannot be used, and the field at fault. */
export interface RejectedProfile {
  readonly origin: ProfileOrigin;
  readonly index: number;
  readonly field: ProfileField;
}

export type ProfileField =
  | 'profile'
  | 'id'
  | 'version'
  | 'label'
  | 'transport'
  | 'transport.kind'
  | 'transport.host'
  | 'transport.port'
  | 'service'
  | 'dialect'
  | 'oneShot';

export interface ProfileList {
  readonly entries: readonly ProfileEntry[];
  readonly rejected: readonly RejectedProfile[];
}

export const DEFAULT_PORT = 18812;

const SERVICES: readonly ServiceKind[] = ['auto', 'classic', 'service'];
const DIALECTS: readonly DialectChoice[] = ['auto', 'A', 'B', 'C', 'D'];
const MAX_TEXT = 255;

/**
 * Reads the profiles of all places, the user's first. What a profile leaves out is filled in; an entry with a
 * wrong field is set aside. The background process checks what it is given once more.
 */
export function readProfiles(places: Readonly<Record<ProfileOrigin, unknown>>): ProfileList {
  const entries: ProfileEntry[] = [];
  const rejected: RejectedProfile[] = [];
  const taken = new Set<string>();
  for (const origin of ['user', 'workspace'] as const) {
    const place = places[origin];
    const values: readonly unknown[] = Array.isArray(place) ? place : [];
    values.forEach((value, index) => {
      const profile = readProfile(value, taken);
      if (typeof profile === 'string') {
        rejected.push({ origin, index, field: profile });
      } else {
        taken.add(profile.id);
        entries.push({ profile, origin, index });
      }
    });
  }
  return { entries, rejected };
}

function readProfile(value: unknown, taken: ReadonlySet<string>): Profile | ProfileField {
  if (!isRecord(value)) {
    return 'profile';
  }
  const { version, label, transport, service, dialect, oneShot } = value;
  if (version !== undefined && version !== 1) {
    return 'version';
  }
  if (!isRecord(transport)) {
    return 'transport';
  }
  if (transport['kind'] !== undefined && transport['kind'] !== 'tcp') {
    return 'transport.kind';
  }
  const host = transport['host'];
  if (typeof host !== 'string' || !isHost(host)) {
    return 'transport.host';
  }
  const port = transport['port'] ?? DEFAULT_PORT;
  if (typeof port !== 'number' || !isPort(port)) {
    return 'transport.port';
  }
  if (label !== undefined && (typeof label !== 'string' || label.length > MAX_TEXT)) {
    return 'label';
  }
  const serviceKind = SERVICES.find((known) => known === (service ?? 'auto'));
  if (serviceKind === undefined) {
    return 'service';
  }
  const dialectChoice = DIALECTS.find((known) => known === (dialect ?? 'auto'));
  if (dialectChoice === undefined) {
    return 'dialect';
  }
  if (oneShot !== undefined && typeof oneShot !== 'boolean') {
    return 'oneShot';
  }
  const address = formatAddress(host, port);
  const id = readId(value['id'], `tcp:${address}`, taken);
  if (id === undefined) {
    return 'id';
  }
  return {
    id,
    version: 1,
    label: label === undefined || label.trim() === '' ? address : label.trim(),
    transport: { kind: 'tcp', host, port },
    service: serviceKind,
    dialect: dialectChoice,
    oneShot: oneShot ?? false,
  };
}

/** The id that is given, or one made from the address, so that a new label keeps the rows that are open. */
function readId(given: unknown, address: string, taken: ReadonlySet<string>): string | undefined {
  if (given !== undefined) {
    const usable = typeof given === 'string' && given !== '' && given.length <= MAX_TEXT && !taken.has(given);
    return usable ? given : undefined;
  }
  let id = address;
  for (let n = 2; taken.has(id); n++) {
    id = `${address}#${n}`;
  }
  return id;
}

/** `host:port`, with an IPv6 address in brackets. */
export function formatAddress(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

export type AddressFault = 'empty' | 'host' | 'port';

/** Reads `host`, `host:port`, `[::1]:port`, or an IPv6 address alone. Without a port it is 18812. */
export function parseAddress(text: string): { host: string; port: number } | AddressFault {
  const trimmed = text.trim();
  if (trimmed === '') {
    return 'empty';
  }
  const bracketed = /^\[([^\]]*)\](?::(.*))?$/.exec(trimmed);
  const plain = /^([^:]*)(?::([^:]*))?$/.exec(trimmed);
  const match = bracketed ?? plain;
  const host = match === null ? trimmed : (match[1] ?? '');
  const portText = match?.[2];
  if (!isHost(host) || trimmed.includes('/')) {
    return 'host';
  }
  if (portText === undefined) {
    return { host, port: DEFAULT_PORT };
  }
  const port = /^\d{1,5}$/.test(portText) ? Number(portText) : 0;
  return isPort(port) ? { host, port } : 'port';
}

function isPort(port: number): boolean {
  return Number.isInteger(port) && port >= 1 && port <= 65535;
}

/** Letters of a host name or of an IP address with zone. One that starts like an option is refused. */
function isHost(host: string): boolean {
  return host.length <= MAX_TEXT && /^[\p{L}\p{N}_:.][\p{L}\p{N}_:.%-]*$/u.test(host);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
