/**
 * Python expressions as the user types them, read with a grammar of Python: as much of the language as can be carried
 * out by asking a peer for attributes, items and calls. Everything else is refused by its name.
 */
import type { SyntaxNode } from '@lezer/common';
import { parser } from '@lezer/python';

import type { BrineValue } from '../../rpyc/index';
import { readLiteral } from '../inspect/literal';
import { ProblemError } from '../problem';

export type Expression =
  | { readonly kind: 'literal'; readonly value: BrineValue }
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'tuple'; readonly items: readonly Expression[] }
  | { readonly kind: 'attribute'; readonly object: Expression; readonly name: string }
  | { readonly kind: 'item'; readonly object: Expression; readonly key: Expression }
  | { readonly kind: 'slice'; readonly bounds: readonly (Expression | undefined)[] }
  | Call
  | { readonly kind: 'unary'; readonly operator: string; readonly operand: Expression }
  | Binary
  | {
      readonly kind: 'choice';
      readonly condition: Expression;
      readonly yes: Expression;
      readonly no: Expression;
    };

export interface Call {
  readonly kind: 'call';
  readonly callee: Expression;
  readonly values: readonly Expression[];
  readonly named: readonly (readonly [string, Expression])[];
}

/** Arithmetic, and `and`, `or`; of comparisons a chain, each with its right side. */
export interface Binary {
  readonly kind: 'binary' | 'logical' | 'comparison';
  readonly operator: string;
  readonly left: Expression;
  readonly right: Expression;
}

export type Statement =
  | { readonly kind: 'expression'; readonly value: Expression }
  | { readonly kind: 'assignment'; readonly target: Expression; readonly value: Expression }
  | { readonly kind: 'deletion'; readonly name: string };

const MAX_SOURCE = 100_000;
const MAX_DEPTH = 200;

export function expressionError(message: string): ProblemError {
  return new ProblemError({ code: 'ERR_EXPRESSION', message });
}

/** @throws ProblemError where the text is no Python, or more of it than a service can do */
export function readStatements(source: string): readonly Statement[] {
  if (source.length > MAX_SOURCE) {
    throw expressionError('This is too long to be typed.');
  }
  return new Reader(source).statements(parser.parse(source).topNode);
}

/** One expression and nothing else. */
export function readExpression(source: string): Expression {
  const [statement, ...more] = readStatements(source);
  if (statement?.kind !== 'expression' || more.length > 0) {
    throw expressionError('This is not one expression.');
  }
  return statement.value;
}

class Reader {
  private depth = 0;

  constructor(private readonly source: string) {}

  statements(parent: SyntaxNode): Statement[] {
    return children(parent).flatMap((node) => {
      switch (node.name) {
        case 'StatementGroup':
          return this.statements(node);
        case ';':
        case 'Comment':
        case 'PassStatement':
          return [];
        default:
          return [this.statement(node)];
      }
    });
  }

  private statement(node: SyntaxNode): Statement {
    const parts = children(node);
    switch (node.name) {
      case 'ExpressionStatement':
        return { kind: 'expression', value: this.listed(parts, node) };
      case 'AssignStatement': {
        const at = parts.findIndex(({ name }) => name === 'AssignOp');
        const [target, ...others] = parts.slice(0, at);
        const value = parts.slice(at + 1);
        if (target === undefined || others.length > 0 || value.some(({ name }) => name === 'AssignOp')) {
          throw this.refused(node, 'an assignment to more than one name');
        }
        return { kind: 'assignment', target: this.target(target), value: this.listed(value, node) };
      }
      case 'UpdateStatement': {
        const [left, operator, ...right] = parts;
        if (left === undefined || operator === undefined) {
          throw this.broken(node);
        }
        const target = this.target(left);
        const value: Binary = {
          kind: 'binary',
          operator: this.text(operator).replace(/=$/, ''),
          left: target,
          right: this.listed(right, node),
        };
        return { kind: 'assignment', target, value };
      }
      case 'DeleteStatement': {
        const [, name, ...others] = parts;
        if (name?.name !== 'VariableName' || others.length > 0) {
          throw this.refused(node, 'the deletion of anything but a name');
        }
        return { kind: 'deletion', name: this.text(name) };
      }
      default:
        throw this.unknown(node);
    }
  }

