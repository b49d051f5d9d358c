/** Files to real servers and back: whole, checked, and cancelled without a trace. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { classic, type ClassicConnection } from '../../../server/src/rpyc/index';
import { eventually } from '../../support/poll';
import { ClassicFixture, forEachVersion, lentSettlesAt } from '../../support/rpycPeers';

const CHUNK = 1000;
/** A name that is no UTF-8. */
const ODD = Buffer.from([0x6f, 0x64, 0x64, 0xff]);

/** Every file below a folder with its content, by its path in Latin-1. */
async function contents(folder: string): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  const walk = async (at: Buffer, name: string): Promise<void> => {
    for (const entry of await readdir(at, 'buffer')) {
      const inside = Buffer.concat([at, Buffer.from('/'), entry]);
      const called = `${name}/${entry.toString('latin1')}`;
      const kind = await stat(inside);
      if (kind.isDirectory()) {
        found[`${called}/`] = '';
        await walk(inside, called);
      } else found[called] = (await readFile(inside)).toString('hex');
    }
  };
  await walk(Buffer.from(folder), '');
  return found;
}

/** Files that the server has open. */
async function openFiles(connection: ClassicConnection, folder: string): Promise<number> {
  return await connection.eval<number>(
    `(lambda os: sum(1 for n in os.listdir('/proc/self/fd') if os.path.exists('/proc/self/fd/' + n) ` +
      `and os.readlink('/proc/self/fd/' + n).startswith(${JSON.stringify(folder)})))(__import__('os'))`,
  );
}

