/**
 * Python literals as the user types them, read here, for services that evaluate nothing: numbers, texts, bytes, True,
 * False, None, and tuples of these. Lists and dicts do not travel by value in RPyC and are refused.
 */
import { type BrineValue, Float } from '../../rpyc/index';
import { ProblemError } from '../problem';

const MAX_DEPTH = 20;
const MAX_ITEMS = 10_000;
const MAX_SOURCE = 1_000_000;

const SPACE = /[\s]*/y;
const NAME = /[\p{ID_Start}_][\p{ID_Continue}]*/uy;
const KEYWORD = /([\p{ID_Start}_][\p{ID_Continue}]*)\s*=(?!=)\s*/uy;
const NUMBER =
  /[+-]?(?:0[xX][0-9a-fA-F]+|0[oO][0-7]+|0[bB][01]+|(?:\d+(?:_\d+)*(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)/y;
const QUOTED = /([rRbBuU]{0,2})('(?:[^'\\\n]|\\[^])*'|"(?:[^"\\\n]|\\[^])*")/y;
const ESCAPE = /\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{1,3})|([^]))/g;

const CONSTANTS: ReadonlyMap<string, boolean | null> = new Map([
  ['True', true],
  ['False', false],
  ['None', null],
]);

const SIMPLE_ESCAPES: ReadonlyMap<string, string> = new Map([
  ['\n', ''],
  ['\\', '\\'],
  ["'", "'"],
  ['"', '"'],
  ['a', '\u0007'],
  ['b', '\b'],
  ['f', '\f'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
  ['v', '\v'],
]);

/** The arguments of a call. */
export interface LiteralArguments {
  readonly values: readonly BrineValue[];
  readonly named: readonly (readonly [string, BrineValue])[];
}

/** @throws ProblemError `ERR_LITERAL` where the text is no literal */
export function readLiteral(source: string): BrineValue {
  const reader = new Reader(source);
  const value = reader.value(0);
  reader.end();
  return value;
}

/** `1, 'two', three=3`. @throws ProblemError `ERR_LITERAL` */
export function readArguments(source: string): LiteralArguments {
  const reader = new Reader(source);
  const values: BrineValue[] = [];
  const named: [string, BrineValue][] = [];
  while (!reader.atEnd) {
    const name = reader.keyword();
    const value = reader.value(0);
    if (name !== undefined) {
      if (named.some(([other]) => other === name)) {
        throw literalError(`${name} is given twice`);
      }
      named.push([name, value]);
    } else if (named.length > 0) {
      throw literalError('a value without a name stands behind one with a name');
    } else {
      values.push(value);
    }
    if (!reader.takes(',')) {
      break;
    }
  }
  reader.end();
  return { values, named };
}

class Reader {
  private at = 0;

  constructor(private readonly source: string) {
    if (source.length > MAX_SOURCE) {
      throw literalError('it is too long');
    }
    this.skip();
  }

  get atEnd(): boolean {
    return this.at === this.source.length;
  }

  end(): void {
    if (!this.atEnd) {
      throw literalError(`“${this.source.slice(this.at, this.at + 20)}” is not one`);
    }
  }

  takes(character: string): boolean {
    if (this.source[this.at] !== character) {
      return false;
    }
    this.at += 1;
    this.skip();
    return true;
  }

  keyword(): string | undefined {
    return this.match(KEYWORD)?.[1];
  }

  value(depth: number): BrineValue {
    if (this.takes('(')) {
      return this.tuple(depth + 1);
    }
    const quoted = this.match(QUOTED);
    if (quoted !== undefined) {
      return textOf(quoted[1] ?? '', quoted[2] ?? '');
    }
    const number = this.match(NUMBER);
    if (number !== undefined) {
      return numberOf(number[0]);
    }
    const word = this.match(NAME)?.[0];
    const constant = word === undefined ? undefined : CONSTANTS.get(word);
    if (constant === undefined) {
      throw literalError(word === undefined ? 'a value is missing' : `“${word.slice(0, 20)}” is not one`);
    }
    return constant;
  }

  private tuple(depth: number): BrineValue {
    if (depth > MAX_DEPTH) {
      throw literalError('its tuples are nested too deeply');
    }
    const items: BrineValue[] = [];
    let isTuple = false;
    while (!this.takes(')')) {
      items.push(this.value(depth));
      if (items.length > MAX_ITEMS) {
        throw literalError('it has too many items');
      }
      if (this.takes(',')) {
        isTuple = true;
      } else if (this.source[this.at] !== ')') {
        throw literalError('a bracket is not closed');
      }
    }
    const [only] = items;
    return items.length === 1 && !isTuple ? only : items;
  }

  private match(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.source);
    if (found === null) {
      return undefined;
    }
    this.at = pattern.lastIndex;
    this.skip();
    return found;
  }

  private skip(): void {
    SPACE.lastIndex = this.at;
    SPACE.test(this.source);
    this.at = SPACE.lastIndex;
  }
}

function numberOf(text: string): BrineValue {
  const plain = text.replaceAll('_', '');
  if (/^[+-]?0[xXoObB]/.test(plain) || /^[+-]?\d+$/.test(plain)) {
    const digits = plain.replace(/^[+-]/, '');
    if (/^0+[1-9]/.test(digits)) {
      throw literalError(`“${text.slice(0, 20)}” begins with 0`);
    }
    const size = BigInt(digits);
    const value = plain.startsWith('-') ? -size : size;
    return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  }
  return new Float(Number(plain));
}

function textOf(prefix: string, quoted: string): BrineValue {
  const marks = prefix.toLowerCase();
  if (!['', 'r', 'b', 'u', 'rb', 'br'].includes(marks)) {
    throw literalError(`“${prefix}” before a text is not known`);
  }
  const body = quoted.slice(1, -1);
  const isBytes = marks.includes('b');
  if (isBytes && /[^\0-\x7f]/.test(body)) {
    throw literalError('bytes hold ASCII and escapes only');
  }
  const text = marks.includes('r') ? body : unescaped(body, isBytes);
  return isBytes ? Buffer.from(text, 'latin1') : text;
}

function unescaped(body: string, isBytes: boolean): string {
  return body.replace(
    ESCAPE,
    (whole, hex?: string, short?: string, long?: string, octal?: string, simple?: string) => {
      const wide = isBytes ? undefined : (short ?? long);
      if (hex !== undefined || wide !== undefined) {
        const code = parseInt(hex ?? wide ?? '', 16);
        if (code > 0x10ffff) {
          throw literalError(`“${whole}” is no character`);
        }
        return String.fromCodePoint(code);
      }
      if (octal !== undefined) {
        return String.fromCharCode(parseInt(octal, 8));
      }
      return simple === undefined ? whole : (SIMPLE_ESCAPES.get(simple) ?? whole);
    },
  );
}

function literalError(reason: string): ProblemError {
  return new ProblemError({
    code: 'ERR_LITERAL',
    message: `A service takes literals only, and ${reason}: type a number, a text in quotes, b'…', True, False, None or a tuple of these.`,
  });
}
