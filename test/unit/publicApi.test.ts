import assert from 'node:assert/strict';

import * as rpyc from '../../server/src/rpyc/index';

/** What a program gets from the library, as values. A name that is once here is not taken away. */
const EXPORTS = {
  connecting: [
    ...['connect', 'sslConnect', 'unixConnect', 'classic', 'Connection', 'ClassicConnection'],
    ...['sshConnect', 'SshMachine', 'TunneledSocketStream'],
    ...['DeployedServer', 'MultiServerDeployment'],
    ...['connectStream', 'connectChannel', 'connectPipes', 'connectStdpipes', 'connectSubproc'],
    ...['connectThread', 'connectMultiprocess', 'connectTcp', 'DuplexStream', 'SubprocessStream'],
  ],
  netrefs: [
    ...['getattr', 'setattr', 'delattr', 'hasattr', 'call', 'callattr', 'repr', 'str', 'dir', 'hash', 'len'],
    ...['iter', 'next', 'getitem', 'setitem', 'delitem', 'contains', 'cmp', 'isinstance', 'type_', 'release'],
    ...['enter', 'exit', 'using_', 'isNetref', 'isPath'],
  ],
  values: [
    ...['brine', 'Float', 'Complex', 'Slice', 'FrozenSet', 'PyLong', 'Ellipsis', 'NotImplemented'],
    ...['Kwargs', 'kwargs'],
  ],
  results: ['AsyncResult', 'async_', 'timed', 'buffiter', 'syncreq', 'asyncreq', 'BgServingThread'],
  serving: [
    ...['Service', 'VoidService', 'SlaveService', 'MasterService', 'ClassicService', 'ClassicClient'],
    ...['FakeSlaveService', 'ThreadedServer', 'exposed'],
    ...['Server', 'ThreadPoolServer', 'OneShotServer', 'SSLAuthenticator'],
    ...['restricted', 'classpartial', 'ForkingServer', 'isForkedChild'],
  ],
  registry: [
    ...['RegistryClient', 'UDPRegistryClient', 'TCPRegistryClient'],
    ...['RegistryServer', 'UDPRegistryServer', 'TCPRegistryServer', 'DEFAULT_PRUNING_TIMEOUT'],
    ...['discover', 'listServices', 'connectByService', 'discoverEverywhere', 'broadcastTargets'],
  ],
  errors: [
    ...['RpycError', 'RemoteError', 'EOFError', 'AsyncResultTimeout', 'ProtocolError', 'AuthenticationError'],
    ...['DiscoveryError', 'PingError', 'AttributeError', 'ConnectError', 'PythonError', 'ReleasedError'],
    ...['RequestAborted', 'ForbiddenError', 'ListenError', 'ErrorCode'],
  ],
  constants: [
    ...['DEFAULT_PORT', 'DEFAULT_SSL_PORT', 'DEFAULT_REGISTRY_PORT', 'DEFAULT_CONFIG', 'DEFAULT_LIMITS'],
    ...['Handler', 'handlerName', 'MessageType'],
  ],
};

/** Members that callers name; that they exist is checked when this file is compiled. */
const CONNECTION: readonly (keyof rpyc.Connection & string)[] = [
  ...(['root', 'ping', 'close', 'closed', 'config', 'syncRequest', 'asyncRequest', 'dialect'] as const),
  ...(['remoteVersion', 'peerPython', 'onDidClose'] as const),
  ...(['serve', 'poll', 'serveAll', 'pollAll', 'serveThreaded'] as const),
];

/** Members that each connection holds for itself. */
const FIELDS: ReadonlySet<string> = new Set(['root', 'onDidClose']);

/** Members that are methods or accessors, and modules with their functions. */
const MEMBERS: [name: string, holder: object, members: readonly string[]][] = [
  ['Connection', rpyc.Connection.prototype, CONNECTION.filter((name) => !FIELDS.has(name))],
  [
    'AsyncResult',
    rpyc.AsyncResult.prototype,
    ['ready', 'error', 'expired', 'value', 'wait', 'setExpiry', 'addCallback'],
  ],
  ['Server', rpyc.Server.prototype, ['start', 'port', 'host', 'active', 'close']],
  ['RegistryClient', rpyc.RegistryClient.prototype, ['discover', 'list', 'register', 'unregister']],
  [
    'RegistryServer',
    rpyc.RegistryServer.prototype,
    [
      ...['start', 'close', 'active', 'cmdQuery', 'cmdRegister', 'cmdUnregister', 'cmdList'],
      ...['onServiceAdded', 'onServiceRemoved'],
    ],
  ],
  ['brine', rpyc.brine, ['dump', 'load']],
  ['PipeStream', rpyc.PipeStream, ['fromStd', 'createPair']],
  ['NamedPipeStream', rpyc.NamedPipeStream, ['createServer', 'createClient']],
  ['SocketStream', rpyc.SocketStream, ['connect', 'unixConnect', 'sslConnect']],
  ['Channel', rpyc.Channel.prototype, ['close', 'closed', 'send', 'recv', 'poll']],
  [
    'classic',
    rpyc.classic,
    [
      ...['connectStream', 'connectChannel', 'connectPipes', 'connectStdpipes', 'connectSubproc'],
      ...['connectThread', 'connectMultiprocess'],
      ...[
        'connect',
        'sshConnect',
        'sslConnect',
        'unixConnect',
        'upload',
        'uploadFile',
        'uploadDir',
        'uploadPackage',
        'uploadModule',
        'download',
      ],
      ...['downloadFile', 'downloadDir', 'obtain', 'deliver', 'redirectedStdio', 'interact', 'pm'],
      ...['teleportFunction', 'MockClassicConnection'],
    ],
  ],
  ['DeployedServer', rpyc.DeployedServer.prototype, ['start', 'connect', 'classicConnect', 'close']],
  [
    'MultiServerDeployment',
    rpyc.MultiServerDeployment.prototype,
    ['start', 'connectAll', 'classicConnectAll', 'length', 'at', 'close'],
  ],
  ['SshMachine', rpyc.SshMachine.prototype, ['tunnel', 'tunnelToSocket', 'run', 'close', 'closed']],
];

const DOOR: Readonly<Record<string, unknown>> = { ...rpyc };

describe('The public door of the library', () => {
  for (const [topic, names] of Object.entries(EXPORTS)) {
    it(`offers what is promised for ${topic}`, () => {
      const missing = names.filter((name) => DOOR[name] === undefined);
      assert.deepEqual(missing, []);
    });
  }

  for (const [name, holder, members] of MEMBERS) {
    it(`offers the members of ${name}`, () => {
      const missing = members.filter((member) => !(member in holder));
      assert.deepEqual(missing, []);
    });
  }

  it('gives every error a family and a code', () => {
    for (const name of EXPORTS.errors) {
      const type = DOOR[name];
      if (typeof type === 'function' && type !== rpyc.RpycError) {
        assert.ok(type.prototype instanceof rpyc.RpycError, name);
      }
    }
    for (const code of Object.values(rpyc.ErrorCode)) {
      assert.match(code, /^ERR_[A-Z_]+$/);
    }
  });
});
