/** Reads what the project's own sources import, with the TypeScript parser, without compiling anything. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

import ts from 'typescript';

import { REPOSITORY } from './tools';

export interface SourceText {
  /** From the top of the repository, with `/`. */
  readonly path: string;
  readonly text: string;
}

export interface Import {
  readonly from: string;
  readonly specifier: string;
  /** The project's own file that is meant; undefined for a package or a Node built-in. */
  readonly target: string | undefined;
  /** Gone after compilation. */
  readonly typeOnly: boolean;
  /** `export … from`. */
  readonly reExport: boolean;
}

/** Every file with one of the endings under the folders. */
export function readSources(folders: readonly string[], endings: readonly string[]): SourceText[] {
  return folders.flatMap((folder) =>
    readdirSync(path.join(REPOSITORY, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && endings.some((ending) => entry.name.endsWith(ending)))
      .map((entry) => path.join(entry.parentPath, entry.name))
      .filter((file) => !file.split(path.sep).includes('node_modules'))
      .map((file) => ({
        path: path.relative(REPOSITORY, file).split(path.sep).join('/'),
        text: readFileSync(file, 'utf8'),
      })),
  );
}

/** All imports of all files: declarations, `import()`, `require()`, and types named by `import('…')`. */
export function importsOf(sources: readonly SourceText[]): Import[] {
  const known = new Set(sources.map((source) => source.path));
  return sources.flatMap((source) => {
    const file = ts.createSourceFile(source.path, source.text, ts.ScriptTarget.ES2022, true);
    const found: Import[] = [];
    const add = (specifier: string, typeOnly: boolean, reExport = false): void => {
      const target = resolve(source.path, specifier, known);
      found.push({ from: source.path, specifier, target, typeOnly, reExport });
    };
    const visit = (node: ts.Node): void => {
      if (ts.isImportDeclaration(node) && ts.isStringLiteral(node.moduleSpecifier)) {
        add(node.moduleSpecifier.text, isTypeOnlyImport(node.importClause));
      } else if (ts.isExportDeclaration(node) && node.moduleSpecifier !== undefined) {
        if (ts.isStringLiteral(node.moduleSpecifier)) {
          add(node.moduleSpecifier.text, node.isTypeOnly, true);
        }
      } else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
        add(textOf(node.argument.literal), true);
      } else if (ts.isCallExpression(node) && isLoader(node.expression) && node.arguments[0] !== undefined) {
        add(textOf(node.arguments[0]), false);
      }
      ts.forEachChild(node, visit);
    };
    visit(file);
    return found;
  });
}

/** The cycles among files that import each other by value; each is listed once, from its first file on. */
export function valueCycles(imports: readonly Import[]): string[][] {
  const next = new Map<string, string[]>();
  for (const { from, target, typeOnly } of imports) {
    if (target !== undefined && !typeOnly) {
      next.set(from, [...(next.get(from) ?? []), target]);
    }
  }
  const finished = new Set<string>();
  const trail: string[] = [];
  const cycles: string[][] = [];
  const visit = (file: string): void => {
    const start = trail.indexOf(file);
    if (start >= 0) {
      cycles.push(trail.slice(start));
    } else if (!finished.has(file)) {
      trail.push(file);
      (next.get(file) ?? []).forEach(visit);
      trail.pop();
      finished.add(file);
    }
  };
  [...next.keys()].forEach(visit);
  return cycles;
}

function isTypeOnlyImport(clause: ts.ImportClause | undefined): boolean {
  if (clause === undefined) {
    return false;
  }
  const { name, namedBindings } = clause;
  return (
    clause.phaseModifier === ts.SyntaxKind.TypeKeyword ||
    (name === undefined &&
      namedBindings !== undefined &&
      ts.isNamedImports(namedBindings) &&
      namedBindings.elements.every((element) => element.isTypeOnly))
  );
}

function isLoader(callee: ts.Expression): boolean {
  return (
    callee.kind === ts.SyntaxKind.ImportKeyword || (ts.isIdentifier(callee) && callee.text === 'require')
  );
}

/** A name that is computed cannot be checked, so that it counts as one that nobody may import. */
function textOf(node: ts.Node): string {
  return ts.isStringLiteralLike(node) ? node.text : `computed: ${node.getText()}`;
}

function resolve(from: string, specifier: string, known: ReadonlySet<string>): string | undefined {
  if (!specifier.startsWith('.')) {
    return undefined;
  }
  const base = path.posix.join(path.posix.dirname(from), specifier);
  const candidates = [`${base}.ts`, `${base}/index.ts`, base];
  return candidates.find((candidate) => known.has(candidate)) ?? base;
}
