/** The entries of `rpyc.utils.helpers`. */
import assert from 'node:assert/strict';

import {
  async_,
  AsyncResult,
  BgServingThread,
  buffiter,
  classpartial,
  type Netref,
  restricted,
  Service,
  ThreadedServer,
  timed,
} from '../../../server/src/rpyc/index';
import { type ApiPeer, describeApi } from '../../support/apiEntry';
import { runPython } from '../../support/pythonPeer';

async function callsLater(peer: ApiPeer): Promise<void> {
  const connection = await peer.connect();
  await connection.execute('import time\ndef slow(value, seconds=0): time.sleep(seconds); return value');
  const slow = async_(await connection.eval<Netref>('slow'));
  const results = [slow(1, 0.05), slow(2)];
  assert.ok(results.every((result) => result instanceof AsyncResult && !result.ready));
  assert.deepEqual(await Promise.all(results.map((result) => result.value)), [1, 2]);
}

/** What a Python client prints that has `c`, a connection to our service. */
async function asked(
  peer: ApiPeer,
  service: typeof Service | (() => Service),
  code: string,
): Promise<string> {
  await using server = new ThreadedServer({ service: service as new () => Service });
  await server.start();
  const program = `import rpyc\nc = rpyc.connect("127.0.0.1", ${server.port})\n${code}\nc.close()`;
  const { stdout, stderr, code: exit } = await runPython(peer.version, program);
  assert.equal(exit, 0, stderr);
  return stdout.trim();
}

describeApi('rpyc.utils.helpers', (entry) => {
  entry('buffiter', async (peer) => {
    const connection = await peer.connect();
    const numbers = await connection.eval<Netref>('iter(range(1000))');
    const before = connection.counters.requestsSent;
    const items: unknown[] = [];
    for await (const item of buffiter(numbers, 100, 400, 2)) items.push(item);
    assert.deepEqual(items, [...Array(1000).keys()]);
    // An iterator; 100, 200, 400 and 300 items; nothing more.
    assert.equal(connection.counters.requestsSent - before, 6);
  });

  entry('restricted', async (peer) => {
    class FileService extends Service {
      exposed_open(): object {
        return restricted({ read: () => 'text', seek: () => null, size: 4 }, ['read', 'size'], []);
      }
    }
    const code =
      'f = c.root.open()\nprint(f.read(), f.size)\n' +
      'for use in (lambda: f.seek, lambda: setattr(f, "size", 5)):\n' +
      '  try: print(use())\n  except AttributeError: print("refused")';
    assert.equal(await asked(peer, FileService, code), 'text 4\nrefused\nrefused');
  });

  entry('async_', callsLater);
  entry('async', callsLater);

  entry('timed', async (peer) => {
    const connection = await peer.connect();
    await connection.execute('import time\ndef slow(seconds): time.sleep(seconds); return seconds');
    const slow = timed(await connection.eval<Netref>('slow'), 0.2);
    assert.equal(await slow(0).value, 0);
    await assert.rejects(slow(0.6).value, { name: 'AsyncResultTimeout', code: 'ERR_TIMEOUT' });
  });

  entry('BgServingThread', async (peer) => {
    const connection = await peer.connect();
    const background = new BgServingThread(connection);
    assert.equal(background.active, true);
    const apply =
      await connection.eval<(f: (n: number) => number) => Promise<unknown>>('lambda f: f(20) + 2');
    assert.equal(await apply((n) => n * 2), 42);
    background.stop();
  });

  entry('BgServingThread.stop', async (peer) => {
    const connection = await peer.connect();
    const background = new BgServingThread(connection);
    background.stop();
    assert.equal(background.active, false);
    assert.equal(await connection.eval('6 * 7'), 42);
  });

  entry('classpartial', async (peer) => {
    class GreeterService extends Service {
      constructor(private readonly word: string) {
        super();
      }

      exposed_greet(name: string): string {
        return `${this.word} ${name}`;
      }
    }
    const Partial = classpartial(GreeterService, 'Hello');
    assert.equal(
      await asked(peer, Partial as unknown as typeof Service, 'print(c.root.greet("you"))'),
      'Hello you',
    );
  });
});
