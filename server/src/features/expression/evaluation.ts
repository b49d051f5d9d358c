import {
  type BrineValue,
  Handler,
  type Netref,
  NotImplemented,
  RemoteError,
  Slice,
  dir,
  isNetref,
  repr,
  str,
} from '../../rpyc/index';
import { type AccessPolicy, EXPOSED_PREFIX, isRefusal } from '../inspect/accessPolicy';
import { valueText, valueType } from '../inspect/preview';
import { typeNameOf } from '../inspect/remoteRows';
import { blockedError, policyError } from '../inspect/treeProblems';
import { isTrue, localBinary, localCompare, localItem, localUnary } from './localValues';
import { type Call, type Expression, type Statement, expressionError } from './syntax';

/** What expressions are carried out with. */
export interface EvaluationParts {
  /** Waits for as long as it takes; rejects when the user stops waiting. */
  readonly request: (handler: Handler, args: readonly unknown[]) => Promise<unknown>;
  readonly root: Netref;
  /** Names that the user has given to results. */
  readonly names: Map<string, unknown>;
  readonly policy: AccessPolicy;
  /** Names that objects of a class have, as far as they were asked for. */
  readonly members: Map<string, ReadonlySet<string>>;
  /** What the user calls the connection. */
  readonly label: string;
  readonly signal: AbortSignal;
}

const OVERRIDE = '_rpyc_getattr';
const MAX_TEXT = 1_000_000;
const MAX_CLASSES = 1000;

const OPERATORS: ReadonlyMap<string, string> = new Map([
  ['+', 'add'],
  ['-', 'sub'],
  ['*', 'mul'],
  ['/', 'truediv'],
  ['//', 'floordiv'],
  ['%', 'mod'],
  ['**', 'pow'],
  ['@', 'matmul'],
  ['<<', 'lshift'],
  ['>>', 'rshift'],
  ['&', 'and'],
  ['|', 'or'],
  ['^', 'xor'],
]);

/** The method of a comparison, and the one that the right side is asked for. */
const COMPARISONS: ReadonlyMap<string, readonly [string, string]> = new Map([
  ['==', ['__eq__', '__eq__']],
  ['!=', ['__ne__', '__ne__']],
  ['<', ['__lt__', '__gt__']],
  ['<=', ['__le__', '__ge__']],
  ['>', ['__gt__', '__lt__']],
  ['>=', ['__ge__', '__le__']],
]);

const UNARY: ReadonlyMap<string, string> = new Map([
  ['-', '__neg__'],
  ['+', '__pos__'],
  ['~', '__invert__'],
]);

const BUILTINS = ['len', 'repr', 'str', 'dir'] as const;

/** Names that an expression may use beside those of the user. */
export const FIXED_NAMES: readonly string[] = ['root', ...BUILTINS];

/**
 * Carries expressions out on a strict service: values that are here by themselves, remote objects by plain requests
 * under the service's policy. What the policy is expected to refuse is not asked for.
 */
export class Evaluation {
  /** Every remote object that was met on the way. */
  readonly met = new Set<Netref>();

  constructor(private readonly parts: EvaluationParts) {}

  /** @returns the value of the last expression, undefined where there is none */
  async run(statements: readonly Statement[]): Promise<{ readonly value: unknown } | undefined> {
    let last: { readonly value: unknown } | undefined;
    for (const statement of statements) {
      last = undefined;
      switch (statement.kind) {
        case 'expression':
          last = { value: await this.value(statement.value) };
          break;
        case 'assignment':
          await this.assign(statement.target, await this.value(statement.value));
          break;
        case 'deletion':
          if (!this.parts.names.delete(statement.name)) {
            throw unknownName(statement.name);
          }
      }
    }
    return last;
  }

