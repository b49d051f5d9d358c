/*
 * The public door of the library: RPyC for Node, both sides of it, with the names of RPyC's own API.
 */

export * as brine from './core/brine';
export * as classic from './utils/classic';
export * as vinegar from './core/vinegar';
export { AsyncResult } from './core/asyncResult';
export {
  call,
  callattr,
  cmp,
  type ComparisonOperator,
  contains,
  delattr,
  delitem,
  dir,
  enter,
  exit,
  getattr,
  getitem,
  hasattr,
  hash,
  inspectMethods,
  isinstance,
  isNetref,
  iter,
  len,
  next,
  release,
  type Remote,
  repr,
  setattr,
  setitem,
  str,
  type TypeName,
  type_,
  using_,
} from './core/builtins';
export { Channel, type ChannelOptions, type TraceFrame } from './core/channel';
export { type Config, DEFAULT_CONFIG, DEFAULT_LIMITS, type Limits } from './core/config';
export {
  DEFAULT_PORT,
  DEFAULT_REGISTRY_PORT,
  DEFAULT_SSL_PORT,
  Handler,
  handlerName,
  MessageType,
} from './core/consts';
export { type DialectName } from './core/dialect';
export {
  AsyncResultTimeout,
  AttributeError,
  AuthenticationError,
  ConnectError,
  CopyError,
  DiscoveryError,
  EOFError,
  ErrorCode,
  ForbiddenError,
  ListenError,
  PingError,
  ProtocolError,
  PythonError,
  RemoteError,
  RpycError,
  SourceError,
  type TracebackFrame,
  TransferError,
  RequestAborted,
} from './core/errors';
export { type MessageHead, readMessageHead } from './core/messageHead';
export { type HeldObject, type Netref } from './core/netref';
export { isPath, type Path } from './core/path';
export { namedPipePath, NamedPipeStream, PipeStream } from './core/pipeStream';
export {
  type ConnectionCounters,
  type ConnectionOptions,
  type ConnectionService,
} from './core/connectionOptions';
export { Connection } from './core/protocol';
export {
  type BrineValue,
  Complex,
  Ellipsis,
  Float,
  FrozenSet,
  Kwargs,
  kwargs,
  NotImplemented,
  PyLong,
  Slice,
} from './core/pyTypes';
export { ReleasedError, type RequestOptions } from './core/reference';
export { exposed, Service, type ServiceClass, VoidService } from './core/service';
export {
  connectTcp,
  type ConnectTcpOptions,
  type ConnectTlsOptions,
  DuplexStream,
  SocketStream,
  type Stream,
} from './core/stream';
export { SubprocessStream, type SubprocessOptions } from './core/subprocessStream';
export { type Pem, type TlsCredentials, type TlsOptions } from './core/tls';
export { type Disposable, DisposableStore, toDisposable } from './lib/disposable';
export { Emitter, type Event } from './lib/events';
export { type Logger, silentLogger } from './lib/logger';
export { SSLAuthenticator, type SSLAuthenticatorOptions } from './utils/authenticators';
export { Server } from './utils/baseServer';
export { BgServingThread } from './utils/bgServingThread';
export { ClassicConnection, type ModuleNamespace } from './utils/classicConnection';
export {
  ClassicClient,
  ClassicService,
  FakeSlaveService,
  MasterService,
  SlaveService,
} from './utils/classicServices';
export {
  type ConnectOptions,
  type ConnectStage,
  type DialectMemory,
  type MultiprocessConnectOptions,
  type SslConnectOptions,
  type SubprocConnectOptions,
  type ThreadConnectOptions,
} from './utils/connectOptions';
export {
  connectByService,
  type ConnectByServiceOptions,
  discover,
  type DiscoverOptions,
  listServices,
  type ListServicesOptions,
} from './utils/discovery';
export { classpartial } from './utils/classPartial';
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
  type SubprocConnection,
  unixConnect,
} from './utils/factory';
export { async_, asyncreq, buffiter, syncreq, timed } from './utils/helpers';
export { serveInProcess, serveInThread } from './utils/hostedService';
export { isForkedChild } from './utils/forkingChild';
export { ForkingServer, type ForkingServerOptions } from './utils/forkingServer';
export {
  type PreHandshake,
  type PreHandshakeBytes,
  type PreHandshakePeer,
  type PreHandshakeStep,
} from './utils/preHandshake';
export {
  RegistryClient,
  type RegistryClientOptions,
  type RegistryRequestOptions,
  TCPRegistryClient,
  type TCPRegistryClientOptions,
  UDPRegistryClient,
  type UDPRegistryClientOptions,
} from './utils/registryClient';
export { type ServerAddress, type StringKind } from './utils/registryMessages';
export { broadcastTargets, type RegistryTarget } from './utils/registryNetworks';
export {
  discoverEverywhere,
  type DiscoverEverywhereOptions,
  type FoundService,
  type FoundServices,
  type RegistryReport,
} from './utils/registrySearch';
export {
  DEFAULT_PRUNING_TIMEOUT,
  RegistryServer,
  type RegistryServerOptions,
  TCPRegistryServer,
  type TCPRegistryServerOptions,
  UDPRegistryServer,
  type UDPRegistryServerOptions,
} from './utils/registryServer';
export { type Restricted, restricted } from './utils/restricted';
export { OneShotServer, ThreadedServer } from './utils/server';
export {
  type Authenticated,
  type AuthenticateFunction,
  type Authenticator,
  type Registrar,
  type ServerOptions,
} from './utils/serverOptions';
export { type ModuleExport } from './utils/serviceModule';
export { ThreadPoolServer, type ThreadPoolServerOptions } from './utils/threadPoolServer';
export {
  type RunOptions,
  type RunResult,
  SshMachine,
  type SshMachineOptions,
  TunneledSocketStream,
} from './utils/ssh';
export { type SshConnectOptions } from './utils/sshWay';
export { type Deployment, type DeployStage } from './utils/deployReports';
export { DeployedServer, type DeployedServerOptions, MultiServerDeployment } from './utils/zerodeploy';
