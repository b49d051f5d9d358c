/** What a text of Python asks for at the place of the cursor, as far as that can be told without running code. */
import type { LiveStep } from '../../api/live';
import { readLiteral } from '../inspect/literal';
import { isLocalName } from './localNames';
import { type Statement, type Word, lastStatement } from './statement';

/** What may stand at the cursor. */
export type Asked =
  | { readonly what: 'names'; readonly prefix: string }
  | { readonly what: 'attributes'; readonly path: readonly LiveStep[]; readonly prefix: string }
  /** `quote` is the one that the key was begun with, or empty. */
  | {
      readonly what: 'keys';
      readonly path: readonly LiveStep[];
      readonly prefix: string;
      readonly quote: string;
    }
  /** `import package.prefix` */
  | { readonly what: 'modules'; readonly package: string; readonly prefix: string }
  /** `from module import prefix` */
  | { readonly what: 'members'; readonly module: string; readonly prefix: string };

/** The name at a place, with what leads there. */
export interface NamedPlace {
  readonly path: readonly LiveStep[];
  readonly name: string;
  /** Offset at which the name begins. */
  readonly start: number;
}

/** The call around a place. */
export interface OpenCall {
  readonly path: readonly LiveStep[];
  /** Arguments before the one that is written, and the name of that one where it has one. */
  readonly position: number;
  readonly keyword: string | undefined;
}

const KEYWORDS = new Set(
  (
    'False None True and as assert async await break class continue def del elif else except finally for from ' +
    'global if import in is lambda nonlocal not or pass raise return try while with yield'
  ).split(' '),
);

/** A name is given here, and none is looked up. */
const NAMING = new Set(['def', 'class', 'as']);
const REST_OF_NAME = /^[\p{ID_Continue}]*/u;
const NAMED_ARGUMENT = /^\s*=(?!=)/;
const MAX_STEPS = 100;

/** A word that means something else than a name. */
export function isKeyword(text: string): boolean {
  return KEYWORDS.has(text);
}

/** What the text may go on with; undefined where nothing can be told, inside of comments and of most strings. */
export function askedAt(before: string): Asked | undefined {
  const statement = lastStatement(before);
  const { words, open } = statement;
  if (open !== undefined) {
    return open.kind === 'string' && words.at(-1)?.text === '[' ? beganKey(before, statement) : undefined;
  }
  const last = words.at(-1);
  const begun = last?.kind === 'name' && last.end === before.length ? last.text : '';
  const rest = begun === '' ? words : words.slice(0, -1);
  const previous = rest.at(-1);
  const first = words[0]?.text ?? '';
  if (previous !== undefined && (first === 'import' || first === 'from')) {
    return importedAt(rest, begun);
  }
  if (previous?.text === '.') {
    const path = pathAt(rest, rest.length - 1, before);
    return path === undefined ? undefined : { what: 'attributes', path, prefix: begun };
  }
  const path = previous?.text === '[' && begun === '' ? pathAt(rest, rest.length - 1, before) : undefined;
  if (path !== undefined) {
    return { what: 'keys', path, prefix: '', quote: '' };
  }
  return isNameExpected(previous) && !isInHeader(words) ? { what: 'names', prefix: begun } : undefined;
}

/** The name around the place between the two parts of a text; undefined where there is none to look up. */
export function nameAt(before: string, after: string): NamedPlace | undefined {
  const rest = REST_OF_NAME.exec(after)?.[0] ?? '';
  const text = before + rest;
  const { words, open } = lastStatement(text);
  const last = words.at(-1);
  if (open !== undefined || last?.kind !== 'name' || last.end !== text.length || isKeyword(last.text)) {
    return undefined;
  }
  const { text: name, start } = last;
  const previous = words.at(-2)?.text ?? '';
  const first = words[0]?.text;
  if (first === 'import' || first === 'from') {
    const asked = importedAt(words.slice(0, -1), name);
    const path = asked === undefined ? undefined : importedPath(asked);
    return path === undefined ? undefined : { path, name, start };
  }
  const isArgument = (previous === '(' || previous === ',') && NAMED_ARGUMENT.test(after.slice(rest.length));
  if (isArgument || (isInHeader(words) && previous !== 'def' && previous !== '.')) {
    return undefined;
  }
  const path = pathAt(words, words.length, text, true);
  return path === undefined ? undefined : { path, name, start };
}

/** The innermost call that is not closed at the end of the text; undefined where it is not known what is called. */
export function callAt(before: string): OpenCall | undefined {
  const { words, open } = lastStatement(before);
  if (open?.kind === 'comment' || isInHeader(words)) {
    return undefined;
  }
  let depth = 0;
  let position = 0;
  let from = words.length;
  for (let at = words.length - 1; at >= 0; at--) {
    const mark = words[at]?.kind === 'mark' ? words[at]?.text : '';
    if (mark === ')' || mark === ']' || mark === '}') {
      depth += 1;
    } else if (depth > 0) {
      depth -= mark === '(' || mark === '[' || mark === '{' ? 1 : 0;
    } else if (mark === ',') {
      from = position === 0 ? at + 1 : from;
      position += 1;
    } else if (mark === '(') {
      const path = pathAt(words, at, before);
      if (path !== undefined) {
        const first = position === 0 ? at + 1 : from;
        return { path, position, keyword: keywordAt(words, first) };
      }
      position = 0;
    } else if (mark === '[' || mark === '{') {
      position = 0;
    }
  }
  return undefined;
}

