/** The library by itself: its package, in an empty folder, with a program of somebody else. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

import * as ts from 'typescript';

import { InstalledLibrary, LIBRARY_NAME } from '../support/installedLibrary';
import { RPYC_VERSIONS, startClassic } from '../support/pythonPeer';
import { REPOSITORY } from '../support/tools';

/** Uses values and types; what it exports is in the types that the compiler is asked for. */
const BODY = `
export const options: ConnectOptions = { timeout: 20, config: { sync_request_timeout: 20 } };

export class Adder extends Service {
  exposed_add(a: number, b: number): number {
    return a + b;
  }
}

export async function main(port: number): Promise<void> {
  const connection = await classic.connect('127.0.0.1', port, options);
  const pid: unknown = await connection.modules.os.getpid();
  console.log(pid, Connection.name, new Float(1).valueOf(), brine.load(brine.dump([1, 'a'])));
  try {
    await connection.eval('1 / 0');
  } catch (error) {
    console.log(error instanceof RemoteError && error.isInstance('ArithmeticError'));
  }
  await connection.close();
  await using server = new ThreadedServer({ service: Adder, port: 0 });
  await server.start();
  const client = await connect('127.0.0.1', server.port, { config: options.config ?? {} });
  console.log(await client.root.add(40, 2));
  await client.close();
}

void main(Number(process.argv[2]));
`;
const NAMES = 'brine, classic, connect, Connection, Float, RemoteError, Service, ThreadedServer';
const IMPORT = `import { ${NAMES}, type ConnectOptions } from '${LIBRARY_NAME}';\n`;
const CONSUMERS = ['consumer.mts', 'consumer.cts'];

const WRONG = `
import { connect, classic } from '${LIBRARY_NAME}';
void connect(18812);
void classic.connect('localhost', 18812, { timeout: 'long' });
`;

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly license: string;
  readonly dependencies?: unknown;
  readonly bin: Readonly<Record<string, string>>;
  readonly exports: Readonly<Record<string, unknown>>;
}

function readManifest(file: string): Manifest {
  return JSON.parse(readFileSync(file, 'utf8')) as Manifest;
}

describe('The package of the library', () => {
  let library: InstalledLibrary;
  let problems: readonly string[];
  const ours = readManifest(path.join(REPOSITORY, 'package.json'));

  before(async function () {
    this.timeout(120_000);
    library = await InstalledLibrary.install();
    for (const name of CONSUMERS) library.write(name, IMPORT + BODY);
    problems = library.compile(CONSUMERS);
  });

  after(() => library[Symbol.dispose]());

  it('holds the library, its types, its two programs and what tells of them', () => {
    const files = readdirSync(library.file('.'), { recursive: true, encoding: 'utf8' });
    const others = files.filter((name) => path.extname(name) !== '' && !name.endsWith('.d.ts'));
    assert.deepEqual(others.sort(), [
      ...['README.md', 'dist/cli/rpyc-classic.js', 'dist/cli/rpyc-registry.js', 'dist/rpyc/index.js'],
      'package.json',
    ]);
    assert.ok(files.includes('LICENSE') && files.includes('dist/rpyc/index.d.ts'));
    const readme = readFileSync(library.file('README.md'), 'utf8');
    const manual = readFileSync(path.join(REPOSITORY, 'server/README.md'), 'utf8');
    assert.equal(readme.split('\n').length, manual.split('\n').length);
    assert.doesNotMatch(readme, /\]\((?!https?:|#)/, 'a link that leads nowhere from there');
  });

  it('has the version and the licence of the extension, and needs no other package', () => {
    const { name, version, license, dependencies } = readManifest(library.file('package.json'));
    assert.deepEqual({ name, version, license }, { ...pick(ours), name: LIBRARY_NAME });
    assert.equal(dependencies, undefined);
    const installed = readdirSync(path.join(library.folder, 'node_modules'));
    assert.deepEqual(
      installed.filter((folder) => !folder.startsWith('.') && !['@types', 'undici-types'].includes(folder)),
      [LIBRARY_NAME],
    );
  });

  it('types a strict program, as an ES module and as CommonJS', () => {
    assert.deepEqual(problems, []);
  });

  it('types a program that is made for a bundler', () => {
    library.write('bundled.ts', IMPORT + BODY);
    const options = { module: ts.ModuleKind.ESNext, moduleResolution: ts.ModuleResolutionKind.Bundler };
    assert.deepEqual(library.compile(['bundled.ts'], options), []);
  });

  it('has types that find mistakes', () => {
    library.write('wrong.mts', WRONG);
    const lines = library.compile(['wrong.mts']).map((problem) => /^wrong\.mts:\d+/.exec(problem)?.[0]);
    assert.deepEqual(lines, ['wrong.mts:3', 'wrong.mts:4']);
  });

  for (const version of RPYC_VERSIONS) {
    for (const [name, kind] of [
      ['consumer.mjs', 'an ES module'],
      ['consumer.cjs', 'CommonJS'],
    ] as const) {
      it(`works in ${kind} against rpyc ${version}`, async () => {
        await using peer = await startClassic(version);
        const args = [path.join(library.folder, 'out', name), String(peer.port)];
        const printed = await library.run(process.execPath, args);
        assert.equal(printed, `${peer.pid} Connection 1 [ 1, 'a' ]\ntrue\n42\n`);
      });
    }
  }

  for (const [program, told] of [
    ['rpyc-classic', /--mode/],
    ['rpyc-registry', /--listing/],
  ] as const) {
    it(`installs ${program}, which explains its switches`, async () => {
      assert.match(await library.run(library.program(program), ['-h']), told);
    });
  }

  it('is what the manifest of the extension exports', () => {
    const program = `const { connect } = require('rpyc-explorer/rpyc'); console.log(connect.name)`;
    const { types } = ours.exports['./rpyc'] as { readonly types: string };
    assert.match(readFileSync(path.join(REPOSITORY, types), 'utf8'), /\bconnect\b/);
    return library
      .run(process.execPath, ['-e', program], { cwd: REPOSITORY })
      .then((printed) => assert.equal(printed, 'connect\n'));
  });
});

function pick({ version, license }: Manifest): Pick<Manifest, 'version' | 'license'> {
  return { version, license };
}
