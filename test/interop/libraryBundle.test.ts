import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';

import { TestProcess } from '../support/childProcess';
import { eventually } from '../support/poll';
import { RPYC_VERSIONS, startClassic } from '../support/pythonPeer';
import { importsOf } from '../support/sourceImports';
import { REPOSITORY } from '../support/tools';

const BUNDLE = path.join(REPOSITORY, 'dist/rpyc/index.js');

/** A program of somebody else, with nothing of this project but the bundle. */
const PROGRAM = `
const { classic } = require(process.argv[1]);
void (async () => {
  const connection = await classic.connect('127.0.0.1', Number(process.argv[2]));
  console.log(await connection.modules.os.getpid());
  await connection.close();
})();
`;

/** The library is the file that a thread or a child loads again. */
const HOSTING_PROGRAM = `
const { classic } = require(process.argv[1]);
void (async () => {
  for (const connectTo of [classic.connectThread, classic.connectMultiprocess]) {
    const connection = await connectTo();
    console.log(await connection.eval('6 * 7'), (await connection.eval('process.pid')) === process.pid);
    await connection.close();
  }
})();
`;

describe('The built library', () => {
  it('needs nothing but Node', () => {
    const text = readFileSync(BUNDLE, 'utf8');
    const needed = importsOf([{ path: 'index.js', text }]).map(({ specifier }) => specifier);
    assert.ok(needed.includes('node:net'), needed.join(', '));
    const others = needed.filter((specifier) => !specifier.startsWith('node:'));
    // The module of a service that the program itself has named.
    assert.match(others.join(', '), /^computed: \(0,\w+\.pathToFileURL\)\(file\)\.href$/);
  });

  it('has types beside it', () => {
    const types = readFileSync(path.join(REPOSITORY, 'dist/rpyc/index.d.ts'), 'utf8');
    assert.match(types, /export \{ connect\b/);
  });

  it('starts threads and processes that serve, and ends with them', async () => {
    const args = ['-e', HOSTING_PROGRAM, BUNDLE];
    await using program = new TestProcess(process.execPath, args, { cwd: '/' });
    await eventually('the program ends', () => program.hasEnded, { timeoutMs: 20_000 });
    assert.equal(program.stdout, '42 true\n42 false\n', program.stderr);
  });

  for (const version of RPYC_VERSIONS) {
    it(`reaches a classic server of rpyc ${version} from any Node program, which then ends`, async () => {
      await using peer = await startClassic(version);
      const args = ['-e', PROGRAM, BUNDLE, String(peer.port)];
      await using program = new TestProcess(process.execPath, args, { cwd: '/' });
      await eventually('the program ends', () => program.hasEnded, { timeoutMs: 20_000 });
      assert.equal(program.stdout, `${peer.pid}\n`, program.stderr);
    });
  }
});
