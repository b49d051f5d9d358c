/** VS Code's web workbench with the extension loaded from this clone. */
import path from 'node:path';

import { REPOSITORY } from '../cache.mjs';
import { startVsCodeServer, workbenchAddress } from '../vscodeServer.mjs';

/**
 * Serves the workbench on the loopback.
 *
 * @param build what `ensureVsCode` returned
 * @param folder what `createDemoFolder` returned
 * @param profiles what `rpyc.profiles` is to hold
 * @returns `address`; `ended`, settled when the server ends by itself; `stop()`
 */
export async function startWebWorkbench(build, folder, profiles) {
  const server = await startVsCodeServer(build, {
    dataDir: path.join(folder.data, 'server'),
    settings: { 'rpyc.profiles': profiles, 'remote.autoForwardPorts': false },
  });
  const address = workbenchAddress(server, {
    folder: folder.workspace,
    openFile: folder.snippets,
    extensionDevelopmentPath: REPOSITORY,
  });
  return { address, ended: server.exited, stop: server.stop };
}
