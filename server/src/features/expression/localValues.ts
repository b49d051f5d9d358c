/** Operators on values that are here, as Python has them: numbers, texts, tuples. No peer is asked. */
import { type BrineValue, Float } from '../../rpyc/index';
import { valueText, valueType } from '../inspect/preview';
import { expressionError } from './syntax';

/** Numbers do not grow without end, and texts neither. */
const MAX_BITS = 100_000n;
const MAX_LENGTH = 1_000_000;

export function isTrue(value: BrineValue): boolean {
  if (value instanceof Float) {
    return value.valueOf() !== 0;
  }
  if (typeof value === 'string' || Array.isArray(value) || value instanceof Uint8Array) {
    return value.length > 0;
  }
  return value !== null && value !== undefined && value !== false && value !== 0 && value !== 0n;
}

/** @throws ProblemError where Python has no such operation on these, or it is not to be done here */
export function localUnary(operator: string, value: BrineValue): BrineValue {
  const whole = integer(value);
  if (whole !== undefined && operator in WHOLE_UNARY) {
    return small(WHOLE_UNARY[operator as keyof typeof WHOLE_UNARY](whole));
  }
  const number = decimal(value);
  if (number !== undefined && (operator === '-' || operator === '+')) {
    return new Float(operator === '-' ? -number : number);
  }
  throw expressionError(`Python has no ${operator} for ${valueType(value)}.`);
}

const WHOLE_UNARY = {
  '-': (value: bigint) => -value,
  '+': (value: bigint) => value,
  '~': (value: bigint) => ~value,
};

/** As `localUnary`. */
export function localBinary(operator: string, left: BrineValue, right: BrineValue): BrineValue {
  const [one, other] = [integer(left), integer(right)];
  if (one !== undefined && other !== undefined) {
    return wholeBinary(operator, one, other);
  }
  const [first, second] = [decimal(left), decimal(right)];
  if (first !== undefined && second !== undefined && DECIMAL.has(operator)) {
    return new Float(decimalBinary(operator, first, second));
  }
  if (operator === '+' && typeof left === 'string' && typeof right === 'string') {
    return bounded(left.length + right.length, () => left + right);
  }
  if (operator === '+' && Array.isArray(left) && Array.isArray(right)) {
    const [one, two] = [left as readonly BrineValue[], right as readonly BrineValue[]];
    return bounded(one.length + two.length, () => [...one, ...two]);
  }
  if (operator === '*' && typeof left === 'string' && other !== undefined) {
    const times = Number(other > 0n ? other : 0n);
    return bounded(left.length * times, () => left.repeat(times));
  }
  throw expressionError(`Python has no ${operator} for ${valueType(left)} and ${valueType(right)}.`);
}

/** As `localUnary`. */
export function localCompare(operator: string, left: BrineValue, right: BrineValue): boolean {
  switch (operator) {
    case '==':
    case 'is':
      return isEqual(left, right);
    case '!=':
    case 'is not':
      return !isEqual(left, right);
    case 'in':
      return isIn(left, right);
    case 'not in':
      return !isIn(left, right);
    default:
      return isOrdered(operator, order(left, right, operator));
  }
}

function isOrdered(operator: string, sign: number): boolean {
  switch (operator) {
    case '<':
      return sign < 0;
    case '<=':
      return sign <= 0;
    case '>':
      return sign > 0;
    default:
      return sign >= 0;
  }
}

function order(left: BrineValue, right: BrineValue, operator: string): number {
  const [one, other] = [integer(left) ?? decimal(left), integer(right) ?? decimal(right)];
  if (one !== undefined && other !== undefined) {
    return one < other ? -1 : one > other ? 1 : one === other || Number(one) === Number(other) ? 0 : NaN;
  }
  if (typeof left === 'string' && typeof right === 'string') {
    const [a, b] = [Array.from(left), Array.from(right)];
    const at = a.findIndex((character, index) => character !== b[index]);
    return at < 0 ? a.length - b.length : (a[at]?.codePointAt(0) ?? 0) - (b[at]?.codePointAt(0) ?? -1);
  }
  throw expressionError(`Python has no ${operator} for ${valueType(left)} and ${valueType(right)}.`);
}

