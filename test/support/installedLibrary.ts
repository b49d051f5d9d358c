/** The library as somebody else has it: the package installed into an empty folder, and TypeScript with its types. */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, symlinkSync, mkdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import * as ts from 'typescript';

import { TestProcess, type TestProcessOptions } from './childProcess';
import { eventually } from './poll';
import { REPOSITORY } from './tools';

/** What programs import. */
export const LIBRARY_NAME = 'rpyc-explorer-library';

const INSTALL_TIMEOUT_MS = 60_000;
const RUN_TIMEOUT_MS = 30_000;

/** What `tsc --init` gives, or nearly so, with declarations of packages checked as well. */
const STRICT: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2022,
  lib: ['lib.es2023.d.ts', 'lib.esnext.disposable.d.ts'],
  types: ['node'],
  strict: true,
  exactOptionalPropertyTypes: true,
  skipLibCheck: false,
};

export class InstalledLibrary implements Disposable {
  private constructor(public readonly folder: string) {}

  /** Packs what is in `dist`, and installs it without network, scripts or dependencies. */
  public static async install(): Promise<InstalledLibrary> {
    const library = new InstalledLibrary(mkdtempSync(path.join(tmpdir(), 'rpyc-installed-')));
    try {
      const tool = path.join(REPOSITORY, 'test/tools/packageLibrary.mjs');
      const tarball = (await library.run(process.execPath, [tool, library.folder])).trim();
      library.write('package.json', '{ "name": "somebody-else", "private": true }\n');
      await library.run('npm', [
        ...['install', '--offline', '--no-audit', '--no-fund', '--ignore-scripts', tarball],
      ]);
      return library;
    } catch (error) {
      library[Symbol.dispose]();
      throw error;
    }
  }

  /** Path of a file of the installed package. */
  public file(name: string): string {
    return path.join(this.folder, 'node_modules', LIBRARY_NAME, name);
  }

  /** Path of an installed program, as npx would run it. */
  public program(name: string): string {
    const program = path.join(this.folder, 'node_modules/.bin', name);
    assert.ok(existsSync(program), `${name} was not installed`);
    return program;
  }

  public write(name: string, text: string): string {
    const file = path.join(this.folder, name);
    writeFileSync(file, text);
    return file;
  }

  /** Compiles files of the folder into its `out`; gives what is wrong with them, as the compiler says it. */
  public compile(names: readonly string[], options: ts.CompilerOptions = {}): string[] {
    this.linkNodeTypes();
    const module = ts.ModuleKind.NodeNext;
    const program = ts.createProgram({
      rootNames: names.map((name) => path.join(this.folder, name)),
      options: { ...STRICT, module, ...options, outDir: path.join(this.folder, 'out'), rootDir: this.folder },
    });
    const problems = [...ts.getPreEmitDiagnostics(program)];
    program.emit();
    return problems.map((problem) => {
      const text = ts.flattenDiagnosticMessageText(problem.messageText, '\n');
      if (problem.file === undefined || problem.start === undefined) return text;
      const { line } = problem.file.getLineAndCharacterOfPosition(problem.start);
      return `${path.relative(this.folder, problem.file.fileName)}:${line + 1} ${text}`;
    });
  }

  /** Runs a program to its end, which has to be a good one; gives what it printed. */
  public async run(
    command: string,
    args: readonly string[],
    options: TestProcessOptions = {},
  ): Promise<string> {
    await using program = new TestProcess(command, args, { cwd: this.folder, ...options });
    const timeoutMs = command === 'npm' ? INSTALL_TIMEOUT_MS : RUN_TIMEOUT_MS;
    await eventually(`${command} ${args.join(' ')} ends`, () => program.hasEnded, { timeoutMs });
    assert.equal(await program.exited, 0, `${command} ${args.join(' ')}: ${program.stderr}`);
    return program.stdout;
  }

  public [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 3 });
  }

  /** The types of Node are a consumer's own. */
  private linkNodeTypes(): void {
    const types = path.join(this.folder, 'node_modules/@types');
    if (existsSync(types)) return;
    mkdirSync(types);
    symlinkSync(path.join(REPOSITORY, 'node_modules/@types/node'), path.join(types, 'node'));
    symlinkSync(path.join(REPOSITORY, 'node_modules/undici-types'), path.join(types, '../undici-types'));
  }
}
