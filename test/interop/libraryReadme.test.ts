/** What server/README.md shows: all its programs compile with the installed library, and those that can run do. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { connect as connectSocket } from 'node:net';
import path from 'node:path';

import { ErrorCode } from '../../server/src/rpyc/index';
import { closedPort } from '../support/badServers';
import { TestProcess } from '../support/childProcess';
import { InstalledLibrary } from '../support/installedLibrary';
import { eventually } from '../support/poll';
import { pythonEnv, runPython, RPYC_VERSIONS, startClassic } from '../support/pythonPeer';
import { REPOSITORY } from '../support/tools';

interface Block {
  readonly language: string;
  /** `classic` runs against a classic server, `server` and `client` in pairs; undefined for those that only compile. */
  readonly kind: string | undefined;
  readonly code: string;
  /** What it says that it prints. */
  readonly prints: string;
  /** Name of its file, without the ending. */
  readonly name: string;
  /** What it stands under. */
  readonly heading: string;
}

const README = readFileSync(path.join(REPOSITORY, 'server/README.md'), 'utf8');
const CLASSIC = "'localhost', 18812";
const SERVICE_PORT = /\b18861\b/g;

function blocksOf(text: string): Block[] {
  return [...text.matchAll(/^```(ts|python)(?: (\w+))?\n([^]*?)^```$/gm)].map(
    ({ 1: language = '', 2: kind, 3: code = '', index: start }, index) => ({
      language,
      kind,
      code,
      prints: [...code.matchAll(/(?:\/\/|#) → (.*)$/gm)].map(([, line]) => `${line}\n`).join(''),
      name: `block${index}`,
      heading: [...text.slice(0, start).matchAll(/^#+ (.*)$/gm)].at(-1)?.[1] ?? '',
    }),
  );
}

const BLOCKS = blocksOf(README);
const PROGRAMS = BLOCKS.filter(({ language }) => language === 'ts');
const [pythonServer, tsClient, tsServer, pythonClient] = BLOCKS.filter(
  ({ kind }) => kind === 'server' || kind === 'client',
);

describe('The README of the library', () => {
  let library: InstalledLibrary;
  let problems: readonly string[];

  before(async function () {
    this.timeout(120_000);
    library = await InstalledLibrary.install();
    for (const { name, code } of PROGRAMS) library.write(`${name}.mts`, code);
    problems = library.compile(PROGRAMS.map(({ name }) => `${name}.mts`));
  });

  after(() => library[Symbol.dispose]());

  it('shows programs that compile as they stand', () => {
    assert.ok(PROGRAMS.length >= 10, `${PROGRAMS.length} programs`);
    assert.deepEqual(problems, []);
  });

  it('names every code of an error', () => {
    const missing = Object.values(ErrorCode).filter((code) => !README.includes(`\`${code}\``));
    assert.deepEqual(missing, []);
  });

  /** The program with the address of a server of the test's own in the place of the usual one. */
  function adapted(block: Block, port: number): string {
    const compiled = readFileSync(path.join(library.folder, `out/${block.name}.mjs`), 'utf8');
    const text = compiled.replaceAll(CLASSIC, `'127.0.0.1', ${port}`).replace(SERVICE_PORT, String(port));
    return library.write(`${block.name}-${port}.mjs`, text);
  }

  for (const version of RPYC_VERSIONS) {
    for (const block of PROGRAMS.filter(({ kind }) => kind === 'classic')) {
      it(`runs what stands under "${block.heading}" against rpyc ${version}`, async () => {
        await using peer = await startClassic(version);
        const printed = await library.run(process.execPath, [adapted(block, peer.port)]);
        assert.equal(printed, block.prints);
      });
    }

    it(`uses the service that it shows, of rpyc ${version}`, async () => {
      assert.ok(pythonServer?.language === 'python' && tsClient?.language === 'ts');
      const port = await closedPort();
      const { python, env } = pythonEnv(version);
      const args = ['-c', pythonServer.code.replace(SERVICE_PORT, String(port))];
      await using server = new TestProcess(python, args, { env });
      await listens(port, server);
      assert.equal(await library.run(process.execPath, [adapted(tsClient, port)]), tsClient.prints);
    });

    it(`serves the service that it shows to rpyc ${version}`, async () => {
      assert.ok(tsServer?.language === 'ts' && pythonClient?.language === 'python');
      const port = await closedPort();
      await using server = new TestProcess(process.execPath, [adapted(tsServer, port)], {
        cwd: library.folder,
      });
      await listens(port, server);
      const client = await runPython(version, pythonClient.code.replace(SERVICE_PORT, String(port)));
      assert.equal(client.stdout, pythonClient.prints, client.stderr);
    });
  }
});

async function listens(port: number, server: TestProcess): Promise<void> {
  await eventually('the server listens', async () => {
    assert.ok(!server.hasEnded, server.stderr);
    const socket = connectSocket(port, 'localhost');
    try {
      await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
      return true;
    } finally {
      socket.destroy();
    }
  });
}
