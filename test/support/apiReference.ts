/** The entries of RPyC's API reference with the tests that prove them, and the table of `server/README.md` made of both. */
import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';

import { ENTRIES, PARTLY_TESTED, WITHOUT_COUNTERPART } from '../interop/api/entries';
import { REPOSITORY } from './tools';

const TESTS = 'test/interop/api';
const START = '<!-- API table: UPDATE_API_TABLE=1 npm run test:unit writes it -->';
const END = '<!-- End of the API table -->';

interface ListedTest {
  readonly title: string;
  readonly fullTitle: string;
  readonly file: string;
}

/** The tests of the entries, as mocha lists them without running any. */
export interface EntryTests {
  /** Python's full name to the source file of its test, relative to the repository. */
  readonly files: ReadonlyMap<string, string>;
  /** Python's full name to the versions of rpyc that it is proved against. */
  readonly versions: ReadonlyMap<string, ReadonlySet<string>>;
}

export async function listEntryTests(): Promise<EntryTests> {
  const folder = path.join(REPOSITORY, 'out', TESTS);
  // What was compiled from a file that is no more does not count.
  const sources = readdirSync(path.join(REPOSITORY, TESTS)).filter((name) => name.endsWith('.test.ts'));
  const compiled = sources.map((name) => path.join(folder, name.replace(/\.ts$/, '.js')));
  const program = path.join(REPOSITORY, 'node_modules/mocha/bin/mocha.js');
  const env = { ...process.env, RPYC_DISABLE_ENTRIES: undefined, RPYC_PEERS: undefined };
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [program, '--dry-run', '--reporter', 'json', ...compiled],
    { cwd: REPOSITORY, env, maxBuffer: 64 * 1024 * 1024 },
  );
  const { tests } = JSON.parse(stdout) as { readonly tests: readonly ListedTest[] };
  const files = new Map<string, string>();
  const versions = new Map<string, Set<string>>();
  for (const { title, fullTitle, file } of tests) {
    files.set(title, `${TESTS}/${path.basename(file, '.js')}.ts`);
    const version = /against rpyc (\S+)/.exec(fullTitle)?.[1] ?? '';
    versions.set(title, (versions.get(title) ?? new Set()).add(version));
  }
  return { files, versions };
}

/** Every entry of the reference in its order: by module, those without a counterpart behind the others. */
export function apiTable({ files }: EntryTests): string {
  const names = [...ENTRIES.keys(), ...Object.keys(WITHOUT_COUNTERPART)];
  const modules = new Set([...ENTRIES.keys()].map(moduleOf));
  const ordered = [...modules].flatMap((module) => names.filter((name) => moduleOf(name) === module));
  const rows = ordered.map((name) => [`\`${name}\``, typescriptOf(name), testOf(name, files)]);
  return toTable([['Python', 'TypeScript', 'Test'], ...rows]);
}

function moduleOf(name: string): string {
  return name.split('.').slice(0, 3).join('.');
}

function typescriptOf(name: string): string {
  const typescript = ENTRIES.get(name);
  return typescript === undefined ? `none: ${WITHOUT_COUNTERPART[name] ?? ''}` : `\`${typescript}\``;
}

function testOf(name: string, files: EntryTests['files']): string {
  if (!ENTRIES.has(name)) return '';
  const file = files.get(name);
  const link = file === undefined ? 'none yet' : `[${path.basename(file, '.test.ts')}](../${file})`;
  const reason = PARTLY_TESTED[name];
  return reason === undefined ? link : `${link}; ${reason}`;
}

/** As prettier writes it. */
function toTable(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? '').length)),
  );
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const padded = rows.map((row) => line(row.map((cell, column) => cell.padEnd(widths[column] ?? 0))));
  padded.splice(1, 0, line(widths.map((width) => '-'.repeat(width))));
  return padded.join('\n');
}

/** The table that a document holds between its two marks. */
export function tableOf(document: string): string {
  const start = document.indexOf(START);
  const end = document.indexOf(END);
  if (start < 0 || end < start) throw new Error(`There is no place for the table: ${START} … ${END}`);
  return document.slice(start + START.length, end).trim();
}

export function withTable(document: string, table: string): string {
  const start = document.indexOf(START) + START.length;
  return `${document.slice(0, start)}\n\n${table}\n\n${document.slice(document.indexOf(END))}`;
}
