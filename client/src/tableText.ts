import type { ShownTable } from '../../server/src/api/showing';

/** A cell that a spreadsheet would take for a formula is made a text. */
const FORMULA = /^[=+@\t\r]|^-(?!(?:\d|\.\d)[\d.]*(?:e[+-]?\d+)?$)/i;

/** The rows of a table that are shown, to paste into a spreadsheet. */
export function tabSeparated(table: ShownTable): string {
  return linesOf(table)
    .map((cells) => cells.map((cell) => plain(cell).replace(/[\t\r\n]+/g, ' ')).join('\t'))
    .join('\n');
}

/** The rows of a table that are shown, as CSV. */
export function commaSeparated(table: ShownTable): string {
  return linesOf(table)
    .map((cells) => cells.map((cell) => quoted(plain(cell))).join(','))
    .join('\r\n')
    .concat('\r\n');
}

function linesOf({ columns, labelled, rows }: ShownTable): readonly (readonly string[])[] {
  return [[...(labelled ? [''] : []), ...columns.map(({ name }) => name)], ...rows];
}

function plain(cell: string): string {
  return FORMULA.test(cell) ? `'${cell}` : cell;
}

function quoted(cell: string): string {
  return /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}
