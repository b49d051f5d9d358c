/** A piece of text that was replaced: zero-based lines, as an editor tells it. */
export interface LineChange {
  readonly startLine: number;
  readonly endLine: number;
  /** Characters before the change on its first line, blanks aside, were none: a line break there moves the line. */
  readonly atLineStart: boolean;
  /** Line breaks in what took the place of the old text. */
  readonly insertedLines: number;
}

/** The lines that a result or an error belongs to. */
export interface MarkedLines {
  readonly startLine: number;
  /** Inclusive: the line on which it is shown. */
  readonly lastLine: number;
}

/**
 * Where marked lines are after a change.
 *
 * @returns undefined where the change touched them: what they showed is no longer true of them
 */
export function moved(lines: MarkedLines, change: LineChange): MarkedLines | undefined {
  const { startLine, endLine, atLineStart, insertedLines } = change;
  if (startLine > lines.lastLine) {
    return lines;
  }
  const isAbove =
    endLine < lines.startLine || (endLine === lines.startLine && atLineStart && isWhole(change));
  if (!isAbove) {
    return undefined;
  }
  const by = insertedLines - (endLine - startLine);
  return { startLine: lines.startLine + by, lastLine: lines.lastLine + by };
}

/** Whole lines were put in front of the marked ones, or taken away there. */
function isWhole({ startLine, endLine, insertedLines }: LineChange): boolean {
  return endLine > startLine || insertedLines > 0;
}
