/** One statement, or the head of a block, as far as its brackets, texts and backslashes carry it. */
export interface Statement {
  /** The line after its last one. */
  readonly end: number;
  /** It ends in a colon: a block follows. */
  readonly opensBlock: boolean;
  /** Lines that begin inside a text of several lines, whose blanks are part of the value. */
  readonly insideText: readonly number[];
}

/** What a line leaves open for the next one. */
interface OpenState {
  depth: number;
  /** The quotes that end the text which is open. */
  quotes: string | undefined;
  lastCharacter: string;
  backslash: boolean;
}

const OPENING = '([{';
const CLOSING = ')]}';

/** Reads the statement that begins at a line. Where brackets or quotes are never closed it is that line alone. */
export function statementAt(lines: readonly string[], at: number): Statement {
  const state: OpenState = { depth: 0, quotes: undefined, lastCharacter: '', backslash: false };
  const insideText: number[] = [];
  for (let i = at; i < lines.length; i++) {
    if (state.quotes !== undefined) {
      insideText.push(i);
    }
    readLine(lines[i] ?? '', state);
    if (state.depth === 0 && state.quotes === undefined && !state.backslash) {
      return { end: i + 1, opensBlock: state.lastCharacter === ':', insideText };
    }
  }
  const alone: OpenState = { depth: 0, quotes: undefined, lastCharacter: '', backslash: false };
  readLine(lines[at] ?? '', alone);
  return { end: at + 1, opensBlock: alone.lastCharacter === ':', insideText: [] };
}

function readLine(line: string, state: OpenState): void {
  state.backslash = false;
  let i = 0;
  while (i < line.length) {
    const character = line.charAt(i);
    if (state.quotes !== undefined) {
      i += stepInText(line, i, state);
    } else if (character === '#') {
      return;
    } else if (character === '\\' && i === line.length - 1) {
      state.backslash = true;
      return;
    } else {
      i += stepInCode(line, i, state);
    }
  }
  // Only a text in three quotes, or a backslash, carries on.
  if (state.quotes?.length === 1 && !line.endsWith('\\')) {
    state.quotes = undefined;
  }
}

function stepInText(line: string, at: number, state: OpenState): number {
  const quotes = state.quotes ?? '';
  if (line.charAt(at) === '\\') {
    return 2;
  }
  if (!line.startsWith(quotes, at)) {
    return 1;
  }
  state.quotes = undefined;
  return quotes.length;
}

function stepInCode(line: string, at: number, state: OpenState): number {
  const character = line.charAt(at);
  if (character.trim() !== '') {
    state.lastCharacter = character;
  }
  if (character === '"' || character === "'") {
    const three = character.repeat(3);
    state.quotes = line.startsWith(three, at) ? three : character;
    return state.quotes.length;
  }
  if (OPENING.includes(character)) {
    state.depth += 1;
  } else if (CLOSING.includes(character)) {
    state.depth = Math.max(0, state.depth - 1);
  }
  return 1;
}