  async value(expression: Expression): Promise<unknown> {
    switch (expression.kind) {
      case 'literal':
        return expression.value;
      case 'name':
        return this.named(expression.name);
      case 'tuple':
        return this.all(expression.items);
      case 'attribute':
        return this.attribute(await this.value(expression.object), expression.name);
      case 'item':
        return this.item(await this.value(expression.object), await this.value(expression.key));
      case 'slice': {
        const [start, stop, step] = await this.all(
          expression.bounds.map((bound) => bound ?? { kind: 'literal', value: null }),
        );
        return new Slice(start as BrineValue, stop as BrineValue, (step ?? null) as BrineValue);
      }
      case 'call':
        return this.call(expression);
      case 'unary':
        return this.unary(expression.operator, await this.value(expression.operand));
      case 'binary':
        return this.binary(
          expression.operator,
          await this.value(expression.left),
          await this.value(expression.right),
        );
      case 'comparison':
        return this.compare(
          expression.operator,
          await this.value(expression.left),
          await this.value(expression.right),
        );
      case 'logical': {
        const left = await this.value(expression.left);
        const isDecided = (await this.isTrue(left)) === (expression.operator === 'or');
        return isDecided ? left : this.value(expression.right);
      }
      case 'choice':
        return this.value(
          (await this.isTrue(await this.value(expression.condition))) ? expression.yes : expression.no,
        );
    }
  }

  private async all(expressions: readonly Expression[]): Promise<unknown[]> {
    const values: unknown[] = [];
    // One after the other, as Python does it.
    for (const expression of expressions) {
      values.push(await this.value(expression));
    }
    return values;
  }

  private named(name: string): unknown {
    const { names, root } = this.parts;
    if (names.has(name)) {
      return names.get(name);
    }
    if (name === 'root') {
      return root;
    }
    throw unknownName(name);
  }

  private async assign(target: Expression, value: unknown): Promise<void> {
    if (target.kind === 'name') {
      if (target.name === 'root') {
        throw expressionError('“root” is the service itself: choose another name.');
      }
      this.parts.names.set(target.name, value);
    } else if (target.kind === 'attribute') {
      const owner = remote(await this.value(target.object), `.${target.name}`);
      try {
        await this.ask(Handler.setattr, [owner, target.name, value]);
      } catch (error) {
        throw isRefusal(error) ? policyError(this.parts.label, 'allow_setattr', textOf(error)) : error;
      }
    } else if (target.kind === 'item') {
      const owner = remote(await this.value(target.object), '[…]');
      const key = await this.value(target.key);
      if ((await this.special(owner, '__setitem__', [key, value])) === NotImplemented) {
        throw expressionError(`${typeNameOf(owner)} takes no items.`);
      }
    }
  }

  private async attribute(object: unknown, name: string): Promise<unknown> {
    const owner = remote(object, `.${name}`);
    return this.underPolicy(owner, name, () => this.ask(Handler.getattr, [owner, name]));
  }

  private async call({ callee, values, named }: Call): Promise<unknown> {
    const builtin = callee.kind === 'name' && !this.parts.names.has(callee.name) ? callee.name : '';
    if ((BUILTINS as readonly string[]).includes(builtin)) {
      const [argument, ...more] = await this.all(values);
      if (values.length !== 1 || more.length > 0 || named.length > 0) {
        throw expressionError(`${builtin}() takes one value.`);
      }
      return this.builtin(builtin as (typeof BUILTINS)[number], argument);
    }
    // Python takes the object first, then the arguments, then the method.
    const owner = await this.value(callee.kind === 'attribute' ? callee.object : callee);
    const positional = await this.all(values);
    const pairs: [string, unknown][] = [];
    for (const [name, value] of named) {
      pairs.push([name, await this.value(value)]);
    }
    if (callee.kind !== 'attribute') {
      return this.ask(Handler.call, [remote(owner, '(…)'), positional, pairs]);
    }
    const { name } = callee;
    const object = remote(owner, `.${name}(…)`);
    return this.underPolicy(object, name, () =>
      this.ask(Handler.callattr, [object, name, positional, pairs]),
    );
  }

