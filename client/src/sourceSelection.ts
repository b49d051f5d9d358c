import { statementAt } from './pythonStatement';

/** Lines to run, and where they were found. */
export interface SourceLines {
  readonly source: string;
  /** Zero-based line of the first one. */
  readonly line: number;
}

/** A selection as an editor has it: zero-based, the end exclusive. */
export interface SelectedRange {
  readonly startLine: number;
  readonly startCharacter: number;
  readonly endLine: number;
  readonly endCharacter: number;
}

/**
 * The text that "run selection or line" means: the selection, or without one the statement that the cursor's
 * line begins, to its last line, with the block under it. Common indentation is taken off, so that the body of a function runs.
 */
export function sourceToRun(lines: readonly string[], range: SelectedRange): SourceLines | undefined {
  const empty = range.startLine === range.endLine && range.startCharacter === range.endCharacter;
  const first = range.startLine;
  const taken = empty ? blockAt(lines, first) : selectedLines(lines, range);
  if (taken.every((line) => line.trim() === '')) {
    return undefined;
  }
  return { source: dedent(taken).join('\n'), line: first };
}

function selectedLines(lines: readonly string[], range: SelectedRange): readonly string[] {
  return lines.slice(range.startLine, range.endLine + 1).map((line, index) => {
    const isLast = range.startLine + index === range.endLine;
    const text = isLast ? line.slice(0, range.endCharacter) : line;
    if (index > 0) {
      return text;
    }
    // Half-selected indentation counts as selected: a selection that starts at the first word means the line.
    return line.slice(0, range.startCharacter).trim() === '' ? text : text.slice(range.startCharacter);
  });
}

function blockAt(lines: readonly string[], at: number): readonly string[] {
  const head = statementAt(lines, at);
  if (!head.opensBlock && !isDecorator(lines[at])) {
    return lines.slice(at, head.end);
  }
  const indent = indentOf(lines[at] ?? '');
  let { end } = head;
  let afterDecorator = isDecorator(lines[at]);
  for (let i = end; i < lines.length;) {
    const line = lines[i] ?? '';
    if (isBlankOrComment(line)) {
      // Python asks nothing of where a comment stands; it belongs to the block if more of the block follows.
      i += 1;
      continue;
    }
    const belongs =
      indentOf(line) > indent || (indentOf(line) === indent && (continuesBlock(line) || afterDecorator));
    if (!belongs) {
      break;
    }
    afterDecorator = isDecorator(line);
    i = statementAt(lines, i).end;
    end = i;
  }
  return lines.slice(at, end);
}

function isDecorator(line = ''): boolean {
  return /^\s*@/.test(line);
}

function isBlankOrComment(line: string): boolean {
  return /^\s*(#|$)/.test(line);
}

function continuesBlock(line: string): boolean {
  return /^\s*(elif|else|except|finally)\b/.test(line);
}

function indentOf(line: string): number {
  return line.length - line.trimStart().length;
}

/** Takes off the indentation that all statements share. What stands inside a text is part of its value. */
function dedent(lines: readonly string[]): readonly string[] {
  const indents: number[] = [];
  const insideText = new Set<number>();
  for (let i = 0; i < lines.length;) {
    const line = lines[i] ?? '';
    if (isBlankOrComment(line)) {
      i += 1;
      continue;
    }
    indents.push(indentOf(line));
    const statement = statementAt(lines, i);
    statement.insideText.forEach((inside) => insideText.add(inside));
    i = statement.end;
  }
  const common = Math.min(...indents);
  return lines.map((line, i) => (insideText.has(i) ? line : line.slice(Math.min(common, indentOf(line)))));
}
