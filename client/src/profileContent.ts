import type { Profile } from '../../server/src/api/model';
import { targetText } from '../../server/src/api/profile';

/** The same text for two profiles that lead to the same place in the same way under the same name. */
export function profileContent(profile: Profile): string {
  return JSON.stringify([profile.label, targetText(profile)]);
}

/** What a profile does by itself once it is connected: where it has runs go, and what it lets its peer do here. */
export function actsOf({ runOn, expose = [] }: Profile): readonly unknown[] {
  return [...(runOn === undefined ? [] : [runOn]), ...(expose.length === 0 ? [] : [expose])];
}

/** The same text for two profiles of which all is the same that has to be agreed to. */
export function agreedContent(profile: Profile): string {
  return JSON.stringify([profile.label, targetText(profile), ...actsOf(profile)]);
}
