/** What the ids of runs begin with that were typed in a debug console. */
export const CONSOLE_RUN = 'console-';
