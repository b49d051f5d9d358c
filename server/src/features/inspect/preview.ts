/**
 * Text of the peer, made fit to be shown: nothing in it acts on the reader's screen, and no text is longer than its
 * place. Also the texts for values that came by value.
 */
import {
  type BrineValue,
  Complex,
  Ellipsis,
  Float,
  FrozenSet,
  NotImplemented,
  PyLong,
  Slice,
} from '../../rpyc/index';

/** Characters of a row's name, type and value, and of a hover's texts. */
export const TextLimit = { name: 200, type: 200, value: 200, hover: 4000, documentation: 8000 } as const;

/** Control characters, line separators, and the invisible characters that turn or hide text. */
const UNSAFE =
  /[\p{Cc}\p{Zl}\p{Zp}\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/gu;

/** As `UNSAFE`, without what a longer text needs: joiners, marks of direction, soft hyphens. */
const UNSAFE_IN_LINES = /[\p{Cc}\p{Zl}\p{Zp}\u180e\u202a-\u202e\u2066-\u206f\ufff9-\ufffb]/gu;

/** Sets colours and weights, and nothing else. */
// eslint-disable-next-line no-control-regex
const COLOURS = /^\u001b\[[0-9;]*m/;
const MAX_COLOURS = 100;

/** Colours and cursor movements for terminals. */
// eslint-disable-next-line no-control-regex
const TERMINAL_SEQUENCE = /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\))/g;

/** One line of at most `limit` characters; what could act on the reader's screen is written as an escape. */
export function singleLine(text: string, limit: number): string {
  return cut(cut(text, limit).replace(UNSAFE, escaped), limit);
}

/** Whether there is nothing in a text that `singleLine` would escape. */
export function isPlain(text: string): boolean {
  return text.search(UNSAFE) === -1;
}

/** As `singleLine`, with line ends and tabs kept. */
export function multiLine(text: string, limit: number): string {
  return cut(cut(text, limit).replace(UNSAFE_IN_LINES, escapedInLines), limit);
}

/** What a program printed, without the sequences that are meant for terminals. */
export function printed(text: string): string {
  return text.replace(TERMINAL_SEQUENCE, '').replace(UNSAFE_IN_LINES, escapedInLines);
}

/** As `printed`, with the colours kept. */
export function printedInColours(text: string): string {
  return text
    .replace(TERMINAL_SEQUENCE, (sequence) => (COLOURS.test(sequence) ? sequence : ''))
    .replace(UNSAFE_IN_LINES, (character, at: number, whole: string) =>
      character === '\u001b' && COLOURS.test(whole.slice(at, at + MAX_COLOURS))
        ? character
        : escapedInLines(character),
    );
}

function escapedInLines(character: string): string {
  return character === '\n' || character === '\r' || character === '\t' ? character : escaped(character);
}

function escaped(character: string): string {
  switch (character) {
    case '\n':
      return '\\n';
    case '\r':
      return '\\r';
    case '\t':
      return '\\t';
    default: {
      const code = character.charCodeAt(0);
      return code < 0x100
        ? `\\x${code.toString(16).padStart(2, '0')}`
        : `\\u${code.toString(16).padStart(4, '0')}`;
    }
  }
}

/** At most `limit` characters, never half a surrogate pair. */
export function cut(text: string, limit: number): string {
  if (text.length <= limit) {
    return text;
  }
  const end = Math.max(limit - 1, 0);
  const last = text.charCodeAt(end - 1);
  return `${text.slice(0, last >= 0xd800 && last < 0xdc00 ? end - 1 : end)}…`;
}

/** A value that came by value, as Python would write it, at most about `limit` characters. */
export function valueText(value: BrineValue, limit: number): string {
  const pieces: string[] = [];
  writeValue(value, pieces, { left: limit });
  return cut(pieces.join(''), limit);
}

