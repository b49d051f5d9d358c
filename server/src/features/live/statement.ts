/** The last statement of a text of Python, as words and marks: as far as it is there, whatever may still be missing. */

export interface Word {
  readonly kind: 'name' | 'number' | 'string' | 'mark';
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

export interface Statement {
  readonly words: readonly Word[];
  /** What the text ends in the middle of, and where that begins. */
  readonly open?: { readonly kind: 'comment' | 'string'; readonly quotes: string; readonly start: number };
}

const SPACE = /(?:[ \t\f\u00a0]|\\\r?\n)+/y;
const LINE_END = /\r\n|\r|\n/y;
const COMMENT = /#[^\r\n]*/y;
const STRING_START = /(?:[rbuftRBUFT]{0,3})("""|'''|"|')/y;
const NAME = /[\p{ID_Start}_][\p{ID_Continue}]*/uy;
const NUMBER = /(?:0[xXoObB][\da-fA-F_]+|(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][+-]?\d[\d_]*)?)[jJlL]?/y;
const MARK = /\.\.\.|->|:=|[=!<>]=|[^]/y;

/** A line that begins so, at the margin, begins a statement, whatever brackets were left open above it. */
const STATEMENT_START =
  /(?:@|(?:async|assert|class|def|del|global|import|raise|return|try|while|with)(?![\p{ID_Continue}]))/uy;

const OPENING = new Set(['(', '[', '{']);
const CLOSING = new Set([')', ']', '}']);

/** Reads `text` to its end, and gives what belongs to the statement that stands there. */
export function lastStatement(text: string): Statement {
  const reader = new Reader(text);
  return reader.read();
}

class Reader {
  private words: Word[] = [];
  private depth = 0;
  private at = 0;

  constructor(private readonly text: string) {}

  read(): Statement {
    const { text } = this;
    while (this.at < text.length) {
      if (this.take(SPACE) !== undefined) {
        continue;
      }
      if (this.take(LINE_END) !== undefined) {
        if (this.depth === 0 || matchAt(STATEMENT_START, text, this.at) !== undefined) {
          this.begin();
        }
        continue;
      }
      const start = this.at;
      if (this.take(COMMENT) !== undefined) {
        if (this.at === text.length) {
          return { words: this.words, open: { kind: 'comment', quotes: '', start } };
        }
        continue;
      }
      const quotes = this.take(STRING_START)?.[1];
      if (quotes === undefined) {
        this.readCode(start);
      } else if (this.readString(start, quotes)) {
        return { words: this.words, open: { kind: 'string', quotes, start } };
      }
    }
    return { words: this.words };
  }

  private begin(): void {
    this.words = [];
    this.depth = 0;
  }

  /** Reads to the end of a string. @returns whether the text ends before it does */
  private readString(start: number, quotes: string): boolean {
    const { text } = this;
    const isLong = quotes.length === 3;
    while (this.at < text.length) {
      const character = text.charAt(this.at);
      if (character === '\\') {
        this.at += text.startsWith('\r\n', this.at + 1) ? 3 : 2;
      } else if (text.startsWith(quotes, this.at)) {
        this.at += quotes.length;
        this.add('string', start);
        return false;
      } else if (!isLong && (character === '\n' || character === '\r')) {
        // It was never closed: what follows is code again.
        this.add('string', start);
        return false;
      } else {
        this.at += 1;
      }
    }
    return true;
  }

  private readCode(start: number): void {
    if (this.take(NAME) !== undefined) {
      this.add('name', start);
    } else if (this.take(NUMBER) !== undefined) {
      this.add('number', start);
    } else {
      const mark = this.take(MARK)?.[0] ?? '';
      if (mark === ';' && this.depth === 0) {
        this.begin();
        return;
      }
      this.depth += OPENING.has(mark) ? 1 : 0;
      this.depth = Math.max(this.depth - (CLOSING.has(mark) ? 1 : 0), 0);
      this.add('mark', start);
    }
  }

  private add(kind: Word['kind'], start: number): void {
    this.words.push({ kind, text: this.text.slice(start, this.at), start, end: this.at });
  }

  private take(pattern: RegExp): RegExpExecArray | undefined {
    const found = matchAt(pattern, this.text, this.at);
    if (found !== undefined) {
      this.at += found[0].length;
    }
    return found;
  }
}

function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text) ?? undefined;
}
