import type { RunOutput, RunResult } from '../../server/src/api/model';

/** Characters of a run's output that are kept: the end of it. */
const OUTPUT_LIMIT = 1_000_000;

/** How far one connection has come with the code that all of them run. */
export type FleetState =
  'waiting' | 'connecting' | 'running' | 'done' | 'failed' | 'interrupted' | 'lost' | 'unreached';

/** A connection that is to run the code. */
export interface FleetTarget {
  readonly profileId: string;
  readonly label: string;
  readonly production: boolean;
}

/** One connection's line of the table. */
export interface FleetRow extends FleetTarget {
  readonly state: FleetState;
  /** Since when it connects or runs, as the model's clock tells it. */
  readonly since: number;
  readonly elapsedMs: number;
  readonly runId: string | undefined;
  readonly result: RunResult | undefined;
  /** Why there is no result, or what became of the wish to stop it: a sentence. */
  readonly remark: string;
  readonly output: string;
  /** Characters of the output that are not in `output` any more. */
  readonly cut: number;
  /** How often it was asked to stop. */
  readonly asked: number;
}

/** What a result is beside the others: `alone` is one that agrees with too few to say which of them is the odd one. */
export type FleetMark = 'same' | 'differs' | 'alone' | 'reference' | 'none';

export interface Comparison {
  readonly marks: ReadonlyMap<string, FleetMark>;
  /** Results that can be compared. */
  readonly compared: number;
  /** Different ones among them. */
  readonly kinds: number;
  readonly differing: number;
  /** A connection whose result is what the others are compared with; undefined where no result is more common. */
  readonly base: string | undefined;
}

const OVER: readonly FleetState[] = ['done', 'failed', 'interrupted', 'lost', 'unreached'];
const AGAIN: readonly FleetState[] = ['failed', 'interrupted', 'lost', 'unreached'];

export function isOver({ state }: Pick<FleetRow, 'state'>): boolean {
  return OVER.includes(state);
}

/** It gave no result, or raised: worth another try. */
export function isAgain({ state }: Pick<FleetRow, 'state'>): boolean {
  return AGAIN.includes(state);
}

/** The same code on several connections: how far each of them is, and how their results differ. */
export class FleetModel {
  private readonly byId: Map<string, FleetRow>;
  private chosen: string | undefined;

  /** @param now milliseconds */
  constructor(
    targets: readonly FleetTarget[],
    private readonly now: () => number,
  ) {
    this.byId = new Map(targets.map((target) => [target.profileId, fresh(target)]));
  }

  get rows(): readonly FleetRow[] {
    return [...this.byId.values()];
  }

  /** The connection whose result the user has chosen to compare the others with. */
  get reference(): string | undefined {
    return this.chosen;
  }

  row(profileId: string): FleetRow | undefined {
    return this.byId.get(profileId);
  }

  /** Those that have not ended. */
  get open(): readonly FleetRow[] {
    return this.rows.filter((row) => !isOver(row));
  }

  get again(): readonly FleetRow[] {
    return this.rows.filter(isAgain);
  }

  /** Chooses what the others are compared with, or goes back to the most common result. */
  refer(profileId: string | undefined): void {
    this.chosen = profileId === this.chosen ? undefined : profileId;
  }

  /** What was of before goes, and it waits. */
  restart(profileId: string): void {
    this.change(profileId, (row) => fresh(row));
  }

  connecting(profileId: string): void {
    this.change(profileId, (row) => ({ ...row, state: 'connecting', since: this.now() }));
  }

  running(profileId: string, runId: string): void {
    this.change(profileId, (row) => ({ ...row, state: 'running', runId, since: this.now(), asked: 0 }));
  }

  print(profileId: string, { text, dropped }: Pick<RunOutput, 'text' | 'dropped'>): void {
    this.change(profileId, (row) => {
      const all = row.output + text;
      const output = all.slice(-OUTPUT_LIMIT);
      return { ...row, output, cut: row.cut + dropped + all.length - output.length };
    });
  }

  /** It was asked to stop. @param remark where it is, if it goes on */
  asked(profileId: string, remark: string): void {
    this.change(profileId, (row) => (isOver(row) ? row : { ...row, asked: row.asked + 1, remark }));
  }

  remark(profileId: string, remark: string): void {
    this.change(profileId, (row) => (isOver(row) ? row : { ...row, remark }));
  }

