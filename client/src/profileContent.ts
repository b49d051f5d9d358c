import type { Profile } from '../../server/src/api/model';

/** The same text for two profiles that lead to the same place in the same way under the same name. */
export function profileContent(profile: Profile): string {
  const { label, transport, service, dialect = 'auto', oneShot = false } = profile;
  const place = Object.entries(transport).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([label, place, service, dialect, oneShot]);
}
