/** What no source of the product may do: rebuild objects from a peer's bytes, or run a peer's text, but where that is the point. */
import assert from 'node:assert/strict';

import ts from 'typescript';

import { readSources, type SourceText } from '../../../support/sourceImports';

/** Classic mode is there to run what the master sends. */
const RUNS_TEXT = ['server/src/rpyc/utils/classicServices.ts'];

const DESERIALIZERS =
  /\b(c?pickle\.loads?|Unpickler|cPickle|_pickle|dill\.loads?|cloudpickle|marshal\.loads?|shelve\.open|yaml\.load)\b/;

/** Each place in a source that could run text or rebuild objects. */
function dangers({ path, text }: SourceText): string[] {
  const found: string[] = [];
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const note = (node: ts.Node, what: string): void => {
    const { line } = source.getLineAndCharacterOfPosition(node.getStart());
    found.push(`${path}:${line + 1} ${what}`);
  };
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node) || ts.isNewExpression(node)) {
      const called = node.expression.getText(source);
      if (/^(globalThis\.|global\.)?(eval|Function|AsyncFunction)$/.test(called)) note(node, called);
      if (/\b(runIn\w*Context|deserialize|setTimeout|setInterval)$/.test(called)) {
        const [first] = node.arguments ?? [];
        const isTimer = called.startsWith('set');
        if (!isTimer || (first !== undefined && ts.isStringLiteralLike(first))) note(node, called);
      }
    }
    if (ts.isStringLiteral(node) && /^(node:)?(vm|v8)$/.test(node.text)) note(node, node.text);
    ts.forEachChild(node, visit);
  };
  // The agent's Python runs at the peer, and what it runs is the user's.
  if (!path.endsWith('.py')) visit(source);
  text.split('\n').forEach((line, index) => {
    const match = DESERIALIZERS.exec(line);
    if (match !== null) found.push(`${path}:${index + 1} ${match[0]}`);
  });
  return found;
}

describe('The sources of the product', () => {
  const sources = readSources(['server', 'client'], ['.ts', '.py', '.mjs', '.cjs']);

  it('never unpickle, never evaluate, and use a virtual machine in classic mode only', () => {
    assert.ok(sources.length > 60);
    const found = sources.filter(({ path }) => !RUNS_TEXT.includes(path)).flatMap(dangers);
    assert.deepEqual(found, []);
  });

  it('run text in classic mode, which this test would notice', () => {
    const classic = sources.filter(({ path }) => RUNS_TEXT.includes(path));
    assert.equal(classic.length, RUNS_TEXT.length);
    for (const source of classic) assert.ok(dangers(source).length > 0);
    assert.deepEqual(
      classic.flatMap(dangers).filter((danger) => /pickle|eval|Function|v8/.test(danger)),
      [],
    );
  });

  for (const text of [
    'eval(text);',
    'new Function(text)();',
    'globalThis.eval(text);',
    "import { runInContext } from 'node:vm';",
    "import v8 from 'node:v8';",
    'vm.runInThisContext(text);',
    "setTimeout('code', 1);",
    "const code = 'import pickle; pickle.loads(data)';",
    'import cPickle',
  ]) {
    it(`are told apart from ${text}`, () => {
      assert.ok(dangers({ path: 'server/src/x.ts', text }).length > 0);
    });
  }
});
