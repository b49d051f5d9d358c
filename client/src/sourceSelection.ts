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
 * line begins, with the block under it. Common indentation is taken off, so that the body of a function runs.
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
  const first = lines[at] ?? '';
  if (!opensBlock(first) && !/^\s*@/.test(first)) {
    return [first];
  }
  const indent = indentOf(first);
  let end = at + 1;
  for (let i = end; i < lines.length; i++) {
    const line = lines[i] ?? '';
    if (line.trim() === '') {
      continue;
    }
    const belongs =
      indentOf(line) > indent ||
      (indentOf(line) === indent && (continuesBlock(line) || /^\s*@/.test(lines[end - 1] ?? '')));
    if (!belongs) {
      break;
    }
    end = i + 1;
  }
  return lines.slice(at, end);
}

function opensBlock(line: string): boolean {
  return /:\s*(#.*)?$/.test(line);
}

function continuesBlock(line: string): boolean {
  return /^\s*(elif|else|except|finally)\b/.test(line);
}

function indentOf(line: string): number {
  return line.length - line.trimStart().length;
}

function dedent(lines: readonly string[]): readonly string[] {
  const indents = lines.filter((line) => line.trim() !== '').map(indentOf);
  const common = Math.min(...indents);
  return lines.map((line) => line.slice(Math.min(common, indentOf(line))));
}
