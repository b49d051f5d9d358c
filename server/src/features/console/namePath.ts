/**
 * Paths of names as they are typed: a name, its attributes, and items whose key is a text or a whole number. Such a
 * path can be followed without running code; everything else is an expression.
 */
import { readLiteral } from '../inspect/literal';

/** A name or an attribute, and the key of an item, as they travel to the helper. */
export type NameStep = readonly ['a', string] | readonly ['s', string | number];

/** What stands before the cursor, and is to be gone on with. */
export interface Unfinished {
  /** The object whose names are wanted; empty where it is a name itself that was begun. */
  readonly steps: readonly NameStep[];
  /** What was typed of the name or key. */
  readonly prefix: string;
  readonly kind: 'name' | 'attribute' | 'key';
  /** The quote that the key was begun with. */
  readonly quote: string;
}

const MAX_LENGTH = 2000;
const MAX_STEPS = 100;

const NAME = /[\p{ID_Start}_][\p{ID_Continue}]*/uy;
const ATTRIBUTE = /\s*\.\s*([\p{ID_Start}_][\p{ID_Continue}]*)/uy;
const ITEM = /\s*\[\s*(-?\d+|[uU]?'(?:[^'\\\n]|\\[^])*'|[uU]?"(?:[^"\\\n]|\\[^])*")\s*\]/y;

const PATH_BEFORE =
  /(?<![\p{ID_Continue}.)\]}'"])([\p{ID_Start}_][\p{ID_Continue}]*(?:\s*\.\s*[\p{ID_Start}_][\p{ID_Continue}]*|\[\s*(?:-?\d+|'[^'\\\n]*'|"[^"\\\n]*")\s*\])*)/u
    .source;
const ATTRIBUTE_BEFORE = new RegExp(`${PATH_BEFORE}\\s*\\.\\s*([\\p{ID_Continue}]*)$`, 'u');
const KEY_BEFORE = new RegExp(`${PATH_BEFORE}\\s*\\[\\s*(['"])([^'"\\\\]*)$`, 'u');
const NAME_BEFORE = /(?<![\p{ID_Continue}.)\]}'"]|\.\s)([\p{ID_Start}_][\p{ID_Continue}]*)?$/u;

/** @returns undefined where the text is no such path */
export function readNamePath(text: string): readonly NameStep[] | undefined {
  const source = text.trim();
  const first = source.length > MAX_LENGTH ? undefined : matchAt(NAME, source, 0);
  if (first === undefined) {
    return undefined;
  }
  const steps: NameStep[] = [['a', first[0]]];
  let at = first[0].length;
  while (at < source.length) {
    const attribute = matchAt(ATTRIBUTE, source, at);
    const item = attribute ?? matchAt(ITEM, source, at);
    const value = item?.[1];
    const key = attribute === undefined && value !== undefined ? keyOf(value) : value;
    if (item === undefined || key === undefined || steps.length >= MAX_STEPS) {
      return undefined;
    }
    steps.push(attribute === undefined ? ['s', key] : ['a', String(key)]);
    at += item[0].length;
  }
  return steps;
}

/** What the text before the cursor asks to be completed; undefined where nothing can be told without running code. */
export function unfinishedAt(textBefore: string): Unfinished | undefined {
  const text = textBefore.slice(-MAX_LENGTH);
  const attribute = ATTRIBUTE_BEFORE.exec(text);
  const key = attribute === null ? KEY_BEFORE.exec(text) : null;
  const found = attribute ?? key;
  if (found !== null) {
    const steps = readNamePath(found[1] ?? '');
    return steps === undefined
      ? undefined
      : {
          steps,
          prefix: (key === null ? found[2] : found[3]) ?? '',
          kind: key === null ? 'attribute' : 'key',
          quote: key?.[2] ?? '',
        };
  }
  const name = NAME_BEFORE.exec(text);
  return name === null ? undefined : { steps: [], prefix: name[1] ?? '', kind: 'name', quote: '' };
}

function keyOf(literal: string): string | number | undefined {
  const key = readLiteral(literal);
  return typeof key === 'string' || typeof key === 'number' ? key : undefined;
}

function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text) ?? undefined;
}
