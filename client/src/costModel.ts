import type { ActionCost } from '../../server/src/api/wire';

/** Actions that are kept of each connection. */
export const KEPT_COSTS = 50;
/** Rows whose last cost is kept. */
const KEPT_ROWS = 500;

/** What the last actions cost, by connection and by row. */
export class CostHistory {
  private readonly actions = new Map<string, readonly ActionCost[]>();
  private readonly rows = new Map<string, ActionCost>();

  /** @param rowId of the row that shows it, where one does */
  add(cost: ActionCost, rowId: string | undefined): void {
    this.actions.set(cost.profileId, [cost, ...this.of(cost.profileId)].slice(0, KEPT_COSTS));
    if (rowId === undefined) {
      return;
    }
    this.rows.delete(rowId);
    this.rows.set(rowId, cost);
    const [oldest] = this.rows.keys();
    if (this.rows.size > KEPT_ROWS && oldest !== undefined) {
      this.rows.delete(oldest);
    }
  }

  /** The newest first. */
  of(profileId: string): readonly ActionCost[] {
    return this.actions.get(profileId) ?? [];
  }

  ofRow(rowId: string): ActionCost | undefined {
    return this.rows.get(rowId);
  }

  clear(profileId: string): void {
    this.actions.delete(profileId);
    for (const [rowId, cost] of this.rows) {
      if (cost.profileId === profileId) {
        this.rows.delete(rowId);
      }
    }
  }
}

const UNITS = ['B', 'kB', 'MB', 'GB'] as const;

/** A number and its unit: with one decimal below 10, else whole. */
export function sizeOf(bytes: number): { readonly value: number; readonly unit: (typeof UNITS)[number] } {
  let value = bytes;
  let step = 0;
  while (value >= 999.5 && step < UNITS.length - 1) {
    value /= 1000;
    step += 1;
  }
  return { value: value < 9.95 ? Math.round(value * 10) / 10 : Math.round(value), unit: UNITS[step] ?? 'GB' };
}