  private target(node: SyntaxNode): Expression {
    const target = this.expression(node);
    if (target.kind !== 'name' && target.kind !== 'attribute' && target.kind !== 'item') {
      throw this.refused(node, 'an assignment to anything but a name, an attribute or an item');
    }
    return target;
  }

  /** One expression, or several with commas between them, which are a tuple. */
  private listed(nodes: readonly SyntaxNode[], parent: SyntaxNode): Expression {
    const items = nodes.filter(({ name }) => name !== ',' && name !== 'Comment');
    const [only] = items;
    if (only === undefined) {
      throw this.broken(parent);
    }
    const isTuple = nodes.some(({ name }) => name === ',');
    return isTuple
      ? { kind: 'tuple', items: items.map((item) => this.expression(item)) }
      : this.expression(only);
  }

  private expression(node: SyntaxNode): Expression {
    this.depth += 1;
    try {
      if (this.depth > MAX_DEPTH) {
        throw expressionError('This is nested too deeply.');
      }
      return this.read(node);
    } finally {
      this.depth -= 1;
    }
  }

  private read(node: SyntaxNode): Expression {
    const parts = children(node).filter(({ name }) => name !== 'Comment');
    const [first, second, third] = parts;
    switch (node.name) {
      case 'VariableName':
        return { kind: 'name', name: this.text(node) };
      case 'Number':
      case 'String':
      case 'Boolean':
      case 'None':
        return { kind: 'literal', value: readLiteral(this.text(node)) };
      case 'ContinuedString':
        return { kind: 'literal', value: parts.map((part) => this.string(part)).join('') };
      case 'ParenthesizedExpression':
        return this.expression(this.needed(second, node));
      case 'TupleExpression': {
        const items = parts.slice(1, -1).filter(({ name }) => name !== ',');
        return { kind: 'tuple', items: items.map((item) => this.expression(item)) };
      }
      case 'MemberExpression': {
        const object = this.expression(this.needed(first, node));
        return second?.name === '.'
          ? { kind: 'attribute', object, name: this.text(this.needed(third, node)) }
          : { kind: 'item', object, key: this.key(parts.slice(2, -1), node) };
      }
      case 'CallExpression':
        return this.call(this.needed(first, node), this.needed(second, node));
      case 'UnaryExpression':
        return this.unary(this.text(this.needed(first, node)), this.needed(second, node));
      case 'BinaryExpression':
        return this.binary(parts, node);
      case 'ConditionalExpression':
        return {
          kind: 'choice',
          yes: this.expression(this.needed(first, node)),
          condition: this.expression(this.needed(third, node)),
          no: this.expression(this.needed(parts[4], node)),
        };
      default:
        throw this.unknown(node);
    }
  }

  private string(node: SyntaxNode): string {
    const value = node.name === 'String' ? readLiteral(this.text(node)) : undefined;
    if (typeof value !== 'string') {
      throw this.unknown(node);
    }
    return value;
  }

  private key(parts: readonly SyntaxNode[], node: SyntaxNode): Expression {
    if (!parts.some(({ name }) => name === ':')) {
      return this.listed(parts, node);
    }
    if (parts.some(({ name }) => name === ',')) {
      throw this.refused(node, 'a slice with commas');
    }
    const bounds: (Expression | undefined)[] = [undefined];
    for (const part of parts) {
      if (part.name === ':') {
        bounds.push(undefined);
      } else {
        bounds[bounds.length - 1] = this.expression(part);
      }
    }
    return { kind: 'slice', bounds };
  }

  private call(callee: SyntaxNode, list: SyntaxNode): Call {
    const values: Expression[] = [];
    const named: [string, Expression][] = [];
    const parts = children(list).filter(({ name }) => name !== 'Comment');
    if (list.name !== 'ArgList' || parts.at(-1)?.name !== ')') {
      throw this.broken(list);
    }
    for (let at = 1; at < parts.length - 1; at += 1) {
      const part = this.needed(parts[at], list);
      if (part.name === ',') {
        continue;
      }
      if (parts[at + 1]?.name === 'AssignOp') {
        named.push([this.text(part), this.expression(this.needed(parts[at + 2], list))]);
        at += 2;
      } else if (named.length > 0) {
        throw expressionError('A value without a name stands behind one with a name.');
      } else {
        values.push(this.expression(part));
      }
    }
    return { kind: 'call', callee: this.expression(callee), values, named };
  }