function keywordAt(words: readonly Word[], at: number): string | undefined {
  const name = words[at];
  return name?.kind === 'name' && words[at + 1]?.text === '=' ? name.text : undefined;
}

/** `d["begu`: a key without a mark that would have to be read. */
function beganKey(before: string, { words, open }: Statement): Asked | undefined {
  const { quotes = '', start = 0 } = open ?? {};
  const prefix = before.slice(start + quotes.length);
  const isPlain = before.startsWith(quotes, start) && quotes.length === 1 && !/[\\'"]/.test(prefix);
  const path = isPlain ? pathAt(words, words.length - 1, before) : undefined;
  return path === undefined ? undefined : { what: 'keys', path, prefix, quote: quotes };
}

/**
 * The path that ends before the word at `end`: names, and items whose key is a text or a whole number. Undefined where
 * something else is part of it, such as a call, or where it begins with a name of a function's own.
 *
 * @param naming it may also be a name that is given there
 */
function pathAt(
  words: readonly Word[],
  end: number,
  text: string,
  naming = false,
): readonly LiveStep[] | undefined {
  const steps: LiveStep[] = [];
  let at = end - 1;
  while (steps.length < MAX_STEPS) {
    const word = words[at];
    if (word?.kind === 'name' && (words[at - 1]?.text === '.' || !isKeyword(word.text))) {
      steps.unshift(['a', word.text]);
      if (words[at - 1]?.text !== '.') {
        return isNameExpected(words[at - 1], naming) && !isLocalName(text.slice(0, word.start), word.text)
          ? steps
          : undefined;
      }
      at -= 2;
    } else {
      const item = word?.text === ']' ? itemAt(words, at) : undefined;
      if (item === undefined) {
        return undefined;
      }
      steps.unshift(['s', item.key]);
      at = item.open - 1;
    }
  }
  return undefined;
}

/** `["key"]` or `[-1]`, of which the word at `close` is the last. */
function itemAt(
  words: readonly Word[],
  close: number,
): { readonly key: string | number; readonly open: number } | undefined {
  const isNegative = words[close - 2]?.text === '-';
  const open = close - (isNegative ? 3 : 2);
  const key = keyOf(`${isNegative ? '-' : ''}${words[close - 1]?.text ?? ''}`);
  return key === undefined || words[open]?.text !== '[' ? undefined : { key, open };
}

function keyOf(literal: string): string | number | undefined {
  try {
    const key = readLiteral(literal);
    return typeof key === 'string' || typeof key === 'number' ? key : undefined;
  } catch {
    return undefined;
  }
}

/** What an import may name behind these words. */
function importedAt(words: readonly Word[], prefix: string): Asked | undefined {
  const importAt = words.findIndex(({ text }) => text === 'import');
  if (words[0]?.text === 'from') {
    const module = dotted(words.slice(1, importAt < 0 ? undefined : importAt));
    if (importAt < 0) {
      return packageOf(words.slice(1), prefix);
    }
    const previous = words.at(-1)?.text ?? '';
    return module !== undefined && module !== '' && ['import', ',', '('].includes(previous)
      ? { what: 'members', module, prefix }
      : undefined;
  }
  const comma = words.map(({ text }) => text).lastIndexOf(',');
  return packageOf(words.slice(Math.max(comma, 0) + 1), prefix);
}

/** `a.b.`: the package in which the next name is looked for. */
function packageOf(words: readonly Word[], prefix: string): Asked | undefined {
  if (words.length === 0) {
    return { what: 'modules', package: '', prefix };
  }
  const name = words.at(-1)?.text === '.' ? dotted(words.slice(0, -1)) : undefined;
  return name === undefined || name === '' ? undefined : { what: 'modules', package: name, prefix };
}

/** `a.b`; undefined where the words are no such name, also where it is relative. */
function dotted(words: readonly Word[]): string | undefined {
  const isName = words.every(({ kind, text }, index) =>
    index % 2 === 0 ? kind === 'name' && !isKeyword(text) : text === '.',
  );
  return isName && words.length % 2 === 1 ? words.map(({ text }) => text).join('') : undefined;
}

function importedPath(asked: Asked): readonly LiveStep[] | undefined {
  switch (asked.what) {
    case 'modules':
      return [['m', asked.package === '' ? asked.prefix : `${asked.package}.${asked.prefix}`]];
    case 'members':
      return [
        ['m', asked.module],
        ['a', asked.prefix],
      ];
    default:
      return undefined;
  }
}

/** Whether a name can stand behind this word that is looked up, or where `naming` is set, given. */
function isNameExpected(previous: Word | undefined, naming = false): boolean {
  if (previous === undefined) {
    return true;
  }
  switch (previous.kind) {
    case 'name':
      return isKeyword(previous.text) && (naming || !NAMING.has(previous.text));
    case 'mark':
      return !['.', ')', ']', '}'].includes(previous.text);
    default:
      return false;
  }
}

/** Inside `def name(...)`: its names are new. */
function isInHeader(words: readonly Word[]): boolean {
  const at = words[0]?.text === 'async' ? 1 : 0;
  if (words[at]?.text !== 'def') {
    return false;
  }
  let depth = 0;
  for (const { kind, text } of words.slice(at)) {
    if (kind === 'mark') {
      depth += '([{'.includes(text) ? 1 : ')]}'.includes(text) ? -1 : 0;
    }
    if (text === ':' && depth === 0) {
      return false;
    }
  }
  return true;
}
