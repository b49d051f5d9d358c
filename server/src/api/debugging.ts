/** What the ids of runs begin with that were typed in a debug console. */
export const CONSOLE_RUN = 'console-';

/** Names an error that was told, and the profile on which it was raised. */
export function failureName(number: number, profileId: string): string {
  return `${number}@${profileId}`;
}

/** The profile of an error by its name. */
export function profileOfFailure(name: string): string {
  return name.slice(name.indexOf('@') + 1);
}
