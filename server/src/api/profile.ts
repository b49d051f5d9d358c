/**
 * The one check of a profile, used by the client for what is in the settings and by the background process for what
 * it is told. The JSON schema of the setting in `package.json` says the same.
 */
import {
  type Fault,
  type Fields,
  isFields,
  isLine,
  isOneOf,
  MAX_PROFILE_TEXT,
  unknownField,
  wrong,
} from './fields';
import { CALLBACK_NAMES, isCallbackName } from './callbacks';
import type { CallbackName, DialectChoice, Profile, ProfileColor, ServiceKind } from './model';
import { checkPathMappings } from './pathMapping';
import { checkPreHandshake } from './preHandshake';
import { checkRunThread } from './runThread';
import { checkTransport, endpointOf } from './transport';

/** What a profile that leaves a field out is given. Its label and its id are then made from its address. */
export const PROFILE_DEFAULTS = {
  version: 1,
  service: 'auto',
  dialect: 'auto',
  oneShot: false,
} as const;

export const PROFILE_FIELDS: readonly string[] = [
  'id',
  'version',
  'label',
  'transport',
  'service',
  'dialect',
  'oneShot',
  'preHandshake',
  'group',
  'color',
  'production',
  'runOn',
  'pathMappings',
  'expose',
];

export const PROFILE_COLORS: readonly ProfileColor[] = ['red', 'orange', 'yellow', 'green', 'blue', 'purple'];

/** An id that is made from the address leaves room for the number of one more to the same place. */
const MAX_MADE_ID = MAX_PROFILE_TEXT - 10;

const SERVICE_KINDS: readonly ServiceKind[] = ['auto', 'classic', 'service'];
const DIALECT_CHOICES: readonly DialectChoice[] = ['auto', 'A', 'B', 'C', 'D'];

export type CheckedProfile = { readonly profile: Profile } | { readonly fault: Fault };

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
  if (value['label'] !== undefined && !isLine(value['label'])) {
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
  const steps =
    value['preHandshake'] === undefined ? { steps: [] } : checkPreHandshake(value['preHandshake']);
  if ('fault' in steps) {
    return steps;
  }
  const marks = checkMarks(value);
  if ('fault' in marks) {
    return marks;
  }
  const place = value['runOn'] === undefined ? { runOn: undefined } : checkRunThread(value['runOn']);
  if ('fault' in place) {
    return place;
  }
  const files = checkPathMappings(value['pathMappings'] ?? []);
  if ('fault' in files) {
    return files;
  }
  const exposed = checkExpose(value['expose']);
  if ('fault' in exposed) {
    return exposed;
  }
  const { transport } = checked;
  const address = endpointOf(transport);
  const { id = `${transport.kind}:${address}`.slice(0, MAX_MADE_ID) } = value;
  if (!isLine(id) || id.trim() === '') {
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
    ...(steps.steps.length === 0 ? {} : { preHandshake: steps.steps }),
    ...marks,
    ...(place.runOn === undefined ? {} : { runOn: place.runOn }),
    ...(files.mappings.length === 0 ? {} : { pathMappings: files.mappings }),
    ...(exposed.names.length === 0 ? {} : { expose: exposed.names }),
  };
  return { profile };
}

/** Which functions of the editor the server may call, in the order of the list of all. */
function checkExpose(value: unknown): { readonly names: readonly CallbackName[] } | { fault: Fault } {
  if (value !== undefined && !(Array.isArray(value) && value.every(isCallbackName))) {
    return wrong('expose', `must be a list of some of ${CALLBACK_NAMES.join(', ')}`);
  }
  return { names: CALLBACK_NAMES.filter((name) => value?.includes(name) === true) };
}

/** What a profile looks like in the list, and whether it is handled with care. */
function checkMarks(value: Fields): Pick<Profile, 'group' | 'color' | 'production'> | { fault: Fault } {
  const { group = '', color, production = false } = value;
  if (!isLine(group)) {
    return wrong('group', `must be one line of at most ${MAX_PROFILE_TEXT} characters`);
  }
  if (color !== undefined && !isOneOf(PROFILE_COLORS, color)) {
    return wrong('color', `must be one of ${PROFILE_COLORS.join(', ')}`);
  }
  if (typeof production !== 'boolean') {
    return wrong('production', 'must be true or false');
  }
  return {
    ...(group.trim() === '' ? {} : { group: group.trim() }),
    ...(color === undefined ? {} : { color }),
    ...(production ? { production } : {}),
  };
}

/** The same text for two profiles that lead to the same place in the same way, whatever they are called. */
export function targetText(profile: Profile): string {
  const { transport, service, dialect = 'auto', oneShot = false, preHandshake = [] } = profile;
  return JSON.stringify([transport, service, dialect, oneShot, preHandshake], inOrder);
}

/** There is one connection, and it is not opened once more by itself: what it leads to ends with it. */
export function isSingle({ transport, oneShot }: Profile): boolean {
  return oneShot === true || transport.kind === 'subprocess' || transport.kind === 'deploy';
}

/** Whether the way to the server is encrypted and nobody looks whose certificate it is. */
export function isUnverified({ transport }: Profile): boolean {
  return transport.kind === 'tls' && transport.insecure === true;
}

/** Objects with their keys in order; the order of the steps and words of a list means something. */
function inOrder(_key: string, value: unknown): unknown {
  return isFields(value)
    ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
    : value;
}