  private async builtin(name: (typeof BUILTINS)[number], argument: unknown): Promise<unknown> {
    const { signal } = this.parts;
    const options = { signal, timeoutSeconds: null };
    if (isNetref(argument)) {
      switch (name) {
        case 'repr':
          return repr(argument, options);
        case 'str':
          return str(argument, options);
        case 'dir':
          return dir(argument, options);
        case 'len':
          return this.needed(argument, '__len__', 'has no length');
      }
    }
    const value = argument as BrineValue;
    if (
      name === 'len' &&
      (typeof value === 'string' || Array.isArray(value) || value instanceof Uint8Array)
    ) {
      return typeof value === 'string' ? Array.from(value).length : value.length;
    }
    if (name === 'repr' || (name === 'str' && typeof value !== 'string')) {
      return valueText(value, MAX_TEXT);
    }
    if (name === 'str') {
      return value;
    }
    throw expressionError(`${name}() is not answered here for ${valueType(value)}, which came by value.`);
  }

  private async item(object: unknown, key: unknown): Promise<unknown> {
    return isNetref(object)
      ? this.needed(object, '__getitem__', 'has no items', [key])
      : localItem(object as BrineValue, key as BrineValue);
  }

  private async unary(operator: string, operand: unknown): Promise<unknown> {
    if (operator === 'not') {
      return !(await this.isTrue(operand));
    }
    return isNetref(operand)
      ? this.needed(operand, UNARY.get(operator) ?? '', `has no ${operator}`)
      : localUnary(operator, operand as BrineValue);
  }

  private async binary(operator: string, left: unknown, right: unknown): Promise<unknown> {
    if (!isNetref(left) && !isNetref(right)) {
      return localBinary(operator, left as BrineValue, right as BrineValue);
    }
    const name = OPERATORS.get(operator) ?? '';
    return this.eitherSide(operator, left, right, [`__${name}__`, `__r${name}__`]);
  }

  private async compare(operator: string, left: unknown, right: unknown): Promise<unknown> {
    if (operator === 'in' || operator === 'not in') {
      if (isNetref(right)) {
        const found = await this.needed(right, '__contains__', 'cannot be searched', [left]);
        return (await this.isTrue(found)) === (operator === 'in');
      }
    } else if (isNetref(left) || isNetref(right)) {
      if (operator === 'is' || operator === 'is not') {
        return (left === right) === (operator === 'is');
      }
      const methods = COMPARISONS.get(operator) ?? ['', ''];
      return this.eitherSide(operator, left, right, methods);
    }
    if (isNetref(left)) {
      throw expressionError('A remote object is not among values that are here.');
    }
    return localCompare(operator, left as BrineValue, right as BrineValue);
  }

  /** The peer's own operators: the left side's, then the right side's. */
  private async eitherSide(
    operator: string,
    left: unknown,
    right: unknown,
    [method, reflected]: readonly [string, string],
  ): Promise<unknown> {
    let answer: unknown = NotImplemented;
    if (isNetref(left)) {
      answer = await this.special(left, method, [right]);
    }
    if (answer === NotImplemented && isNetref(right)) {
      answer = await this.special(right, reflected, [left]);
    }
    if (answer === NotImplemented) {
      if (operator === '==' || operator === '!=') {
        return (left === right) === (operator === '==');
      }
      throw expressionError(`Python has no ${operator} for ${nameOf(left)} and ${nameOf(right)}.`);
    }
    return answer;
  }

  private async isTrue(value: unknown): Promise<boolean> {
    if (!isNetref(value)) {
      return isTrue(value as BrineValue);
    }
    const names = await this.membersOf(value);
    for (const name of ['__bool__', '__nonzero__', '__len__']) {
      if (names.has(name)) {
        return isTrue((await this.special(value, name, [])) as BrineValue);
      }
    }
    return true;
  }

