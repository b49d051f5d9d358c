import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import path from 'node:path';

import { type Import, importsOf, readSources, type SourceText, valueCycles } from '../support/sourceImports';
import { REPOSITORY } from '../support/tools';

interface Layer {
  readonly name: string;
  /** A folder with its slash, or one file. */
  readonly place: string;
  /** Other layers that it may import. */
  readonly below: readonly string[];
  readonly packages: readonly string[];
  /** Whether Node's own modules may be imported. */
  readonly node: boolean;
}

const RPYC = 'server/src/rpyc/';

/** Who may import whom: the picture of ARCHITECTURE.md. The first place that fits is a file's layer. */
const LAYERS: readonly Layer[] = [
  { name: 'lib', place: `${RPYC}lib/`, below: [], packages: [], node: true },
  { name: 'core', place: `${RPYC}core/`, below: ['lib'], packages: [], node: true },
  { name: 'utils', place: `${RPYC}utils/`, below: ['lib', 'core'], packages: [], node: true },
  { name: 'library', place: `${RPYC}index.ts`, below: ['lib', 'core', 'utils'], packages: [], node: false },
  { name: 'api', place: 'server/src/api/', below: [], packages: [], node: false },
  {
    name: 'expression',
    place: 'server/src/features/expression/',
    below: ['library', 'api', 'features'],
    packages: ['@lezer/common', '@lezer/python'],
    node: true,
  },
  {
    name: 'features',
    place: 'server/src/features/',
    below: ['expression', 'library', 'api'],
    packages: [],
    node: true,
  },
  {
    name: 'lsp',
    place: 'server/src/lsp/',
    below: ['features', 'api'],
    packages: ['vscode-languageserver', 'vscode-languageserver/node'],
    node: true,
  },
  {
    name: 'dap',
    place: 'server/src/dap/',
    below: ['features', 'api'],
    packages: ['@vscode/debugprotocol'],
    node: true,
  },
  {
    name: 'main',
    place: 'server/src/main.ts',
    below: ['lsp', 'dap', 'features', 'api', 'demo'],
    packages: ['vscode-languageserver', 'vscode-languageserver/node'],
    node: true,
  },
  { name: 'demo', place: 'server/src/cli/demo/', below: ['library'], packages: [], node: true },
  { name: 'cli', place: 'server/src/cli/', below: ['library', 'demo'], packages: [], node: true },
  {
    name: 'client',
    place: 'client/src/',
    below: ['api'],
    packages: ['vscode', 'vscode-languageclient/node'],
    node: false,
  },
];

/** Inside `rpyc/core`, bottom first: by value, a file imports only from files named before it. */
const CORE_ORDER = [
  'consts exceptionBases errors config pyTypes',
  'brine footprint envelope references dialect dialectEvidence threadBinding messageHead codec reference refs targets pending housekeeping',
  'specialMethods exposure vinegar boxing connectErrors tls stream joinedDuplex memoryDuplex pipeStream subprocessStream',
  'channel iteration overallLimit path netref builtins asyncResult',
  'handlers serving requesting callTurns connectionHost rootRequest connectionOptions connectionEnd connectionText serveLoop boxings',
  'protocol',
  'service',
]
  .join(' ')
  .split(' ');

/** Runtime dependencies; adding one means changing this list, and saying why in ARCHITECTURE.md. */
const DEPENDENCIES = ['@lezer/python', 'vscode-languageclient', 'vscode-languageserver'];

/** What the door calls `classic`: names that stand in several files, as one module has them upstream. */
const CLASSIC_NAMES = `${RPYC}utils/classic.ts`;

/** Loads the modules that users name for other processes; no other import is computed. */
const LOADER = `${RPYC}utils/serviceModule.ts`;

const MAX_LINES = 500;

/** Names under which things gather that belong nowhere. */
const GATHERING_PLACES = /(^|\/)(utils?|helpers?|common|misc|shared)(\.ts$|\/)/;

function layerOf(file: string): Layer | undefined {
  return LAYERS.find(({ place }) => (place.endsWith('/') ? file.startsWith(place) : file === place));
}

