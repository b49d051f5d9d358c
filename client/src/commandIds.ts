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
  'rpyc.copyValue',
  'rpyc.copyExpression',
  'rpyc.runSelection',
  'rpyc.chooseConnection',
  'rpyc.showOutput',
  'rpyc.showConnections',
  'rpyc.showLog',
  'rpyc.copyDiagnostics',
  'rpyc.restart',
] as const;

export type CommandId = (typeof COMMAND_IDS)[number];
