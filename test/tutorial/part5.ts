/**
 * Tutorial, part 5: asynchronous operation and events.
 *
 * | Lines of the tutorial | Here                                        |
 * | --------------------- | ------------------------------------------- |
 * | 681–720               | `asynchronousSleep`                         |
 * | 724–756               | `asynchronousInt`                           |
 * | 762–804               | `FileMonitorService`, `startTheFileMonitor` |
 * | 808–866               | `events`                                    |
 * | 870–894               | `eventsWithoutAThread`                      |
 */
import { EventEmitter, once } from 'node:events';
import { statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { isDeepStrictEqual } from 'node:util';

import * as rpyc from '../../server/src/rpyc/index';
import type { Print } from './print';

export async function asynchronousSleep(
  conn: rpyc.ClassicConnection,
  seconds: number,
  print: Print,
): Promise<void> {
  print(await rpyc.str(conn.modules.time.sleep));
  await conn.modules.time.sleep(seconds); // i wait until the call returns

  // wrap the remote function with async_(), which turns the invocation asynchronous
  const asleep = rpyc.async_(conn.modules.time.sleep);

  // invoking async functions yields an AsyncResult rather than a value
  const res = asleep(seconds);
  print(String(res));
  print(res.ready);

  // ... after some seconds...
  await res.wait();
  print(res.ready);
  print(await res.value);
  print(String(res));
}

export async function asynchronousInt(conn: rpyc.ClassicConnection, print: Print): Promise<void> {
  const aint = rpyc.async_(conn.builtins.int); // async wrapper for the remote type int

  // a valid call
  const x = aint('8');
  await x.wait();
  print(x.ready, x.error);
  print(await x.value);

  // and now with an exception
  const y = aint('this is not a valid number');
  await y.wait();
  print(y.ready, y.error);
  try {
    await y.value;
  } catch (error) {
    if (!(error instanceof rpyc.RemoteError)) throw error;
    print(error.message);
  }
}

/** What Python's `os.stat` tells, as a tuple. */
function stat(fileName: string): readonly number[] {
  const { mode, ino, dev, nlink, uid, gid, size, atimeMs, mtimeMs, ctimeMs } = statSync(fileName);
  return [mode, ino, dev, nlink, uid, gid, size, ...[atimeMs, mtimeMs, ctimeMs].map(Math.trunc)];
}

class FileMonitor {
  readonly #timer: NodeJS.Timeout;
  #lastStat: readonly number[];

  constructor(fileName: string, callback: rpyc.Netref, interval: number) {
    const notify = rpyc.async_(callback); // create an async callback
    this.#lastStat = stat(fileName);
    this.#timer = setInterval(() => {
      const now = stat(fileName);
      if (!isDeepStrictEqual(now, this.#lastStat)) notify(this.#lastStat, now); // notify the client of the change
      this.#lastStat = now;
    }, interval * 1000);
  }

  // this method has to be exposed too
  exposed_stop(): void {
    clearInterval(this.#timer);
  }
}

export class FileMonitorService extends rpyc.Service {
  readonly #monitors: FileMonitor[] = [];

  /** The file is looked at every so many seconds. */
  exposed_FileMonitor(fileName: string, callback: rpyc.Netref, interval = 1): FileMonitor {
    const monitor = new FileMonitor(fileName, callback, interval);
    this.#monitors.push(monitor);
    return monitor;
  }

  // a client may leave without stopping its monitors
  override onDisconnect(): void {
    for (const monitor of this.#monitors) monitor.exposed_stop();
  }
}

export async function startTheFileMonitor(port = 18871): Promise<rpyc.ThreadedServer> {
  const server = new rpyc.ThreadedServer({ service: FileMonitorService, port });
  await server.start();
  return server;
}

export async function events(host: string, port: number, fileName: string, print: Print): Promise<void> {
  const f = await open(fileName, 'w');
  const conn = await rpyc.connect(host, port);
  const bgsrv = new rpyc.BgServingThread(conn);

  const changes = new EventEmitter();
  const onFileChanged = (oldstat: readonly number[], newstat: readonly number[]): void => {
    print('file changed');
    print('    old stat:', oldstat);
    print('    new stat:', newstat);
    changes.emit(`size ${newstat[6]}`);
  };

  const mon = await conn.root.FileMonitor<rpyc.Netref>(fileName, onFileChanged, 0.02); // create a filemon

  let changed = once(changes, 'size 6');
  await f.write('shmoop'); // change size
  await changed;

  changed = once(changes, 'size 11');
  await f.write('groop'); // change size
  await changed;
  await f.close();

  changed = once(changes, 'size 0');
  await (await open(fileName, 'w')).close();
  await changed;

  await mon.stop();
  bgsrv.stop();
  await conn.close();
}

/** Notifications come by themselves, whatever this side does: its event loop serves the connection anyway. */
export async function eventsWithoutAThread(
  host: string,
  port: number,
  fileName: string,
  print: Print,
): Promise<void> {
  const f = await open(fileName, 'w');
  const conn = await rpyc.connect(host, port);
  const changes = new EventEmitter();
  const mon = await conn.root.FileMonitor<rpyc.Netref>(fileName, () => changes.emit('change'), 0.02);

  // change the size...
  const changed = once(changes, 'change');
  await f.write('shmoop');
  await f.close();

  // ... and nothing is asked of the connection
  await changed;
  print('file changed');

  print(await rpyc.str(mon));
  await mon.stop();
  await conn.close();
}
