import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import type { DebugProtocol } from '@vscode/debugprotocol';

import { Sources } from '../../../server/src/dap/sources';

const TEXT = 'one = 1\ntwo = one / 0\n';

describe('where frames of a peer are shown', () => {
  let folder: string;
  let here: string;

  before(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'rpyc-sources-'));
    here = path.join(folder, 'work.py');
    writeFileSync(here, TEXT.replaceAll('\n', '\r\n'));
  });

  after(() => rmSync(folder, { recursive: true }));

  const sourcesWith = (state: string): Sources =>
    new Sources({
      label: 'Lab',
      mappings: [{ localRoot: folder, remoteRoot: '/srv/app' }],
      states: (files) => Promise.resolve(files.map(() => state)),
    });

  const live = async (file: string, state: string): Promise<DebugProtocol.Source | undefined> =>
    (await sourcesWith(state).of([{ file, line: 2, name: 'work' }], false))[0];

  const told = async (file: string, source: string): Promise<DebugProtocol.Source | undefined> =>
    (await sourcesWith('').of([{ file, line: 2, name: 'work', source }], true))[0];

  it('is the mapped file here where it has the same text, whatever its line ends are', async () => {
    const hash = createHash('sha256').update(TEXT).digest('hex');
    assert.deepEqual(await live('/srv/app/work.py', hash), { name: 'work.py', path: here });
    assert.deepEqual(await live(here, hash), { name: 'work.py', path: here });
  });

  it('is the file that was run from here, and the one that the peer cannot read', async () => {
    assert.equal((await live(here, 'run'))?.path, here);
    assert.equal((await live('/srv/app/work.py', ''))?.path, here);
  });

  it('is what the peer has where the file here has another text, or there is none', async () => {
    assert.deepEqual(await live('/srv/app/work.py', 'another'), {
      name: 'work.py',
      path: '/srv/app/work.py',
      sourceReference: 1,
      origin: `of “Lab”: ${here} has another text`,
    });
    assert.equal((await live('/srv/app/other.py', 'another'))?.sourceReference, 1);
    assert.equal((await live('/srv/app/../app/work.py', ''))?.sourceReference, 1);
  });

  it('is a file here for a line of a traceback only where that line stands in it', async () => {
    assert.deepEqual(await told('/srv/app/work.py', 'two = one / 0'), { name: 'work.py', path: here });
    assert.equal(await told('/srv/app/work.py', 'two = 2'), undefined);
    assert.equal(await told('/srv/app/nowhere.py', ''), undefined);
  });

  it('is never looked for on a server that the peer names', async () => {
    const elsewhere = `/${here}`;
    const found = await live(elsewhere, '');
    assert.deepEqual([found?.path, found?.sourceReference], [elsewhere, 1]);
  });
});
