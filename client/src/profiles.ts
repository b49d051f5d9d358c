import type { Profile } from '../../server/src/api/model';
import { checkProfile } from '../../server/src/api/profile';
import { DEFAULT_RPYC_PORT, isHost, isPort } from '../../server/src/api/transport';

/** Where a profile is written: in settings of the user or of the workspace, or in VS Code's own store. */
export type ProfileOrigin = 'user' | 'private' | 'workspace';

/** The user's own come first: a workspace must not take an id of theirs. */
const ORIGINS: readonly ProfileOrigin[] = ['user', 'private', 'workspace'];

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

/** `label`, `transport.port`, a field that is not known, or `profile` where the entry is no object. */
export type ProfileField = string;

export interface ProfileList {
  readonly entries: readonly ProfileEntry[];
  readonly rejected: readonly RejectedProfile[];
}

/**
 * Reads the profiles of all places, the user's first. What a profile leaves out is filled in; an entry with a
 * wrong field is set aside.
 */
export function readProfiles(places: Readonly<Partial<Record<ProfileOrigin, unknown>>>): ProfileList {
  const entries: ProfileEntry[] = [];
  const rejected: RejectedProfile[] = [];
  const taken = new Set<string>();
  for (const origin of ORIGINS) {
    const place = places[origin];
    const values: readonly unknown[] = Array.isArray(place) ? place : [];
    values.forEach((value, index) => {
      const profile = readProfile(value, taken, origin);
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

function readProfile(
  value: unknown,
  taken: ReadonlySet<string>,
  origin: ProfileOrigin,
): Profile | ProfileField {
  const checked = checkProfile(value);
  if ('fault' in checked) {
    return checked.fault.field;
  }
  const { profile } = checked;
  if (!taken.has(profile.id)) {
    return profile;
  }
  // Nobody can correct an id that nobody wrote.
  const isGiven = origin !== 'private' && isRecord(value) && value['id'] !== undefined;
  return isGiven ? 'id' : { ...profile, id: freeId(profile.id, taken) };
}

/** Where an id is made from the address, so that a new label keeps the rows that are open, two may be the same. */
export function freeId(id: string, taken: ReadonlySet<string>): string {
  if (!taken.has(id)) {
    return id;
  }
  let n = 2;
  while (taken.has(`${id}#${n}`)) {
    n++;
  }
  return `${id}#${n}`;
}

export type AddressFault = 'empty' | 'host' | 'port';

/**
 * Reads `host`, `host:port`, `[::1]:port`, or an IPv6 address alone.
 *
 * @param defaultPort stands for a port that is left out
 */
export function parseAddress(
  text: string,
  defaultPort: number = DEFAULT_RPYC_PORT,
): { host: string; port: number } | AddressFault {
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
    return { host, port: defaultPort };
  }
  const port = /^\d{1,5}$/.test(portText) ? Number(portText) : 0;
  return isPort(port) ? { host, port } : 'port';
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
