/** Every command of the extension, in the order of the manifest. */
export const COMMAND_IDS = [
  'rpyc.addConnection',
  'rpyc.openRecent',
  'rpyc.connect',
  'rpyc.cancelConnecting',
  'rpyc.disconnect',
  'rpyc.editConnection',
  'rpyc.duplicateConnection',
  'rpyc.openSettings',
  'rpyc.addFavourite',
  'rpyc.removeFavourite',
  'rpyc.moveUp',
  'rpyc.moveDown',
  'rpyc.moveToGroup',
  'rpyc.setColor',
  'rpyc.chooseThread',
  'rpyc.markProduction',
  'rpyc.unmarkProduction',
  'rpyc.removeConnection',
  'rpyc.refresh',
  'rpyc.findModule',
  'rpyc.findChild',
  'rpyc.loadMore',
  'rpyc.readValue',
  'rpyc.readAgain',
  'rpyc.tryAnyway',
  'rpyc.editValue',
  'rpyc.deleteValue',
  'rpyc.undoChange',
  'rpyc.callObject',
  'rpyc.takeNext',
  'rpyc.copyValue',
  'rpyc.copyExpression',
  'rpyc.runSelection',
  'rpyc.runSelectionAndMoveOn',
  'rpyc.runCell',
  'rpyc.runCellAndMoveOn',
  'rpyc.runFile',
  'rpyc.showResult',
  'rpyc.exploreResult',
  'rpyc.copyResult',
  'rpyc.clearResults',
  'rpyc.interruptRun',
  'rpyc.answerInput',
  'rpyc.showHistory',
  'rpyc.openDebugConsole',
  'rpyc.showLastError',
  'rpyc.showStacks',
  'rpyc.chooseConnection',
  'rpyc.showOutput',
  'rpyc.showConnections',
  'rpyc.showMenu',
  'rpyc.explainError',
  'rpyc.showLog',
  'rpyc.copyDiagnostics',
  'rpyc.restart',
] as const;

/** What can be done with rows of objects beside reading and changing them, behind those above in the manifest. */
export const ROW_ACTION_IDS = [
  'rpyc.goToMember',
  'rpyc.showObject',
  'rpyc.openSource',
  'rpyc.copyJson',
  'rpyc.copyImport',
  'rpyc.selectForCompare',
  'rpyc.compareWithSelected',
  'rpyc.compareSelected',
] as const;

export type RowActionId = (typeof ROW_ACTION_IDS)[number];

/** What shows and hides groups of an object's names, behind those above. */
export const GROUP_COMMAND_IDS = [
  'rpyc.showMethods',
  'rpyc.hideMethods',
  'rpyc.showPrivate',
  'rpyc.hidePrivate',
  'rpyc.showSpecial',
  'rpyc.hideSpecial',
] as const;

export type GroupCommandId = (typeof GROUP_COMMAND_IDS)[number];

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

/** The commands of what is watched. Only the first one is on a row of the tree. */
export const WATCH_COMMAND_IDS = [
  'rpyc.watchObject',
  'rpyc.readWatched',
  'rpyc.pauseWatching',
  'rpyc.resumeWatching',
  'rpyc.showWatched',
  'rpyc.copyWatchedValue',
  'rpyc.copyWatchedExpression',
  'rpyc.moveWatchedUp',
  'rpyc.moveWatchedDown',
  'rpyc.removeWatched',
  'rpyc.removeAllWatched',
] as const;

export type WatchCommandId = (typeof WATCH_COMMAND_IDS)[number];

/** The commands on what is held and what actions cost, behind those above in the manifest. */
export const WIRE_COMMAND_IDS = [
  'rpyc.showReferences',
  'rpyc.hideReferences',
  'rpyc.showCosts',
  'rpyc.hideCosts',
  'rpyc.releaseReference',
  'rpyc.releaseReferences',
  'rpyc.clearCosts',
  'rpyc.copyCosts',
] as const;

export type WireCommandId = (typeof WIRE_COMMAND_IDS)[number];

/** The commands that run code on several connections at once, behind those above. */
export const FLEET_COMMAND_IDS = [
  'rpyc.runSelectionOnSeveral',
  'rpyc.runCellOnSeveral',
  'rpyc.runFileOnSeveral',
  'rpyc.showSeveral',
  'rpyc.interruptSeveral',
  'rpyc.runFailedAgain',
] as const;

export type FleetCommandId = (typeof FLEET_COMMAND_IDS)[number];

/** The commands of what peers call, behind all others in the manifest. */
export const CALL_COMMAND_IDS = [
  'rpyc.exposeFunctions',
  'rpyc.startListening',
  'rpyc.stopListening',
  'rpyc.copyListenerPython',
  'rpyc.stopAnswering',
  'rpyc.resumeAnswering',
  'rpyc.clearCalls',
  'rpyc.copyCalls',
] as const;

export type CallCommandId = (typeof CALL_COMMAND_IDS)[number];

export type CommandId = (typeof COMMAND_IDS)[number];
