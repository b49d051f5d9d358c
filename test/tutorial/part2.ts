/**
 * Tutorial, part 2: netrefs and exceptions.
 *
 * | Lines of the tutorial | Here                |
 * | --------------------- | ------------------- |
 * | 321–324               | `setup`             |
 * | 330–343               | `netrefs`           |
 * | 347–360               | `introspection`     |
 * | 366–383               | `attributesOfAList` |
 * | 391–418               | `exceptions`        |
 */
import * as rpyc from '../../server/src/rpyc/index';
import type { Print } from './print';

export async function setup(host: string, port: number): Promise<rpyc.ClassicConnection> {
  return await rpyc.classic.connect(host, port);
}

export async function netrefs(conn: rpyc.ClassicConnection, print: Print): Promise<void> {
  // What is awaited is a netref where it is no plain value. It shows its class without asking the server.
  print(String(await conn.modules.sys));
  print(String(await conn.modules.sys.path));
  print(String(await conn.modules.os.path.abspath));

  const { module, name } = rpyc.type_((await conn.modules.sys.path) as rpyc.Netref);
  print(module, name);
}

export async function introspection(conn: rpyc.ClassicConnection, print: Print): Promise<void> {
  const { inspect, os, sys } = conn.modules;

  print(await rpyc.isinstance(sys.path, conn.builtins.list));
  print(await inspect.isbuiltin(os.listdir));
  print(await inspect.isfunction(os.path.abspath));
  print(await inspect.ismethod(os.path.abspath));
  print(await inspect.ismethod(sys.stdout.write)); // true on Python 2 only
}

export async function attributesOfAList(conn: rpyc.ClassicConnection, print: Print): Promise<void> {
  for (const name of await rpyc.dir(conn.modules.sys.path)) print(name);
}

export async function exceptions(conn: rpyc.ClassicConnection, print: Print): Promise<void> {
  try {
    await rpyc.getitem(conn.modules.sys.path, 300); // there are only some elements in the list...
  } catch (error) {
    if (!(error instanceof rpyc.RemoteError)) throw error;
    print(error.message);
    print(error.isInstance('builtins.LookupError'));
    print(error.remoteTraceback); // what went wrong on the server
    print(error.stack); // what we did to cause it
  }
}
