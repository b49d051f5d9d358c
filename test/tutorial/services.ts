/**
 * How to write servers and services.
 *
 * | Lines of the documentation | Here                                                         |
 * | -------------------------- | ------------------------------------------------------------ |
 * | 1315–1328                  | `customServer`                                               |
 * | 1358–1368                  | `usingAClassicServer`                                        |
 * | 1376–1390                  | `CalculatorService`                                          |
 * | 1394–1405                  | `calculate`                                                  |
 * | 1413–1421                  | `ClassesService`, `useAClass`                                |
 * | 1425–1428                  | `AliasedService`                                             |
 * | 1455–1469                  | `ClientService`, `ServerService`, `decoupled`                |
 * | 1475–1489                  | `CallbackService`, `callback`                                |
 */
import * as rpyc from '../../server/src/rpyc/index';
import type { Print } from './print';

/** Serves any service of yours; `ThreadPoolServer`, `ForkingServer` and `OneShotServer` are others. */
export async function customServer(service: rpyc.ServiceClass, port = 12345): Promise<rpyc.ThreadedServer> {
  const server = new rpyc.ThreadedServer({ service, port });
  await server.start();
  return server;
}

export async function usingAClassicServer(host: string, port: number, print: Print): Promise<void> {
  const conn = await rpyc.classic.connect(host, port);

  const proc = await conn.modules.subprocess.Popen<rpyc.Netref>(
    ['ls', '/'],
    rpyc.kwargs({ stdout: -1, stderr: -1 }),
  );
  const [stdout] = await proc.communicate<[stdout: Uint8Array, stderr: Uint8Array]>();
  print(Buffer.from(stdout).toString().trim().split(/\s+/));

  const remoteList = await conn.builtin.range<rpyc.Netref>(7);
  print(await rpyc.len(remoteList));

  await conn.execute("print('foo')");
  await conn.close();
}

export class CalculatorService extends rpyc.Service {
  exposed_add(a: number, b: number): number {
    return a + b;
  }

  exposed_sub(a: number, b: number): number {
    return a - b;
  }

  exposed_mul(a: number, b: number): number {
    return a * b;
  }

  exposed_div(a: number, b: number): number {
    // JavaScript has no such error: the client gets Python's.
    if (b === 0) throw new rpyc.PythonError('ZeroDivisionError', ['division by zero']);
    return a / b;
  }

  foo(): string {
    return 'foo';
  }
}

export async function calculate(host: string, port: number, print: Print): Promise<void> {
  const conn = await rpyc.connect(host, port);
  print(await conn.root.add(4, 7));

  try {
    await conn.root.div(4, 0);
  } catch (error) {
    if (!(error instanceof rpyc.RemoteError && error.isInstance('builtins.ZeroDivisionError'))) throw error;
    print(error.args[0]);
  }

  print(await rpyc.hasattr(conn.root, 'foo')); // it is not exposed
  await conn.close();
}

class MyClass {
  readonly #a: number;
  readonly #b: number;

  constructor(a: number, b: number) {
    this.#a = a;
    this.#b = b;
  }

  exposed_foo(): number {
    return this.#a + this.#b;
  }
}

/** Any attribute can be exposed: also a class. */
export class ClassesService extends rpyc.Service {
  readonly exposed_MyClass = MyClass;
}

export async function useAClass(host: string, port: number, print: Print): Promise<void> {
  const conn = await rpyc.connect(host, port);
  const object = await conn.root.MyClass<rpyc.Netref>(3, 4);
  print(await object.foo());
  await conn.close();
}

export class AliasedService extends rpyc.Service {
  static override readonly aliases = ['foo', 'bar', 'spam'];
}

/** What the client offers to the server. */
export class ClientService extends rpyc.Service {
  exposed_foo(): string {
    return 'foo';
  }
}

/** Uses what its client offers. */
export class ServerService extends rpyc.Service {
  #conn: rpyc.Connection | undefined;

  override onConnect(conn: rpyc.Connection): void {
    this.#conn = conn;
  }

  async exposed_bar(): Promise<string> {
    return `${await this.#conn?.root.foo<string>()}bar`;
  }
}

export async function decoupled(host: string, port: number, print: Print): Promise<void> {
  const conn = await rpyc.connect(host, port, { service: ClientService });
  print(await conn.root.bar());
  await conn.close();
}

/** Another approach: the client passes what is to be called back. */
export class CallbackService extends rpyc.Service {
  async exposed_bar(func: () => PromiseLike<string>): Promise<string> {
    return `${await func()}bar`;
  }
}

export async function callback(host: string, port: number, print: Print): Promise<void> {
  const conn = await rpyc.connect(host, port);
  const foofunc = (): string => 'foo';
  print(await conn.root.bar(foofunc));
  await conn.close();
}
