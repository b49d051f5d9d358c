/**
 * Tutorial, part 1: introduction to classic RPyC.
 *
 * | Lines of the tutorial | Here               |
 * | --------------------- | ------------------ |
 * | 207–210               | `runningAServer`   |
 * | 221–224               | `runningAClient`   |
 * | 232–265               | `modulesNamespace` |
 * | 271–276               | `builtinsNamespace`|
 * | 284–295               | `evalAndExecute`   |
 * | 297                   | `withoutTheSugar`  |
 */
import * as rpyc from '../../server/src/rpyc/index';
import type { Print } from './print';

/** A classic server lets its clients do with this process what they want. */
export async function runningAServer(port: number, print: Print): Promise<rpyc.ThreadedServer> {
  const server = new rpyc.ThreadedServer({ service: rpyc.SlaveService, port });
  await server.start();
  print(`server started on [${server.host}]:${server.port}`);
  return server;
}

/** Leave out the port where the server is on the default one, 18812. */
export async function runningAClient(host: string, port?: number): Promise<rpyc.ClassicConnection> {
  const conn = await rpyc.classic.connect(host, port);
  return conn;
}

export async function modulesNamespace(conn: rpyc.ClassicConnection, print: Print): Promise<void> {
  const rsys = conn.modules.sys; // a path to the remote module: nothing is asked until it is awaited
  const minidom = conn.modules['xml.dom.minidom'];

  print(await rpyc.str(rsys.argv));
  print(await minidom.parseString('<greeting/>').documentElement.tagName);

  await rsys.path.append('/tmp/totally-secure-package-location');
  await conn.modules.os.chdir('.');

  // Prints on the server.
  await conn.builtins.print('Hello World!', rpyc.kwargs({ file: rsys.stdout, flush: true }));
}

export async function builtinsNamespace(
  conn: rpyc.ClassicConnection,
  fileName: string,
  print: Print,
): Promise<void> {
  const f = await conn.builtins.open<rpyc.Netref>(fileName);
  print(await f.read());
  await f.close();
}

export async function evalAndExecute(conn: rpyc.ClassicConnection, print: Print): Promise<void> {
  await conn.execute('import math');
  print(await conn.eval('2*math.pi'));

  // The names that a new connection has made so far.
  print(await rpyc.str(conn.builtins.sorted(conn.namespace)));
}

export async function withoutTheSugar(conn: rpyc.ClassicConnection, print: Print): Promise<void> {
  const namespace = await conn.builtins.dict<rpyc.Netref>();
  const code = await conn.builtins.compile<rpyc.Netref>('answer = 6 * 7', '<example>', 'exec');
  await conn.builtins.exec(code, namespace);
  print(await rpyc.getitem(namespace, 'answer'));
}
