import assert from 'node:assert/strict';

import type { iterate } from '../../../server/src/rpyc/core/iteration';
import * as rpyc from '../../../server/src/rpyc/index';

/** The optional members of `T` that refuse `undefined`. */
type Refusing<T> = {
  [K in keyof T]-?: object extends Pick<T, K>
    ? { [P in K]: undefined } extends Pick<T, K>
      ? never
      : K
    : never;
}[keyof T];

/** Only `true` where `T` refuses `undefined` nowhere: otherwise the names of the members that do. */
type TakesUndefined<T> = [Refusing<T>] extends [never] ? true : Refusing<T>;

/** Compiled, not run: a program that leaves a setting undefined says so as one that leaves it out. */
const TAKE_UNDEFINED: {
  ConnectOptions: TakesUndefined<rpyc.ConnectOptions>;
  SslConnectOptions: TakesUndefined<rpyc.SslConnectOptions>;
  SubprocConnectOptions: TakesUndefined<rpyc.SubprocConnectOptions>;
  ThreadConnectOptions: TakesUndefined<rpyc.ThreadConnectOptions>;
  MultiprocessConnectOptions: TakesUndefined<rpyc.MultiprocessConnectOptions>;
  SshConnectOptions: TakesUndefined<rpyc.SshConnectOptions>;
  SshMachineOptions: TakesUndefined<rpyc.SshMachineOptions>;
  RunOptions: TakesUndefined<rpyc.RunOptions>;
  DeployedServerOptions: TakesUndefined<rpyc.DeployedServerOptions>;
  ConnectTcpOptions: TakesUndefined<rpyc.ConnectTcpOptions>;
  ConnectTlsOptions: TakesUndefined<rpyc.ConnectTlsOptions>;
  SubprocessOptions: TakesUndefined<rpyc.SubprocessOptions>;
  ChannelOptions: TakesUndefined<rpyc.ChannelOptions>;
  ConnectionOptions: TakesUndefined<rpyc.ConnectionOptions>;
  RequestOptions: TakesUndefined<rpyc.RequestOptions>;
  DiscoverOptions: TakesUndefined<rpyc.DiscoverOptions>;
  ListServicesOptions: TakesUndefined<rpyc.ListServicesOptions>;
  ConnectByServiceOptions: TakesUndefined<rpyc.ConnectByServiceOptions>;
  DiscoverEverywhereOptions: TakesUndefined<rpyc.DiscoverEverywhereOptions>;
  RegistryClientOptions: TakesUndefined<rpyc.RegistryClientOptions>;
  RegistryRequestOptions: TakesUndefined<rpyc.RegistryRequestOptions>;
  UDPRegistryClientOptions: TakesUndefined<rpyc.UDPRegistryClientOptions>;
  TCPRegistryClientOptions: TakesUndefined<rpyc.TCPRegistryClientOptions>;
  UDPRegistryServerOptions: TakesUndefined<rpyc.UDPRegistryServerOptions>;
  TCPRegistryServerOptions: TakesUndefined<rpyc.TCPRegistryServerOptions>;
  ServerOptions: TakesUndefined<rpyc.ServerOptions>;
  ThreadPoolServerOptions: TakesUndefined<rpyc.ThreadPoolServerOptions>;
  ForkingServerOptions: TakesUndefined<rpyc.ForkingServerOptions>;
  SSLAuthenticatorOptions: TakesUndefined<rpyc.SSLAuthenticatorOptions>;
  ObtainOptions: TakesUndefined<NonNullable<Parameters<typeof rpyc.classic.obtain>[1]>>;
  DeliverOptions: TakesUndefined<NonNullable<Parameters<typeof rpyc.classic.deliver>[2]>>;
  TransferOptions: TakesUndefined<NonNullable<Parameters<typeof rpyc.classic.upload>[3]>>;
  ChunkOptions: TakesUndefined<NonNullable<Parameters<typeof iterate>[1]>>;
} = {
  ConnectOptions: true,
  SslConnectOptions: true,
  SubprocConnectOptions: true,
  ThreadConnectOptions: true,
  MultiprocessConnectOptions: true,
  SshConnectOptions: true,
  SshMachineOptions: true,
  RunOptions: true,
  DeployedServerOptions: true,
  ConnectTcpOptions: true,
  ConnectTlsOptions: true,
  SubprocessOptions: true,
  ChannelOptions: true,
  ConnectionOptions: true,
  RequestOptions: true,
  DiscoverOptions: true,
  ListServicesOptions: true,
  ConnectByServiceOptions: true,
  DiscoverEverywhereOptions: true,
  RegistryClientOptions: true,
  RegistryRequestOptions: true,
  UDPRegistryClientOptions: true,
  TCPRegistryClientOptions: true,
  UDPRegistryServerOptions: true,
  TCPRegistryServerOptions: true,
  ServerOptions: true,
  ThreadPoolServerOptions: true,
  ForkingServerOptions: true,
  SSLAuthenticatorOptions: true,
  ObtainOptions: true,
  DeliverOptions: true,
  TransferOptions: true,
  ChunkOptions: true,
};

/** As a program writes it whose own settings may be missing. */
const UNSET = {
  service: undefined,
  config: undefined,
  dialect: undefined,
  oneShot: undefined,
  listenFirst: undefined,
  timeout: undefined,
  signal: undefined,
  keepalive: undefined,
  ipv6: undefined,
  limits: undefined,
  logger: undefined,
  trace: undefined,
  compress: undefined,
  serialCalls: undefined,
  preHandshake: undefined,
  onStage: undefined,
  dialectMemory: undefined,
} satisfies rpyc.ConnectOptions;

describe('Options', () => {
  it('may be undefined as well as left out', () => {
    assert.deepEqual([...new Set(Object.values(TAKE_UNDEFINED))], [true]);
  });

  it('that are undefined mean what leaving them out means', async () => {
    await using server = new rpyc.ThreadedServer({ service: rpyc.SlaveService, port: 0 });
    await server.start();
    await using conn = await rpyc.classic.connect('127.0.0.1', server.port, UNSET);
    const list = await conn.eval('[1, 2, 3]');
    const items: unknown[] = [];
    for await (const item of rpyc.buffiter(list as rpyc.Remote, undefined, undefined, undefined))
      items.push(item);
    assert.deepEqual(items, [1, 2, 3]);
    const limits = { maps: undefined, maxDepth: undefined, maxItems: undefined, maxBytes: undefined };
    assert.deepEqual(await rpyc.classic.obtain(list as rpyc.Remote, limits), [1, 2, 3]);
  });
});
