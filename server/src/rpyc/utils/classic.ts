/*
 * The door's namespace `classic`: every name of rpyc/utils/classic.py in one place, and nothing else.
 */

export {
  connect,
  connectChannel,
  connectMultiprocess,
  connectPipes,
  connectStdpipes,
  connectStream,
  connectSubproc,
  connectThread,
  sshConnect,
  sslConnect,
  unixConnect,
} from './classicFactory';
export { deliver, type DeliverOptions } from './deliver';
export { download, downloadDir, downloadFile } from './download';
export { obtain, type ObtainOptions } from './obtain';
export { type TransferOptions, type TransferProgress } from './transfer';
export { upload, uploadDir, uploadFile, uploadModule, uploadPackage } from './upload';
export { MockClassicConnection } from './mockConnection';
export { redirectedStdio, type Redirection, type StandardStreams } from './redirectedStdio';
export { type ConsoleOptions, interact, pm } from './remoteConsole';
export { teleportFunction } from './teleport';
