/** What the library's door offers without telling what it is. */
import path from 'node:path';

import * as ts from 'typescript';

import { REPOSITORY } from './tools';

const DOOR = path.join(REPOSITORY, 'server/src/rpyc/index.ts');

/** Members that are known from elsewhere, or say everything by their names. */
const PLAIN = /^(?:__constructor|then|dispose|name|code|toString|valueOf|options|T)$|^__@/;

/** Names of exports, and of methods and properties of exported classes, that have no doc comment. */
export function undocumentedNames(file = DOOR): string[] {
  const program = ts.createProgram([file], {
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.Node16,
    lib: ['lib.es2023.d.ts', 'lib.esnext.disposable.d.ts', 'lib.esnext.decorators.d.ts'],
    types: ['node'],
    strict: true,
    typeRoots: [path.join(REPOSITORY, 'node_modules/@types')],
  });
  const checker = program.getTypeChecker();
  const source = program.getSourceFile(file);
  const door = source && checker.getSymbolAtLocation(source);
  if (door === undefined) throw new Error(`${file} exports nothing`);
  const found: string[] = [];
  for (const symbol of checker.getExportsOfModule(door)) found.push(...lacking(checker, symbol, symbol.name));
  return found;
}

function lacking(checker: ts.TypeChecker, exported: ts.Symbol, name: string): string[] {
  const isAlias = (exported.flags & ts.SymbolFlags.Alias) !== 0;
  const symbol = isAlias ? checker.getAliasedSymbol(exported) : exported;
  if ((symbol.flags & ts.SymbolFlags.ValueModule) !== 0) {
    return checker
      .getExportsOfModule(symbol)
      .flatMap((member) => lacking(checker, member, `${name}.${member.name}`));
  }
  const found = isDocumented(checker, symbol) ? [] : [name];
  if ((symbol.flags & ts.SymbolFlags.Class) === 0) return found;
  const ours = checker.getDeclaredTypeOfSymbol(symbol).symbol.members ?? new Map<ts.__String, ts.Symbol>();
  const statics = symbol.exports ?? new Map<ts.__String, ts.Symbol>();
  for (const member of [...ours.values(), ...statics.values()]) {
    if (isPublic(member) && !isDocumented(checker, member)) found.push(`${name}.${member.name}`);
  }
  return found;
}

/** Public, and not said to be what a base says already. */
function isPublic(member: ts.Symbol): boolean {
  const declarations = member.declarations ?? [];
  const hidden = ts.ModifierFlags.Private | ts.ModifierFlags.Protected | ts.ModifierFlags.Override;
  return (
    !PLAIN.test(member.name) &&
    (member.flags & ts.SymbolFlags.Prototype) === 0 &&
    declarations.length > 0 &&
    declarations.every((one) => {
      const name = ts.getNameOfDeclaration(one);
      const isOwn = name !== undefined && ts.isPrivateIdentifier(name);
      return !isOwn && (ts.getCombinedModifierFlags(one) & hidden) === 0;
    })
  );
}

function isDocumented(checker: ts.TypeChecker, symbol: ts.Symbol): boolean {
  return symbol.getDocumentationComment(checker).length > 0 || symbol.getJsDocTags(checker).length > 0;
}
