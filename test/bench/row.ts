/** One line of the benchmark's table: what was measured, what it is compared with, and the limit that it must keep. */

export type Unit = 'ms' | 's' | 'KiB' | 'files' | 'tokens';

/** What the limit speaks of: the measurement itself, or its ratio to the reference of the same run. */
export type Limit =
  | { readonly kind: 'at most'; readonly value: number }
  | { readonly kind: 'at least'; readonly value: number }
  | { readonly kind: 'none' };

export interface Row {
  readonly name: string;
  readonly unit: Unit;
  /** Repeated measurements, in the order in which they were made; never empty. */
  readonly samples: readonly number[];
  readonly reference: { readonly name: string; readonly samples: readonly number[]; readonly ratio: 'over' | 'under' } | null;
  readonly limit: Limit;
}

export const noLimit: Limit = { kind: 'none' };

export function atMost(value: number): Limit {
  return { kind: 'at most', value };
}

export function atLeast(value: number): Limit {
  return { kind: 'at least', value };
}

export function minimum(samples: readonly number[]): number {
  return Math.min(...samples);
}

export function median(samples: readonly number[]): number {
  const sorted = [...samples].sort((a, b) => a - b);
  const at = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? (sorted[at] ?? 0) : ((sorted[at - 1] ?? 0) + (sorted[at] ?? 0)) / 2;
}

/** Measurement over reference, or the other way round (a speed-up); null where there is no reference. */
export function ratioOf(row: Row, of: (samples: readonly number[]) => number): number | null {
  if (row.reference === null) return null;
  const [measured, reference] = [of(row.samples), of(row.reference.samples)];
  return row.reference.ratio === 'over' ? measured / reference : reference / measured;
}

/**
 * Whether a row keeps its limit. Judged by the quickest of its measurements, and of the reference's: the code's own time, which a
 * busy machine can only add to.
 */
export function keepsLimit(row: Row): boolean {
  const value = ratioOf(row, minimum) ?? minimum(row.samples);
  switch (row.limit.kind) {
    case 'at most':
      return value <= row.limit.value;
    case 'at least':
      return value >= row.limit.value;
    case 'none':
      return true;
    default:
      return row.limit satisfies never;
  }
}
