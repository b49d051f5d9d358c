import type { SelectedRange, SourceLines } from './sourceSelection';
import { sourceToRun } from './sourceSelection';

/** How much of a document is run at once. */
export type RunUnit = 'selection' | 'cell' | 'file';

/** What is run, and where the cursor goes when one moves on. */
export interface RunPart extends SourceLines {
  /** Zero-based line of its last statement, where the result is shown. */
  readonly lastLine: number;
  /** Zero-based line behind it; undefined where nothing follows. */
  readonly next: number | undefined;
}

/** A cell as editors for Python know it: from a comment that begins with `%%` to the line before the next one. */
export interface Cell {
  readonly startLine: number;
  /** Exclusive. */
  readonly endLine: number;
}

const CELL_MARK = /^\s*#\s?%%/;

/**
 * The part of a document to run.
 *
 * @returns undefined where there is nothing but blank lines and comments
 */
export function partToRun(
  lines: readonly string[],
  range: SelectedRange,
  unit: RunUnit,
): RunPart | undefined {
  if (unit === 'selection') {
    const taken = sourceToRun(lines, range);
    return taken === undefined ? undefined : partOf(lines, taken, taken.source.split('\n').length);
  }
  const { startLine, endLine } =
    unit === 'file' ? { startLine: 0, endLine: lines.length } : cellAt(lines, range.endLine);
  const source = lines.slice(startLine, endLine);
  return source.every(isBlankOrComment)
    ? undefined
    : partOf(lines, { source: source.join('\n'), line: startLine }, source.length);
}

/** All cells of a document; none where it has no mark. What stands before the first mark is a cell, too, if it is code. */
export function cellsOf(lines: readonly string[]): readonly Cell[] {
  const marks = lines.flatMap((line, index) => (CELL_MARK.test(line) ? [index] : []));
  const [first] = marks;
  if (first === undefined) {
    return [];
  }
  const starts = lines.slice(0, first).every(isBlankOrComment) ? marks : [0, ...marks];
  return starts.map((startLine, index) => ({ startLine, endLine: starts[index + 1] ?? lines.length }));
}

/** The cell of a line; the whole document where it has no cells. */
function cellAt(lines: readonly string[], line: number): Cell {
  const cells = cellsOf(lines);
  return (
    cells.find(({ startLine, endLine }) => startLine <= line && line < endLine) ??
    cells[0] ?? { startLine: 0, endLine: lines.length }
  );
}

function partOf(lines: readonly string[], taken: SourceLines, count: number): RunPart {
  const end = Math.min(taken.line + count, lines.length);
  let lastLine = end - 1;
  while (lastLine > taken.line && isBlankOrComment(lines[lastLine] ?? '')) {
    lastLine -= 1;
  }
  let next: number | undefined = end;
  while (next < lines.length && (lines[next] ?? '').trim() === '') {
    next += 1;
  }
  if (next >= lines.length) {
    next = undefined;
  }
  return { ...taken, lastLine, next };
}

function isBlankOrComment(line: string): boolean {
  return /^\s*(#|$)/.test(line);
}
