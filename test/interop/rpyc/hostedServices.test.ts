/** Services of ours in threads and processes of their own: real ones. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import {
  classic,
  type Connection,
  connectMultiprocess,
  connectThread,
  ErrorCode,
  type ModuleExport,
  Service,
  type ThreadConnectOptions,
} from '../../../server/src/rpyc/index';
import { deferred } from '../../../server/src/rpyc/lib/deferred';
import { eventually } from '../../support/poll';

const MODULE = path.resolve(__dirname, '../../support/hostedServices.js');
const COUNTER: ModuleExport = { module: MODULE, export: 'CounterService', options: { start: 40 } };

type Way = (service?: ModuleExport, options?: ThreadConnectOptions) => Promise<Connection>;

function threads(): number {
  return process.getActiveResourcesInfo().filter((name) => /Message|Worker/.test(name)).length;
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

const WAYS: readonly (readonly [string, Way])[] = [
  ['thread', connectThread],
  ['process', connectMultiprocess],
];

for (const [kind, connectTo] of WAYS) {
  describe(`A service in a ${kind} of its own`, () => {
    it('is named by module, export and options', async () => {
      await using connection = await connectTo(COUNTER);
      assert.equal(await connection.root['add']?.(2), 42);
      assert.equal(await connection.root['add']?.(1), 43, 'it is one object');
      const made = { ...COUNTER, export: 'makeCounter' };
      await using other = await connectTo(made);
      assert.equal(await other.root['add']?.(0), 40);
      const pid = await other.root['pid']?.();
      assert.equal(pid === process.pid, kind === 'thread');
    });

    it('may be a module of the other kind', async () => {
      const folder = await mkdtemp(path.join(tmpdir(), 'rpyc-hosted-'));
      try {
        const file = path.join(folder, 'service.mjs');
        await writeFile(file, `export { CounterService as default } from ${JSON.stringify(MODULE)};\n`);
        await using connection = await connectTo({ module: file, export: 'default' });
        assert.equal(await connection.root['add']?.(1), 1);
      } finally {
        await rm(folder, { recursive: true });
      }
    });

    it('calls us back, and takes large values in both directions', async () => {
      await using connection = await connectTo(COUNTER, { remoteConfig: { allow_public_attrs: true } });
      const double = (value: number): number => 2 * value;
      assert.equal(await connection.root['use']?.(double, 21), 42);
      const bytes = new Uint8Array(5_000_000).fill(7);
      await connection.ping(bytes, 20);
    });

    it('serves nothing where none is named', async () => {
      await using connection = await connectTo();
      await connection.ping();
      await assert.rejects(Promise.resolve(connection.root['add']?.(1)), { typeName: 'AttributeError' });
    });

    it('cannot be had where the name is wrong, and says why', async () => {
      const before = threads();
      const cases: [ModuleExport, RegExp][] = [
        [{ module: '/no/such/module.js', export: 'X' }, /Cannot find module.*no\/such/],
        [{ module: MODULE, export: 'Missing' }, /has no export 'Missing'/],
        [{ module: MODULE, export: 'notAService' }, /is not a service/],
      ];
      for (const [reference, message] of cases) {
        await assert.rejects(connectTo(reference), { code: ErrorCode.subprocess, message });
      }
      assert.equal(threads(), before);
    });

    it('that refuses the connection is told with its reason', async () => {
      const before = threads();
      const refusing = { module: MODULE, export: 'refusingService', options: { refuses: true } };
      await assert.rejects(connectTo(refusing), { code: ErrorCode.subprocess, message: /the disk is full/ });
      assert.equal(threads(), before);
    });

    it('may use what we offer it before it is there', async () => {
      const welcomed = deferred<undefined>();
      class Host extends Service {
        exposed_welcome(): void {
          welcomed.resolve(undefined);
        }
      }
      const asking = { module: MODULE, export: 'refusingService', options: { asks: true } };
      await using connection = await connectTo(asking, { service: Host });
      await welcomed.promise;
      await connection.ping();
      const both = { ...asking, options: { asks: true, refuses: true } };
      const refused = await connectTo(both, { service: Host });
      await eventually('the connection is closed', () => refused.closed);
    });

    it('can be cancelled while it starts', async () => {
      const before = threads();
      const options = { signal: AbortSignal.timeout(1) };
      await assert.rejects(connectTo(COUNTER, options), { code: ErrorCode.aborted });
      assert.equal(threads(), before);
    });

    it('ends with the connection, whatever it has left running', async () => {
      const before = threads();
      const connection = await connectTo(COUNTER);
      const pid = (await connection.root['pid']?.()) as number;
      await connection.root['linger']?.();
      await connection.close();
      if (kind === 'process') assert.equal(isAlive(pid), false);
      assert.equal(threads(), before);
    });

    it('is ended by force where it does not end by itself', async () => {
      const before = threads();
      const connection = await connectTo(COUNTER, { killAfter: 0.2 });
      const pid = (await connection.root['pid']?.()) as number;
      const hung = assert.rejects(Promise.resolve(connection.root['hang']?.()), { code: ErrorCode.closed });
      await eventually('the request is on its way', () => connection.openRequests > 0);
      await connection.close();
      await hung;
      if (kind === 'process') assert.equal(isAlive(pid), false);
      assert.equal(threads(), before);
    });

    it('tells that it is gone when it ends itself', async () => {
      const connection = await (kind === 'process' ? classic.connectMultiprocess() : classic.connectThread());
      await assert.rejects(Promise.resolve(connection.eval('process.exit(3)')));
      await eventually('the connection is closed', () => connection.closed);
    });
  });
}

describe('Classic mode in a thread or a process', () => {
  it('drives JavaScript there', async () => {
    await using thread = await classic.connectThread();
    assert.equal(await thread.eval('6 * 7'), 42);
    await using child = await classic.connectMultiprocess({ env: { ...process.env, RPYC_TEST: 'yes' } });
    assert.equal(await child.eval('process.env.RPYC_TEST'), 'yes');
    assert.equal(await child.eval(`require('node:path').join('a', 'b')`), 'a/b');
    assert.notEqual(await child.eval('process.pid'), process.pid);
  });
});
