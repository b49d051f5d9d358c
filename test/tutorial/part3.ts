/**
 * Tutorial, part 3: services and new style RPyC.
 *
 * | Lines of the tutorial | Here                                          |
 * | --------------------- | --------------------------------------------- |
 * | 430–451               | `MyService`                                   |
 * | 459–466               | `startAServer`                                |
 * | 470–502               | `useTheService`                               |
 * | 508–514               | `anotherAccessPolicy`                         |
 * | 524–526               | `sharedInstance`                              |
 * | 540–545               | `CounterService`, `passingArguments`          |
 * | 557–570               | `SomeOtherService`, `namesOfAService`         |
 * | 576–587               | `registeredServer`, `discoverAndConnect`      |
 */
import * as rpyc from '../../server/src/rpyc/index';
import type { Print } from './print';

export class MyService extends rpyc.Service {
  override onConnect(): void {
    // code that runs when a connection is created
    // (to init the service, if needed: its parameter is the connection)
  }

  override onDisconnect(): void {
    // code that runs after the connection has already closed
    // (to finalize the service, if needed)
  }

  // this is an exposed method
  exposed_get_answer(): number {
    return 42;
  }

  exposed_the_real_answer_though = 43; // an exposed attribute

  // while this method is not exposed
  get_question(): string {
    return 'what is the airspeed velocity of an unladen swallow?';
  }
}

export async function startAServer(port = 18861): Promise<rpyc.ThreadedServer> {
  const server = new rpyc.ThreadedServer({ service: MyService, port });
  await server.start();
  return server;
}

export async function useTheService(host: string, port: number, print: Print): Promise<void> {
  const c = await rpyc.connect(host, port);
  print(await rpyc.str(c.root)); // the service object in the server
  print(await c.root.get_answer());
  print(await c.root.the_real_answer_though);
  try {
    await c.root.get_question();
  } catch (error) {
    if (!(error instanceof rpyc.RemoteError)) throw error;
    print(error.typeName, error.args[0]);
  }
  await c.close();
}

/** The question can be asked here. */
export async function anotherAccessPolicy(port = 18861): Promise<rpyc.ThreadedServer> {
  const server = new rpyc.ThreadedServer({
    service: MyService,
    port,
    protocolConfig: { allow_public_attrs: true },
  });
  await server.start();
  return server;
}

export class CounterService extends rpyc.Service {
  #value: number;
  readonly #step: number;

  constructor(start = 0, { step = 1 } = {}) {
    super();
    this.#value = start;
    this.#step = step;
  }

  exposed_next(): number {
    this.#value += this.#step;
    return this.#value;
  }
}

/** All connections have the same object as their root, since it is no class that is served. */
export async function sharedInstance(port = 18861): Promise<rpyc.ThreadedServer> {
  const server = new rpyc.ThreadedServer({ service: new CounterService(), port });
  await server.start();
  return server;
}

/** Each connection has an object of its own, made with arguments. */
export async function passingArguments(port = 18861): Promise<rpyc.ThreadedServer> {
  const service = rpyc.classpartial(CounterService, 10, { step: 5 });
  const server = new rpyc.ThreadedServer({ service, port });
  await server.start();
  return server;
}

export class SomeOtherService extends rpyc.Service {
  static override readonly aliases = ['floop', 'bloop'];
}

export async function namesOfAService(host: string, port: number, print: Print): Promise<void> {
  const c = await rpyc.connect(host, port);
  print(await c.root.get_service_name());
  print(await c.root.get_service_aliases());
  await c.close();
}

/** A server that is given a registrar makes itself known. */
export async function registeredServer(registrar: rpyc.RegistryClient): Promise<rpyc.ThreadedServer> {
  const server = new rpyc.ThreadedServer({ service: MyService, registrar });
  await server.start();
  return server;
}

/** Without a `registrar`, whichever registry hears a UDP broadcast is asked. */
export async function discoverAndConnect(
  print: Print,
  options: { registrar?: rpyc.RegistryClient } = {},
): Promise<void> {
  print(await rpyc.discover('MY', options));

  const c2 = await rpyc.connectByService('MY', options);
  print(await c2.root.get_answer());
  await c2.close();
}
