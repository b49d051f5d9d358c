/** A table of texts as other programs read it. */

/** One line for each connection. */
export interface ExportedRow {
  readonly connection: string;
  readonly state: string;
  /** Beside the others: the same, different, … */
  readonly comparison: string;
  readonly value: string;
  readonly type: string;
  readonly seconds: string;
  readonly error: string;
  readonly line: string;
  readonly output: string;
}

export type ExportFormat = 'text' | 'csv' | 'json';

const FIELDS = [
  'connection',
  'state',
  'comparison',
  'value',
  'type',
  'seconds',
  'error',
  'line',
  'output',
] as const satisfies readonly (keyof ExportedRow)[];

export function exported(rows: readonly ExportedRow[], summary: string, format: ExportFormat): string {
  switch (format) {
    case 'json':
      return `${JSON.stringify(rows, [...FIELDS], 2)}\n`;
    case 'csv':
      return [FIELDS, ...rows.map((row) => FIELDS.map((field) => row[field]))]
        .map((cells) => `${cells.map(csvCell).join(',')}\r\n`)
        .join('');
    case 'text':
      return [summary, ...rows.map(textOf)].join('\n\n') + '\n';
  }
}

/** A number stays one; what a spreadsheet would take for a formula does not. */
export function csvCell(text: string): string {
  const isFormula = /^[=+\-@\t\r]/.test(text) && !/^[+-]?\d+(?:\.\d+)?(?:e[+-]?\d+)?$/i.test(text);
  const safe = isFormula ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

function textOf(row: ExportedRow): string {
  const { connection, state, comparison, value, type, seconds, error, output } = row;
  const head = [connection, state, comparison, seconds === '' ? '' : `${seconds} s`]
    .filter(Boolean)
    .join(' · ');
  const body = [value === '' ? '' : `→ ${value}${type === '' ? '' : `  (${type})`}`, error, output.trimEnd()];
  return [head, ...body.filter(Boolean).map(indented)].join('\n');
}

function indented(text: string): string {
  return text.replace(/^/gm, '  ');
}
