/** The type of our debug sessions, in `launch.json` and in the manifest. */
export const DEBUG_TYPE = 'rpyc';
