/** The Python expressions that lead from a connection's namespace to the objects of its tree. */
import type { PathStep } from '../../api/model';
import { isPlain, pythonString } from './preview';

const IDENTIFIER = /^[\p{ID_Start}_][\p{ID_Continue}]*$/u;

const KEYWORDS = new Set(
  (
    'False None True and as assert async await break class continue def del elif else except exec finally for from ' +
    'global if import in is lambda nonlocal not or pass print raise return try while with yield'
  ).split(' '),
);

/** A text, bytes, a number or a constant, as `repr` writes them. */
const SIMPLE_LITERAL =
  /[bu]?'(?:[^'\\]|\\.)*'|[bu]?"(?:[^"\\]|\\.)*"|-?\d+(?:L|(?:\.\d+)?(?:e[+-]?\d+)?)|None|True|False/y;

/** Tuples within tuples; as far as the helper says that there is an expression. */
const MAX_DEPTH = 4;

/** A longer one helps nobody. */
const MAX_LENGTH = 2000;

/** What the rows that the helper puts before the attributes stand for: see `opening.py`. */
const VIEWS: ReadonlyMap<string, (parent: string) => string> = new Map([
  [':mro', (parent: string) => `${parent}.__mro__`],
  [':subclasses', (parent: string) => `type.__subclasses__(${parent})`],
]);

/** What an expression goes on from. */
export interface ExpressionParent {
  /** The root's name where the parent is one of the connection's roots. */
  readonly root:
    'namespace' | 'modules' | 'builtins' | 'threads' | 'service' | 'results' | 'console' | undefined;
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
    case 'threads':
    case 'service':
    case 'results':
    case 'console':
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
  if (root === 'threads') {
    return undefined;
  }
  const isNames = root === 'namespace' || root === 'modules' || root === 'builtins';
  if (step.kind === 'attr' && isNames) {
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
      if (VIEWS.has(step.text)) {
        return VIEWS.get(step.text)?.(expression);
      }
      return isLiteral(step.text) ? `${expression}[${step.text}]` : undefined;
    case 'root':
    case 'group':
      return undefined;
  }
}

/**
 * Whether a text is one literal and nothing else. It comes from the peer and goes to whatever the user pastes it
 * into, so it is not taken as it comes.
 */
function isLiteral(text: string): boolean {
  return isPlain(text) && literalEnd(text, 0, MAX_DEPTH) === text.length;
}

/** Where the literal ends that begins here; undefined where none does. */
function literalEnd(text: string, start: number, depth: number): number | undefined {
  if (text[start] === '(' && depth > 0) {
    return tupleEnd(text, start + 1, depth - 1);
  }
  SIMPLE_LITERAL.lastIndex = start;
  return SIMPLE_LITERAL.test(text) ? SIMPLE_LITERAL.lastIndex : undefined;
}

function tupleEnd(text: string, start: number, depth: number): number | undefined {
  let at = start;
  while (text[at] !== ')') {
    const end = literalEnd(text, at, depth);
    if (end === undefined) {
      return undefined;
    }
    if (text[end] === ',') {
      at = text[end + 1] === ' ' ? end + 2 : end + 1;
    } else if (text[end] === ')') {
      at = end;
    } else {
      return undefined;
    }
  }
  return at + 1;
}

function isName(text: string): boolean {
  return IDENTIFIER.test(text) && !KEYWORDS.has(text);
}
