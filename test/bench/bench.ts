/**
 * `npm run bench`: measures the library against Python's and prints each figure with its target.
 * `--only name` runs the rows whose names contain it, more than once for more; `--json file` writes the figures.
 */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import os from 'node:os';
import { parseArgs } from 'node:util';

import { RPYC_VERSIONS } from '../support/pythonPeer';
import { forVersions, hasPassed, type Row, type RowResult } from './row';
import { brineRows } from './rows/brine';
import { burstRows } from './rows/bursts';
import { callRows } from './rows/calls';
import { completionRows } from './rows/completion';
import { explorerRows } from './rows/explorer';
import { extensionRows } from './rows/extension';
import { fileRows } from './rows/files';
import { memoryRows } from './rows/memory';
import { runningRows } from './rows/running';
import { servingRows } from './rows/serving';
import { treeRows } from './rows/tree';
import type { Summary } from './stats';

const ROWS: readonly Row[] = [
  ...forVersions(RPYC_VERSIONS, callRows),
  ...forVersions(RPYC_VERSIONS, burstRows),
  ...forVersions(['6.0.2'], brineRows),
  ...forVersions(RPYC_VERSIONS, treeRows),
  ...forVersions(RPYC_VERSIONS, fileRows),
  ...forVersions(RPYC_VERSIONS, servingRows),
  ...memoryRows(),
  ...forVersions(RPYC_VERSIONS, explorerRows),
  ...forVersions(RPYC_VERSIONS, completionRows),
  ...forVersions(['6.0.2'], runningRows),
  ...extensionRows(),
];

interface Outcome {
  readonly row: Row;
  readonly result?: RowResult;
  readonly error?: string;
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

function load(): string {
  return os
    .loadavg()
    .map((average) => average.toFixed(2))
    .join(' ');
}

/** A run that something else shares the machine with says so: its figures lean to the bad side. */
function tellLoad(when: string): void {
  const cores = os.availableParallelism();
  const isLoaded = (os.loadavg()[0] ?? 0) > cores / 2;
  print(
    `Load ${when}: ${load()} on ${cores} cores${isLoaded ? ' — THE MACHINE IS LOADED, figures suffer' : ''}`,
  );
}

function checkTools(): void {
  const { status } = spawnSync('taskset', ['--version']);
  if (status !== 0) throw new Error('taskset is missing: install the package util-linux');
}

async function measure(row: Row): Promise<Outcome> {
  try {
    return { row, result: await row.run() };
  } catch (error) {
    return { row, error: error instanceof Error ? error.message : String(error) };
  }
}

function passes({ result }: Outcome): boolean {
  return result !== undefined && hasPassed(result);
}

function numbers({ median, p99, samples, cpu }: Summary, unit: string): string {
  const spent = cpu === undefined ? '' : `, ${digits(cpu)} µs CPU`;
  return `median ${digits(median)} ${unit}, p99 ${digits(p99)} ${unit}, ${samples} samples${spent}`;
}

function digits(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toFixed(2);
}

function show(outcome: Outcome): void {
  const { row, result, error } = outcome;
  const mark = passes(outcome) ? 'ok  ' : 'MISS';
  if (result === undefined) {
    print(`${mark} ${row.name}: ${row.what}\n       ${error}`);
    return;
  }
  const { figure, unit, target, rawUnit, ours, theirs, against, note, failures = [] } = result;
  const bound = target && `${target.bound === 'least' ? 'at least' : 'at most'} ${target.value} ${unit}`;
  print(`${mark} ${row.name.padEnd(28)} ${digits(figure)} ${unit} (${bound ?? 'no target'}) ${row.what}`);
  print(`       ours: ${numbers(ours, rawUnit)}`);
  if (theirs !== undefined) print(`       ${against}: ${numbers(theirs, rawUnit)}`);
  if (note !== undefined) print(`       ${note}`);
  for (const failure of failures) print(`       FAILS: ${failure}`);
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: { only: { type: 'string', multiple: true }, json: { type: 'string' } },
  });
  checkTools();
  const { only } = values;
  const rows = ROWS.filter(({ name }) => only === undefined || only.some((part) => name.includes(part)));
  if (rows.length === 0)
    throw new Error(`No row is called so; there are ${ROWS.map(({ name }) => name).join(', ')}`);
  tellLoad('before');
  const outcomes: Outcome[] = [];
  for (const row of rows) {
    const outcome = await measure(row);
    show(outcome);
    outcomes.push(outcome);
  }
  tellLoad('after');
  if (values.json !== undefined) {
    const figures = outcomes.map(({ row, ...rest }) => ({ name: row.name, what: row.what, ...rest }));
    writeFileSync(values.json, `${JSON.stringify({ load: os.loadavg(), rows: figures }, null, 2)}\n`);
  }
  const missed = outcomes.filter((outcome) => !passes(outcome)).map(({ row }) => row.name);
  print(missed.length === 0 ? `All ${rows.length} rows reach their targets` : `Missed: ${missed.join(', ')}`);
  return missed.length === 0 ? 0 : 1;
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    print(error instanceof Error ? error.message : String(error));
    process.exit(1);
  },
);
