/** What peers give as arguments, as text: plain values as Python would write them, all else by its type alone. */
import { type BrineValue, Float, isNetref, Kwargs, PyLong, PythonError, type_ } from '../../rpyc/index';
import { cut, multiLine, printed, singleLine, valueText } from '../inspect/preview';

/** Characters of what a call shows, and of what it gives to be shown. */
export const CallLimit = {
  args: 300,
  line: 500,
  question: 1000,
  print: 65_536,
  document: 1_000_000,
} as const;

const MAX_DEPTH = 10;
/** Values that one text is made of. */
const MAX_VALUES = 5000;

interface Budget {
  characters: number;
  values: number;
}

/** As Python would write it. Nothing is asked of the peer. */
export function shownValue(value: unknown, limit: number): string {
  const budget = { characters: limit, values: MAX_VALUES };
  return cut(write(value, budget, 0), limit);
}

/** As `print` would write it: texts as they are. */
export function printedValue(value: unknown, limit: number): string {
  const text = textOf(value);
  return text === undefined ? shownValue(value, limit) : cut(text, limit);
}

/** The arguments of a call on one line. */
export function shownArguments(args: readonly unknown[]): string {
  const { positional, named } = split(args);
  const budget: Budget = { characters: CallLimit.args, values: MAX_VALUES };
  const parts: string[] = [];
  for (const value of positional) {
    if (budget.characters <= 0) break;
    parts.push(write(value, budget, 0));
  }
  for (const [name, value] of named) {
    if (budget.characters <= 0) break;
    parts.push(`${singleLine(name, 100)}=${write(value, budget, 0)}`);
  }
  return singleLine(parts.join(', '), CallLimit.args);
}

export interface Arguments {
  readonly positional: readonly unknown[];
  readonly named: readonly (readonly [string, unknown])[];
}

export function split(args: readonly unknown[]): Arguments {
  const last = args.at(-1);
  return last instanceof Kwargs
    ? { positional: args.slice(0, -1), named: last.entries() }
    : { positional: args, named: [] };
}

/** A text; bytes are UTF-8, as Python 2 sends its strings. */
export function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') {
    return value;
  }
  return value instanceof Uint8Array ? Buffer.from(value).toString('utf8') : undefined;
}

/** @throws PythonError TypeError */
export function needText(value: unknown, name: string): string {
  const text = textOf(value);
  if (text === undefined) {
    throw new PythonError('TypeError', [`${name} must be a string`]);
  }
  return text;
}

/** A finite number, or null for None. @throws PythonError TypeError */
export function needNumber(value: unknown, name: string): number | null {
  if (value === null || value === undefined) {
    return null;
  }
  const plain =
    value instanceof Float || value instanceof PyLong || typeof value === 'bigint' ? Number(value) : value;
  if (typeof plain !== 'number' || !Number.isFinite(plain)) {
    throw new PythonError('TypeError', [`${name} must be a number or None`]);
  }
  return plain;
}

/** One line of it, as a question or a message shows it. */
export function line(text: string): string {
  return singleLine(text, CallLimit.line);
}

/** Some lines of it. */
export function lines(text: string, limit: number): string {
  return multiLine(printed(cut(text, limit)), limit);
}

function write(value: unknown, budget: Budget, depth: number): string {
  budget.values -= 1;
  if (budget.values < 0 || budget.characters <= 0) {
    return '…';
  }
  if (Array.isArray(value)) {
    return writeTuple(value, budget, depth);
  }
  const text =
    isNetref(value) || typeof value === 'function'
      ? foreignText(value)
      : valueText(value as BrineValue, budget.characters);
  budget.characters -= text.length;
  return text;
}

function writeTuple(values: readonly unknown[], budget: Budget, depth: number): string {
  if (depth >= MAX_DEPTH) {
    return '(…)';
  }
  const items: string[] = [];
  for (const item of values) {
    items.push(write(item, budget, depth + 1));
    if (budget.values < 0 || budget.characters <= 0) {
      break;
    }
  }
  budget.characters -= 2 * items.length;
  return `(${items.join(', ')}${values.length === 1 ? ',' : ''})`;
}

/** An object of the peer's by its type, and one of ours. */
function foreignText(value: unknown): string {
  if (!isNetref(value)) {
    return '<object of this editor>';
  }
  const { module, name } = type_(value);
  return singleLine(`<${module === '' || module === 'builtins' ? name : `${module}.${name}`}>`, 200);
}
