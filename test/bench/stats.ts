/** Numbers of a row, and how they are put together. */

/** What one side measured. */
export interface Summary {
  readonly median: number;
  readonly p99: number;
  readonly max: number;
  readonly samples: number;
  /** CPU time of the side's client, microseconds for each sample's unit; undefined where it was not taken. */
  readonly cpu?: number | undefined;
}

export function summarise(samples: readonly number[], cpu?: number): Summary {
  if (samples.length === 0) throw new Error('Nothing was measured');
  const sorted = [...samples].sort((left, right) => left - right);
  return {
    median: quantile(sorted, 0.5),
    p99: quantile(sorted, 0.99),
    max: quantile(sorted, 1),
    samples: sorted.length,
    cpu,
  };
}

function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN;
}
