import type { Profile } from '../../api/model';
import { checkProfile, targetText } from '../../api/profile';
import { endpointOf } from '../../api/transport';
import type { ProblemContext } from '../connectSentences';
import { ProblemError, badProfile } from '../problem';

/**
 * Checks a profile, wherever it came from, and fills in what it leaves out.
 *
 * @throws ProblemError with the code `ERR_PROFILE`, naming the field that is wrong
 */
export function parseProfile(value: unknown): Profile {
  const checked = checkProfile(value);
  if ('profile' in checked) {
    return checked.profile;
  }
  const { field, rule } = checked.fault;
  throw new ProblemError(badProfile(field, rule, nameOf(value)));
}

/** What the sentence of a problem may name. */
export function contextOfProfile(profile: Profile): ProblemContext {
  return { label: profile.label, endpoint: endpointOf(profile.transport), transport: profile.transport };
}

/** Whether two profiles open the same kind of connection to the same place, whatever they are called. */
export function isSameTarget(a: Profile, b: Profile): boolean {
  return targetText(a) === targetText(b);
}

/**
 * The same profile with the address that a registry told in the place of the service's name.
 *
 * @param address `host:port`; undefined where the profile has its address itself
 */
export function profileAt(profile: Profile, address: string | undefined): Profile {
  const [, host, port] = /^\[?(.+?)\]?:(\d+)$/.exec(address ?? '') ?? [];
  return host === undefined ? profile : { ...profile, transport: { kind: 'tcp', host, port: Number(port) } };
}

/** Which connection it is, where that can be told before its label has been found to be good. */
function nameOf(value: unknown): string | undefined {
  const label = typeof value === 'object' && value !== null && 'label' in value ? value.label : undefined;
  return typeof label === 'string' ? label : undefined;
}
