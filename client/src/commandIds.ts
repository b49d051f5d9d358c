/** Every command of the extension, in the order of the manifest. */
export const COMMAND_IDS = [
  'rpyc.addConnection',
  'rpyc.connect',
  'rpyc.cancelConnecting',
  'rpyc.disconnect',
  'rpyc.editConnection',
  'rpyc.removeConnection',
  'rpyc.refresh',
  'rpyc.findModule',
  'rpyc.findChild',
  'rpyc.loadMore',
  'rpyc.readValue',
  'rpyc.tryAnyway',
  'rpyc.editValue',
  'rpyc.deleteValue',
  'rpyc.undoChange',
  'rpyc.callObject',
  'rpyc.copyValue',
  'rpyc.copyExpression',
  'rpyc.runSelection',
  'rpyc.runSelectionAndMoveOn',
  'rpyc.runCell',
  'rpyc.runCellAndMoveOn',
  'rpyc.runFile',
  'rpyc.copyResult',
  'rpyc.clearResults',
  'rpyc.interruptRun',
  'rpyc.chooseConnection',
  'rpyc.showOutput',
  'rpyc.showConnections',
  'rpyc.showMenu',
  'rpyc.explainError',
  'rpyc.showLog',
  'rpyc.copyDiagnostics',
  'rpyc.restart',
] as const;

/** The commands of the registries' view, which stand behind the others in the manifest. */
export const DISCOVERY_COMMAND_IDS = [
  'rpyc.lookForServices',
  'rpyc.findService',
  'rpyc.addRegistry',
  'rpyc.connectService',
  'rpyc.copyServiceAddress',
  'rpyc.startRegistry',
  'rpyc.stopRegistry',
  'rpyc.startDemo',
  'rpyc.stopDemo',
] as const;

export type DiscoveryCommandId = (typeof DISCOVERY_COMMAND_IDS)[number];

export type CommandId = (typeof COMMAND_IDS)[number];
