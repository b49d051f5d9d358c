/** The Python expressions that lead from a connection's namespace to the objects of its tree. */
import type { PathStep } from '../../api/model';
import { pythonString } from './preview';

const IDENTIFIER = /^[\p{ID_Start}_][\p{ID_Continue}]*$/u;

const KEYWORDS = new Set(
  (
    'False None True and as assert async await break class continue def del elif else except exec finally for from ' +
    'global if import in is lambda nonlocal not or pass print raise return try while with yield'
  ).split(' '),
);

/** A longer one helps nobody. */
const MAX_LENGTH = 2000;

/** What an expression goes on from. */
export interface ExpressionParent {
  /** The root's name where the parent is one of the connection's roots. */
  readonly root: 'namespace' | 'modules' | 'builtins' | 'service' | undefined;
  readonly expression: string | undefined;
}

/** The expression for one of the connection's roots, where there is one. */
export function rootExpression(root: NonNullable<ExpressionParent['root']>): string | undefined {
  switch (root) {
    case 'namespace':
      return 'globals()';
    case 'modules':
      return 'sys.modules';
    case 'builtins':
      return '__builtins__';
    case 'service':
      return undefined;
  }
}

/**
 * The expression for a part of an object, where there is one.
 *
 * @param reachable whether the peer says that the part's name is an expression: not so for an entry of a set, and
 *   for a key that no literal stands for
 */
export function partExpression(
  parent: ExpressionParent,
  step: PathStep,
  reachable: boolean,
): string | undefined {
  const text = reachable ? buildExpression(parent, step) : undefined;
  return text === undefined || text.length > MAX_LENGTH ? undefined : text;
}

function buildExpression({ root, expression }: ExpressionParent, step: PathStep): string | undefined {
  if (step.kind === 'attr' && root !== undefined && root !== 'service') {
    if (root === 'modules') {
      return `sys.modules[${pythonString(step.name)}]`;
    }
    return isName(step.name) ? step.name : undefined;
  }
  if (expression === undefined) {
    return undefined;
  }
  switch (step.kind) {
    case 'attr':
      return isName(step.name)
        ? `${expression}.${step.name}`
        : `getattr(${expression}, ${pythonString(step.name)})`;
    case 'index':
      return `${expression}[${step.index}]`;
    case 'key':
      return `${expression}[${step.text}]`;
    case 'root':
      return undefined;
  }
}

function isName(text: string): boolean {
  return IDENTIFIER.test(text) && !KEYWORDS.has(text);
}
