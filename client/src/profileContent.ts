import type { Profile } from '../../server/src/api/model';
import { targetText } from '../../server/src/api/profile';

/**
 * The same text for two profiles that lead to the same place in the same way under the same name, run alike there, and
 * let it do the same here.
 */
export function profileContent(profile: Profile): string {
  const { label, runOn, expose } = profile;
  return JSON.stringify([
    label,
    targetText(profile),
    ...(runOn === undefined ? [] : [runOn]),
    ...(expose === undefined || expose.length === 0 ? [] : [expose]),
  ]);
}
