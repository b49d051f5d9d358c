import type { ObjectPath, PathStep } from '../../server/src/api/model';
import { MAX_WATCHED } from '../../server/src/api/watch';
import type { WatchAnswer, WatchReading } from '../../server/src/api/watch';
import { objectRowId } from './rows';

/** What is watched: a way to an object, and never the object itself. This is all that is remembered. */
export interface Pin {
  readonly profileId: string;
  readonly path: ObjectPath;
  /** What its row is called. */
  readonly name: string;
  /** A Python expression that gives it on the peer, where there is one. */
  readonly expression?: string;
}

/** A pin with what was read of it so far. */
export interface WatchedRow {
  readonly id: string;
  readonly pin: Pin;
  /** The newest value that was read, and when. */
  reading: WatchReading | undefined;
  readAt: number | undefined;
  /** The value that was there before the newest one, and when that came. */
  before: WatchReading | undefined;
  changedAt: number | undefined;
  /** The last read brought another value than the one before it. */
  isChanged: boolean;
  /** Why the last read brought no value. */
  problem: string | undefined;
}

/** The pins in the order of the user, with what was read of them. */
export class WatchModel {
  private list: WatchedRow[];

  /**
   * @param stored what `save` was given in an earlier window
   * @param save keeps the pins
   */
  constructor(
    stored: unknown,
    private readonly save: (pins: readonly Pin[]) => void,
  ) {
    this.list = [];
    for (const pin of pinsOf(stored)) {
      this.insert(pin);
    }
  }

  get rows(): readonly WatchedRow[] {
    return this.list;
  }

  rowsOf(profileId: string): readonly WatchedRow[] {
    return this.list.filter(({ pin }) => pin.profileId === profileId);
  }

  /** The connections that something is watched on. */
  get profileIds(): readonly string[] {
    return [...new Set(this.list.map(({ pin }) => pin.profileId))];
  }

  rowById(id: string): WatchedRow | undefined {
    return this.list.find((row) => row.id === id);
  }

  /** @returns the rows of these pins, those that were there before too; without those for which there is no place */
  add(pins: readonly Pin[]): readonly WatchedRow[] {
    const rows = pins.flatMap((pin) => this.insert(pin) ?? []);
    this.keep();
    return rows;
  }

  remove(rows: readonly WatchedRow[]): void {
    this.list = this.list.filter((row) => !rows.includes(row));
    this.keep();
  }

  /** Moves a row over as many others; not beyond the ends. */
  move(row: WatchedRow, by: number): void {
    const at = this.list.indexOf(row);
    const to = at + by;
    if (at >= 0 && to >= 0 && to < this.list.length) {
      this.list.splice(at, 1);
      this.list.splice(to, 0, row);
      this.keep();
    }
  }

  /**
   * What was read of these rows, in their order.
   *
   * @param now milliseconds, as `Date.now`
   * @returns the rows that look different now
   */
  accept(rows: readonly WatchedRow[], answers: readonly WatchAnswer[], now: number): readonly WatchedRow[] {
    return rows.filter((row, index) => {
      const answer = answers[index];
      return answer !== undefined && take(row, answer, now);
    });
  }

  /** None of these rows could be read. @returns the rows that look different now */
  fail(rows: readonly WatchedRow[], problem: string): readonly WatchedRow[] {
    const news = rows.filter((row) => row.problem !== problem);
    for (const row of news) {
      row.problem = problem;
    }
    return news;
  }

  private insert(pin: Pin): WatchedRow | undefined {
    const id = objectRowId(pin.profileId, pin.path);
    const known = this.rowById(id);
    if (known !== undefined || this.list.length >= MAX_WATCHED) {
      return known;
    }
    const row: WatchedRow = {
      id,
      pin,
      reading: undefined,
      readAt: undefined,
      before: undefined,
      changedAt: undefined,
      isChanged: false,
      problem: undefined,
    };
    this.list.push(row);
    return row;
  }

  private keep(): void {
    this.save(this.list.map(({ pin }) => pin));
  }
}

/** @returns whether the row looks different now */
function take(row: WatchedRow, answer: WatchAnswer, now: number): boolean {
  if ('problem' in answer) {
    const isNew = row.problem !== answer.problem.message;
    row.problem = answer.problem.message;
    return isNew;
  }
  const { reading } = answer;
  const last = row.reading;
  const isChanged = last !== undefined && !isSame(last, reading);
  const looksNew = isChanged || row.isChanged || last === undefined || row.problem !== undefined;
  if (isChanged) {
    row.before = last;
    row.changedAt = now;
  }
  row.reading = reading;
  row.readAt = now;
  row.isChanged = isChanged;
  row.problem = undefined;
  return looksNew;
}

function isSame(one: WatchReading, other: WatchReading): boolean {
  return one.value === other.value && one.typeName === other.typeName && one.length === other.length;
}

/** How a way is written where there is no expression for it. */
export function pathText(path: ObjectPath): string {
  return path.map(stepText).join('');
}

function stepText(step: PathStep): string {
  switch (step.kind) {
    case 'root':
      return step.name;
    case 'attr':
      return `.${step.name}`;
    case 'index':
      return `[${step.index}]`;
    case 'key':
      return `[${step.text}]`;
    case 'group':
      return '';
  }
}

/** The pins in what was stored, by whichever version. */
function pinsOf(stored: unknown): readonly Pin[] {
  return Array.isArray(stored) ? stored.flatMap((each: unknown) => (isPin(each) ? [each] : [])) : [];
}

function isPin(value: unknown): value is Pin {
  if (typeof value !== 'object' || value === null) {
    return false;
  }
  const { profileId, path, name, expression } = value as Partial<Record<keyof Pin, unknown>>;
  return (
    typeof profileId === 'string' &&
    typeof name === 'string' &&
    (expression === undefined || typeof expression === 'string') &&
    Array.isArray(path) &&
    path.length > 1 &&
    path.every(isStep)
  );
}

function isStep(value: unknown): value is PathStep {
  if (typeof value !== 'object' || value === null) {
    return false;
  }
  const { kind, name, index, text } = value as Record<string, unknown>;
  switch (kind) {
    case 'root':
    case 'attr':
      return typeof name === 'string';
    case 'index':
      return typeof index === 'number';
    case 'key':
      return typeof index === 'number' && typeof text === 'string';
    default:
      return false;
  }
}
