/** The words of a table of results. */
import { l10n } from 'vscode';
import { lineText, outputText } from './displayText';
import type { ExportedRow } from './fleetExport';
import { failedLine, isAgain, isOver, lastLines } from './fleetModel';
import type { Comparison, FleetMark, FleetModel, FleetRow, FleetState } from './fleetModel';
import { shortType } from './runOutput';

const TEXT_LIMIT = 500;
const TAIL_LINES = 3;
const TAIL_WIDTH = 200;
/** Times asked after which nothing but the end of the connection is left. */
const HARDEST = 2;

/** What can be done with one row. */
export type RowAction =
  'interrupt' | 'disconnect' | 'again' | 'value' | 'debug' | 'output' | 'compare' | 'refer' | 'explore';

export interface RowButton {
  readonly action: RowAction;
  readonly title: string;
}

/** One row as the page shows it: texts only. */
export interface RowView {
  readonly id: string;
  readonly label: string;
  /** A word where the connection is marked as production. */
  readonly production: string;
  readonly state: FleetState;
  readonly stateSign: string;
  readonly stateText: string;
  readonly mark: FleetMark;
  readonly markSign: string;
  readonly markText: string;
  readonly value: string;
  readonly type: string;
  /** Milliseconds so far, where it goes on. */
  readonly goingMs: number | undefined;
  readonly time: string;
  /** For sorting. */
  readonly milliseconds: number;
  readonly output: string;
  readonly error: string;
  readonly buttons: readonly RowButton[];
}

export interface TableView {
  readonly progress: string;
  readonly summary: string;
  /** Something is marked. */
  readonly differs: boolean;
  readonly done: number;
  readonly total: number;
  readonly open: boolean;
  /** How many could run again. */
  readonly again: number;
}

const STATE_SIGNS: Readonly<Record<FleetState, string>> = {
  waiting: '…',
  connecting: '…',
  running: '▶',
  done: '✓',
  failed: '✗',
  interrupted: '■',
  lost: '↯',
  unreached: '∅',
};

const MARK_SIGNS: Readonly<Record<FleetMark, string>> = {
  same: '=',
  differs: '≠',
  alone: '≠',
  reference: '★',
  none: '',
};

export function rowView(model: FleetModel, row: FleetRow, comparison: Comparison, fileName: string): RowView {
  const mark = comparison.marks.get(row.profileId) ?? 'none';
  const going = row.state === 'connecting' || row.state === 'running';
  return {
    id: row.profileId,
    label: lineText(row.label, TAIL_WIDTH),
    production: row.production ? l10n.t('PRODUCTION') : '',
    state: row.state,
    stateSign: STATE_SIGNS[row.state],
    stateText: stateText(row.state),
    mark,
    markSign: MARK_SIGNS[mark],
    markText: markText(mark),
    value: lineText(row.result?.value ?? '', TEXT_LIMIT),
    type: lineText(row.result?.valueType ?? '', TAIL_WIDTH),
    goingMs: going ? Math.round(model.elapsed(row)) : undefined,
    time: row.state === 'waiting' ? '' : secondsText(model.elapsed(row)),
    milliseconds: row.state === 'waiting' ? -1 : Math.round(model.elapsed(row)),
    output: tailOf(row),
    error: lineText(errorText(row, fileName), TEXT_LIMIT),
    buttons: buttonsOf(row, mark, comparison),
  };
}

export function tableView(model: FleetModel, comparison = model.compare()): TableView {
  const { rows } = model;
  const done = rows.filter(isOver).length;
  return {
    progress: l10n.t('{0} of {1} done', done, rows.length),
    summary: summaryText(rows, comparison, model.reference),
    differs: comparison.differing > 0,
    done,
    total: rows.length,
    open: done < rows.length,
    again: rows.filter(isAgain).length,
  };
}

/** How many differ, and how many gave nothing that could. */
function summaryText(
  rows: readonly FleetRow[],
  comparison: Comparison,
  reference: string | undefined,
): string {
  const { compared, differing, kinds, base } = comparison;
  const missing = rows.filter((row) => isOver(row) && comparison.marks.get(row.profileId) === 'none').length;
  const without = missing === 0 ? '' : l10n.t('{0} without a result', missing);
  return [resultsText(compared, differing, kinds, base !== undefined, reference !== undefined), without]
    .filter(Boolean)
    .join(' · ');
}

function resultsText(
  compared: number,
  differing: number,
  kinds: number,
  hasBase: boolean,
  hasReference: boolean,
): string {
  if (compared === 0) {
    return '';
  }
  if (compared === 1) {
    return l10n.t('1 result');
  }
  if (differing === 0) {
    return l10n.t('all {0} results are the same', compared);
  }
  if (!hasBase) {
    return l10n.t('{0} different results of {1}, none more common', kinds, compared);
  }
  return hasReference
    ? l10n.t('{0} of {1} differ from the reference', differing, compared)
    : l10n.t('{0} of {1} differ', differing, compared);
}