/** Name of the Python type of a value that came by value. */
export function valueType(value: BrineValue): string {
  if (value === null || value === undefined) {
    return 'NoneType';
  }
  switch (typeof value) {
    case 'boolean':
      return 'bool';
    case 'bigint':
      return 'int';
    case 'number':
      return Number.isSafeInteger(value) ? 'int' : 'float';
    case 'string':
      return 'str';
    default:
      return objectType(value);
  }
}

function objectType(value: object): string {
  if (Array.isArray(value)) {
    return 'tuple';
  }
  if (value instanceof Uint8Array) {
    return 'bytes';
  }
  for (const [type, name] of OBJECT_TYPES) {
    if (value instanceof type) {
      return name;
    }
  }
  return value === Ellipsis ? 'ellipsis' : 'NotImplementedType';
}

const OBJECT_TYPES = [
  [Float, 'float'],
  [PyLong, 'int'],
  [Complex, 'complex'],
  [Slice, 'slice'],
  [FrozenSet, 'frozenset'],
] as const;

interface Budget {
  left: number;
}

function put(pieces: string[], budget: Budget, text: string): void {
  budget.left -= text.length;
  pieces.push(text);
}

function writeValue(value: BrineValue, pieces: string[], budget: Budget): void {
  if (budget.left < 0) {
    return;
  }
  if (Array.isArray(value)) {
    writeItems(value as readonly BrineValue[], ['(', value.length === 1 ? ',)' : ')'], pieces, budget);
  } else if (value instanceof FrozenSet) {
    writeItems(value, ['frozenset({', '})'], pieces, budget);
  } else if (value instanceof Slice) {
    writeItems([value.start, value.stop, value.step], ['slice(', ')'], pieces, budget);
  } else {
    put(pieces, budget, simpleText(value, budget.left));
  }
}

function writeItems(
  items: Iterable<BrineValue>,
  [open, close]: readonly [string, string],
  pieces: string[],
  budget: Budget,
): void {
  put(pieces, budget, open);
  let first = true;
  for (const item of items) {
    if (budget.left < 0) {
      break;
    }
    if (!first) {
      put(pieces, budget, ', ');
    }
    first = false;
    writeValue(item, pieces, budget);
  }
  put(pieces, budget, close);
}

function simpleText(value: BrineValue, limit: number): string {
  if (value === null || value === undefined) {
    return 'None';
  }
  if (typeof value === 'boolean') {
    return value ? 'True' : 'False';
  }
  if (typeof value === 'number') {
    return floatText(value, Number.isSafeInteger(value));
  }
  if (typeof value === 'string') {
    return pythonString(value.slice(0, limit + 1));
  }
  if (value instanceof Uint8Array) {
    return pythonBytes(value.subarray(0, limit + 1));
  }
  if (value instanceof Float) {
    return floatText(value.valueOf(), false);
  }
  if (value instanceof Complex) {
    return `complex(${floatText(value.real, false)}, ${floatText(value.imag, false)})`;
  }
  if (value === Ellipsis) {
    return 'Ellipsis';
  }
  return value === NotImplemented ? 'NotImplemented' : String(value);
}

function floatText(value: number, integer: boolean): string {
  if (Number.isNaN(value)) {
    return 'nan';
  }
  if (!Number.isFinite(value)) {
    return value > 0 ? 'inf' : '-inf';
  }
  const text = Object.is(value, -0) ? '-0' : String(value);
  return integer || /[.e]/.test(text) ? text : `${text}.0`;
}

/** A Python string literal for a text. @param quote where it is to be this one */
export function pythonString(
  text: string,
  quote = text.includes("'") && !text.includes('"') ? '"' : "'",
): string {
  const body = text.replace(/\\/g, '\\\\').replaceAll(quote, `\\${quote}`).replace(UNSAFE, escaped);
  return quote + body + quote;
}

function pythonBytes(bytes: Uint8Array): string {
  let body = '';
  for (const byte of bytes) {
    const character = String.fromCharCode(byte);
    if (character === "'" || character === '\\') {
      body += `\\${character}`;
    } else {
      body += byte >= 0x20 && byte < 0x7f ? character : escaped(character);
    }
  }
  return `b'${body}'`;
}
