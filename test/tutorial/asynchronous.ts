/**
 * How to go on while the server works.
 *
 * | Lines of the how-tos | Here                |
 * | -------------------- | ------------------- |
 * | 1507–1515            | `asynchronously`    |
 * | 1525–1534            | `inOneGo`           |
 * | 1546–1557            | `withATimeout`      |
 * | 1563–1569            | `servedMeanwhile`   |
 */
import { EventEmitter, once } from 'node:events';

import * as rpyc from '../../server/src/rpyc/index';
import type { Print } from './print';

export async function asynchronously(
  conn: rpyc.ClassicConnection,
  seconds: number,
  print: Print,
): Promise<void> {
  const asyncSleep = rpyc.async_(conn.modules.time.sleep);
  const res = asyncSleep(seconds);

  res.setExpiry(60); // give up after a minute
  res.addCallback(() => print('called back'));
  print('ready:', res.ready);

  await res.wait();
  print('ready:', res.ready);
  print(await res.value);
}

/** Python's proxies are cached weakly and have to be kept in a variable; here they need not be. */
export async function inOneGo(conn: rpyc.ClassicConnection, print: Print): Promise<void> {
  const res = rpyc.async_(conn.builtins.max)(1, 2);
  print(await res.value);
}

/** Allows a function to take up to `limit` seconds: 0 seconds of sleep work, `long` ones do not. */
export async function withATimeout(
  conn: rpyc.ClassicConnection,
  limit: number,
  long: number,
  print: Print,
): Promise<void> {
  const timedSleep = rpyc.timed(conn.modules.time.sleep, limit);

  let asyncRes = timedSleep(0); // returns immediately
  print(await asyncRes.value);

  asyncRes = timedSleep(long); // returns immediately
  try {
    await asyncRes.value;
  } catch (error) {
    if (!(error instanceof rpyc.AsyncResultTimeout)) throw error;
    print(error.name, error.message, asyncRes.expired);
  }
}

/**
 * An event loop serves requests of the server whenever it is free, with this class and without it: what has to be
 * avoided here is only code that does not let the event loop go on.
 */
export async function servedMeanwhile(conn: rpyc.ClassicConnection, print: Print): Promise<void> {
  const bgsrv = new rpyc.BgServingThread(conn);
  await conn.execute(`
import threading, rpyc
def call_later(callback):
    threading.Timer(0.01, rpyc.async_(callback), ["by the server"]).start()
`);
  const events = new EventEmitter();
  const called = once(events, 'call');
  const callLater = await conn.eval<rpyc.Netref>('call_later');
  await callLater((text: string) => events.emit('call', text));

  // ... now this side is free to wait for whatever it likes
  print('called', ...((await called) as string[]));
  bgsrv.stop();
}