  private async needed(
    object: Netref,
    name: string,
    lacks: string,
    args: readonly unknown[] = [],
  ): Promise<unknown> {
    const answer = await this.special(object, name, args);
    if (answer === NotImplemented) {
      throw expressionError(`${typeNameOf(object)} ${lacks}.`);
    }
    return answer;
  }

  /** A method to which Python gives a meaning; `NotImplemented` where the object has none. */
  private async special(object: Netref, name: string, args: readonly unknown[]): Promise<unknown> {
    if (!(await this.membersOf(object)).has(name)) {
      return NotImplemented;
    }
    return this.underPolicy(object, name, () => this.ask(Handler.callattr, [object, name, args, []]));
  }

  /** Asks, unless that would only be refused; what comes of it tells more about the policy. */
  private async underPolicy(object: Netref, name: string, ask: () => Promise<unknown>): Promise<unknown> {
    const { policy, label } = this.parts;
    const typeName = typeNameOf(object);
    const rule = await this.ruleAgainst(object, name);
    if (rule !== undefined) {
      throw blockedError(label, name, rule);
    }
    try {
      const value = await ask();
      policy.learnGiven(typeName, this.learnedName(typeName, name));
      return value;
    } catch (error) {
      if (!isRefusal(error)) {
        throw error;
      }
      policy.learnRefused(typeName, this.learnedName(typeName, name));
      const names = this.parts.members.get(typeName) ?? new Set<string>();
      throw blockedError(
        label,
        name,
        policy.obstacleTo({ typeName, names }, name)?.rule ?? '',
        textOf(error),
      );
    }
  }

  /** Who asks for a name whose exposed form is there gets that one. */
  private learnedName(typeName: string, name: string): string {
    const exposed = EXPOSED_PREFIX + name;
    return this.parts.members.get(typeName)?.has(exposed) === true ? exposed : name;
  }

  /** The names of an object are asked for only where they decide. */
  private async ruleAgainst(object: Netref, name: string): Promise<string | undefined> {
    const { policy, members } = this.parts;
    const typeName = typeNameOf(object);
    const known = members.get(typeName) ?? new Set<string>();
    if (policy.obstacleTo({ typeName, names: known }, name) === undefined) {
      return undefined;
    }
    const names = await this.membersOf(object, true);
    // An object that decides itself was asked for by its name.
    return names.has(OVERRIDE) ? undefined : policy.obstacleTo({ typeName, names }, name)?.rule;
  }

  private async membersOf(object: Netref, again = false): Promise<ReadonlySet<string>> {
    const { members, signal } = this.parts;
    const typeName = typeNameOf(object);
    const known = members.get(typeName);
    if (known !== undefined && !again) {
      return known;
    }
    const names = new Set(await dir(object, { signal, timeoutSeconds: null }));
    if (members.size >= MAX_CLASSES) {
      members.clear();
    }
    members.set(typeName, names);
    return names;
  }

  private async ask(handler: Handler, args: readonly unknown[]): Promise<unknown> {
    const value = await this.parts.request(handler, args);
    this.meet(value);
    return value;
  }

  /** References come inside of tuples, too. */
  private meet(value: unknown): void {
    if (isNetref(value)) {
      this.met.add(value);
    } else if (Array.isArray(value)) {
      value.forEach((item) => this.meet(item));
    }
  }
}

function remote(value: unknown, use: string): Netref {
  if (!isNetref(value)) {
    throw expressionError(
      `${valueType(value as BrineValue)} came by value: it has no “${use}” here. Keep the remote object, or do it with what the service offers.`,
    );
  }
  return value;
}

function nameOf(value: unknown): string {
  return isNetref(value) ? typeNameOf(value) : valueType(value as BrineValue);
}

function textOf(error: unknown): string {
  return error instanceof RemoteError ? error.message : String(error);
}

function unknownName(name: string): ReturnType<typeof expressionError> {
  return expressionError(
    `There is no name “${name}” here: begin with “root”, the service, or give a result a name first (x = root…).`,
  );
}
