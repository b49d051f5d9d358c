/**
 * How to bring a server to a machine that has Python 3 and nothing else.
 *
 * | Lines of the how-tos | Here                    |
 * | -------------------- | ----------------------- |
 * | 1697–1723            | `usage`                 |
 * | 1727–1733            | `asABlock`              |
 * | 1737–1756            | `afterTheEnd`           |
 * | 1764–1780            | `multiServerDeployment` |
 * | 1784–1786            | `onDemand`              |
 *
 * `options` can say where the machine's Python and the copy of rpyc that is sent are, if they are not found.
 */
import * as rpyc from '../../server/src/rpyc/index';
import type { Print } from './print';

/** A machine is named as for `ssh`: its configuration, agent and jump hosts apply. */
export function machine(host: string, configFile?: string): rpyc.SshMachine {
  return new rpyc.SshMachine({ host, configFile });
}

export async function usage(
  mach: rpyc.SshMachine,
  print: Print,
  options?: rpyc.DeployedServerOptions,
): Promise<void> {
  // create the deployment
  const server = new rpyc.DeployedServer(mach, options);

  // and now you can connect to it the usual way
  const conn1 = await server.classicConnect();
  print(await conn1.modules.sys.platform);

  // you're not limited to a single connection, of course
  const conn2 = await server.classicConnect();
  print(await conn2.modules.os.getpid());

  // when you're done - close the server and everything will disappear
  await server.close();
}

export async function asABlock(
  mach: rpyc.SshMachine,
  print: Print,
  options?: rpyc.DeployedServerOptions,
): Promise<void> {
  await using server = new rpyc.DeployedServer(mach, options);
  await using conn = await server.classicConnect();
  print(await conn.eval('6 * 7'));
}

export async function afterTheEnd(
  mach: rpyc.SshMachine,
  print: Print,
  options?: rpyc.DeployedServerOptions,
): Promise<void> {
  const server = new rpyc.DeployedServer(mach, options);
  const conn = await server.classicConnect();
  await server.close();
  try {
    await conn.modules.os.getpid();
  } catch (error) {
    if (!(error instanceof rpyc.EOFError)) throw error;
    print(error.name);
  }
}

export async function multiServerDeployment(
  machines: readonly rpyc.SshMachine[],
  print: Print,
  options?: rpyc.DeployedServerOptions,
): Promise<void> {
  const dep = new rpyc.MultiServerDeployment(machines, options);
  const connections = await dep.classicConnectAll();

  print(await Promise.all(connections.map((conn) => conn.modules.os.getpid())));

  await dep.close();
}

/** A server for as long as one task takes. */
export async function onDemand<T>(
  mach: rpyc.SshMachine,
  task: (conn: rpyc.ClassicConnection) => PromiseLike<T>,
  options?: rpyc.DeployedServerOptions,
): Promise<T> {
  await using server = new rpyc.DeployedServer(mach, options);
  await using conn = await server.classicConnect();
  return await task(conn);
}