function forbiddenImports(imports: readonly Import[]): string[] {
  return imports.flatMap(({ from, specifier, target }) => {
    const layer = layerOf(from);
    if (layer === undefined) {
      return [`${from} belongs to no layer`];
    }
    if (target !== undefined) {
      const other = layerOf(target);
      const allowed = other !== undefined && (other === layer || layer.below.includes(other.name));
      return allowed ? [] : [`${from} (${layer.name}) imports ${target} (${other?.name ?? 'no layer'})`];
    }
    if (from === LOADER && specifier.startsWith('computed: ')) return [];
    const isNode = specifier.startsWith('node:') && isBuiltin(specifier);
    const allowed = layer.packages.includes(specifier) || (layer.node && isNode);
    return allowed ? [] : [`${from} (${layer.name}) imports ${specifier}`];
  });
}

function againstCoreOrder(imports: readonly Import[]): string[] {
  const place = (file: string): number => CORE_ORDER.indexOf(path.posix.basename(file, '.ts'));
  const inCore = (file: string | undefined): file is string => file?.startsWith(`${RPYC}core/`) === true;
  return imports.flatMap(({ from, target, typeOnly }) => {
    if (!inCore(from) || !inCore(target)) {
      return [];
    }
    if (place(from) < 0 || place(target) < 0) {
      return [`${place(from) < 0 ? from : target} has no place in the order`];
    }
    return typeOnly || place(target) < place(from) ? [] : [`${from} imports ${target}, which is above it`];
  });
}

function reExports(imports: readonly Import[]): string[] {
  return imports
    .filter(({ from, reExport }) => reExport && layerOf(from)?.name !== 'library' && from !== CLASSIC_NAMES)
    .map(({ from, specifier }) => `${from} passes on ${specifier}`);
}

function tooLong(sources: readonly SourceText[]): string[] {
  return sources
    .map((source) => ({ file: source.path, lines: source.text.trimEnd().split('\n').length }))
    .filter(({ lines }) => lines > MAX_LINES)
    .map(({ file, lines }) => `${file} has ${lines} lines`);
}

function gatheringPlaces(sources: readonly SourceText[]): string[] {
  return sources
    .map((source) => source.path.replace(`${RPYC}utils/`, RPYC))
    .filter((file) => GATHERING_PLACES.test(file) && !file.startsWith(RPYC));
}

/** What a rule makes of files that are made up. */
function imagined(files: Readonly<Record<string, string>>): Import[] {
  return importsOf(Object.entries(files).map(([file, text]) => ({ path: file, text })));
}