  end(profileId: string, result: RunResult): void {
    const state = result.status === 'error' ? 'failed' : result.status;
    const remark = result.problem?.message ?? '';
    this.change(profileId, (row) => ({ ...row, state, result, remark, elapsedMs: result.elapsedMs }));
  }

  /** There is no result, and there will be none. @param remark why */
  endWithout(
    profileId: string,
    state: 'interrupted' | 'lost' | 'unreached' | 'failed',
    remark: string,
  ): void {
    this.change(profileId, (row) => {
      const elapsedMs = row.state === 'waiting' ? 0 : Math.round(this.now() - row.since);
      return { ...row, state, remark, elapsedMs };
    });
  }

  /** Milliseconds that a row takes so far, or took. */
  elapsed({ state, since, elapsedMs }: FleetRow): number {
    return state === 'connecting' || state === 'running' ? this.now() - since : elapsedMs;
  }

  compare(): Comparison {
    return compareResults(this.rows, this.chosen);
  }

  private change(profileId: string, change: (row: FleetRow) => FleetRow): void {
    const row = this.byId.get(profileId);
    if (row !== undefined) {
      this.byId.set(profileId, change(row));
    }
  }
}

/**
 * Compares what has ended with the most common result, or with that of one connection.
 * What gave no result differs from nothing: its state says why.
 */
export function compareResults(rows: readonly FleetRow[], chosen?: string): Comparison {
  const keys = new Map(rows.map((row) => [row.profileId, resultKey(row)]));
  const counts = new Map<string, number>();
  for (const key of keys.values()) {
    if (key !== undefined) {
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
  }
  const reference = chosen === undefined ? undefined : keys.get(chosen);
  const baseKey = reference ?? mostCommon(counts);
  const marks = new Map<string, FleetMark>();
  for (const [profileId, key] of keys) {
    const isReference = reference !== undefined && profileId === chosen;
    marks.set(profileId, key === undefined ? 'none' : isReference ? 'reference' : markOf(key, baseKey));
  }
  const found = [...marks.values()];
  return {
    marks,
    compared: found.filter((mark) => mark !== 'none').length,
    kinds: counts.size,
    differing: found.filter((mark) => mark === 'differs' || mark === 'alone').length,
    base:
      reference === undefined
        ? [...keys].find(([, key]) => key === baseKey && key !== undefined)?.[0]
        : chosen,
  };
}

function markOf(key: string, base: string | undefined): FleetMark {
  return base === undefined ? 'alone' : key === base ? 'same' : 'differs';
}

/** Undefined where two are as common. */
function mostCommon(counts: ReadonlyMap<string, number>): string | undefined {
  const [first, second] = [...counts].sort(([, one], [, other]) => other - one);
  return first !== undefined && first[1] !== second?.[1] ? first[0] : undefined;
}

/**
 * Equal for results that are the same: the value and its type, what was printed where there is no value, or the
 * exception. Addresses of objects are never the same, and say nothing.
 */
export function resultKey({ state, result, output }: FleetRow): string | undefined {
  if (state === 'done' && result?.status === 'done') {
    return result.value === undefined
      ? key('printed', output.trimEnd())
      : key('value', result.valueType ?? '', result.value);
  }
  const error = state === 'failed' ? result?.error : undefined;
  return error === undefined ? undefined : key('error', error.typeName, error.message);
}

function key(...parts: readonly string[]): string {
  return parts.map((part) => part.replace(/(<[^<>'"\n]*) at 0x[0-9a-f]+/gi, '$1 at 0x…')).join('\u0000');
}

/** The last lines of a text, without the empty ones at its end. */
export function lastLines(text: string, lines: number): string {
  return text.trimEnd().split('\n').slice(-lines).join('\n');
}

/** One-based line of the file at which an exception was raised, or through which it came last. */
export function failedLine({ result }: Pick<FleetRow, 'result'>, fileName: string): number | undefined {
  return result?.error?.frames.filter(({ file }) => file === fileName).at(-1)?.line;
}

function fresh({ profileId, label, production }: FleetTarget): FleetRow {
  return {
    profileId,
    label,
    production,
    state: 'waiting',
    since: 0,
    elapsedMs: 0,
    runId: undefined,
    result: undefined,
    remark: '',
    output: '',
    cut: 0,
    asked: 0,
  };
}
