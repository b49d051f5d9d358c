/*
 * What values take in memory, which may be a hundred times what they take on the wire. Upstream has no such file: it
 * sets no limits.
 */

import { type BrineValue, FrozenSet } from './pyTypes';

/** About how many bytes a loaded value takes in memory. */
export function memoryOf(value: BrineValue): number {
  if (typeof value === 'string') return 24 + value.length;
  if (typeof value !== 'object' || value === null) return 8;
  if (Array.isArray(value)) return sumOf(value as readonly BrineValue[], 32);
  if (value instanceof FrozenSet) return sumOf(value.values(), 100);
  return value instanceof Uint8Array ? 200 + value.length : 100;
}

function sumOf(items: readonly BrineValue[], own: number): number {
  let sum = own;
  for (const item of items) sum += 8 + memoryOf(item);
  return sum;
}