function isEqual(left: BrineValue, right: BrineValue): boolean {
  const [one, other] = [integer(left) ?? decimal(left), integer(right) ?? decimal(right)];
  if (one !== undefined || other !== undefined) {
    // Whole numbers and floats are compared by value, as Python does.
    return one !== undefined && other !== undefined && !(one < other) && !(one > other) && one >= other;
  }
  return valueType(left) === valueType(right) && valueText(left, MAX_LENGTH) === valueText(right, MAX_LENGTH);
}

function isIn(part: BrineValue, whole: BrineValue): boolean {
  if (typeof whole === 'string' && typeof part === 'string') {
    return whole.includes(part);
  }
  if (Array.isArray(whole)) {
    return (whole as readonly BrineValue[]).some((item) => isEqual(item, part));
  }
  throw expressionError(`Python cannot look for ${valueType(part)} in ${valueType(whole)}.`);
}

/** An item or a part of a text or tuple. */
export function localItem(value: BrineValue, key: BrineValue): BrineValue {
  const at = integer(key);
  if (at !== undefined && (typeof value === 'string' || Array.isArray(value))) {
    const items: readonly BrineValue[] =
      typeof value === 'string' ? Array.from(value) : (value as readonly BrineValue[]);
    const found = items[Number(at < 0n ? at + BigInt(items.length) : at)];
    if (found === undefined) {
      throw expressionError(`There are ${items.length} items: [${at}] is behind the last one.`);
    }
    return found;
  }
  throw expressionError(
    `${valueType(value)} came by value: of it, only items of texts and tuples are taken here.`,
  );
}

function wholeBinary(operator: string, left: bigint, right: bigint): BrineValue {
  const negative = right < 0n;
  switch (operator) {
    case '+':
      return small(left + right);
    case '-':
      return small(left - right);
    case '*':
      return small(left * right);
    case '/':
      return new Float(decimalBinary('/', Number(left), Number(right)));
    case '//':
    case '%': {
      refuseZero(right);
      const rest = left % right;
      const shifts = rest !== 0n && rest < 0n !== negative;
      return small(operator === '%' ? (shifts ? rest + right : rest) : left / right - (shifts ? 1n : 0n));
    }
    case '**':
      if (negative) {
        return new Float(Number(left) ** Number(right));
      }
      refuseLarge(BigInt(left.toString(2).length) * right);
      return small(left ** right);
    case '<<':
    case '>>':
      if (negative) {
        throw expressionError('Python shifts by no negative number.');
      }
      refuseLarge(operator === '<<' ? right + BigInt(left.toString(2).length) : 0n);
      return small(operator === '<<' ? left << right : left >> right);
    case '&':
      return small(left & right);
    case '|':
      return small(left | right);
    case '^':
      return small(left ^ right);
    default:
      throw expressionError(`Python has no ${operator} for whole numbers.`);
  }
}

const DECIMAL: ReadonlySet<string> = new Set(['+', '-', '*', '/', '//', '%', '**']);

function decimalBinary(operator: string, left: number, right: number): number {
  if (operator === '/' || operator === '//' || operator === '%') {
    refuseZero(right);
  }
  switch (operator) {
    case '+':
      return left + right;
    case '-':
      return left - right;
    case '*':
      return left * right;
    case '/':
      return left / right;
    case '//':
      return Math.floor(left / right);
    case '%':
      return left - right * Math.floor(left / right);
    default:
      return left ** right;
  }
}

function refuseZero(value: number | bigint): void {
  if (Number(value) === 0) {
    throw expressionError('ZeroDivisionError: division by zero');
  }
}

function refuseLarge(bits: bigint): void {
  if (bits > MAX_BITS) {
    throw expressionError('The number would be too large to be shown.');
  }
}

function bounded(length: number, make: () => BrineValue): BrineValue {
  if (length > MAX_LENGTH) {
    throw expressionError('The value would be too long to be shown.');
  }
  return make();
}

function integer(value: BrineValue): bigint | undefined {
  if (typeof value === 'boolean') {
    return value ? 1n : 0n;
  }
  return typeof value === 'bigint' || (typeof value === 'number' && Number.isSafeInteger(value))
    ? BigInt(value)
    : undefined;
}

function decimal(value: BrineValue): number | undefined {
  if (typeof value === 'number' || value instanceof Float) {
    return value.valueOf();
  }
  const whole = integer(value);
  return whole === undefined ? undefined : Number(whole);
}

function small(value: bigint): BrineValue {
  return value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER)
    ? Number(value)
    : value;
}