/** For the end of the code, when all have ended. */
export function inlineText(model: FleetModel): string {
  const { summary } = tableView(model);
  return summary === ''
    ? l10n.t('{0} connections', model.rows.length)
    : l10n.t('{0} connections: {1}', model.rows.length, summary);
}

export function secondsText(milliseconds: number): string {
  return l10n.t('{0} s', (milliseconds / 1000).toFixed(2));
}

/** The whole output, and how much of its beginning is not there. */
export function wholeOutput({ output, cut }: FleetRow): string {
  const text = outputText(output);
  return cut === 0 ? text : `${l10n.t('… {0} characters before this are left out', cut)}\n${text}`;
}

/** The whole value, or the traceback, or the sentence that says why there is neither. */
export function wholeResult({ result, remark }: FleetRow): string {
  return outputText(result?.value ?? result?.error?.traceback ?? remark);
}

export function exportedRows(model: FleetModel, fileName: string): readonly ExportedRow[] {
  const comparison = model.compare();
  return model.rows.map((row) => ({
    connection: row.label,
    state: stateText(row.state),
    comparison: markText(comparison.marks.get(row.profileId) ?? 'none'),
    value: outputText(row.result?.value ?? ''),
    type: row.result?.valueType ?? '',
    seconds: row.state === 'waiting' ? '' : (model.elapsed(row) / 1000).toFixed(3),
    error: outputText(errorText(row, fileName)),
    line: String(failedLine(row, fileName) ?? ''),
    output: wholeOutput(row),
  }));
}

export function stateText(state: FleetState): string {
  switch (state) {
    case 'waiting':
      return l10n.t('waiting');
    case 'connecting':
      return l10n.t('connecting');
    case 'running':
      return l10n.t('running');
    case 'done':
      return l10n.t('done');
    case 'failed':
      return l10n.t('failed');
    case 'interrupted':
      return l10n.t('interrupted');
    case 'lost':
      return l10n.t('lost');
    case 'unreached':
      return l10n.t('not reached');
  }
}

export function markText(mark: FleetMark): string {
  switch (mark) {
    case 'same':
      return l10n.t('same');
    case 'differs':
    case 'alone':
      return l10n.t('differs');
    case 'reference':
      return l10n.t('reference');
    case 'none':
      return '';
  }
}

function tailOf({ output }: FleetRow): string {
  // Of a flood no more is cleaned than can be seen.
  const end = lastLines(output.slice(-TAIL_LINES * TEXT_LIMIT * 4), TAIL_LINES);
  return end
    .split('\n')
    .map((line) => lineText(line, TAIL_WIDTH))
    .join('\n');
}

/** What it raised, and where in the document; or why it has no result. */
function errorText(row: FleetRow, fileName: string): string {
  const { result, remark } = row;
  const error = result?.error;
  if (error === undefined || row.state === 'interrupted') {
    return remark;
  }
  const { typeName, message } = error;
  const text = message === '' ? shortType(typeName) : `${shortType(typeName)}: ${message}`;
  const line = failedLine(row, fileName);
  return line === undefined ? text : l10n.t('{0} (line {1})', text, line);
}

function buttonsOf(row: FleetRow, mark: FleetMark, { base }: Comparison): readonly RowButton[] {
  const buttons: RowButton[] = [];
  const add = (action: RowAction, title: string, offered: boolean): void => {
    if (offered) {
      buttons.push({ action, title });
    }
  };
  const open = !isOver(row);
  add('interrupt', row.asked === 0 ? l10n.t('Interrupt') : l10n.t('Interrupt Harder'), open);
  add('disconnect', l10n.t('Disconnect'), open && row.asked >= HARDEST);
  add('again', l10n.t('Run Again'), isAgain(row));
  add('value', row.result?.error === undefined ? l10n.t('Value') : l10n.t('Traceback'), hasText(row));
  add('debug', l10n.t('Debug'), row.state === 'failed' && row.result?.error?.failure !== undefined);
  add('output', l10n.t('Output'), row.output !== '');
  add('compare', l10n.t('Compare'), mark === 'differs' && base !== undefined);
  add('refer', mark === 'reference' ? l10n.t('No Reference') : l10n.t('Use as Reference'), mark !== 'none');
  add('explore', l10n.t('Explore'), !open);
  return buttons;
}

function hasText({ result }: FleetRow): boolean {
  return result?.value !== undefined || result?.error !== undefined;
}
