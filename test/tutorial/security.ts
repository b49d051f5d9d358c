/**
 * How to let a client see some of an object only.
 *
 * | Lines of the documentation | Here                                                    |
 * | -------------------------- | ------------------------------------------------------- |
 * | 1587–1592                  | `MyWrapper`                                             |
 * | 1596–1602                  | `exposed_open` of `SecureService`                       |
 * | 1620–1638                  | `MyObjectThatExposesProtectedAttrs`                     |
 */
import { open } from 'node:fs/promises';

import * as rpyc from '../../server/src/rpyc/index';
import type { Print } from './print';

/** Something that has more than a client should see. */
export class Everything {
  readonly foo = 'foo';
  readonly bar = 'bar';
  readonly spam = 'spam';
}

export class MyWrapper {
  readonly foo: string;
  readonly bar: string;

  constructor(obj: Everything) {
    this.foo = obj.foo;
    this.bar = obj.bar;
  }
}

export class MyObjectThatExposesProtectedAttrs {
  readonly _secret = 18;

  _rpyc_getattr(name: string): unknown {
    // disallow special and private attributes
    if (name.startsWith('__')) {
      throw new rpyc.PythonError('AttributeError', ['cannot accept private/special names']);
    }
    // allow all other attributes
    if (name === '_secret') return this._secret;
    throw new rpyc.PythonError('AttributeError', [`there is no ${name}`]);
  }
}

export class SecureService extends rpyc.Service {
  async exposed_open(fileName: string): Promise<rpyc.Restricted> {
    const f = await open(fileName, 'r');
    return rpyc.restricted(f, ['readFile', 'close'], []); // allow access only to 'readFile' and 'close'
  }

  exposed_wrapped(): rpyc.Restricted {
    return rpyc.restricted(new MyWrapper(new Everything()), ['foo', 'bar']);
  }

  exposed_protected(): MyObjectThatExposesProtectedAttrs {
    return new MyObjectThatExposesProtectedAttrs();
  }
}

export async function startTheService(port = 18861): Promise<rpyc.ThreadedServer> {
  const server = new rpyc.ThreadedServer({ service: SecureService, port });
  await server.start();
  return server;
}

/** What of a server's objects can be seen from here. */
export async function lookAround(host: string, port: number, fileName: string, print: Print): Promise<void> {
  const conn = await rpyc.connect(host, port);

  const file = await conn.root.open<rpyc.Netref>(fileName);
  print(await rpyc.hasattr(file, 'close'), await rpyc.hasattr(file, 'write'));
  await file.close();

  const wrapped = await conn.root.wrapped<rpyc.Netref>();
  print(await wrapped.foo, await wrapped.bar, await rpyc.hasattr(wrapped, 'spam'));

  const object = await conn.root.protected<rpyc.Netref>();
  print(await object._secret, await rpyc.hasattr(object, '__dict__'));
  await conn.close();
}