describe('The architecture', () => {
  const sources = readSources(['server/src', 'client/src'], ['.ts']);
  const imports = importsOf(sources);

  it('has sources to look at', () => {
    assert.ok(sources.length > 40, `${sources.length} files`);
    assert.ok(imports.length > 100, `${imports.length} imports`);
  });

  it('lets each layer import only what the picture allows', () => {
    assert.deepEqual(forbiddenImports(imports), []);
  });

  it('reports an import that the picture does not allow', () => {
    const problems = (file: string, text: string): string[] =>
      forbiddenImports(imagined({ [file]: text, [`${RPYC}core/brine.ts`]: '', 'client/src/rows.ts': '' }));
    const cases: [file: string, text: string][] = [
      [`${RPYC}lib/bytes.ts`, "import { dump } from '../core/brine';"],
      [`${RPYC}core/protocol.ts`, "import * as vscode from 'vscode';"],
      [`${RPYC}core/protocol.ts`, "const x = require('left-pad');"],
      [`${RPYC}core/protocol.ts`, 'const x = await import(name);'],
      [`${RPYC}core/protocol.ts`, "import net from 'net';"],
      ['server/src/features/run/runner.ts', "import type { X } from '../../rpyc/core/brine';"],
      ['server/src/features/run/runner.ts', "let x: import('vscode-languageserver').Position;"],
      ['server/src/api/model.ts', "export { y } from '../../../client/src/rows';"],
      ['server/src/lsp/server.ts', "import { dump } from '../rpyc/core/brine';"],
      ['client/src/extension.ts', "import net from 'node:net';"],
      ['client/src/extension.ts', "void import('vscode-languageserver/node');"],
      ['server/src/cli/demo.ts', "import '../rpyc/core/brine';"],
      ['server/src/elsewhere.ts', "import 'node:fs';"],
    ];
    for (const [file, text] of cases) {
      assert.equal(problems(file, text).length, 1, `${file}: ${text}`);
    }
    assert.deepEqual(problems('client/src/extension.ts', "import { row } from './rows';"), []);
    assert.deepEqual(problems(`${RPYC}core/protocol.ts`, "import net from 'node:net';"), []);
  });

  it('keeps the order inside the core of the library', () => {
    assert.deepEqual(againstCoreOrder(imports), []);
    const files = sources.filter(({ path: file }) => file.startsWith(`${RPYC}core/`));
    assert.deepEqual(
      files.map((source) => path.posix.basename(source.path, '.ts')).sort(),
      [...CORE_ORDER].sort(),
      'the order names every file, and none that is gone',
    );
  });

  it('reports an import against the order, unless it is of types only', () => {
    const problems = (text: string): number =>
      againstCoreOrder(imagined({ [`${RPYC}core/brine.ts`]: text, [`${RPYC}core/protocol.ts`]: '' })).length;
    assert.equal(problems("import { Connection } from './protocol';"), 1);
    assert.equal(problems("import { type A, b } from './protocol';"), 1);
    assert.equal(problems("import './protocol';"), 1);
    assert.equal(problems("import { x } from './unheardOf';"), 1);
    assert.equal(problems("import type { Connection } from './protocol';"), 0);
    assert.equal(problems("import { type Connection } from './protocol';"), 0);
  });

  it('has no cycle of imports by value', () => {
    assert.deepEqual(valueCycles(imports), []);
  });

  it('reports a cycle, unless a type-only import closes it', () => {
    const files = { 'a.ts': "import './b';", 'b.ts': "import './c';" };
    assert.deepEqual(valueCycles(imagined({ ...files, 'c.ts': "export { x } from './a';" })), [
      ['a.ts', 'b.ts', 'c.ts'],
    ]);
    assert.deepEqual(valueCycles(imagined({ ...files, 'c.ts': "import type { X } from './a';" })), []);
  });

  it('has no barrel but the door of the library and its namespace classic', () => {
    assert.deepEqual(reExports(imports), []);
    assert.equal(reExports(imagined({ 'client/src/rows.ts': "export * from './all';" })).length, 1);
    for (const barrel of [`${RPYC}index.ts`, CLASSIC_NAMES]) {
      assert.deepEqual(reExports(imagined({ [barrel]: "export { x } from './core/brine';" })), []);
    }
  });

  it(`has no file over ${MAX_LINES} lines, tests and tools included`, () => {
    const all = readSources(['server', 'client', 'test'], ['.ts', '.mjs', '.cjs', '.py']);
    assert.deepEqual(tooLong(all), []);
    assert.equal(tooLong([{ path: 'a.ts', text: 'x\n'.repeat(MAX_LINES + 1) }]).length, 1);
    assert.deepEqual(tooLong([{ path: 'a.ts', text: 'x\n'.repeat(MAX_LINES) }]), []);
  });

  it('has no place for things that belong nowhere', () => {
    assert.deepEqual(gatheringPlaces(sources), []);
    const names = ['client/src/utils.ts', 'server/src/features/common/text.ts', `${RPYC}utils/factory.ts`];
    const found = gatheringPlaces(names.map((name) => ({ path: name, text: '' })));
    assert.deepEqual(found, names.slice(0, 2));
  });

  it('depends at run time on nothing but what is listed', () => {
    const manifest = JSON.parse(readFileSync(path.join(REPOSITORY, 'package.json'), 'utf8')) as Record<
      string,
      Record<string, string> | undefined
    >;
    assert.deepEqual(Object.keys(manifest['dependencies'] ?? {}).sort(), DEPENDENCIES);
    assert.equal(manifest['optionalDependencies'], undefined);
    assert.equal(manifest['bundledDependencies'], undefined);
  });
});