  /** The grammar gives `not` more than Python does: `not a and b` is `(not a) and b`. */
  private unary(operator: string, operand: SyntaxNode): Expression {
    const value = this.expression(operand);
    const isBare = operand.name === 'BinaryExpression' || operand.name === 'UnaryExpression';
    return operator === 'not' && isBare ? negated(value) : { kind: 'unary', operator, operand: value };
  }

  private binary(parts: readonly SyntaxNode[], node: SyntaxNode): Expression {
    const first = this.needed(parts[0], node);
    const last = this.needed(parts.at(-1), node);
    const operator = parts
      .slice(1, -1)
      .map((part) => this.text(part))
      .join(' ');
    const left = this.expression(first);
    const right = this.expression(last);
    if (operator === 'and' || operator === 'or') {
      return { kind: 'logical', operator, left, right };
    }
    if (!COMPARISONS.has(operator)) {
      return { kind: 'binary', operator, left, right };
    }
    // `a < b < c` is `a < b and b < c`, with b taken once: a chain that ends in a name or literal only is carried out.
    if (left.kind === 'comparison' && first.name === 'BinaryExpression') {
      if (left.right.kind !== 'name' && left.right.kind !== 'literal') {
        throw this.refused(node, 'a chain of comparisons');
      }
      const next: Binary = { kind: 'comparison', operator, left: left.right, right };
      return { kind: 'logical', operator: 'and', left, right: next };
    }
    return { kind: 'comparison', operator, left, right };
  }

  private needed(node: SyntaxNode | undefined, parent: SyntaxNode): SyntaxNode {
    if (node === undefined) {
      throw this.broken(parent);
    }
    return node;
  }

  private unknown(node: SyntaxNode): ProblemError {
    return node.type.isError ? this.broken(node) : this.refused(node, NAMES.get(node.name) ?? 'this');
  }

  private refused(node: SyntaxNode, what: string): ProblemError {
    return expressionError(
      `A service runs no Python that is sent to it, so ${what} cannot be done here (“${this.excerpt(node)}”): use attributes, items, calls, comparisons, arithmetic, and names for what they give.`,
    );
  }

  private broken(node: SyntaxNode): ProblemError {
    return expressionError(`This is no Python expression, from “${this.excerpt(node)}” on.`);
  }

  private excerpt(node: SyntaxNode): string {
    const text = this.source.slice(node.from, Math.max(node.to, node.from + 10)).trim();
    const [line = ''] = text.split('\n', 1);
    return line.length > 40 ? `${line.slice(0, 39)}…` : line;
  }

  private text(node: SyntaxNode): string {
    return this.source.slice(node.from, node.to);
  }
}

const COMPARISONS: ReadonlySet<string> = new Set([
  '==',
  '!=',
  '<',
  '<=',
  '>',
  '>=',
  'in',
  'not in',
  'is',
  'is not',
]);

/** What people call the parts of Python that are refused. */
const NAMES: ReadonlyMap<string, string> = new Map([
  ['ArrayExpression', 'a list of its own'],
  ['DictionaryExpression', 'a dict of its own'],
  ['SetExpression', 'a set of its own'],
  ['FormatString', 'a formatted text'],
  ['LambdaExpression', 'a function of its own'],
  ['FunctionDefinition', 'a function of its own'],
  ['ClassDefinition', 'a class of its own'],
  ['ForStatement', 'a loop'],
  ['WhileStatement', 'a loop'],
  ['IfStatement', 'an if statement'],
  ['ImportStatement', 'an import'],
  ['WithStatement', 'a with statement'],
  ['TryStatement', 'a try statement'],
]);

function negated(value: Expression): Expression {
  return value.kind === 'logical'
    ? { ...value, left: negated(value.left) }
    : { kind: 'unary', operator: 'not', operand: value };
}

function children(node: SyntaxNode): SyntaxNode[] {
  const found: SyntaxNode[] = [];
  for (let child = node.firstChild; child !== null; child = child.nextSibling) {
    found.push(child);
  }
  return found;
}
