/** The entries of `rpyc.utils.classic` but for the ways to connect: see `classicFactory.test.ts`. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable, Writable } from 'node:stream';

import { classic, type Netref } from '../../../server/src/rpyc/index';
import { type ApiPeer, describeApi } from '../../support/apiEntry';

class Sink extends Writable {
  text = '';

  override _write(chunk: Buffer, _encoding: string, callback: () => void): void {
    this.text += chunk.toString();
    callback();
  }
}

/** Gives a folder to a test, with a file of random bytes in a folder of its own. */
async function withFiles(body: (folder: string, content: Buffer) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(path.join(tmpdir(), 'rpyc-api-'));
  try {
    const content = randomBytes(150_000);
    await mkdir(path.join(folder, 'tree/inner'), { recursive: true });
    await writeFile(path.join(folder, 'tree/inner/file.bin'), content);
    await body(folder, content);
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function uploadsPackage(peer: ApiPeer, upload: typeof classic.uploadPackage): Promise<void> {
  await withFiles(async (folder) => {
    await mkdir(path.join(folder, 'here/parcel'), { recursive: true });
    await writeFile(path.join(folder, 'here/parcel/__init__.py'), 'answer = 42\n');
    const connection = await peer.connect();
    await upload(connection, path.join(folder, 'here/parcel'), path.join(folder, 'there/parcel'));
    await connection.execute(`import sys\nsys.path.insert(0, ${JSON.stringify(path.join(folder, 'there'))})`);
    try {
      assert.equal(await connection.modules['parcel']?.['answer'], 42);
    } finally {
      await connection.execute('sys.path.pop(0)\nsys.modules.pop("parcel", None)');
    }
  });
}

describeApi('rpyc.utils.classic', (entry) => {
  entry('upload', (peer) =>
    withFiles(async (folder, content) => {
      const connection = await peer.connect();
      const there = path.join(folder, 'there');
      await classic.upload(connection, path.join(folder, 'tree'), there);
      assert.ok(content.equals(await readFile(path.join(there, 'inner/file.bin'))));
    }),
  );

  entry('download', (peer) =>
    withFiles(async (folder, content) => {
      const connection = await peer.connect();
      const here = path.join(folder, 'here');
      await classic.download(connection, path.join(folder, 'tree'), here);
      assert.ok(content.equals(await readFile(path.join(here, 'inner/file.bin'))));
    }),
  );

  entry('upload_package', (peer) => uploadsPackage(peer, (...args) => classic.uploadPackage(...args)));
  entry('upload_module', (peer) => uploadsPackage(peer, (...args) => classic.uploadModule(...args)));

  entry('obtain', async (peer) => {
    const connection = await peer.connect();
    await connection.execute('data = {"list": [1, 2.5, None, (3, b"x")], "set": {7}}');
    assert.deepEqual(await classic.obtain(connection.eval('data')), {
      list: [1, 2.5, null, [3, new Uint8Array([0x78])]],
      set: new Set([7]),
    });
  });

  entry('deliver', async (peer) => {
    const connection = await peer.connect();
    const there = await classic.deliver(connection, { list: [1, 'two', null], map: new Map([[1, true]]) });
    assert.equal(await connection.builtins['repr']?.(there), "{'list': [1, 'two', None], 'map': {1: True}}");
  });

  entry('redirected_stdio', async (peer) => {
    const connection = await peer.connect();
    const stdout = new Sink();
    await classic.redirectedStdio(connection, { stdin: null, stdout, stderr: null }, async () => {
      await connection.modules['sys']?.['stdout']?.['write']?.('hello\n');
    });
    assert.equal(stdout.text, 'hello\n');
    await connection.execute('print("to the server again")');
    assert.equal(stdout.text, 'hello\n');
  });

  entry('pm', async (peer) => {
    const connection = await peer.connect();
    await connection.execute('def fail(secret):\n  return 1 / 0\n');
    const fail = await connection.eval<(value: number) => Promise<unknown>>('fail');
    await assert.rejects(Promise.resolve(fail(4711)), { typeName: 'ZeroDivisionError' });
    const stdout = new Sink();
    const stdin = Readable.from(['p secret + 1\n', 'q\n']);
    assert.equal(await classic.pm(connection, { stdin, stdout, stderr: new Sink() }), true);
    assert.match(stdout.text, /4712/);
  });

  entry('interact', async (peer) => {
    const connection = await peer.connect();
    const stdout = new Sink();
    const stdin = Readable.from(['print(given * 2)\n']);
    await classic.interact(connection, { given: 21 }, { stdin, stdout, stderr: new Sink() });
    assert.match(stdout.text, /42/);
  });

  entry('MockClassicConnection', async (peer) => {
    const remote = await peer.connect();
    await using local = new classic.MockClassicConnection();
    for (const module of [local.modules['node:path'], remote.modules['os.path']]) {
      assert.equal(await module?.['join']?.('a', 'b'), 'a/b');
    }
    assert.equal(await local.eval('6 * 7'), await remote.eval('6 * 7'));
  });

  entry('teleport_function', async (peer) => {
    const connection = await peer.connect();
    const source = 'def square(x):\n  import os\n  return x * x, os.getpid()\n';
    const square = (await classic.teleportFunction(connection, source)) as Netref &
      ((x: number) => Promise<unknown>);
    assert.deepEqual(await square(12), [144, await connection.modules['os']?.['getpid']?.()]);
    assert.deepEqual(await connection.eval('square(3)[0]'), 9, 'it is in the namespace, too');
  });
});