forEachVersion('Files', (version) => {
  const fixture = new ClassicFixture(version);
  let here = '';
  let there = '';

  beforeEach(async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'rpyc-files-'));
    here = path.join(folder, 'here');
    there = path.join(folder, 'there');
    await mkdir(here);
    await mkdir(there);
  });
  afterEach(async () => {
    await rm(path.dirname(here), { recursive: true });
  });

  /** A folder of every kind of file. */
  async function makeTree(): Promise<void> {
    await mkdir(path.join(here, 'sub dir/grüße 🐍/empty'), { recursive: true });
    const inner = Buffer.concat([Buffer.from(`${here}/`), ODD]);
    await mkdir(inner);
    for (const size of [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK]) {
      await writeFile(path.join(here, `sub dir/${size} bytes`), randomBytes(size));
    }
    await writeFile(Buffer.concat([inner, Buffer.from('/'), ODD]), 'odd');
    await writeFile(path.join(here, "-rf ';$(x)\n\\"), 'named by a joker');
    await symlink('sub dir/1 bytes', path.join(here, 'link'));
    await symlink('nowhere', path.join(here, 'dangling'));
  }

  it('go there and come back with their folders, whatever they are called', async () => {
    await makeTree();
    const { connection } = fixture;
    await classic.upload(connection, here, path.join(there, 'a/b'), { chunkSize: CHUNK });
    await rm(path.join(here, 'dangling'));
    const sent = await contents(here);
    assert.ok(Object.keys(sent).length > 10);
    assert.deepEqual(await contents(path.join(there, 'a/b')), sent);
    await classic.download(connection, path.join(there, 'a/b'), path.join(there, 'c/d'), {
      chunkSize: CHUNK,
    });
    assert.deepEqual(await contents(path.join(there, 'c/d')), sent);
    assert.equal(await openFiles(connection, there), 0);
  });

  it('of many bytes arrive as they left, and progress is told', async () => {
    const { connection } = fixture;
    const bytes = randomBytes(10_000_000);
    await writeFile(path.join(here, 'big'), bytes);
    for (const way of ['up', 'down'] as const) {
      const told: classic.TransferProgress[] = [];
      const options = { onProgress: (progress: classic.TransferProgress) => void told.push(progress) };
      if (way === 'up') {
        await classic.uploadFile(connection, path.join(here, 'big'), path.join(there, 'big'), options);
      } else
        await classic.downloadFile(connection, path.join(there, 'big'), path.join(here, 'back'), options);
      const moved = told.map(({ transferred }) => transferred);
      assert.ok(told.length >= 10_000_000 / 60_000, 'a step for each chunk');
      assert.deepEqual(
        moved,
        moved.toSorted((a, b) => a - b),
      );
      assert.deepEqual([moved.at(-1), told[0]?.total], [bytes.length, bytes.length]);
      assert.equal(told[0]?.path, path.join(way === 'up' ? here : there, 'big'));
    }
    assert.equal(Buffer.compare(await readFile(path.join(there, 'big')), bytes), 0);
    assert.equal(Buffer.compare(await readFile(path.join(here, 'back')), bytes), 0);
    await lentSettlesAt(connection, { Files: 1, SlaveService: 1 });
  });

  it('are neither compressed for nothing, nor is compression left off', async () => {
    const { connection } = fixture;
    const compresses = (): Promise<boolean> =>
      Promise.resolve(
        connection.eval<boolean>(
          `(lambda walk: next(f.f_locals['self'] for f in walk(walk, __import__('sys')._getframe()) ` +
            `if hasattr(f.f_locals.get('self'), '_local_objects'))._channel.compress)` +
            `(lambda walk, frame: [] if frame is None else [frame] + walk(walk, frame.f_back))`,
        ),
      );
    await writeFile(path.join(here, 'zeros'), new Uint8Array(1_000_000));
    const sent = async (compress: boolean): Promise<number> => {
      const { bytesSent } = connection.counters;
      await classic.upload(connection, path.join(here, 'zeros'), path.join(there, 'zeros'), { compress });
      return connection.counters.bytesSent - bytesSent;
    };
    assert.ok((await sent(true)) < 50_000);
    assert.ok((await sent(false)) > 1_000_000);
    const received = async (compress: boolean): Promise<number> => {
      const { bytesReceived } = connection.counters;
      await classic.download(connection, path.join(there, 'zeros'), path.join(here, 'back'), { compress });
      return connection.counters.bytesReceived - bytesReceived;
    };
    assert.ok((await received(false)) > 1_000_000);
    assert.equal(await compresses(), true);
    assert.ok((await received(true)) < 50_000);
  });

  it('take what a filter accepts, and pass over what is no file where that is wanted', async () => {
    const { connection } = fixture;
    await mkdir(path.join(here, 'skip'));
    await writeFile(path.join(here, 'skip/inner.txt'), 'x');
    await writeFile(path.join(here, 'keep.txt'), 'kept');
    const filter = (name: string): boolean => name !== 'skip';
    await classic.uploadDir(connection, here, path.join(there, 'up'), { filter });
    assert.deepEqual(await readdir(path.join(there, 'up')), ['keep.txt']);
    await classic.downloadDir(connection, here, path.join(there, 'down'), { filter });
    assert.deepEqual(await readdir(path.join(there, 'down')), ['keep.txt']);
    const nothing = path.join(here, 'nothing');
    for (const way of ['upload', 'download'] as const) {
      const failsWith = async (name: string, reason: string, hasCause: boolean): Promise<void> => {
        await assert.rejects(classic[way](connection, name, there), (error: Error & { code?: string }) => {
          assert.equal(error.message, `Cannot ${way} '${name}': ${reason}`);
          assert.deepEqual([error.code, error.cause instanceof Error], ['ERR_TRANSFER', hasCause]);
          return true;
        });
      };
      await failsWith(nothing, 'no such file or folder', true);
      await failsWith('/dev/null', 'it is neither a file nor a folder', false);
      await failsWith(path.join(here, 'n'.repeat(300)), 'the name is too long', true);
    }
    await classic.upload(connection, nothing, there, { ignoreInvalid: true });
    await classic.download(connection, nothing, there, { ignoreInvalid: true });
    await assert.rejects(classic.downloadFile(connection, nothing, path.join(here, 'x')), {
      typeName: 'FileNotFoundError',
    });
    await assert.rejects(classic.uploadFile(connection, nothing, there), { code: 'ENOENT' });
    await assert.rejects(classic.upload(connection, here, there, { chunkSize: 0 }), RangeError);
    await symlink('.', path.join(here, 'circle'));
    await assert.rejects(classic.upload(connection, here, path.join(there, 'up')), { code: 'ERR_TRANSFER' });
    await assert.rejects(classic.download(connection, here, path.join(there, 'x')), { code: 'ERR_TRANSFER' });
  });

  it('replace a file with its mode kept, also behind a link', async () => {
    const { connection } = fixture;
    await writeFile(path.join(here, 'new'), 'new');
    for (const way of [classic.upload, classic.download]) {
      const old = path.join(there, 'old');
      await writeFile(old, 'old');
      await chmod(old, 0o600);
      await symlink('old', path.join(there, 'link'));
      await way(connection, path.join(here, 'new'), path.join(there, 'link'));
      assert.equal(await readFile(old, 'utf8'), 'new');
      assert.equal((await stat(old)).mode & 0o777, 0o600);
      assert.deepEqual((await readdir(there)).sort(), ['link', 'old']);
      await rm(path.join(there, 'link'));
      await way(connection, path.join(here, 'new'), '/dev/null');
    }
  });

  it('that are cancelled leave what was there, and nothing open', async () => {
    const { connection } = fixture;
    await writeFile(path.join(here, 'big'), randomBytes(5_000_000));
    for (const way of [classic.upload, classic.download]) {
      const target = path.join(there, 'target');
      await writeFile(target, 'good');
      const abort = new AbortController();
      const onProgress = ({ transferred }: classic.TransferProgress): void => {
        if (transferred > 1_000_000) abort.abort();
      };
      const run = way(connection, path.join(here, 'big'), target, { signal: abort.signal, onProgress });
      const cancelled = {
        code: 'ERR_ABORTED',
        message: `The ${way.name} of ${path.join(here, 'big')} was cancelled`,
      };
      await assert.rejects(run, cancelled);
      await eventually(
        'nothing is open',
        async () => (await openFiles(connection, path.dirname(here))) === 0,
      );
      assert.equal(await readFile(target, 'utf8'), 'good');
      assert.deepEqual(await readdir(there), ['target']);
      const before = AbortSignal.abort();
      await assert.rejects(way(connection, path.join(here, 'big'), target, { signal: before }), cancelled);
    }
    await lentSettlesAt(connection, { Files: 1, SlaveService: 1 });
  });

  it('that are cut off leave nothing behind on the server', async () => {
    const connection = await fixture.connect();
    await writeFile(path.join(here, 'big'), randomBytes(5_000_000));
    const run = classic.upload(connection, path.join(here, 'big'), path.join(there, 'big'), {
      onProgress: ({ transferred }) => {
        if (transferred > 1_000_000) connection.dispose();
      },
    });
    await assert.rejects(run, { code: 'ERR_CLOSED' });
    await eventually('the server takes its part away', async () => (await readdir(there)).length === 0);
  });

  it('that change on their way are refused', async () => {
    const { connection } = fixture;
    await connection.execute(`
import builtins
honest = builtins.open
class Corrupt:
    def __init__(self, file, mode): self.file, self.mode, self.count = file, mode, 0
    def __getattr__(self, name): return getattr(self.file, name)
    def __enter__(self): return self
    def __exit__(self, *_): self.file.close()
    def spoil(self, data): return bytes([data[0] ^ 1]) + data[1:] if data else data
    def write(self, data): return self.file.write(self.spoil(data) if self.mode == 'wb' else data)
    def read(self, size): return self.spoil(self.file.read(size))
builtins.open = lambda name, mode='r', *rest: (
    Corrupt(honest(name, mode), mode) if 'corrupt' in str(name) and wanted in mode else honest(name, mode, *rest))
class Once:
    def __init__(self): self.left = 1
`);
    try {
      for (const size of [10, 200_000]) {
        await writeFile(path.join(here, 'file'), randomBytes(size));
        await mkdir(path.join(there, 'corrupt'), { recursive: true });
        const target = path.join(there, 'corrupt/file');
        await writeFile(target, 'good');
        await connection.execute("wanted = 'w'");
        await assert.rejects(classic.upload(connection, path.join(here, 'file'), target), {
          code: 'ERR_TRANSFER',
          message: /differently/,
        });
        assert.equal(await readFile(target, 'utf8'), 'good');
        assert.deepEqual(await readdir(path.join(there, 'corrupt')), ['file']);
        await classic.upload(connection, path.join(here, 'file'), target, { verify: false });
        assert.equal((await stat(target)).size, size);
        assert.notDeepEqual(await readFile(target), await readFile(path.join(here, 'file')));
      }
      // What is read again for the sum is what is there: only the first reading lies.
      await connection.execute(`
lies = [1]
class Liar(Corrupt):
    def __init__(self, file, mode): Corrupt.__init__(self, file, mode); self.lie = bool(lies and lies.pop())
    def spoil(self, data): return Corrupt.spoil(self, data) if self.lie else data
    def tell(self): return self.file.tell()
builtins.open = lambda name, mode='r', *rest: (
    Liar(honest(name, mode), mode) if 'corrupt' in str(name) else honest(name, mode, *rest))
`);
      const back = path.join(here, 'back');
      await writeFile(back, 'good');
      await assert.rejects(classic.download(connection, path.join(there, 'corrupt/file'), back), {
        code: 'ERR_TRANSFER',
      });
      assert.equal(await readFile(back, 'utf8'), 'good');
      assert.deepEqual((await readdir(here)).sort(), ['back', 'file']);
    } finally {
      await connection.execute('builtins.open = honest');
    }
  });

  it('with names that lead elsewhere are refused', async () => {
    const { connection } = fixture;
    await mkdir(path.join(here, 'folder'));
    const names = ['../escape', '..', '.', '', '/tmp/absolute', 'a/b', 'zero\0', '../../escape'];
    try {
      for (const name of names) {
        await connection.execute(`
import os
listdir = getattr(os.listdir, 'honest', os.listdir)
def lie(path): return [${JSON.stringify(name).replace('\\u0000', '\\x00')}] if str(path).endswith('folder') else listdir(path)
lie.honest = listdir
os.listdir = lie
honest_isfile, honest_size = getattr(os.path.isfile, 'honest', os.path.isfile), os.path.getsize
os.path.isdir, honest_isdir = (lambda p: str(p).endswith('folder')), getattr(os.path.isdir, 'honest', os.path.isdir)
os.path.isdir.honest = honest_isdir
os.path.isfile = lambda p: True
os.path.isfile.honest = honest_isfile
os.path.getsize = lambda p: 1
`);
        const run = classic.download(connection, path.join(here, 'folder'), path.join(there, 'deep/er'));
        await assert.rejects(run, { code: 'ERR_TRANSFER', message: /leads out/ }, JSON.stringify(name));
        await connection.execute(
          'os.listdir, os.path.isdir, os.path.isfile, os.path.getsize = ' +
            'listdir, honest_isdir, honest_isfile, honest_size',
        );
        assert.deepEqual(await readdir(path.join(there, 'deep/er')), []);
      }
    } finally {
      await connection.execute('os.listdir = listdir');
    }
    assert.equal(existsSync(path.join(there, 'escape')), false);
  });

  it('of a package can be imported', async () => {
    const { connection } = fixture;
    const name = `sent_${randomBytes(4).toString('hex')}`;
    const local = path.join(here, name);
    await mkdir(path.join(local, '__pycache__'), { recursive: true });
    await writeFile(path.join(local, '__init__.py'), 'from .part import answer\n');
    await writeFile(path.join(local, 'part.py'), 'answer = 42\n');
    await connection.execute(`import sys; sys.path.insert(0, ${JSON.stringify(there)})`);
    await classic.uploadPackage(connection, local, path.join(there, name));
    assert.equal(await connection.eval(`__import__('${name}').answer`), 42);
    await assert.rejects(stat(path.join(there, name, '__pycache__/x')));
    // By default it goes where the server looks for packages.
    await connection.execute(`
import sysconfig
honest_paths = sysconfig.get_paths
sysconfig.get_paths = lambda: {'purelib': ${JSON.stringify(path.join(there, 'site'))}}`);
    await mkdir(path.join(there, 'site'));
    await classic.uploadModule(connection, local);
    await connection.execute('sysconfig.get_paths = honest_paths');
    assert.deepEqual((await readdir(path.join(there, 'site', name))).sort(), ['__init__.py', 'part.py']);
  });
});
