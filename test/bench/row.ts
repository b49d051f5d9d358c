/** One line of the table: what is measured, and what came out. */
import type { RpycVersion } from '../support/pythonPeer';
import type { Summary } from './stats';

/** `least`: the figure must not be below the target; `most`: it must not be above. */
export interface Target {
  readonly value: number;
  readonly bound: 'least' | 'most';
}

export interface RowResult {
  /** What is compared with the target: a ratio to the other side, or a figure in `unit`. */
  readonly figure: number;
  readonly unit: '×' | 'ms' | 'MB' | 'kB' | 'µs' | 'objects';
  readonly target?: Target | undefined;
  /** The unit of both sides' raw numbers. */
  readonly rawUnit: string;
  readonly ours: Summary;
  readonly theirs?: Summary | undefined;
  /** Whose numbers `theirs` are. */
  readonly against?: string | undefined;
  readonly note?: string | undefined;
  /** Further reasons to fail, beside the target. */
  readonly failures?: readonly string[] | undefined;
}

export interface Row {
  readonly name: string;
  /** What is measured, in words. */
  readonly what: string;
  readonly run: () => Promise<RowResult>;
}

/** One row for each version of rpyc that every test run has. */
export function forVersions(
  versions: readonly RpycVersion[],
  make: (version: RpycVersion) => readonly Row[],
): readonly Row[] {
  return versions.flatMap((version) =>
    make(version).map((row) => ({ ...row, name: `${row.name}-${version}` })),
  );
}

export function hasPassed({ figure, target, failures = [] }: RowResult): boolean {
  if (failures.length > 0 || !Number.isFinite(figure)) return false;
  if (target === undefined) return true;
  return target.bound === 'least' ? figure >= target.value : figure <= target.value;
}
